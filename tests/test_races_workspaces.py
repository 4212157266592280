"""Races about workspaces, with real commits: what one does while it is archived, deleted, restored or purged (P26)."""

from functools import partial

import pytest

from accounts.models import User
from tests import cast
from tests.cast import acme, history, web
from tests.places import admins_of, days_ago, delete, held, make, on, restore
from tests.racing import at_once, newcomer
from workspaces.actions import grants, members, workspaces
from workspaces.catalogue import BuiltIn
from workspaces.models import Act, Grant, Member, Workspace
from workspaces.plans import Outcome

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.claim("P26"), pytest.mark.timeout(300)]

ROUNDS = 6


@pytest.mark.claim("P12")
def test_accepting_against_the_deletion_of_the_workspace_gives_the_role_or_drops_it() -> None:
    world = acme()
    for number in range(ROUNDS):
        lab, ivy = make(world.olga, world.organization, f"Lab {number}"), newcomer(number)
        places = {lab.pk: BuiltIn.STANDARD_EDITOR}
        invitation = cast.invite(world.olga, world.organization, ivy.email, places=places)
        assert at_once(partial(cast.accept, ivy, invitation), partial(delete, world.olga, lab)) == ["done", "done"]
        joined = Act.objects.filter(kind="invitation.accepted").latest("pk").pk
        deleted = Act.objects.filter(kind="workspace.deleted").latest("pk").pk
        member = cast.member_of(world.organization, ivy)
        assert Grant.objects.filter(workspace=lab, member=member).exists() == (joined < deleted)
        assert not held(ivy, lab)


def giving(by: User, member: Member, workspace: Workspace) -> Outcome:
    chosen = cast.chosen(member)
    return grants.give_role(**on(by, workspace), role_id=BuiltIn.STANDARD_EDITOR, chosen=chosen).insist()


@pytest.mark.parametrize(("end", "refusals"), [("archive", {"archived"}), ("delete", {"no_right", "gone"})])
def test_a_grant_against_archiving_or_deleting_is_given_before_or_refused(end: str, refusals: set[str]) -> None:
    world = acme()
    ben = world.member(world.ben)
    for number in range(ROUNDS):
        lab = make(world.olga, world.organization, f"Lab {number}")
        archive = partial(workspaces.archive_workspace, **on(world.olga, lab))
        given, ended = at_once(
            partial(giving, world.olga, ben, lab), archive if end == "archive" else partial(delete, world.olga, lab)
        )
        assert ended == "done"
        assert given in {"done", *refusals}
        assert Grant.objects.filter(workspace=lab, member=ben).exists() == (given == "done")


@pytest.mark.claim("P11")
@pytest.mark.row("N20")
def test_two_admins_who_leave_at_once_leave_one() -> None:
    world = acme()
    pair = (world.mia, world.ben)
    for _ in range(ROUNDS):
        for user in pair:
            role = {"workspace": world.research, "role_id": BuiltIn.STANDARD_ADMIN}
            Grant.objects.get_or_create(member=world.member(user), **role)
        outcomes = at_once(*(partial(workspaces.leave_workspace, **on(user, world.research)) for user in pair))
        assert sorted(outcomes) == ["done", "last_workspace_admin"]
        assert len(admins_of(world.research)) == 1


@pytest.mark.claim("P11")
def test_restoring_against_the_removal_of_its_last_admin_leaves_an_admin() -> None:
    world = acme()
    for number in range(ROUNDS):
        ivy = cast.join(world.olga, world.organization, newcomer(number))
        lab = make(world.olga, world.organization, f"Lab {number}", admin_id=ivy.pk)
        delete(world.olga, lab)
        restored, removed = at_once(
            partial(restore, world.priya, lab),
            partial(members.remove_members, actor=web(world.olga), organization_id=world.id, chosen=cast.chosen(ivy)),
        )
        assert (restored, removed) in {("done", "done"), ("done", "last_workspace_admin")}
        assert len(admins_of(lab)) == 1


def test_two_purges_at_once_purge_once() -> None:
    world = acme()
    for number in range(ROUNDS):
        lab = make(world.olga, world.organization, f"Lab {number}")
        delete(world.olga, lab)
        days_ago(lab, 31)
        assert at_once(workspaces.purge_workspaces, workspaces.purge_workspaces) == ["done", "done"]
        assert not Workspace.objects.filter(pk=lab.pk).exists()
        assert len(history(world.organization, "workspace.purged")) == number + 1
