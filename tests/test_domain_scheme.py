"""The change from one role scheme to another: all that is granted is mapped, nothing is left without an admin."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from accounts.models import User
from tests.cast import (
    Acme,
    custom_role,
    end,
    grant_everyone,
    grant_group,
    group_of,
    history,
    invite,
    member_of,
    person,
    place,
    refused,
    web,
    workspace_in,
)
from workspaces.actions import scheme
from workspaces.actions.scheme import Mapped, proposed_mapping
from workspaces.catalogue import BUILT_IN_ROLES, BuiltIn, Code, Scheme, Scope, scheme_roles
from workspaces.models import (
    AccessRequest,
    Act,
    Departure,
    DeparturePlacement,
    Grant,
    Member,
    Organization,
    RequestedPlacement,
    Workspace,
)
from workspaces.queries.facts import actor_facts, roles_of, workspace_permissions
from workspaces.reasons import Reason

pytestmark = pytest.mark.django_db

VIEWER, EDITOR, ADMIN = BuiltIn.STANDARD_VIEWER, BuiltIn.STANDARD_EDITOR, BuiltIn.STANDARD_ADMIN
MEMBER, MANAGER = BuiltIn.MANAGED_MEMBER, BuiltIn.MANAGED_MANAGER
TO_MANAGED = {VIEWER: MEMBER, EDITOR: MEMBER, ADMIN: MANAGER}


def change(
    world: Acme,
    by: User,
    people: Mapping[int, int] = TO_MANAGED,
    to: str = Scheme.MANAGED,
    known: str = Scheme.STANDARD,
    **others: Mapping[int, int],
) -> int:
    return scheme.change_scheme(
        actor=web(by), organization_id=world.id, known=known, scheme=to, mapped=Mapped(people, **others)
    )


def roles_in(workspace: Workspace) -> dict[int, set[int]]:
    """Principal -> roles."""
    found: dict[int, set[int]] = {}
    for key, role in Grant.objects.filter(workspace=workspace).values_list("principal_key", "role_id"):
        found.setdefault(key, set()).add(role)
    return found


@pytest.mark.row("I2", "I5", "I6", "I7", "N8")
@pytest.mark.claim("P21")
def test_every_grant_becomes_one_of_the_new_scheme_and_each_says_so(world: Acme) -> None:
    ben, mia = world.member(world.ben), world.member(world.mia)
    team = group_of(world.olga, world.organization, "Team")
    own = custom_role(world.organization, "Deployer", Scope.WORKSPACE, "workspace.view", "deployments.create")
    grant_group(team, world.research, EDITOR)
    place(world.olga, ben, world.research, VIEWER)
    place(world.olga, ben, world.research, EDITOR)
    place(world.olga, ben, world.default, own.pk)
    invite(world.olga, world.organization, "ivy@acme.example", places={world.research.pk: ADMIN})
    ivy = world.organization.members.get(address="ivy@acme.example")
    before = Grant.objects.exclude(role=own).count()
    assert change(world, world.olga, waiting={ADMIN: MEMBER}) == before
    world.organization.refresh_from_db()
    assert world.organization.scheme == Scheme.MANAGED
    assert roles_in(world.research) == {mia.pk: {MANAGER}, ben.pk: {MEMBER}, -team.pk: {MEMBER}, ivy.pk: {MEMBER}}
    owner = world.organization.owner_id
    assert roles_in(world.default) == {owner: {MANAGER}, 0: {MEMBER}, ben.pk: {own.pk}}
    system = world.organization.workspaces.get(slug="system")
    assert (system.kind, roles_in(system)) == (Workspace.Kind.SYSTEM, {0: {MEMBER}})
    # Manager is a role of workspaces alone: in the organization Mia stays Member.
    assert Member.objects.get(pk=mia.pk).role_id == BuiltIn.MEMBER
    assert MANAGER not in roles_of(world.organization, Scope.ORGANIZATION)
    rights = workspace_permissions(world.organization, actor_facts(web(world.mia), world.organization))
    managed = {pk for pk, codes in rights.items() if Code.MEMBERS_WORKSPACE_MANAGE in codes}
    assert managed == {world.research.pk}
    said = [one for one in history(world.organization) if one.kind.endswith("grant.changed")]
    assert len(said) == before
    assert {(one.before, one.after) for one in said} == {
        ("Viewer", "Member"),
        ("Editor", "Member"),
        ("Admin", "Manager"),
        ("Admin", "Member"),
    }
    changed = Act.objects.get(kind="organization.scheme_changed")
    assert changed.payload["waiting"] == {"11": MEMBER, "12": MEMBER, "13": MEMBER}


@pytest.mark.parametrize("before", Scheme.values)
@pytest.mark.parametrize("after", Scheme.values)
def test_what_is_proposed_maps_lowest_to_lowest_and_top_to_top(before: str, after: str) -> None:
    mapping = proposed_mapping(before, after)
    old, new = ([role.id for role in scheme_roles(each)] for each in (before, after))
    assert list(mapping) == old
    assert (mapping[old[0]], mapping[old[-1]]) == (new[0], new[-1])
    assert set(mapping.values()) <= set(new)


@pytest.mark.claim("P11")
def test_there_and_back_again_by_what_is_proposed_keeps_every_admin(world: Acme) -> None:
    for before, after in ((Scheme.STANDARD, Scheme.INFRASTRUCTURE), (Scheme.INFRASTRUCTURE, Scheme.MANAGED)):
        change(world, world.priya, proposed_mapping(before, after), after, before)
    change(world, world.priya, proposed_mapping(Scheme.MANAGED, Scheme.STANDARD), Scheme.STANDARD, Scheme.MANAGED)
    assert roles_in(world.research) == {world.member(world.mia).pk: {ADMIN}}
    assert roles_in(world.default)[0] == {VIEWER}


@pytest.mark.claim("P11")
def test_a_mapping_that_leaves_a_workspace_without_an_admin_is_refused(world: Acme) -> None:
    with refused(409, Reason.LAST_WORKSPACE_ADMIN):
        change(world, world.olga, {**TO_MANAGED, ADMIN: MEMBER})
    # A custom role that holds all of the new top role makes admins then, though it makes none now.
    top = BUILT_IN_ROLES[MANAGER].permissions
    lead = custom_role(world.organization, "Lead", Scope.WORKSPACE, *top)
    for workspace in (world.research, world.default):
        place(world.olga, world.member(world.ben), workspace, lead.pk)
    assert change(world, world.olga, {**TO_MANAGED, ADMIN: MEMBER})


@pytest.mark.claim("P11")
def test_everyone_and_the_waiting_keep_no_workspace_its_admin(world: Acme) -> None:
    lab = workspace_in(world.organization, "Lab")
    place(world.olga, world.member(world.ben), lab, ADMIN)
    invite(world.olga, world.organization, "ivy@acme.example", places={lab.pk: ADMIN})
    with refused(409, Reason.LAST_WORKSPACE_ADMIN):
        change(world, world.olga, {**TO_MANAGED, ADMIN: MEMBER}, waiting={ADMIN: MANAGER})


@pytest.mark.claim("P24")
def test_everyone_never_comes_to_manage_members(world: Acme) -> None:
    with refused(403, Reason.EVERYONE_MANAGES):
        change(world, world.olga, everyone={EDITOR: MANAGER})
    assert change(world, world.olga, {**TO_MANAGED, EDITOR: MANAGER}, everyone={EDITOR: MEMBER})
    assert roles_in(world.default)[0] == {MEMBER}


def test_the_read_only_workspace_gets_no_more_than_the_lowest_role(world: Acme) -> None:
    change(world, world.olga)
    back = {MEMBER: VIEWER, MANAGER: ADMIN}
    with refused(409, Reason.READ_ONLY):
        change(world, world.olga, back, Scheme.STANDARD, Scheme.MANAGED, everyone={MEMBER: EDITOR})
    assert change(world, world.olga, back, Scheme.STANDARD, Scheme.MANAGED)


@pytest.mark.claim("P10")
def test_only_who_may_open_every_workspace_changes_the_scheme(world: Acme) -> None:
    codes = BUILT_IN_ROLES[BuiltIn.ADMIN].permissions - {Code.WORKSPACES_ACCESS_ALL}
    nearly = custom_role(world.organization, "Nearly", Scope.ORGANIZATION, *codes)
    Member.objects.filter(pk=world.member(world.ben).pk).update(role=nearly)
    for user in (world.ben, world.mia):
        with refused(403, Reason.NO_RIGHT):
            change(world, user)


def test_a_mapping_with_gaps_or_from_another_scheme_is_refused(world: Acme) -> None:
    for people in ({VIEWER: MEMBER}, {**TO_MANAGED, EDITOR: EDITOR}, {**TO_MANAGED, BuiltIn.MEMBER: MEMBER}):
        with refused(422, "incomplete"):
            change(world, world.olga, people)
    for to in (Scheme.STANDARD, "unheard"):
        with refused(422, "same_scheme"):
            change(world, world.olga, to=to)
    with refused(409, "changed_meanwhile"):
        change(world, world.olga, known=Scheme.INFRASTRUCTURE)


def test_what_was_asked_for_and_left_behind_speaks_of_the_new_roles(world: Acme) -> None:
    ben = world.member(world.ben)
    asked = AccessRequest.objects.create(organization=world.organization, member=ben)
    wish = RequestedPlacement.objects.create(request=asked, workspace=world.research, role_id=ADMIN)
    left = Departure.objects.create(
        member_id=10**9, organization=world.organization, address="x@acme.example", cause="left"
    )
    placed = DeparturePlacement.objects.create(departure=left, workspace=world.research, role_id=EDITOR)
    place(world.olga, ben, world.research, EDITOR)
    end(Grant.objects.get(member=ben, workspace=world.research))
    change(world, world.olga)
    for row in (wish, placed):
        row.refresh_from_db()
    assert (wish.role_id, placed.role_id) == (MANAGER, MEMBER)
    assert not Grant.objects.filter(role__in=TO_MANAGED, workspace__organization=world.organization).exists()


@pytest.mark.claim("P3")
def test_other_organizations_of_the_old_scheme_stay_as_they_are(world: Acme) -> None:
    other = Organization.objects.get(pk=acme_twin().pk)
    change(world, world.olga)
    grants = Grant.objects.filter(workspace__organization=other)
    assert set(grants.values_list("role", flat=True)) == {VIEWER, EDITOR, ADMIN}


def acme_twin() -> Organization:
    from tests.cast import found

    zoe = person("zoe@twin.example", "Zoe")
    organization = found(zoe, "Twin")
    lab = workspace_in(organization, "Lab")
    place(zoe, member_of(organization, zoe), lab, ADMIN)
    grant_everyone(lab, VIEWER)
    Grant.objects.filter(workspace=lab, principal_key=0).update(ends_at=Now() + timedelta(days=1))
    return organization
