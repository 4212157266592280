"""Who leaves hands their open invitations over to somebody whose rights cover them; what is not covered is revoked."""

import pytest

from invitations.models import Invitation
from tests import cast
from tests.cast import Acme, Said, history, refused, web
from tests.stage import Stage
from tests.visiting import body_of, hidden_of, visitor, words_of
from workspaces.actions import grants, members, resources
from workspaces.catalogue import BuiltIn, Code, Scope
from workspaces.models import Collaborator, Grant, GroupMember, Member, RolePermission


def asker(world: Acme, *users: object) -> None:
    """They may invite, and no more than that."""
    role = cast.custom_role(world.organization, "Asker", Scope.ORGANIZATION, Code.MEMBERS_INVITE, Code.MEMBERS_VIEW)
    for user in users:
        Member.objects.filter(organization=world.organization, user=user).update(role=role)


def remove(world: Acme, *leaving: Member, successor: Member | None = None) -> None:
    members.remove_members(
        actor=web(world.olga),
        organization_id=world.id,
        chosen=cast.chosen(*leaving),
        successor_id=successor.pk if successor else None,
    ).insist()


@pytest.mark.claim("P13", "P10")
def test_what_the_heirs_rights_cover_goes_on_by_the_same_link_and_the_rest_is_revoked(world: Acme) -> None:
    asker(world, world.ben)
    team = cast.group_of(world.olga, world.organization, "Team")
    plain = cast.invite(world.priya, world.organization, "plain@new.example", role=BuiltIn.GUEST)
    admin = cast.invite(world.priya, world.organization, "admin@new.example", role=BuiltIn.ADMIN)
    placed = cast.invite(
        world.priya,
        world.organization,
        "placed@new.example",
        role=BuiltIn.GUEST,
        places={world.research.pk: BuiltIn.STANDARD_EDITOR.value},
    )
    grouped = cast.invite(world.priya, world.organization, "grouped@new.example", role=BuiltIn.GUEST, groups=[team.pk])
    others = cast.invite(world.olga, world.organization, "others@new.example")
    heir = world.member(world.ben)
    remove(world, world.member(world.priya), successor=heir)
    state = {one.address: one for one in Invitation.objects.all()}
    assert state["plain@new.example"].inviter == world.ben
    assert Member.objects.get(invitation=plain).invited_by == world.ben
    assert [state[one.address].revoked_at is not None for one in (plain, admin, placed, grouped, others)] == [
        *(False, True, True, True, False)
    ]
    assert Said("invitation.handed_over", plain.member_id or 0, heir.pk) in history(world.organization)
    joined = cast.accept(cast.person("plain@new.example", "Paul Plain"), state["plain@new.example"])
    assert not joined.dropped


@pytest.mark.claim("P13")
def test_an_admin_covers_all_and_answers_for_groups_and_grants_from_then_on(world: Acme) -> None:
    team = cast.group_of(world.olga, world.organization, "Team")
    admin = cast.invite(
        world.priya,
        world.organization,
        "admin@new.example",
        role=BuiltIn.ADMIN,
        groups=[team.pk],
        places={world.research.pk: BuiltIn.STANDARD_ADMIN.value},
    )
    remove(world, world.member(world.priya), successor=world.member(world.olga))
    assert Grant.objects.get(member=admin.member_id).granted_by == world.olga
    assert GroupMember.objects.get(member=admin.member_id).added_by == world.olga
    joined = cast.accept(cast.person("admin@new.example", "Ada Admin"), Invitation.objects.get(pk=admin.pk))
    assert not joined.dropped


@pytest.mark.claim("P13")
def test_nobody_who_goes_too_is_suspended_waits_or_is_elsewhere_can_take_them(world: Acme) -> None:
    invitation = cast.invite(world.priya, world.organization, "plain@new.example")
    north = cast.northlab()
    waiting = Member.objects.get(invitation=invitation)
    members.suspend_members(
        actor=web(world.olga), organization_id=world.id, chosen=cast.chosen(world.member(world.tom))
    )
    going = [world.member(world.priya), world.member(world.ben)]
    for unfit in (going[1], waiting, world.member(world.tom), cast.member_of(north.organization, north.zoe)):
        with refused(422, "unfit_heir"):
            remove(world, *going, successor=unfit)
    remove(world, *going)
    assert Invitation.objects.get(pk=invitation.pk).revoked_at is not None


@pytest.mark.claim("P13")
def test_whoever_leaves_by_themselves_can_hand_over_too(world: Acme) -> None:
    invitation = cast.invite(world.priya, world.organization, "plain@new.example")
    members.leave(actor=web(world.priya), organization_id=world.id, successor_id=world.member(world.olga).pk)
    assert Invitation.objects.get(pk=invitation.pk).inviter == world.olga


@pytest.mark.claim("P13", "P10")
def test_extra_permissions_that_the_heir_does_not_hold_there_are_not_handed_over(world: Acme) -> None:
    asker(world, world.ben)
    viewing = RolePermission.objects.filter(role=BuiltIn.STANDARD_VIEWER).values_list("permission", flat=True)
    lead = cast.custom_role(
        world.organization, "Lead", Scope.WORKSPACE, *{*viewing, Code.MEMBERS_WORKSPACE_MANAGE.value}
    )
    cast.place(world.olga, world.member(world.ben), world.research, lead.pk)
    places = {world.research.pk: BuiltIn.STANDARD_VIEWER.value}
    asked = [
        cast.invite(world.priya, world.organization, f"{name}@new.example", role=BuiltIn.GUEST, places=places)
        for name in ("plain", "more")
    ]
    grant = Grant.objects.get(member=asked[1].member_id)
    grants.change_grants(
        actor=web(world.priya),
        organization_id=world.id,
        workspace_id=world.research.pk,
        grant_ids=[grant.pk],
        extra_permissions=[Code.WORKSPACE_EDIT],
    ).insist()
    remove(world, world.member(world.priya), successor=world.member(world.ben))
    plain, more = (Invitation.objects.get(pk=each.pk) for each in asked)
    assert (plain.inviter, plain.revoked_at) == (world.ben, None)
    assert more.revoked_at is not None


@pytest.mark.claim("P13")
def test_the_dialog_counts_before_it_removes_and_asks_once_more_where_something_is_revoked(stage: Stage) -> None:
    acme = stage.acme
    asker(acme, stage.max)
    cast.invite(acme.priya, acme.organization, "plain@new.example", role=BuiltIn.GUEST)
    admin = cast.invite(acme.priya, acme.organization, "admin@new.example", role=BuiltIn.ADMIN)
    url = stage.url(f"members/{stage.member(acme.priya).pk}/remove/")
    client = visitor(acme.olga)
    page = client.get(url)
    assert "2 open invitations that they sent are revoked." in words_of(page)
    assert "Hand open invitations over to" in words_of(page)
    unknown = client.post(url, {"successor": "nobody@acme.example"})
    assert unknown.status_code == 422
    assert "Nobody here has this address." in words_of(unknown)
    assert "nobody@acme.example" in body_of(unknown)
    again = client.post(url, {"successor": "max@acme.example"})
    assert again.status_code == 422
    assert "1 open invitation that they sent is handed over." in words_of(again)
    assert "1 is revoked, since it gives more than the new inviter holds." in words_of(again)
    assert Member.objects.filter(user=acme.priya, organization=acme.organization).exists()
    sure = client.post(url, {"successor": "max@acme.example", "counted": hidden_of(again, "counted")})
    assert sure.status_code == 303
    assert Invitation.objects.get(pk=admin.pk).revoked_at is not None
    assert Invitation.objects.get(address="plain@new.example").inviter == stage.max


@pytest.mark.claim("P13")
def test_many_are_removed_with_one_successor_and_the_preview_says_how_many_go(stage: Stage) -> None:
    acme = stage.acme
    cast.invite(acme.priya, acme.organization, "plain@new.example")
    client = visitor(acme.olga)
    entry = {"member": [stage.member(acme.priya).pk, stage.member(acme.ben).pk]}
    page = client.post(stage.url("members/bulk/remove/"), entry)
    assert "1 open invitation that they sent is revoked." in words_of(page)
    chosen = {"selection": hidden_of(page, "selection"), "successor": acme.olga.email}
    counted = client.post(stage.url("members/bulk/remove/"), chosen)
    assert "1 open invitation that they sent is handed over." in words_of(counted)
    chosen["counted"] = hidden_of(counted, "counted")
    assert client.post(stage.url("members/bulk/remove/apply/"), chosen).status_code == 303
    assert Invitation.objects.get(address="plain@new.example").inviter == acme.olga
    assert not Member.objects.filter(user=acme.priya, organization=acme.organization).exists()


@pytest.mark.claim("P13")
def test_leaving_offers_it_in_the_same_step(stage: Stage) -> None:
    acme = stage.acme
    invitation = cast.invite(acme.priya, acme.organization, "plain@new.example")
    client = visitor(acme.priya)
    assert "1 open invitation that you sent is revoked." in words_of(client.get(stage.url("leave/")))
    assert client.post(stage.url("leave/"), {"successor": acme.olga.email}).status_code == 303
    assert Invitation.objects.get(pk=invitation.pk).inviter == acme.olga


@pytest.mark.claim("P13", "P10")
@pytest.mark.parametrize(("successor", "goes_on"), [("olga", True), ("max", False)])
def test_what_was_shared_goes_on_only_by_an_heir_who_could_share_it(
    stage: Stage, successor: str, goes_on: bool
) -> None:
    acme = stage.acme
    asker(acme, stage.max)
    resources.share(
        actor=web(acme.priya),
        organization_id=acme.id,
        resource_id=stage.churn.pk,
        level="view",
        address="gil@new.example",
    )
    invitation = cast.open_invitation(acme.organization, "gil@new.example")
    heir = {"olga": acme.olga, "max": stage.max}[successor]
    remove(acme, acme.member(acme.priya), successor=acme.member(heir))
    after = Invitation.objects.get(pk=invitation.pk)
    assert (after.revoked_at is None) is goes_on
    if goes_on:
        assert Collaborator.objects.get(member=invitation.member_id).added_by == heir
        joined = cast.accept(cast.person("gil@new.example", "Gil Guest"), after)
        assert not joined.dropped
        assert Collaborator.objects.filter(member=joined.member_id, resource=stage.churn).exists()
