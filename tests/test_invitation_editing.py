"""An open invitation is edited in one step: decided by the editor's rights then, recorded, mailed only on demand."""

from dataclasses import replace

import pytest
from django.utils import timezone

from accounts.models import OutgoingMail
from invitations.actions.editing import Edit, edit_invitation
from invitations.models import Invitation
from tests import cast
from tests.cast import Acme, Said, history, refused, web
from tests.stage import Stage
from tests.visiting import visitor, words_of
from workspaces.catalogue import BuiltIn, Code, Scope
from workspaces.models import Grant, Group, Member, Organization


def invited(world: Acme, **what: object) -> Invitation:
    return cast.invite(world.olga, world.organization, "nora@new.example", **what)


def as_it_is(invitation: Invitation) -> Edit:
    assert invitation.member is not None
    return Edit(invitation.member.role_id, invitation.address, invitation.message, invitation.language, {}, {})


def edit(world: Acme, by: object, invitation: Invitation, **changes: object) -> bool:
    return edit_invitation(
        actor=web(by),  # type: ignore[arg-type]
        organization_id=world.id,
        member_id=invitation.member_id or 0,
        edit=replace(as_it_is(invitation), **changes),  # type: ignore[arg-type]
    )


def test_role_groups_workspaces_message_expiry_and_language_change_in_one_step_without_a_mail(world: Acme) -> None:
    team = cast.group_of(world.olga, world.organization, "Team")
    club = cast.group_of(world.olga, world.organization, "Club")
    places = {world.default.pk: BuiltIn.STANDARD_EDITOR.value}
    invitation = invited(world, groups=[team.pk], places=places, message="Hello")
    mails = OutgoingMail.objects.count()
    acts = len(history(world.organization))
    queued = edit(
        world,
        world.priya,
        invitation,
        role_id=BuiltIn.GUEST,
        message="Welcome",
        language="de",
        days=20,
        groups={team.pk: False, club.pk: True},
        placements={world.default.pk: None, world.research.pk: BuiltIn.STANDARD_VIEWER},
    )
    assert not queued
    assert OutgoingMail.objects.count() == mails
    after = Invitation.objects.get(pk=invitation.pk)
    member = Member.objects.get(pk=invitation.member_id)
    assert (after.message, after.language, after.generation) == ("Welcome", "de", 1)
    assert (member.role_id, member.invited_until) == (BuiltIn.GUEST, after.expires_at)
    assert 19.9 < (after.expires_at - timezone.now()).total_seconds() / 86400 <= 20
    assert list(Group.objects.filter(memberships__member=member)) == [club]
    assert [(grant.workspace, grant.role_id, grant.origin) for grant in Grant.objects.filter(member=member)] == [
        (world.research, BuiltIn.STANDARD_VIEWER, "invitation")
    ]
    kinds = [said.kind for said in history(world.organization)[acts:]]
    assert sorted(kinds) == sorted(
        [
            *["invitation.changed"] * 3,
            *("member.role_changed", "group.joined", "group.left", "grant.given", "grant.removed"),
        ]
    )


def test_the_same_again_changes_and_records_nothing(world: Acme) -> None:
    invitation = invited(world, places={world.default.pk: BuiltIn.STANDARD_EDITOR.value})
    before = history(world.organization)
    edit(world, world.priya, invitation, placements={world.default.pk: BuiltIn.STANDARD_EDITOR.value})
    assert history(world.organization) == before


@pytest.mark.claim("P9")
def test_sending_again_or_another_address_makes_a_new_link_with_the_chosen_life(world: Acme) -> None:
    invitation = invited(world)
    assert edit(world, world.priya, invitation, sends_again=True, days=30)
    again = Invitation.objects.get(pk=invitation.pk)
    assert again.generation == 2
    assert (again.expires_at - timezone.now()).days >= 29
    assert edit(world, world.priya, again, address="nora@right.example", message="Sorry", days=3)
    moved = Invitation.objects.get(pk=invitation.pk)
    assert (moved.address, moved.generation, moved.message) == ("nora@right.example", 3, "Sorry")
    assert (moved.expires_at - timezone.now()).days == 2
    assert OutgoingMail.objects.filter(recipient="nora@right.example", generation=3).count() == 1


@pytest.mark.claim("P10")
def test_nobody_edits_in_what_they_could_not_give_and_a_refusal_leaves_all_as_it_was(world: Acme) -> None:
    asker = cast.custom_role(world.organization, "Asker", Scope.ORGANIZATION, Code.MEMBERS_INVITE, Code.MEMBERS_VIEW)
    invitation = invited(world, role=BuiltIn.GUEST)
    member = world.member(world.ben)
    Member.objects.filter(pk=member.pk).update(role=asker)
    team = cast.group_of(world.olga, world.organization, "Team")
    for change in (
        {"role_id": BuiltIn.ADMIN},
        {"groups": {team.pk: True}},
        {"placements": {world.research.pk: BuiltIn.STANDARD_VIEWER}},
    ):
        with refused(403):
            edit(world, world.ben, invitation, message="changed before it was refused", **change)
    assert Invitation.objects.get(pk=invitation.pk).message == ""
    with refused(403):
        edit(world, world.mia, invitation, message="no right at all")
    edit(world, world.ben, invitation, message="this much is his")


@pytest.mark.claim("P10")
def test_whoever_raises_the_role_beyond_the_inviters_rights_answers_for_it_at_acceptance(world: Acme) -> None:
    asker = cast.custom_role(world.organization, "Asker", Scope.ORGANIZATION, Code.MEMBERS_INVITE, Code.MEMBERS_VIEW)
    Member.objects.filter(pk=world.member(world.ben).pk).update(role=asker)
    invitation = cast.invite(world.ben, world.organization, "kim@new.example", role=BuiltIn.GUEST)
    edit(world, world.priya, invitation, role_id=BuiltIn.ADMIN)
    kim = cast.person("kim@new.example", "Kim")
    joined = cast.accept(kim, Invitation.objects.get(pk=invitation.pk))
    assert not joined.dropped
    assert world.member(kim).role_id == BuiltIn.ADMIN


def test_more_time_for_what_had_ended_needs_a_free_seat_and_for_what_is_open_none(world: Acme) -> None:
    invitation = invited(world)
    seats = world.organization.members.count()
    Organization.objects.filter(pk=world.id).update(seats=seats)
    edit(world, world.olga, invitation, days=20)
    cast.expire(invitation)
    cast.invite(world.olga, world.organization, "kim@new.example")
    with refused(409, "no_seat"):
        edit(world, world.olga, invitation, days=20)
    Organization.objects.filter(pk=world.id).update(seats=seats + 1)
    edit(world, world.olga, invitation, days=20)
    assert Invitation.objects.get(pk=invitation.pk).expires_at > timezone.now()


def test_an_expired_invitation_is_open_again_by_the_same_link_when_it_gets_more_time(world: Acme) -> None:
    invitation = invited(world)
    cast.expire(invitation)
    edit(world, world.priya, Invitation.objects.get(pk=invitation.pk), days=7)
    nora = cast.person("nora@new.example", "Nora")
    cast.accept(nora, Invitation.objects.get(pk=invitation.pk))
    assert world.member(nora).joined_at is not None


def test_the_page_offers_what_the_editor_may_give_and_says_what_stays(stage: Stage) -> None:
    acme = stage.acme
    asker = cast.custom_role(acme.organization, "Asker", Scope.ORGANIZATION, Code.MEMBERS_INVITE, Code.MEMBERS_VIEW)
    Member.objects.filter(pk=stage.member(stage.max).pk).update(role=asker)
    invitation = cast.invite(
        acme.olga,
        acme.organization,
        "kim@new.example",
        role=BuiltIn.GUEST,
        groups=[stage.data_team.pk],
        places={stage.research.pk: BuiltIn.STANDARD_EDITOR.value},
    )
    url = stage.url(f"members/{invitation.member_id}/edit/")
    client = visitor(stage.max)
    page = client.get(url)
    assert "beyond your rights: Editor, Research; Data team" in words_of(page)
    entry = {"address": "kim@new.example", "role": BuiltIn.GUEST, "message": "Hi", "language": "de", "expires": ""}
    assert client.post(url, entry).status_code == 303
    member = Member.objects.get(pk=invitation.member_id)
    assert Invitation.objects.get(pk=invitation.pk).language == "de"
    assert Grant.objects.filter(member=member, workspace=stage.research).exists()
    assert stage.data_team.memberships.filter(member=member).exists()
    assert history(acme.organization)[-1] == Said("invitation.changed", member.pk, before="en", after="de")
    wrong = client.post(url, {**entry, "address": "max@acme.example"})
    assert wrong.status_code == 409
    assert "is a member or invited already" in words_of(wrong)
    assert client.post(url, {**entry, "message": "x" * 1001}).status_code == 422
