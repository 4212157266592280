"""Races about roles in a workspace, with real commits: whoever comes second finds what the first has left (P26)."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from tests import cast
from tests.cast import Acme
from tests.racing import at_once
from workspaces.actions import grants, groups
from workspaces.catalogue import BuiltIn
from workspaces.models import Entry, Grant, Group, Workspace
from workspaces.plans import Outcome
from workspaces.queries.grants import is_only_admin

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.claim("P26")]

ROUNDS = 6
EDITOR, ADMIN = BuiltIn.STANDARD_EDITOR, BuiltIn.STANDARD_ADMIN


def about(by: User, workspace: Workspace) -> dict[str, Any]:
    return {
        "actor": cast.web(by),
        "organization_id": workspace.organization_id,
        "workspace_id": workspace.pk,
    }


def demote(by: User, grant: Grant) -> Callable[[], Outcome]:
    return lambda: grants.change_grants(**about(by, grant.workspace), grant_ids=[grant.pk], role_id=EDITOR)


def take_out(by: User, acme: Acme, group: Group, user: User) -> Callable[[], Outcome]:
    return lambda: groups.remove_from_group(
        actor=cast.web(by), organization_id=acme.id, chosen=cast.chosen(acme.member(user)), group_id=group.pk
    )


def give_team(by: User, workspace: Workspace, group: Group, role: int) -> Callable[[], Outcome]:
    return lambda: grants.give_role(**about(by, workspace), role_id=role, group_ids=[group.pk])


def delete(by: User, group: Group) -> Callable[[], object]:
    return lambda: groups.delete_group(actor=cast.web(by), organization_id=group.organization_id, group_id=group.pk)


def admins(acme: Acme) -> int:
    members = [acme.member(user) for user in (acme.mia, acme.ben)]
    ways = [
        Grant.objects.filter(workspace=acme.research, role=ADMIN, member=member).exists()
        or Grant.objects.filter(workspace=acme.research, role=ADMIN, group__memberships__member=member).exists()
        for member in members
    ]
    return sum(ways)


@pytest.mark.claim("P11")
def test_two_admins_who_demote_each_other_through_grant_and_group_leave_one() -> None:
    acme = cast.acme()
    mias = Grant.objects.get(workspace=acme.research, member=acme.member(acme.mia))
    for number in range(ROUNDS):
        team = cast.group_of(acme.olga, acme.organization, f"Team {number}", acme.member(acme.ben))
        cast.grant_group(team, acme.research, ADMIN)
        told = at_once(demote(acme.ben, mias), take_out(acme.priya, acme, team, acme.ben))
        assert sorted(told) in (["done", "last_workspace_admin"], ["done", "no_right"]), told
        assert admins(acme) == 1
        Grant.objects.filter(pk=mias.pk).update(role=ADMIN)
        Grant.objects.filter(group=team).delete()


@pytest.mark.claim("P11")
def test_two_admins_by_grants_who_demote_each_other_leave_one() -> None:
    acme = cast.acme()
    cast.place(acme.olga, acme.member(acme.ben), acme.research, ADMIN)
    mias, bens = (Grant.objects.get(workspace=acme.research, member=acme.member(user)) for user in (acme.mia, acme.ben))
    for _round in range(ROUNDS):
        told = at_once(demote(acme.ben, mias), demote(acme.mia, bens))
        assert sorted(told) in (["done", "last_workspace_admin"], ["done", "no_right"]), told
        assert admins(acme) == 1
        Grant.objects.filter(pk__in=[mias.pk, bens.pk]).update(role=ADMIN)


def test_a_grant_to_a_group_and_its_deletion_leave_no_stray_row() -> None:
    acme = cast.acme()
    for number in range(ROUNDS):
        team = cast.group_of(acme.olga, acme.organization, f"Crew {number}", acme.member(acme.ben))
        told = at_once(give_team(acme.mia, acme.research, team, EDITOR), delete(acme.priya, team))
        assert told in (["done", "done"], ["gone", "done"]), told
        assert not Grant.objects.filter(group=team.pk).exists()


def test_one_role_given_at_once_by_two_is_there_once_with_one_entry() -> None:
    acme = cast.acme()
    ben = acme.member(acme.ben)
    before = Entry.objects.count()
    told = at_once(
        *(
            lambda by=by: grants.give_role(**about(by, acme.research), role_id=EDITOR, chosen=cast.chosen(ben))
            for by in (acme.mia, acme.priya, acme.olga)
        )
    )
    assert sorted(told) == ["done", "unchanged", "unchanged"]
    assert Grant.objects.filter(workspace=acme.research, member=ben).count() == 1
    assert Entry.objects.count() == before + 1
    assert is_only_admin(acme.organization, acme.research, acme.member(acme.mia).pk)
