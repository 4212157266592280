"""Acme as the tests of the web find it: the cast, and somebody in every place from which one can look at it."""

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

from accounts.addresses import Pasted
from accounts.models import User
from invitations.actions import inviting
from invitations.asking import Ask
from invitations.models import Invitation
from invitations.tokens import Subject, issue
from tests import cast
from tests.people import person
from tests.scenes import Scene
from workspaces.actions import members, requests, resources, roles
from workspaces.actions.hosts import hand_in
from workspaces.catalogue import BuiltIn, Scope
from workspaces.hosts import KnownProduct, RegisteredResource
from workspaces.models import AccessRequest, Group, Member, Resource, Role, Workspace

DEPLOYING = frozenset({"workspace.view", "deployments.view", "deployments.create"})


def link_to(invitation: Invitation) -> str:
    """The link that its mail holds."""
    return f"/i/{issue(Subject(invitation.organization_id, invitation.uuid, invitation.generation))}"


@dataclass(frozen=True, slots=True)
class Stage:
    """Acme and Northlab. Max is a Member, Lena manages the Data team, Mia is Admin of Research, Sven is suspended.

    Ben asks for Editor in Research. Ina has an account and is invited, Nora is invited and has none, Stella has an
    account and nothing else, Sam is support.
    """

    acme: cast.Acme
    northlab: cast.Northlab
    data_team: Group
    max: User
    lena: User
    sven: User
    ina: User
    stella: User
    sam: User
    to_ina: Invitation
    to_nora: Invitation
    asked: AccessRequest
    churn: Resource
    deployer: Role

    @property
    def slug(self) -> str:
        return self.acme.organization.slug

    @property
    def research(self) -> Workspace:
        return self.acme.research

    def url(self, path: str = "") -> str:
        return f"/o/{self.slug}/{path}"

    def member(self, user: User) -> Member:
        return self.acme.member(user)

    def link(self, invitation: Invitation) -> str:
        return link_to(invitation)

    def member_invited(self, address: str) -> Member:
        return self.acme.organization.members.get(address=address, joined_at__isnull=True)

    @property
    def nora(self) -> Member:
        """Nora's place, while she is waiting."""
        return Member.objects.get(invitation=self.to_nora)


def crowd(stage: Stage, people: Iterable[tuple[str, str]]) -> list[int]:
    """Asks further people into Acme, (address, name) each; returns their members' ids."""
    report = inviting.invite(
        actor=cast.web(stage.acme.olga),
        organization_id=stage.acme.id,
        entries=[Pasted(address, name) for address, name in people],
        ask=Ask(BuiltIn.MEMBER),
    )
    assert all(line.result.is_good for line in report.lines), report.lines
    addresses = [line.address for line in report.lines]
    return list(stage.acme.organization.members.filter(address__in=addresses).values_list("pk", flat=True))


def _register_churn(acme: cast.Acme) -> Resource:
    """Mia's project in Research, in which Ben is a collaborator."""
    hand_in(
        [
            KnownProduct(name="Notebooks", url="https://notebooks.example/"),
            RegisteredResource(
                organization=acme.organization.slug,
                product="Notebooks",
                external_id="churn",
                kind="project",
                name="Churn",
                workspace=acme.research.slug,
                owner=acme.mia.email,
                url="https://notebooks.example/churn",
            ),
        ]
    )
    churn = Resource.objects.get(external_id="churn")
    told: dict[str, Any] = {"organization_id": acme.id, "resource_id": churn.pk, "address": acme.ben.email}
    resources.share(actor=cast.web(acme.mia), level="edit", **told)
    return churn


def _make_deployer(acme: cast.Acme) -> Role:
    """A role of Acme's own that nobody has yet."""
    return roles.create_role(
        actor=cast.web(acme.olga),
        organization_id=acme.id,
        scope=Scope.WORKSPACE,
        name="Deployer",
        permissions=DEPLOYING,
        audience="Whoever is on call.",
    )


def raise_curtain() -> Stage:
    acme, northlab = cast.acme(), cast.northlab()
    olga, organization = acme.olga, acme.organization
    people = {
        name: person(f"{name}@acme.example", full_name)
        for name, full_name in {"max": "Max Muster", "lena": "Lena Lindt", "sven": "Sven Still"}.items()
    }
    for user in people.values():
        cast.join(olga, organization, user)
    data_team = cast.group_of(olga, organization, "Data team", acme.member(people["max"]))
    cast.manage(data_team, acme.member(people["lena"]))
    members.suspend_members(
        actor=cast.web(olga), organization_id=acme.id, chosen=cast.chosen(acme.member(people["sven"]))
    )
    ina = person("ina@elsewhere.example", "Ina Invited")
    asked = requests.ask_for_access(
        actor=cast.web(acme.ben),
        organization_id=acme.id,
        workspace_id=acme.research.pk,
        role_id=BuiltIn.STANDARD_EDITOR,
        message="For the paper",
    )
    return Stage(
        acme,
        northlab,
        data_team,
        **people,
        ina=ina,
        stella=person("stella@nowhere.example", "Stella Stranger"),
        sam=cast.staff_person(),
        to_ina=cast.invite(olga, organization, ina.email),
        to_nora=cast.invite(olga, organization, "nora@new.example"),
        asked=asked,
        churn=_register_churn(acme),
        deployer=_make_deployer(acme),
    )


ACME_ON_STAGE = Scene("stage", raise_curtain)


@pytest.fixture(scope="session")
def _scenery(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    with django_db_blocker.unblock():
        ACME_ON_STAGE.prepare()


@pytest.fixture(scope="module")
def _curtain(_scenery: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Stage]:
    """Raised once per module; what a test does to it is rolled back to here."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield ACME_ON_STAGE.set_up()
        transaction.set_rollback(True)


@pytest.fixture
def stage(_curtain: Stage, db: None) -> Stage:
    return copy.deepcopy(_curtain)


@pytest.fixture
def committed_stage(_scenery: None, transactional_db: None) -> Stage:
    """For tests that other processes or threads look at."""
    return ACME_ON_STAGE.set_up()
