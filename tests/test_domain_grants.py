"""Roles in workspaces: given to people, groups and everyone, changed and taken back, within the rules."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.http import Http404
from django.utils import timezone

from accounts.models import OutgoingMail, User
from accounts.outbox.letters import Letter, kinds
from tests import cast
from tests.cast import Acme, Said, refused
from workspaces.actions import grants, groups
from workspaces.catalogue import BuiltIn, Code, Scope
from workspaces.models import Grant, GrantPermission, Group, Member, Workspace
from workspaces.plans import Outcome
from workspaces.queries.facts import actor_facts, workspace_permissions
from workspaces.queries.roles import all_roles
from workspaces.reasons import Reason

VIEWER, EDITOR, ADMIN = BuiltIn.STANDARD_VIEWER, BuiltIn.STANDARD_EDITOR, BuiltIn.STANDARD_ADMIN


@pytest.fixture
def acme(db: None) -> Acme:
    return cast.acme()


def give(by: User, workspace: Workspace, role: int, *members: Member, **more: Any) -> Outcome:
    return grants.give_role(
        actor=cast.web(by),
        organization_id=workspace.organization_id,
        workspace_id=workspace.pk,
        role_id=role,
        chosen=cast.chosen(*members) if members else None,
        **more,
    )


def change(by: User, workspace: Workspace, ids: Collection[int], **what: Any) -> Outcome:
    return grants.change_grants(
        actor=cast.web(by),
        organization_id=workspace.organization_id,
        workspace_id=workspace.pk,
        grant_ids=ids,
        **what,
    )


def remove(by: User, workspace: Workspace, ids: Collection[int]) -> Outcome:
    return grants.remove_grants(
        actor=cast.web(by), organization_id=workspace.organization_id, workspace_id=workspace.pk, grant_ids=ids
    )


def grant_of(workspace: Workspace, member: Member, role: int | None = None) -> Grant:
    found = Grant.objects.filter(workspace=workspace, member=member)
    return found.get() if role is None else found.get(role=role)


def shown(acme: Acme, user: User, workspace: Workspace) -> tuple[str, bool]:
    """What somebody is in a workspace, by the resolver."""
    facts = actor_facts(cast.web(user), acme.organization)
    held = workspace_permissions(acme.organization, facts, [workspace.pk]).get(workspace.pk, frozenset())
    name = all_roles(acme.organization).shown(held)
    return name.role, name.has_more


@pytest.mark.row("I41", "I42", "I47", "I58", "N7", "N8", "N9")
def test_people_and_groups_get_roles_with_all_that_the_record_asks_for(acme: Acme) -> None:
    ben, tom = acme.member(acme.ben), acme.member(acme.tom)
    team = cast.group_of(acme.olga, acme.organization, "Data team", tom)
    until = timezone.now() + timedelta(days=30)

    outcome = give(
        acme.mia, acme.research, EDITOR, ben, group_ids=[team.pk], ends_at=until, reason=" Quarter end ",
        extra_permissions=["logs.manage"],
    )  # fmt: skip

    assert (outcome.changed, dict(outcome.refused)) == (2, {})
    given = Grant.objects.get(workspace=acme.research, member=ben)
    assert (given.granted_by, given.origin, given.reason, given.ends_at) == (acme.mia, "manual", "Quarter end", until)
    assert list(given.extra_permissions.values_list("permission", flat=True)) == ["logs.manage"]
    assert shown(acme, acme.ben, acme.research) == ("Editor", True)
    assert shown(acme, acme.tom, acme.research) == ("Editor", True)
    words = f"Editor + logs.manage until {until:%Y-%m-%d} (Quarter end)"
    assert cast.history(acme.organization, "grant.given", "group_grant.given")[-2:] == [
        Said("grant.given", ben.pk, acme.research.pk, after=words),
        Said("group_grant.given", team.pk, acme.research.pk, after=words),
    ]


@pytest.mark.row("N8", "I43", "I44")
def test_somebody_holds_several_roles_and_the_highest_counts(acme: Acme) -> None:
    ben = acme.member(acme.ben)
    assert give(acme.mia, acme.research, EDITOR, ben).changed == 1
    assert give(acme.mia, acme.research, VIEWER, ben).changed == 1
    assert Grant.objects.filter(workspace=acme.research, member=ben).count() == 2
    assert shown(acme, acme.ben, acme.research) == ("Editor", False)
    assert give(acme.mia, acme.research, EDITOR, ben).refused == {Reason.UNCHANGED: 1}


def test_a_role_that_has_ended_counts_as_not_there_and_is_renewed_by_giving_it_again(acme: Acme) -> None:
    ben = acme.member(acme.ben)
    give(acme.mia, acme.research, EDITOR, ben, extra_permissions=["logs.manage"])
    grant = grant_of(acme.research, ben)
    cast.end(grant)
    assert shown(acme, acme.ben, acme.research) == ("", False)
    assert remove(acme.mia, acme.research, [grant.pk]) == Outcome(0)

    assert give(acme.priya, acme.research, EDITOR, ben).changed == 1

    grant.refresh_from_db()
    assert (grant.ends_at, grant.granted_by) == (None, acme.priya)
    assert shown(acme, acme.ben, acme.research) == ("Editor", False)
    assert cast.history(acme.organization)[-1] == Said("grant.given", ben.pk, acme.research.pk, after="Editor")


def test_giving_a_role_again_makes_it_longer_and_never_shorter(acme: Acme) -> None:
    ben = acme.member(acme.ben)
    soon, later = timezone.now() + timedelta(days=2), timezone.now() + timedelta(days=9)
    give(acme.mia, acme.research, EDITOR, ben, ends_at=later)
    assert give(acme.mia, acme.research, EDITOR, ben, ends_at=soon).refused == {Reason.UNCHANGED: 1}
    assert give(acme.mia, acme.research, EDITOR, ben, ends_at=soon, extra_permissions=["logs.manage"]).changed == 1
    assert grant_of(acme.research, ben).ends_at == later
    assert give(acme.mia, acme.research, EDITOR, ben).changed == 1
    assert grant_of(acme.research, ben).ends_at is None
    assert cast.history(acme.organization)[-1].kind == "grant.changed"


@pytest.mark.claim("P10")
def test_nobody_gives_what_they_do_not_hold_by_role_or_by_extra_permission(acme: Acme) -> None:
    ben, lead = (
        acme.member(acme.ben),
        cast.custom_role(
            acme.organization, "Lead", Scope.WORKSPACE, Code.WORKSPACE_VIEW, Code.MEMBERS_WORKSPACE_MANAGE
        ),
    )
    tom = acme.member(acme.tom)
    team = cast.group_of(acme.olga, acme.organization, "Data team")
    cast.place(acme.olga, ben, acme.research, lead.pk)

    assert give(acme.ben, acme.research, EDITOR, tom).refused == {Reason.GIVES_MORE: 1}
    assert give(acme.ben, acme.research, EDITOR, group_ids=[team.pk]).refused == {Reason.GIVES_MORE: 1}
    assert give(acme.ben, acme.research, lead.pk, tom, extra_permissions=["logs.manage"]).changed == 0
    assert give(acme.mia, acme.research, EDITOR, tom, extra_permissions=["no.such"]).refused == {Reason.GIVES_MORE: 1}
    assert give(acme.ben, acme.research, lead.pk, tom).changed == 1
    assert give(acme.tom, acme.default, VIEWER, ben).refused == {Reason.NO_RIGHT: 1}
    mine = grant_of(acme.research, acme.member(acme.mia))
    assert change(acme.ben, acme.research, [mine.pk], role_id=lead.pk).refused == {Reason.HOLDS_MORE: 1}
    assert remove(acme.ben, acme.research, [mine.pk]).refused == {Reason.HOLDS_MORE: 1}


@pytest.mark.claim("P10")
def test_a_smaller_grant_of_somebody_who_holds_more_on_another_path_is_left_alone(acme: Acme) -> None:
    ben, mia, tom = (acme.member(user) for user in (acme.ben, acme.mia, acme.tom))
    lead = cast.custom_role(
        acme.organization, "Lead", Scope.WORKSPACE, Code.WORKSPACE_VIEW, Code.MEMBERS_WORKSPACE_MANAGE
    )
    small = cast.custom_role(acme.organization, "Looker", Scope.WORKSPACE, Code.WORKSPACE_VIEW)
    cast.place(acme.olga, ben, acme.research, lead.pk)
    team = cast.group_of(acme.olga, acme.organization, "Editors", tom)
    give(acme.mia, acme.research, small.pk, mia, tom, acme.member(acme.priya))
    by_tom = grant_of(acme.research, tom)
    assert remove(acme.ben, acme.research, [by_tom.pk]).changed == 1  # nothing more yet

    give(acme.mia, acme.research, small.pk, tom)
    give(acme.mia, acme.research, EDITOR, group_ids=[team.pk])
    for holder in (mia, tom, acme.member(acme.priya)):
        grant = grant_of(acme.research, holder, small.pk)
        assert remove(acme.ben, acme.research, [grant.pk]).refused == {Reason.HOLDS_MORE: 1}


@pytest.mark.claim("P24")
@pytest.mark.row("N13", "N14", "N15", "N17")
def test_everyone_gets_a_role_that_manages_nobody_and_loses_it_again(acme: Acme) -> None:
    organization, research = acme.organization, acme.research
    assert give(acme.mia, research, ADMIN, everyone=True).refused == {Reason.EVERYONE_MANAGES: 1}
    assert give(acme.mia, research, VIEWER, everyone=True).changed == 1
    assert shown(acme, acme.ben, research) == ("Viewer", False)
    assert shown(acme, acme.tom, research) == ("", False)  # a guest
    everyone = Grant.objects.get(workspace=research, principal_key=0)
    assert change(acme.mia, research, [everyone.pk], role_id=ADMIN).refused == {Reason.EVERYONE_MANAGES: 1}
    assert change(acme.mia, research, [everyone.pk], extra_permissions=[Code.MEMBERS_WORKSPACE_MANAGE]).refused == {
        Reason.EVERYONE_MANAGES: 1
    }
    assert change(acme.mia, research, [everyone.pk], role_id=EDITOR).changed == 1
    assert remove(acme.mia, research, [everyone.pk]).changed == 1
    assert shown(acme, acme.ben, research) == ("", False)
    assert cast.history(organization)[-3:] == [
        Said("everyone_grant.given", research.pk, after="Viewer"),
        Said("everyone_grant.changed", research.pk, before="Viewer", after="Editor"),
        Said("everyone_grant.removed", research.pk, before="Editor"),
    ]


@pytest.mark.claim("P11")
@pytest.mark.row("N20", "N21")
def test_the_last_admin_keeps_their_role_and_gets_no_end(acme: Acme) -> None:
    mia, ben = acme.member(acme.mia), acme.member(acme.ben)
    last = grant_of(acme.research, mia)
    only = {Reason.LAST_WORKSPACE_ADMIN: 1}
    everyone = cast.grant_everyone(acme.research, ADMIN)
    cast.place(acme.olga, acme.member(acme.tom), acme.research, ADMIN)  # a guest does not count either
    cast.invite(acme.olga, acme.organization, "nora@new.example", places={acme.research.pk: ADMIN})

    for by in (acme.mia, acme.priya):
        assert remove(by, acme.research, [last.pk]).refused == only
        assert change(by, acme.research, [last.pk], role_id=EDITOR).refused == only
        assert change(by, acme.research, [last.pk], ends_at=timezone.now() + timedelta(days=9)).refused == only
        everybody = [last.pk, everyone.pk]
        assert remove(by, acme.research, everybody).refused[Reason.LAST_WORKSPACE_ADMIN] == 1
        everyone.pk = cast.grant_everyone(acme.research, ADMIN).pk
    assert change(acme.mia, acme.research, [last.pk], reason="Founder").changed == 1

    cast.place(acme.olga, ben, acme.research, ADMIN)
    second = grant_of(acme.research, ben)
    assert change(acme.mia, acme.research, [last.pk, second.pk], role_id=EDITOR).refused == only
    assert grant_of(acme.research, mia).role_id == ADMIN  # whoever acts is asked last, so they are the one who stays
    assert grant_of(acme.research, ben).role_id == EDITOR
    assert remove(acme.mia, acme.default, [grant_of(acme.default, acme.member(acme.olga)).pk]).changed == 0


@pytest.mark.claim("P11")
def test_an_admin_through_a_group_counts_and_the_group_of_the_last_one_stays(acme: Acme) -> None:
    mia, ben = acme.member(acme.mia), acme.member(acme.ben)
    team = cast.group_of(acme.olga, acme.organization, "Data team")
    empty = cast.grant_group(team, acme.research, ADMIN)
    assert remove(acme.mia, acme.research, [grant_of(acme.research, mia).pk]).changed == 0
    groups.add_to_group(actor=cast.web(acme.olga), organization_id=acme.id, chosen=cast.chosen(ben), group_id=team.pk)
    assert remove(acme.mia, acme.research, [grant_of(acme.research, mia).pk]).changed == 1
    assert remove(acme.priya, acme.research, [empty.pk]).refused == {Reason.LAST_WORKSPACE_ADMIN: 1}


@pytest.mark.claim("P10")
def test_whoever_has_access_that_ends_never_makes_it_longer(acme: Acme) -> None:
    ben = acme.member(acme.ben)
    until = timezone.now() + timedelta(days=2)
    give(acme.mia, acme.research, ADMIN, ben, ends_at=until)
    grant = grant_of(acme.research, ben)
    team = cast.group_of(acme.olga, acme.organization, "Data team", ben)
    own = {Reason.SELF_EXTENDED: 1}

    assert give(acme.ben, acme.research, ADMIN, ben).refused == own
    assert give(acme.ben, acme.research, ADMIN, group_ids=[team.pk]).refused == own
    assert give(acme.ben, acme.research, EDITOR, everyone=True).refused == own
    assert change(acme.ben, acme.research, [grant.pk], ends_at=None).refused == own
    assert change(acme.ben, acme.research, [grant.pk], ends_at=until + timedelta(days=1)).refused == own
    assert change(acme.ben, acme.research, [grant.pk], ends_at=until - timedelta(days=1)).changed == 1
    assert change(acme.mia, acme.research, [grant.pk], ends_at=None).changed == 1


def test_archived_personal_and_read_only_workspaces_and_suspended_people_are_refused(acme: Acme) -> None:
    ben, mia = acme.member(acme.ben), acme.member(acme.mia)
    system = acme.organization.workspaces.get(kind=Workspace.Kind.SYSTEM)
    own = cast.workspace_in(acme.organization, "Mia", Workspace.Kind.PERSONAL)
    assert give(acme.priya, system, EDITOR, ben).refused == {Reason.READ_ONLY: 1}
    assert give(acme.priya, system, VIEWER, ben).changed == 1
    assert give(acme.priya, own, VIEWER, ben).refused == {Reason.PERSONAL: 1}
    Member.objects.filter(pk=ben.pk).update(suspended_at=Now())
    assert give(acme.mia, acme.research, VIEWER, ben, mia).refused == {Reason.SUSPENDED: 1}
    Workspace.objects.filter(pk=acme.research.pk).update(archived_at=Now())
    assert give(acme.mia, acme.research, VIEWER, acme.member(acme.tom)).refused == {Reason.ARCHIVED: 1}


def test_an_end_in_the_past_is_no_end(acme: Acme) -> None:
    ben = acme.member(acme.ben)
    with refused(422, "end_in_past"):
        give(acme.mia, acme.research, VIEWER, ben, ends_at=timezone.now() - timedelta(minutes=1))
    give(acme.mia, acme.research, VIEWER, ben)
    with refused(422, "end_in_past"):
        change(acme.mia, acme.research, [grant_of(acme.research, ben).pk], ends_at=timezone.now())


@pytest.mark.row("N11", "I48", "I50", "A9")
def test_a_change_says_what_was_and_what_is_once_per_grant(acme: Acme) -> None:
    ben, tom = acme.member(acme.ben), acme.member(acme.tom)
    give(acme.mia, acme.research, VIEWER, ben, tom, extra_permissions=["logs.manage"])
    ids = [grant_of(acme.research, member).pk for member in (ben, tom)]
    until = timezone.now() + timedelta(days=2)

    assert change(acme.mia, acme.research, ids, role_id=EDITOR, ends_at=until, extra_permissions=[]).changed == 2

    before, after = "Viewer + logs.manage", f"Editor until {until:%Y-%m-%d}"
    assert set(cast.history(acme.organization, "grant.changed")) == {
        Said("grant.changed", member.pk, acme.research.pk, before, after) for member in (ben, tom)
    }
    assert not GrantPermission.objects.filter(grant__in=ids).exists()
    same = change(acme.mia, acme.research, ids, role_id=EDITOR, ends_at=until)
    assert same.refused == {Reason.UNCHANGED: 2}


def test_two_grants_that_become_the_same_role_become_one_that_lasts_and_holds_all(acme: Acme) -> None:
    ben = acme.member(acme.ben)
    soon, later = timezone.now() + timedelta(days=2), timezone.now() + timedelta(days=9)
    give(acme.mia, acme.research, VIEWER, ben, ends_at=later, extra_permissions=["logs.manage"])
    give(acme.mia, acme.research, EDITOR, ben, ends_at=soon, extra_permissions=["domains.manage"])

    viewer = grant_of(acme.research, ben, VIEWER)
    assert change(acme.mia, acme.research, [viewer.pk], role_id=EDITOR).changed == 1

    left = grant_of(acme.research, ben)
    assert (left.role_id, left.ends_at) == (EDITOR, later)
    assert set(left.extra_permissions.values_list("permission", flat=True)) == {"logs.manage", "domains.manage"}

    ended = Grant.objects.create(workspace=acme.research, member=ben, role_id=ADMIN)
    cast.end(ended)
    assert change(acme.mia, acme.research, [left.pk], role_id=ADMIN).changed == 1
    assert grant_of(acme.research, ben).pk == left.pk


@pytest.mark.claim("P3")
def test_what_is_another_organizations_is_not_there(acme: Acme) -> None:
    north = cast.northlab()
    theirs = north.organization.workspaces.get(slug="default")
    ben, zoe = acme.member(acme.ben), Member.objects.get(user=north.zoe)
    foreign = Grant.objects.filter(workspace=theirs).values_list("pk", flat=True)
    team = Group.objects.create(organization=north.organization, name="Spies", sort_name="spies")
    for attempt in (
        lambda: grants.give_role(
            actor=cast.web(acme.olga), organization_id=acme.id, workspace_id=theirs.pk, role_id=VIEWER,
            chosen=cast.chosen(ben),
        ),
        lambda: give(acme.olga, acme.research, VIEWER, group_ids=[team.pk]),
        lambda: grants.remove_grants(
            actor=cast.web(acme.olga), organization_id=acme.id, workspace_id=theirs.pk, grant_ids=list(foreign)
        ),
    ):  # fmt: skip
        with pytest.raises(Http404):
            attempt()
    assert give(acme.olga, acme.research, VIEWER, zoe) == Outcome(0)
    assert remove(acme.olga, acme.research, list(foreign)) == Outcome(0)


@pytest.mark.row("N12", "N22", "I53", "A10")
@pytest.mark.claim("P11")
def test_all_access_here_goes_at_once_and_the_last_admin_hands_over_in_the_same_step(acme: Acme) -> None:
    mia, ben = acme.member(acme.mia), acme.member(acme.ben)
    team = cast.group_of(acme.olga, acme.organization, "Data team", mia)
    other = cast.workspace_in(acme.organization, "Lab")
    cast.grant_group(team, acme.research, EDITOR)
    cast.grant_group(team, other, EDITOR)
    everything = {"actor": cast.web(acme.priya), "organization_id": acme.id, "workspace_id": acme.research.pk}

    with refused(409, Reason.LAST_WORKSPACE_ADMIN):
        grants.remove_all_access(**everything, member_id=mia.pk)
    outcome = grants.remove_all_access(**everything, member_id=mia.pk, heir_id=ben.pk)

    assert outcome.changed == 2
    assert shown(acme, acme.mia, acme.research) == ("", False)
    assert shown(acme, acme.mia, other) == ("", False)
    assert shown(acme, acme.ben, acme.research) == ("Admin", False)


def test_whoever_may_not_touch_the_group_removes_the_rest_and_is_told(acme: Acme) -> None:
    ben = acme.member(acme.ben)
    team = cast.group_of(acme.olga, acme.organization, "Data team", ben)
    cast.grant_group(team, acme.research, VIEWER)
    give(acme.mia, acme.research, EDITOR, ben)
    outcome = grants.remove_all_access(
        actor=cast.web(acme.mia), organization_id=acme.id, workspace_id=acme.research.pk, member_id=ben.pk
    )
    assert (outcome.changed, outcome.refused) == (1, {Reason.NO_RIGHT: 1})
    assert shown(acme, acme.ben, acme.research) == ("Viewer", False)


def test_holders_are_told_once_before_their_role_ends(acme: Acme) -> None:
    ben, mia = acme.member(acme.ben), acme.member(acme.mia)
    team = cast.group_of(acme.olga, acme.organization, "Data team", ben)
    cast.manage(team, mia)
    soon, later = timezone.now() + timedelta(days=2), timezone.now() + timedelta(days=9)
    give(acme.mia, acme.research, EDITOR, ben, group_ids=[team.pk], ends_at=soon)
    give(acme.mia, acme.research, VIEWER, ben, everyone=True, ends_at=later)

    assert (grants.tell_of_ends(), grants.tell_of_ends()) == (2, 0)

    mails = OutgoingMail.objects.filter(kind="grant.ending").order_by("recipient")
    assert [mail.recipient for mail in mails] == [acme.ben.email, acme.mia.email]
    letters = kinds["grant.ending"].letters(list(mails))
    sentences = [letter.wording.sentence for letter in letters.values() if isinstance(letter, Letter)]  # type: ignore[attr-defined]
    assert [sentence.split(" until ")[0] for sentence in sentences] == [
        "You are Editor in Research", "Data team is Editor in Research",
    ]  # fmt: skip
    change(acme.mia, acme.research, [grant_of(acme.research, ben, EDITOR).pk], ends_at=None)
    assert sum(isinstance(letter, Letter) for letter in kinds["grant.ending"].letters(list(mails)).values()) == 1
