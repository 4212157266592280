"""Who would gain and lose by an edit of a role: counted before it is saved."""

from collections.abc import Iterable
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from accounts.models import User
from tests.cast import (
    Acme,
    custom_role,
    grant_everyone,
    grant_group,
    group_of,
    invite,
    join,
    person,
    place,
    web,
    workspace_in,
)
from tests.stage import DEPLOYING
from workspaces.actions import members
from workspaces.catalogue import BuiltIn, Code, Scope
from workspaces.models import Grant, GrantPermission, Member, Role
from workspaces.queries import role_effects
from workspaces.queries.role_effects import Effects, effects_in_organization, effects_in_workspaces
from workspaces.selections import Chosen

pytestmark = pytest.mark.django_db


def effects(world: Acme, role: Role, after: Iterable[str]) -> Effects:
    return effects_in_workspaces(world.organization, {role.pk: frozenset(after)})


def test_an_edit_touches_those_who_hold_the_role_and_not_those_who_have_it_another_way(world: Acme) -> None:
    role = custom_role(world.organization, "Deployer", Scope.WORKSPACE, *DEPLOYING)
    ben, mia = world.member(world.ben), world.member(world.mia)
    names = ("kim", "leo", "sven")
    kim, leo, sven = (join(world.olga, world.organization, person(f"{name}@acme.example")) for name in names)
    place(world.olga, sven, world.research, role.pk)
    members.suspend_members(actor=web(world.olga), organization_id=world.id, chosen=Chosen.one(sven.pk))
    place(world.olga, ben, world.research, role.pk)
    place(world.olga, mia, world.research, role.pk)  # Admin there: nothing new
    place(world.olga, world.member(world.priya), world.research, role.pk)  # an Admin of the organization
    grant_group(group_of(world.olga, world.organization, "Team", ben, kim), world.research, role.pk)
    place(world.olga, leo, world.research, role.pk)
    extra = Grant.objects.get(member=leo, workspace=world.research)
    GrantPermission.objects.create(grant=extra, permission="domains.manage")
    invite(world.olga, world.organization, "ivy@acme.example", places={world.research.pk: role.pk})
    found = effects(world, role, {*DEPLOYING, "domains.manage"} - {"deployments.create"})
    assert (found.gaining, found.losing, found.at_least) == (2, 3, False)
    assert (found.gained, found.lost) == ({"domains.manage"}, {"deployments.create"})
    assert [(place.name, place.gaining, place.losing) for place in found.places] == [("Research", 2, 3)]


def test_in_several_workspaces_people_are_counted_once(world: Acme) -> None:
    role = custom_role(world.organization, "Deployer", Scope.WORKSPACE, *DEPLOYING)
    ben, mia = world.member(world.ben), world.member(world.mia)
    lab = workspace_in(world.organization, "Lab")
    for workspace in (lab, world.research, world.default):
        place(world.olga, ben, workspace, role.pk)
    place(world.olga, mia, lab, role.pk)
    found = effects(world, role, {*DEPLOYING, "domains.manage"})
    assert (found.gaining, found.losing) == (2, 0)
    assert {place.name: place.gaining for place in found.places} == {"default": 1, "Lab": 2, "Research": 1}


def test_too_many_people_to_tell_apart_are_said_to_be_at_least_those_of_one_workspace(
    world: Acme, monkeypatch: pytest.MonkeyPatch
) -> None:
    role = custom_role(world.organization, "Deployer", Scope.WORKSPACE, *DEPLOYING)
    lab = workspace_in(world.organization, "Lab")
    place(world.olga, world.member(world.ben), lab, role.pk)
    place(world.olga, world.member(world.mia), world.default, role.pk)
    for most, found in ((2, (2, False)), (1, (1, True))):
        monkeypatch.setattr(role_effects, "MANY", most)
        seen = effects(world, role, {*DEPLOYING, "domains.manage"})
        assert (seen.gaining, seen.at_least) == found
        assert {each.name: each.gaining for each in seen.places} == {"default": 1, "Lab": 1}


def test_grants_may_be_of_more_kinds_than_a_number_has_bits(world: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    role = custom_role(world.organization, "Deployer", Scope.WORKSPACE, *DEPLOYING)
    lab = workspace_in(world.organization, "Lab")
    for workspace in (lab, world.research):
        place(world.olga, world.member(world.ben), workspace, role.pk)
    place(world.olga, world.member(world.mia), lab, role.pk)
    extra = Grant.objects.get(member=world.member(world.mia), workspace=lab)
    GrantPermission.objects.create(grant=extra, permission="domains.manage")
    after = {*DEPLOYING, "domains.manage", "endpoints.write"} - {"deployments.create"}
    found = effects(world, role, after)
    assert (found.gaining, found.losing) == (2, 2)
    monkeypatch.setattr(role_effects, "BITS", 1)
    assert effects(world, role, after) == found


def test_everyone_means_all_but_guests_and_those_who_have_it_already(world: Acme) -> None:
    role = custom_role(world.organization, "Deployer", Scope.WORKSPACE, *DEPLOYING)
    grant_everyone(world.research, role.pk)
    # Ben; Mia is Admin there, Olga and Priya open every workspace, Tom is a guest.
    found = effects(world, role, {*DEPLOYING, "domains.manage"})
    assert (found.gaining, found.gained) == (1, {"domains.manage"})
    for user in (world.ben, world.tom):
        place(world.olga, world.member(user), world.research, BuiltIn.STANDARD_VIEWER)
    assert effects(world, role, {*DEPLOYING, "domains.manage"}).gaining == 1
    assert effects(world, role, {"workspace.view", "deployments.create"}).is_none
    Grant.objects.filter(workspace=world.research, principal_key=0).update(ends_at=Now() - timedelta(days=1))
    assert effects(world, role, {*DEPLOYING, "domains.manage"}).is_none


def test_an_edit_of_an_organization_role_touches_its_active_holders(world: Acme) -> None:
    role = custom_role(world.organization, "Helper", Scope.ORGANIZATION, Code.MEMBERS_VIEW)
    Member.objects.filter(pk__in=[world.member(user).pk for user in (world.ben, world.mia)]).update(role=role)
    User.objects.filter(pk=world.mia.pk).update(is_active=False)
    found = effects_in_organization(world.organization, role.pk, frozenset({"usage.view"}))
    assert (found.gaining, found.losing, found.gained, found.lost) == (1, 1, {"usage.view"}, {Code.MEMBERS_VIEW})
