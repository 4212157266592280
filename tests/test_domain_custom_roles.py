"""Custom roles: made, edited, replaced and deleted, within what their makers hold."""

from collections.abc import Iterable
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db.models.functions import Now
from django.http import Http404

from accounts.models import User
from tests.cast import (
    Acme,
    Said,
    custom_role,
    grant_everyone,
    grant_group,
    group_of,
    history,
    invite,
    northlab,
    place,
    refused,
    web,
    workspace_in,
)
from tests.stage import DEPLOYING
from workspaces.actions import members, roles
from workspaces.catalogue import BUILT_IN_ROLES, BuiltIn, Code, Scope
from workspaces.models import (
    AccessRequest,
    Act,
    Entry,
    Grant,
    GrantPermission,
    Label,
    Member,
    RequestedPlacement,
    Role,
    RolePermission,
    Workspace,
)
from workspaces.queries.facts import actor_facts, workspace_permissions
from workspaces.reasons import Reason
from workspaces.selections import Chosen

pytestmark = pytest.mark.django_db

TOP = BUILT_IN_ROLES[BuiltIn.STANDARD_ADMIN].permissions
VIEW = BUILT_IN_ROLES[BuiltIn.STANDARD_VIEWER].permissions
EDIT = BUILT_IN_ROLES[BuiltIn.STANDARD_EDITOR].permissions


def make(world: Acme, by: User, name: str, *codes: str, scope: Scope = Scope.WORKSPACE) -> Role:
    return roles.create_role(
        actor=web(by), organization_id=world.id, scope=scope, name=name, permissions=codes, audience="Who deploys."
    )


def edit(
    world: Acme, by: User, role: Role, codes: Iterable[str], name: str = "", known: Iterable[str] | None = None
) -> bool:
    return roles.edit_role(
        actor=web(by),
        organization_id=world.id,
        role_id=role.pk,
        name=name or role.name,
        permissions=frozenset(codes),
        known=None if known is None else frozenset(known),
    )


def delete(world: Acme, by: User, role: Role, replacement: int | None = None) -> int:
    return roles.delete_role(actor=web(by), organization_id=world.id, role_id=role.pk, replacement_id=replacement)


def codes_of(role: Role) -> set[str]:
    return set(RolePermission.objects.filter(role=role).values_list("permission", flat=True))


def held(world: Acme, user: User, workspace: Workspace) -> frozenset[str]:
    facts = actor_facts(web(user), world.organization)
    return workspace_permissions(world.organization, facts, [workspace.pk]).get(workspace.pk, frozenset())


# --- made and edited


@pytest.mark.row("A17", "A6", "N6", "L13")
@pytest.mark.claim("P21")
def test_an_admin_makes_a_role_gives_it_and_edits_it_and_the_holder_gains_at_once(world: Acme) -> None:
    role = make(world, world.priya, "  Deployer ", *DEPLOYING, "endpoints.read")
    assert (role.name, codes_of(role)) == ("Deployer", {*DEPLOYING, "endpoints.read"})
    place(world.olga, world.member(world.ben), world.research, role.pk)
    assert "domains.manage" not in held(world, world.ben, world.research)
    assert edit(world, world.priya, role, {"workspace.view", "domains.manage"}, "Domains")
    assert held(world, world.ben, world.research) == {"workspace.view", "domains.manage"}
    assert history(world.organization, "role.created", "role.changed") == [
        Said("role.created", role.pk, None, "", "Deployer, 4 permissions"),
        Said("role.changed", role.pk, None, "Deployer, 4 permissions", "Domains, 2 permissions"),
    ]
    payload = Act.objects.get(kind="role.changed").payload
    assert (payload["before"], payload["after"]) == (
        sorted({*DEPLOYING, "endpoints.read"}),
        ["domains.manage", "workspace.view"],
    )
    assert not edit(world, world.priya, role, {"workspace.view", "domains.manage"}, "Domains")
    assert Act.objects.filter(kind="role.changed").count() == 1


@pytest.mark.claim("P10")
def test_nobody_puts_into_a_role_what_they_lack_nor_touches_one_that_holds_more(world: Acme) -> None:
    keeper = custom_role(
        world.organization, "Keeper", Scope.ORGANIZATION, Code.ROLES_MANAGE, Code.MEMBERS_VIEW, "usage.view"
    )
    biller = custom_role(world.organization, "Biller", Scope.ORGANIZATION, "billing.manage")
    deployer = custom_role(world.organization, "Deployer", Scope.WORKSPACE, *DEPLOYING)
    Member.objects.filter(pk=world.member(world.ben).pk).update(role=keeper)
    with refused(403, Reason.GIVES_MORE):
        make(world, world.ben, "Purser", "usage.view", "billing.manage", scope=Scope.ORGANIZATION)
    assert make(world, world.ben, "Purser", "usage.view", scope=Scope.ORGANIZATION).pk
    with refused(403, Reason.HOLDS_MORE):
        edit(world, world.ben, biller, {"usage.view"})
    with refused(403, Reason.HOLDS_MORE):
        delete(world, world.ben, biller)
    with refused(403, Reason.HOLDS_MORE):
        delete(world, world.ben, biller, BuiltIn.MEMBER)
    # A workspace role counts in every workspace, so it takes a right in all of them.
    place(world.olga, world.member(world.ben), world.research, BuiltIn.STANDARD_ADMIN)
    with refused(403, Reason.GIVES_MORE):
        make(world, world.ben, "Reader", "workspace.view")
    with refused(403, Reason.HOLDS_MORE):
        edit(world, world.ben, deployer, {"workspace.view"})
    with refused(403, Reason.NO_RIGHT):
        make(world, world.mia, "Reader", "workspace.view")


@pytest.mark.claim("P10")
def test_a_replacement_gives_nobody_more_than_the_actor_holds(world: Acme) -> None:
    keeper = custom_role(world.organization, "Keeper", Scope.ORGANIZATION, Code.ROLES_MANAGE, Code.MEMBERS_ORG_MANAGE)
    small = custom_role(world.organization, "Small", Scope.ORGANIZATION, Code.MEMBERS_ORG_MANAGE)
    Member.objects.filter(pk=world.member(world.ben).pk).update(role=keeper)
    Member.objects.filter(pk=world.member(world.mia).pk).update(role=small)
    with refused(403, Reason.GIVES_MORE):
        delete(world, world.ben, small, BuiltIn.ADMIN)
    with refused(403, Reason.GIVES_MORE):
        delete(world, world.ben, small, BuiltIn.MEMBER)  # who is here: Ben cannot see that himself


@pytest.mark.claim("P15")
def test_a_replacement_by_admin_needs_a_fresh_proof_of_identity(world: Acme) -> None:
    role = make(world, world.olga, "Helper", Code.MEMBERS_VIEW, scope=Scope.ORGANIZATION)
    Member.objects.filter(pk=world.member(world.ben).pk).update(role=role)
    with refused(401, Reason.CONFIRM):
        roles.delete_role(
            actor=web(world.olga, is_fresh=False),
            organization_id=world.id,
            role_id=role.pk,
            replacement_id=BuiltIn.ADMIN,
        )
    assert delete(world, world.olga, role, BuiltIn.ADMIN) == 1


@pytest.mark.parametrize("name", ["viewer", "DEPLOYER", "Déployer", "account  admin"])
def test_a_name_stands_once_at_its_scope_however_it_is_written(world: Acme, name: str) -> None:
    make(world, world.olga, "Deployer", *DEPLOYING)
    with refused(409, "name_taken"):
        make(world, world.olga, name, *DEPLOYING)
    other = make(world, world.olga, "Other", *DEPLOYING)
    with refused(409, "name_taken"):
        edit(world, world.olga, other, DEPLOYING, name)
    assert edit(world, world.olga, other, DEPLOYING, "OTHER")
    assert make(world, world.olga, name, Code.MEMBERS_VIEW, scope=Scope.ORGANIZATION)


def test_bad_roles_are_refused(world: Acme) -> None:
    with refused(422, "no_permissions"):
        make(world, world.olga, "Nothing")
    with refused(422, "unknown_permissions"):
        make(world, world.olga, "Mixed", "workspace.view", Code.MEMBERS_VIEW)
    with pytest.raises(ValidationError):
        make(world, world.olga, "line\nbreak", "workspace.view")
    with refused(409, "built_in"):
        edit(world, world.olga, Role.objects.get(pk=BuiltIn.STANDARD_VIEWER), DEPLOYING)
    with refused(409, "built_in"):
        delete(world, world.olga, Role.objects.get(pk=BuiltIn.GUEST))


@pytest.mark.claim("P3")
def test_roles_of_another_organization_or_scheme_do_not_exist(world: Acme) -> None:
    theirs = custom_role(northlab().organization, "Theirs", Scope.WORKSPACE, *DEPLOYING)
    ours = make(world, world.olga, "Ours", *DEPLOYING)
    for other in (theirs, Role.objects.get(pk=BuiltIn.MANAGED_MEMBER)):
        with pytest.raises(Http404):
            edit(world, world.olga, other, DEPLOYING)
        with pytest.raises(Http404):
            delete(world, world.olga, other)
        with pytest.raises(Http404):
            delete(world, world.olga, ours, other.pk)
    with pytest.raises(Http404):
        delete(world, world.olga, ours, BuiltIn.MEMBER)
    with pytest.raises(Http404):
        delete(world, world.olga, ours, ours.pk)


def test_an_edit_that_started_from_something_else_is_refused(world: Acme) -> None:
    role = make(world, world.olga, "Deployer", *DEPLOYING)
    edit(world, world.priya, role, {"workspace.view"})
    with refused(409, "changed_meanwhile"):
        edit(world, world.olga, role, {*DEPLOYING, "domains.manage"}, known=DEPLOYING)


@pytest.mark.claim("P24")
def test_a_role_that_everyone_holds_never_comes_to_manage_members(world: Acme) -> None:
    role = make(world, world.olga, "Deployer", *DEPLOYING)
    manager = make(world, world.olga, "Doorkeeper", "workspace.view", Code.MEMBERS_WORKSPACE_MANAGE)
    grant_everyone(world.research, role.pk)
    with refused(403, Reason.EVERYONE_MANAGES):
        edit(world, world.olga, role, {*DEPLOYING, Code.MEMBERS_WORKSPACE_MANAGE})
    with refused(403, Reason.EVERYONE_MANAGES):
        delete(world, world.olga, role, manager.pk)
    assert edit(world, world.olga, role, {*DEPLOYING, "domains.manage"})


def test_a_read_only_workspace_stays_read_only(world: Acme) -> None:
    system = world.organization.workspaces.get(kind=Workspace.Kind.SYSTEM)
    role = make(world, world.olga, "Reader", "workspace.view")
    grant_everyone(system, role.pk)
    with refused(409, Reason.READ_ONLY):
        edit(world, world.olga, role, {"workspace.view", "domains.manage"})
    with refused(409, Reason.READ_ONLY):
        delete(world, world.olga, role, BuiltIn.STANDARD_EDITOR)
    assert edit(world, world.olga, role, {"workspace.view", "projects.view"})


# --- the last admin


@pytest.mark.claim("P11")
def test_an_edit_never_takes_the_last_admin_from_a_workspace(world: Acme) -> None:
    lead = make(world, world.olga, "Lead", *TOP)
    lab = workspace_in(world.organization, "Lab")
    ben = world.member(world.ben)
    place(world.olga, ben, lab, lead.pk)
    with refused(409, Reason.LAST_WORKSPACE_ADMIN):
        edit(world, world.olga, lead, TOP - {"domains.manage"})
    with refused(409, Reason.LAST_WORKSPACE_ADMIN):
        delete(world, world.olga, lead, BuiltIn.STANDARD_EDITOR)
    # An access that ends keeps nothing, and several roles that add up to all make no admin either.
    mine = Grant.objects.create(workspace=lab, member=world.member(world.mia), role_id=BuiltIn.STANDARD_ADMIN)
    Grant.objects.filter(pk=mine.pk).update(ends_at=Now() + timedelta(days=1))
    place(world.olga, ben, lab, make(world, world.olga, "Rest", "domains.manage").pk)
    with refused(409, Reason.LAST_WORKSPACE_ADMIN):
        edit(world, world.olga, lead, TOP - {"domains.manage"})
    Grant.objects.filter(pk=mine.pk).update(ends_at=None)
    assert edit(world, world.olga, lead, TOP - {"domains.manage"})


@pytest.mark.claim("P11")
def test_an_admin_through_a_group_counts_and_one_who_is_suspended_does_not(world: Acme) -> None:
    lead = make(world, world.olga, "Lead", *TOP)
    lab = workspace_in(world.organization, "Lab")
    ben, mia = world.member(world.ben), world.member(world.mia)
    place(world.olga, ben, lab, lead.pk)
    grant_group(group_of(world.olga, world.organization, "Leads", mia), lab, BuiltIn.STANDARD_ADMIN)
    assert edit(world, world.olga, lead, EDIT)
    assert edit(world, world.olga, lead, TOP)
    place(world.olga, ben, world.research, lead.pk)
    members.suspend_members(actor=web(world.olga), organization_id=world.id, chosen=Chosen.one(mia.pk))
    with refused(409, Reason.LAST_WORKSPACE_ADMIN):
        edit(world, world.olga, lead, EDIT)


@pytest.mark.claim("P11")
def test_replacing_by_guest_spares_the_last_admin_of_a_workspace(world: Acme) -> None:
    role = make(world, world.olga, "Helper", Code.MEMBERS_VIEW, scope=Scope.ORGANIZATION)
    Member.objects.filter(pk=world.member(world.mia).pk).update(role=role)
    with refused(409, Reason.LAST_WORKSPACE_ADMIN):
        delete(world, world.olga, role, BuiltIn.GUEST)
    place(world.olga, world.member(world.ben), world.research, BuiltIn.STANDARD_ADMIN)
    assert delete(world, world.olga, role, BuiltIn.GUEST) == 1


# --- deleted and replaced


@pytest.mark.claim("P21")
def test_a_role_in_use_is_not_deleted_whoever_uses_it(world: Acme) -> None:
    helper = make(world, world.olga, "Helper", Code.MEMBERS_VIEW, scope=Scope.ORGANIZATION)
    invite(world.olga, world.organization, "ivy@acme.example", role=helper.pk)
    granted = [make(world, world.olga, name, *DEPLOYING) for name in ("One", "Two", "Three", "Four", "Five")]
    place(world.olga, world.member(world.ben), world.research, granted[0].pk)
    grant_group(group_of(world.olga, world.organization, "Team"), world.research, granted[1].pk)
    grant_everyone(world.research, granted[2].pk)
    invite(world.olga, world.organization, "kim@acme.example", places={world.research.pk: granted[3].pk})
    asked = AccessRequest.objects.create(organization=world.organization, member=world.member(world.ben))
    RequestedPlacement.objects.create(request=asked, workspace=world.research, role=granted[4])
    for role in (helper, *granted):
        with refused(409, Reason.ROLE_IN_USE):
            delete(world, world.olga, role)
    AccessRequest.objects.update(declined_at=Now())
    assert delete(world, world.olga, granted[4]) == 0
    assert Label.objects.get(kind="role", object_id=granted[4].pk).text == "Five"


@pytest.mark.row("N8")
@pytest.mark.claim("P21")
def test_a_replacement_moves_every_grant_merges_doubles_and_says_so_for_each(world: Acme) -> None:
    role = make(world, world.olga, "Deployer", *DEPLOYING)
    ben, mia, ivy = world.member(world.ben), world.member(world.mia), "ivy@acme.example"
    group = group_of(world.olga, world.organization, "Team", mia)
    place(world.olga, ben, world.research, role.pk)
    place(world.olga, ben, world.research, BuiltIn.STANDARD_EDITOR)
    place(world.olga, ben, world.default, role.pk)
    grant_group(group, world.research, role.pk)
    grant_everyone(world.research, role.pk)
    invite(world.olga, world.organization, ivy, places={world.research.pk: role.pk})
    waiting = world.organization.members.get(address=ivy)
    old, twin = (
        Grant.objects.get(member=ben, workspace=world.research, role=each)
        for each in (role.pk, BuiltIn.STANDARD_EDITOR)
    )
    Grant.objects.filter(pk=twin.pk).update(ends_at=Now() + timedelta(days=3))
    GrantPermission.objects.create(grant=old, permission="domains.manage")
    GrantPermission.objects.create(grant=twin, permission="billing.view")
    assert delete(world, world.olga, role, BuiltIn.STANDARD_EDITOR) == 5
    twin.refresh_from_db()
    assert twin.ends_at is None
    assert set(twin.extra_permissions.values_list("permission", flat=True)) == {"domains.manage", "billing.view"}
    assert not Grant.objects.filter(pk=old.pk).exists()
    assert Grant.objects.filter(role=BuiltIn.STANDARD_EDITOR, workspace=world.research).count() == 4
    said = {(one.kind, one.subject, one.scope) for one in history(world.organization) if one.before == "Deployer"}
    research, default = world.research.pk, world.default.pk
    assert said == {
        ("grant.changed", ben.pk, research),
        ("grant.changed", ben.pk, default),
        ("grant.changed", waiting.pk, research),
        ("group_grant.changed", group.pk, research),
        ("everyone_grant.changed", research, None),
    }
    assert Entry.objects.filter(before="Deployer", after="Editor").count() == 5


@pytest.mark.parametrize("which", ["the replaced", "the other"])
def test_a_grant_past_its_end_brings_nothing_back_when_it_meets_another(world: Acme, which: str) -> None:
    role = make(world, world.olga, "Deployer", *DEPLOYING)
    ben = world.member(world.ben)
    for each in (role.pk, BuiltIn.STANDARD_VIEWER):
        place(world.olga, ben, world.research, each)
    found = Grant.objects.filter(member=ben, workspace=world.research)
    over, live = found.get(role=role), found.get(role=BuiltIn.STANDARD_VIEWER)
    if which == "the other":
        over, live = live, over
    GrantPermission.objects.create(grant=over, permission="domains.manage")
    Grant.objects.filter(pk=over.pk).update(ends_at=Now() - timedelta(days=1))
    Grant.objects.filter(pk=live.pk).update(ends_at=Now() + timedelta(days=1))
    live.refresh_from_db()
    delete(world, world.olga, role, BuiltIn.STANDARD_VIEWER)
    assert found.get().ends_at == live.ends_at
    assert held(world, world.ben, world.research) == VIEW


def test_a_replacement_of_an_organization_role_moves_members_and_the_waiting(world: Acme) -> None:
    role = make(world, world.olga, "Helper", Code.MEMBERS_VIEW, scope=Scope.ORGANIZATION)
    ben = world.member(world.ben)
    Member.objects.filter(pk=ben.pk).update(role=role)
    invite(world.olga, world.organization, "ivy@acme.example", role=role.pk)
    ivy = world.organization.members.get(address="ivy@acme.example")
    assert delete(world, world.olga, role, BuiltIn.MEMBER) == 2
    assert not Member.objects.filter(role_id=role.pk).exists()
    said = history(world.organization, "member.role_changed")
    assert {(one.subject, one.before, one.after) for one in said} == {
        (ben.pk, "Helper", "Member"),
        (ivy.pk, "Helper", "Member"),
    }
