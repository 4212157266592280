"""Races of roles with real commits: an edit, a replacement and a change of scheme against grants (P26)."""

from collections.abc import Callable

import pytest

from accounts.models import User
from tests import cast
from tests.naive import read_model
from tests.racing import FEW, at_once
from workspaces.actions import roles, scheme
from workspaces.actions.scheme import Mapped, proposed_mapping
from workspaces.catalogue import BUILT_IN_ROLES, BuiltIn, Code, Scheme, Scope, scheme_roles
from workspaces.models import Grant, Member, Organization, Role, Workspace

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.claim("P26"),
    pytest.mark.timeout(300),
]

TOP = BUILT_IN_ROLES[BuiltIn.STANDARD_ADMIN].permissions


@pytest.fixture
def world() -> cast.Acme:
    return cast.acme()


def edit(by: User, role: Role, codes: frozenset[str]) -> Callable[[], bool]:
    organization_id = role.organization_id or 0
    return lambda: roles.edit_role(
        actor=cast.web(by), organization_id=organization_id, role_id=role.pk, name=role.name, permissions=codes
    )


def replace(by: User, role: Role, replacement: int) -> Callable[[], int]:
    organization_id = role.organization_id or 0
    return lambda: roles.delete_role(
        actor=cast.web(by), organization_id=organization_id, role_id=role.pk, replacement_id=replacement
    )


def change(by: User, organization: Organization, before: str, after: str) -> Callable[[], int]:
    mapped = Mapped(proposed_mapping(before, after))
    return lambda: scheme.change_scheme(
        actor=cast.web(by), organization_id=organization.pk, known=before, scheme=after, mapped=mapped
    )


def give(by: User, member: Member, workspace: Workspace, role: int) -> Callable[[], None]:
    def act() -> None:
        outcome = cast.grants.add_to_workspace(
            actor=cast.web(by),
            organization_id=workspace.organization_id,
            chosen=cast.chosen(member),
            workspace_id=workspace.pk,
            role_id=role,
        )
        for reason in outcome.refused:
            raise reason.refusal()

    return act


@pytest.mark.claim("P10")
def test_a_role_is_not_raised_over_its_giver_while_they_give_it(world: cast.Acme) -> None:
    """Mia lacks one thing: she gives the role before it holds that, or not at all."""
    held = TOP - {"billing.view"}
    lead = cast.custom_role(world.organization, "Lead", Scope.WORKSPACE, *held)
    ben, mia = world.member(world.ben), world.member(world.mia)
    for number in range(FEW):
        role = cast.custom_role(world.organization, f"Role {number}", Scope.WORKSPACE, "workspace.view")
        lab = cast.workspace_in(world.organization, f"Lab {number}")
        cast.place(world.olga, mia, lab, lead.pk)
        edited, given = at_once(
            edit(world.olga, role, frozenset({"workspace.view", "billing.view"})), give(world.mia, ben, lab, role.pk)
        )
        assert edited == "done"
        assert given in {"done", "gives_more"}
        created = cast.history(world.organization, "grant.given", "role.changed")[-2:]
        if given == "done":  # then it was first: she gave what she held
            assert [one.kind for one in created] == ["grant.given", "role.changed"]


@pytest.mark.claim("P24")
def test_everyone_never_gets_to_manage_members_between_a_grant_and_an_edit(world: cast.Acme) -> None:
    codes = frozenset({"workspace.view", Code.MEMBERS_WORKSPACE_MANAGE})
    for number in range(FEW):
        role = cast.custom_role(world.organization, f"Role {number}", Scope.WORKSPACE, "workspace.view")
        outcomes = at_once(edit(world.olga, role, codes), everyone(world, role))
        assert sorted(outcomes) == ["done", "everyone_manages"]
        assert Grant.objects.filter(role=role, principal_key=0).exists() != (codes <= read_model().roles[role.pk])


def everyone(world: cast.Acme, role: Role) -> Callable[[], None]:
    def act() -> None:
        cast.grants.give_role(
            actor=cast.web(world.priya),
            organization_id=world.id,
            workspace_id=world.research.pk,
            role_id=role.pk,
            everyone=True,
        ).insist()

    return act


@pytest.mark.claim("P11")
def test_a_replacement_against_a_grant_of_the_same_role_loses_no_grant(world: cast.Acme) -> None:
    ben = world.member(world.ben)
    for number in range(FEW):
        role = cast.custom_role(world.organization, f"Role {number}", Scope.WORKSPACE, "workspace.view")
        lab = cast.workspace_in(world.organization, f"Lab {number}")
        replaced, given = at_once(
            replace(world.olga, role, BuiltIn.STANDARD_VIEWER), give(world.priya, ben, lab, role.pk)
        )
        assert (replaced, given) in {("done", "done"), ("done", "gone")}
        found = list(Grant.objects.filter(workspace=lab).values_list("role_id", flat=True))
        assert found == ([BuiltIn.STANDARD_VIEWER] if given == "done" else [])


@pytest.mark.claim("P11")
def test_the_last_two_admins_do_not_both_go_by_an_edit_and_a_removal(world: cast.Acme) -> None:
    ben, mia = world.member(world.ben), world.member(world.mia)
    for number in range(FEW):
        lead = cast.custom_role(world.organization, f"Lead {number}", Scope.WORKSPACE, *TOP)
        lab = cast.workspace_in(world.organization, f"Lab {number}")
        cast.place(world.olga, ben, lab, lead.pk)
        cast.place(world.olga, mia, lab, BuiltIn.STANDARD_ADMIN)
        outcomes = at_once(
            edit(world.olga, lead, TOP - {"billing.view"}),
            lambda lab=lab: cast.grants.remove_grants(  # type: ignore[misc]
                actor=cast.web(world.priya),
                organization_id=world.id,
                workspace_id=lab.pk,
                grant_ids=[Grant.objects.get(workspace=lab, member=mia).pk],
            ),
        )
        assert sorted(outcomes) == ["done", "last_workspace_admin"]
        assert len(read_model().workspace_admins(lab.pk)) == 1


@pytest.mark.claim("P11")
def test_after_a_change_of_scheme_no_grant_of_the_old_one_is_left(world: cast.Acme) -> None:
    schemes = [Scheme.STANDARD, Scheme.MANAGED]
    ben = world.member(world.ben)
    for number in range(FEW):
        before, after = schemes[number % 2], schemes[(number + 1) % 2]
        lab = cast.workspace_in(world.organization, f"Lab {number}")
        old, new = (scheme_roles(each)[-1].id for each in (before, after))
        changed, given = at_once(
            change(world.olga, world.organization, before, after), give(world.priya, ben, lab, old)
        )
        assert (changed, given) in {("done", "done"), ("done", "gone")}
        assert list(Grant.objects.filter(workspace=lab).values_list("role_id", flat=True)) == (
            [new] if given == "done" else []
        )
        left = {role.id for role in scheme_roles(before)}
        assert not Grant.objects.filter(workspace__organization=world.organization, role__in=left).exists()


def test_two_changes_of_scheme_at_once_are_one(world: cast.Acme) -> None:
    outcomes = at_once(
        change(world.olga, world.organization, Scheme.STANDARD, Scheme.MANAGED),
        change(world.priya, world.organization, Scheme.STANDARD, Scheme.INFRASTRUCTURE),
    )
    assert outcomes.count("done") == 1
    assert set(outcomes) <= {"done", "changed_meanwhile", "busy"}
