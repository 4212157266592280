"""Races about resources, with real commits: no place of somebody who is gone, nothing in a workspace that is deleted
(P26).
"""

from collections.abc import Callable

import pytest

from accounts.models import User
from tests import cast
from tests.cast import Acme
from tests.racing import at_once, newcomer, remove
from workspaces.actions import resources, workspaces
from workspaces.actions.hosts import Receipt, hand_in
from workspaces.catalogue import BuiltIn
from workspaces.hosts import KnownProduct, RegisteredResource, VanishedResource
from workspaces.models import Collaborator, Resource, Workspace

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.claim("P26"), pytest.mark.timeout(300)]

ROUNDS = 8


def registered(workspace: str, number: int) -> RegisteredResource:
    return RegisteredResource(
        organization="acme",
        product="Notebooks",
        external_id=f"churn-{number}",
        kind="project",
        name="Churn",
        workspace=workspace,
        owner="mia@acme.example",
    )


def register(workspace: str, number: int) -> Resource:
    assert not hand_in([KnownProduct(name="Notebooks"), registered(workspace, number)]).problems
    return Resource.objects.get(external_id=f"churn-{number}")


def vanish(number: int) -> Callable[[], Receipt]:
    gone = VanishedResource(organization="acme", product="Notebooks", external_id=f"churn-{number}")
    return lambda: hand_in([gone])


def share(acme: Acme, by: User, resource: Resource, member_id: int) -> Callable[[], resources.Shared]:
    return lambda: resources.share(
        actor=cast.web(by), organization_id=acme.id, resource_id=resource.pk, level="edit", member_id=member_id
    )


def transfer(acme: Acme, by: User, resource: Resource, owner_id: int) -> Callable[[], None]:
    return lambda: resources.transfer(
        actor=cast.web(by), organization_id=acme.id, resource_id=resource.pk, owner_id=owner_id
    )


def delete(acme: Acme, by: User, workspace: Workspace) -> Callable[[], None]:
    return lambda: workspaces.delete_workspace(
        actor=cast.web(by), organization_id=acme.id, workspace_id=workspace.pk, confirmed_name=workspace.name
    )


def a_lab(acme: Acme, number: int) -> Workspace:
    lab = cast.workspace_in(acme.organization, f"Lab {number}")
    cast.place(acme.olga, acme.member(acme.mia), lab, BuiltIn.STANDARD_ADMIN)
    return lab


@pytest.mark.claim("P13")
def test_sharing_with_somebody_who_is_removed_leaves_them_no_place() -> None:
    acme = cast.acme()
    churn = register("research", 0)
    for number in range(ROUNDS):
        ivy = cast.join(acme.olga, acme.organization, newcomer(number))
        shared, removed = at_once(share(acme, acme.mia, churn, ivy.pk), remove(acme.priya, acme.organization, ivy))
        assert (shared, removed) in {("done", "done"), ("gone", "done")}
        assert not Collaborator.objects.exists()
        told = [said.subject for said in cast.history(acme.organization, "resource.shared")].count(ivy.pk)
        assert told == (1 if shared == "done" else 0)


@pytest.mark.claim("P13")
def test_what_becomes_somebodys_while_they_are_removed_is_nobodys_or_stays() -> None:
    acme = cast.acme()
    for number in range(ROUNDS):
        churn = register("research", number)
        ivy = cast.join(acme.olga, acme.organization, newcomer(number))
        transferred, removed = at_once(
            transfer(acme, acme.mia, churn, ivy.pk), remove(acme.priya, acme.organization, ivy)
        )
        assert (transferred, removed) in {("done", "done"), ("gone", "done")}
        churn.refresh_from_db()
        assert churn.owner_id == (None if transferred == "done" else acme.member(acme.mia).pk)


@pytest.mark.row("N24")
def test_a_workspace_goes_only_once_nothing_stands_in_it_whoever_it_is_given_to_meanwhile() -> None:
    acme = cast.acme()
    ben = acme.member(acme.ben)
    for number in range(ROUNDS):
        lab = a_lab(acme, number)
        churn = register(lab.slug, number)
        acts = [transfer(acme, acme.mia, churn, ben.pk), delete(acme, acme.priya, lab)]
        transferred, deleted, *_vanished = at_once(*acts, *([vanish(number)] if number % 2 else []))
        lab.refresh_from_db()
        if number % 2 == 0:
            assert (transferred, deleted) == ("done", "has_resources")
            assert Resource.objects.get(pk=churn.pk).owner == ben
        assert transferred in {"done", "gone"}
        assert deleted in {"done", "has_resources"}
        assert (lab.deleted_at is not None) == (deleted == "done")
        assert not Resource.objects.filter(workspace__deleted_at__isnull=False).exists()


@pytest.mark.row("N24")
def test_registering_into_a_workspace_that_is_deleted_is_one_or_the_other() -> None:
    acme = cast.acme()
    register("research", 99)
    for number in range(ROUNDS):
        lab = a_lab(acme, number)
        _handed_in, deleted = at_once(lambda: hand_in([registered(lab.slug, number)]), delete(acme, acme.priya, lab))  # noqa: B023
        lab.refresh_from_db()
        there = Resource.objects.filter(workspace=lab).exists()
        assert (deleted, there) in {("done", False), ("has_resources", True)}
        assert (lab.deleted_at is None) == there
