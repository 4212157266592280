"""The rest of an invitation: a collaboration that nobody answers for any more becomes part of one held request."""

from dataclasses import dataclass

import pytest
from django.http import Http404

from accounts.models import OutgoingMail, User
from tests import cast
from tests.cast import Acme, history, refused, web
from tests.people import person
from tests.visiting import visitor, words_of
from workspaces.actions import groups, hosts, requests, resources
from workspaces.catalogue import BuiltIn
from workspaces.hosts import KnownProduct, RegisteredResource, VanishedResource
from workspaces.models import AccessRequest, Collaborator, Grant, GroupMember, Member, RequestedPlacement, Resource
from workspaces.queries.facts import actor_facts
from workspaces.queries.requests import MADE_MAIL, requests_for

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Fallen:
    """Mia, admin of Research, asked Nora in to Churn, Ben's project there, and is no admin when Nora accepts."""

    acme: Acme
    churn: Resource
    nora: User
    request: AccessRequest

    @property
    def member(self) -> Member:
        return self.acme.member(self.nora)

    def approve(self, by: User) -> None:
        requests.approve_request(actor=web(by), organization_id=self.acme.id, request_id=self.request.pk)

    def url(self, act: str) -> str:
        return f"/o/{self.acme.organization.slug}/requests/{self.request.pk}/{act}/"

    def levels(self) -> list[str]:
        return list(
            Collaborator.objects.filter(resource=self.churn, member=self.member).values_list("level", flat=True)
        )

    def sees(self, user: User) -> bool:
        facts = actor_facts(web(user), self.acme.organization)
        return bool(requests_for(self.acme.organization, facts, is_open=True).requests)


def registered(world: Acme, name: str = "Churn", **more: str) -> Resource:
    given = {"external_id": name, "kind": "project", "name": name, "workspace": "research", **more}
    hosts.hand_in(
        [KnownProduct(name="Notebooks"), RegisteredResource(organization="acme", product="Notebooks", **given)]  # type: ignore[arg-type]
    )
    return Resource.objects.get(external_id=name)


def share(by: User, resource: Resource, address: str, level: str = "edit") -> None:
    about = {"organization_id": resource.organization_id, "resource_id": resource.pk}
    resources.share(actor=web(by), address=address, level=level, **about)


def fall(world: Acme, nora: User) -> AccessRequest:
    """Mia is an admin of Research no more, and Nora accepts."""
    world.member(world.mia).grants.filter(workspace=world.research).delete()
    cast.accept(nora, cast.open_invitation(world.organization, nora.email))
    return AccessRequest.objects.get(member=world.member(nora))


@pytest.fixture
def fallen(world: Acme) -> Fallen:
    cast.place(world.olga, world.member(world.ben), world.research, BuiltIn.STANDARD_EDITOR)
    churn, nora = registered(world, owner="ben@acme.example"), person("nora@new.example", "Nora New")
    share(world.mia, churn, nora.email)
    return Fallen(world, churn, nora, fall(world, nora))


@pytest.mark.claim("P10", "P21")
def test_a_collaboration_that_falls_away_is_recorded_and_held_and_its_owner_is_asked(fallen: Fallen) -> None:
    assert fallen.levels() == []
    assert fallen.request.kind == AccessRequest.Kind.HELD
    [placement] = fallen.request.placements.all()
    assert (placement.resource, placement.level, placement.role) == (fallen.churn, "edit", None)
    [dropped] = history(fallen.acme.organization, "collaboration.dropped")
    assert (dropped.subject, dropped.scope, dropped.before) == (fallen.member.pk, fallen.churn.pk, "Can edit")
    assert [mail.recipient for mail in OutgoingMail.objects.filter(kind=MADE_MAIL)] == ["ben@acme.example"]


@pytest.mark.claim("P10")
def test_everything_that_fell_away_is_one_request_which_gives_all_of_it(world: Acme) -> None:
    churn, nora = registered(world), person("nora@new.example", "Nora New")
    cast.place(world.olga, world.member(world.priya), world.research, BuiltIn.STANDARD_ADMIN)
    data_team = cast.group_of(world.olga, world.organization, "Data team")
    places = {world.research.pk: int(BuiltIn.STANDARD_VIEWER)}
    cast.invite(world.priya, world.organization, nora.email, groups=[data_team.pk], places=places)
    share(world.priya, churn, nora.email, "view")
    Member.objects.filter(user=world.priya).update(role_id=BuiltIn.MEMBER)
    world.member(world.priya).grants.filter(workspace=world.research).delete()
    cast.accept(nora, cast.open_invitation(world.organization, nora.email))
    request = AccessRequest.objects.get(member=world.member(nora))
    assert request.placements.count() == 3
    requests.approve_request(actor=web(world.olga), organization_id=world.id, request_id=request.pk)
    mine = {"member": world.member(nora)}
    assert Grant.objects.filter(workspace=world.research, role=BuiltIn.STANDARD_VIEWER, **mine).exists()
    assert GroupMember.objects.filter(group=data_team, **mine).exists()
    assert Collaborator.objects.get(resource=churn, **mine).level == "view"


@pytest.mark.claim("P10")
def test_whoever_may_share_it_sees_the_request_and_gives_it_and_nobody_else(fallen: Fallen) -> None:
    acme = fallen.acme
    assert [fallen.sees(user) for user in (acme.ben, acme.olga, acme.mia, fallen.nora)] == [True, True, False, False]
    for stranger in (acme.mia, fallen.nora):
        with pytest.raises(Http404):
            fallen.approve(stranger)
    fallen.approve(acme.ben)
    assert fallen.levels() == ["edit"]
    assert [said.kind for said in history(acme.organization)][-2:] == ["resource.shared", "request.approved"]
    with refused(409, "decided"):
        fallen.approve(acme.olga)


@pytest.mark.claim("P10")
def test_what_is_private_by_then_is_its_owners_to_give_and_named_to_them_alone(fallen: Fallen) -> None:
    acme = fallen.acme
    cast.place(acme.olga, acme.member(acme.mia), acme.research, BuiltIn.STANDARD_ADMIN)
    assert fallen.sees(acme.mia)
    Resource.objects.filter(pk=fallen.churn.pk).update(access=Resource.Access.PRIVATE)
    assert not fallen.sees(acme.mia)
    with refused(403):
        fallen.approve(acme.olga)
    for reader, named in ((acme.ben, True), (acme.olga, False)):
        words = words_of(visitor(reader).get(fallen.url("approve")))
        assert ("access to edit Churn" in words) is named
        assert ("access to edit a private project" in words) is not named
    fallen.approve(acme.ben)
    assert fallen.levels() == ["edit"]


def test_declining_gives_nothing(fallen: Fallen) -> None:
    acme = fallen.acme
    requests.decline_request(actor=web(acme.ben), organization_id=acme.id, request_id=fallen.request.pk)
    assert fallen.levels() == []


def test_approving_takes_nothing_from_whoever_has_come_to_more(world: Acme) -> None:
    churn, nora = registered(world), person("nora@new.example", "Nora New")
    share(world.mia, churn, nora.email, "view")
    request = fall(world, nora)
    share(world.olga, churn, nora.email, "edit")
    requests.approve_request(actor=web(world.olga), organization_id=world.id, request_id=request.pk)
    assert Collaborator.objects.get(member=world.member(nora)).level == "edit"
    assert len(history(world.organization, "resource.shared")) == 2


def test_what_goes_leaves_no_request_for_nothing(fallen: Fallen) -> None:
    acme = fallen.acme
    data_team = cast.group_of(acme.olga, acme.organization, "Data team")
    RequestedPlacement.objects.create(request=fallen.request, group=data_team)
    groups.delete_group(actor=web(acme.olga), organization_id=acme.id, group_id=data_team.pk)
    assert fallen.request.placements.count() == 1
    hosts.hand_in([VanishedResource(organization="acme", product="Notebooks", external_id="Churn")])
    assert not AccessRequest.objects.filter(pk=fallen.request.pk).exists()


def test_its_pages_say_what_is_asked_and_who_has_it_now(fallen: Fallen) -> None:
    ben, nora = visitor(fallen.acme.ben), visitor(fallen.nora)
    listed = words_of(ben.get(f"/o/{fallen.acme.organization.slug}/requests/"))
    assert "Nora New asks for access to edit Churn" in listed
    assert "Rest of an invitation" in listed
    assert "access to edit Churn" in words_of(nora.get(f"/o/{fallen.acme.organization.slug}/requests/"))
    assert ben.post(fallen.url("approve"), {"reply": ""}).status_code == 303
    assert fallen.levels() == ["edit"]
    log = words_of(visitor(fallen.acme.olga).get(f"/o/{fallen.acme.organization.slug}/history/"))
    assert "left Nora New out of Churn" in log
