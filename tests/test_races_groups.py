"""Races around groups, with real commits, on both databases (ACCEPTANCE P26)."""

import pytest

from accounts.models import User
from tests import cast
from tests.cast import chosen, web
from tests.racing import at_once
from tests.stage import Stage
from workspaces.actions import groups
from workspaces.catalogue import BuiltIn
from workspaces.models import Group, GroupMember, Member
from workspaces.plans import Outcome

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.claim("P26"), pytest.mark.timeout(300)]


def add(stage: Stage, by: User, group: Group, *people: Member) -> Outcome:
    return groups.add_to_group(actor=web(by), organization_id=stage.acme.id, chosen=chosen(*people), group_id=group.pk)


def take_out(stage: Stage, by: User, group: Group, member: Member) -> Outcome:
    return groups.remove_from_group(
        actor=web(by), organization_id=stage.acme.id, chosen=chosen(member), group_id=group.pk
    )


def delete(stage: Stage, by: User, group: Group) -> None:
    groups.delete_group(actor=web(by), organization_id=stage.acme.id, group_id=group.pk)


def test_adding_to_a_group_while_it_is_deleted_leaves_nobody_in_a_group_that_is_gone(committed_stage: Stage) -> None:
    stage, acme = committed_stage, committed_stage.acme
    for number in range(10):
        group = cast.group_of(acme.olga, acme.organization, f"Brief {number}")
        results = at_once(
            lambda group=group: add(stage, acme.olga, group, stage.member(acme.ben)),  # type: ignore[misc]
            lambda group=group: delete(stage, acme.priya, group),  # type: ignore[misc]
        )
        assert results in (["done", "done"], ["gone", "done"])
        assert not GroupMember.objects.filter(group_id=group.pk).exists()


@pytest.mark.claim("P11")
def test_two_last_admins_of_a_group_cannot_take_each_other_out(committed_stage: Stage) -> None:
    stage, acme = committed_stage, committed_stage.acme
    ben, top = stage.member(acme.ben), stage.member(stage.max)
    lab = cast.workspace_in(acme.organization, "Lab")
    cast.grant_group(stage.data_team, lab, BuiltIn.STANDARD_ADMIN)
    for _round in range(10):
        add(stage, acme.olga, stage.data_team, ben, top)
        results = at_once(
            lambda: take_out(stage, acme.olga, stage.data_team, ben),
            lambda: take_out(stage, acme.priya, stage.data_team, top),
        )
        assert sorted(results) == ["done", "last_workspace_admin"]
        assert GroupMember.objects.filter(group=stage.data_team).count() == 1
