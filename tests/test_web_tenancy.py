"""What belongs to others looks like what never was: in path, query, form, JSON and lists of ids (P3)."""

import json
from typing import Any
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse

from invitations.actions import domains, links
from invitations.asking import Ask
from invitations.models import ProposedPerson
from tests import cast
from tests.stage import Stage
from tests.test_matrix import ADDRESSES, arguments, forms, others
from tests.visiting import HTMX, Answer, bare, copy_of, visitor
from workspaces.actions import jobs, workspaces
from workspaces.catalogue import BuiltIn, Scope
from workspaces.models import AccessRequest, Group, Product, Resource, Workspace

pytestmark = pytest.mark.claim("P3")

UNKNOWN = 987_654_321


def same(foreign: Answer, unknown: Answer, theirs: object = UNKNOWN, nothing: object = UNKNOWN) -> bool:
    """Are two answers the same but for what was asked for, which may stand in links?"""
    bodies = bare(foreign), bare(unknown).replace(str(nothing), str(theirs))
    return foreign.status_code == unknown.status_code and bodies[0] == bodies[1]


def test_another_organization_looks_like_none_under_every_address(stage: Stage, priya: Client) -> None:
    seen = []
    given, about = arguments(stage), others(stage)
    entries = forms(stage)
    for name in (name for name, takes in ADDRESSES.items() if "slug" in takes):
        right = {**given, **about.get(name, {})}
        for method in ("get", "post"):
            foreign, unknown = (
                getattr(copy_of(priya), method)(
                    reverse(
                        name,
                        kwargs={key: {**right, "slug": slug}[key] for key in ADDRESSES[name]},
                    ),
                    entries.get(name),
                )
                for slug in (stage.northlab.organization.slug, "no-such-place")
            )
            assert foreign.status_code == unknown.status_code == 404, name
            assert bare(foreign) == bare(unknown), name
            seen.append(bare(foreign))
    assert len(set(seen)) == 1
    assert "Acme" not in seen[0]  # without the navigation of the organization


def things_of_northlab(stage: Stage) -> dict[str, object]:
    """One of each kind that stands in addresses."""
    zoe, organization = stage.northlab.zoe, stage.northlab.organization
    lab = workspaces.create_workspace(actor=cast.web(zoe), organization_id=organization.pk, name="Secret lab")
    product = Product.objects.create(name="Vault")
    return {
        "member_id": cast.member_of(organization, zoe).pk,
        "workspace": lab.slug,
        "workspace_id": lab.pk,
        "group_id": cast.group_of(zoe, organization, "Secret crew").pk,
        "role_id": cast.custom_role(organization, "Secret role", Scope.WORKSPACE, "projects.view").pk,
        "grant_id": lab.grants.get().pk,
        "resource_id": Resource.objects.create(
            organization=organization, workspace=lab, product=product, kind="safe", name="Gold", external_id="g"
        ).pk,
        "request_id": AccessRequest.objects.create(
            organization=organization, member=cast.member_of(organization, zoe)
        ).pk,
        "invitation_id": cast.invite(zoe, organization, "asked@lab.example").pk,
        "domain_id": domains.add_domain(actor=cast.web(zoe), organization_id=organization.pk, domain="lab.example").pk,
        "link_id": links.create_link(
            actor=cast.web(zoe), organization_id=organization.pk, name="Secret link", ask=Ask(BuiltIn.MEMBER)
        ).pk,
        "proposal_id": ProposedPerson.objects.create(
            organization=organization, proposed_by=cast.member_of(organization, zoe), address="secret@x.example"
        ).pk,
        "job_id": jobs.plan_job(
            actor=cast.web(zoe),
            organization_id=organization.pk,
            kind="members.suspend",
            title="Secret job",
            parameters={},
            rows=organization.members.all(),
        ).pk,
    }


def test_nothing_of_another_organization_is_told_from_nothing_under_any_address(stage: Stage, priya: Client) -> None:
    theirs, entries, given, about = things_of_northlab(stage), forms(stage), arguments(stage), others(stage)
    asked = set()
    for name, takes in ADDRESSES.items():
        right = {**given, **about.get(name, {})}
        for key in theirs.keys() & set(takes) if "slug" in takes else ():
            asked.add(key)
            nothing = {"workspace": "no-such-place", "job_id": uuid4()}.get(key, UNKNOWN)
            for method, headers in (("get", {}), ("get", HTMX), ("post", {})):
                foreign, unknown = (
                    getattr(copy_of(priya), method)(
                        reverse(name, kwargs={each: {**right, key: value}[each] for each in takes}),
                        entries.get(name),
                        headers=headers,
                    )
                    for value in (theirs[key], nothing)
                )
                assert foreign.status_code in (404, 405), (name, key, foreign.status_code)
                assert same(foreign, unknown, theirs[key], nothing), (name, key)
    assert asked == set(theirs)


def test_what_is_somebody_elses_own_looks_like_nothing(stage: Stage, priya: Client) -> None:
    theirs = {
        "address_id": EmailAddress.objects.get(user=stage.northlab.zoe).pk,
        "invitation_id": stage.to_ina.pk,
        "session_id": 1,
        "pk": 1,
    }
    visitor(stage.northlab.zoe).get("/accounts/profile/")
    for name, takes in ADDRESSES.items():
        if len(takes) != 1 or takes[0] not in theirs:
            continue
        for method in ("get", "post"):
            answers = [getattr(priya, method)(reverse(name, args=[number])) for number in (theirs[takes[0]], UNKNOWN)]
            assert answers[0].status_code in (404, 405), name
            assert same(*answers), name


@pytest.fixture
def foreign(stage: Stage) -> dict[str, int]:
    """Ids of what Northlab has."""
    zoe, organization = stage.northlab.zoe, stage.northlab.organization
    return {
        "group": cast.group_of(zoe, organization, "Secret group").pk,
        "workspace": organization.workspaces.get(slug="default").pk,
        "role": cast.custom_role(organization, "Secret role", Scope.ORGANIZATION).pk,
        "member": cast.member_of(organization, zoe).pk,
    }


def test_ids_of_others_in_the_query_find_and_name_nothing(stage: Stage, priya: Client, foreign: dict[str, int]) -> None:
    for name in ("group", "workspace", "role"):
        answers = [priya.get(stage.url(f"members/?{name}={number}")) for number in (foreign[name], UNKNOWN)]
        assert answers[0].status_code == 200
        assert same(*answers, foreign[name]), name
        panels = [priya.get(stage.url(f"members/filters/?{name}={number}")) for number in (foreign[name], UNKNOWN)]
        assert same(*panels, foreign[name]), name
    assert "Secret" not in bare(priya.get(stage.url("history/?q=secret")))


def test_ids_of_others_in_a_form_are_answered_like_unknown_ones(
    stage: Stage, priya: Client, foreign: dict[str, int]
) -> None:
    ben = stage.member(stage.acme.ben).pk
    viewer, invite = BuiltIn.STANDARD_VIEWER, {"addresses": "new@x.example", "role": BuiltIn.MEMBER, "expires": 7}
    doors: list[tuple[str, str, dict[str, Any]]] = [
        ("members/bulk/group/apply/", "group", {"member": ben}),
        ("members/bulk/workspace/apply/", "workspace", {"member": ben, "workspace_role": viewer}),
        ("members/bulk/role/apply/", "role", {"member": ben}),
        (f"members/{ben}/role/", "role", {}),
        (f"members/{ben}/edit/", "role", {}),
        ("invite/", "group", {**invite, "groups": "{id}"}),
        ("invite/", "role", {"addresses": "new@x.example", "expires": 7}),
        ("settings/ownership/transfer/", "member", {"successor": "{id}"}),
    ]
    for path, kind, entry in doors:
        client = visitor(stage.acme.olga) if "transfer" in path else priya
        answers = []
        for number in (foreign[kind], UNKNOWN):
            data = {key: number if value == "{id}" else value for key, value in entry.items()}
            answers.append(client.post(stage.url(path), {kind: number, **data}))
        assert answers[0].status_code in (404, 422), path
        assert same(*answers, foreign[kind]), path
    assert Group.objects.get(pk=foreign["group"]).memberships.count() == 0
    assert Workspace.objects.get(pk=foreign["workspace"]).grants.count() == 2


def test_a_list_of_ids_reaches_ones_own_members_only(stage: Stage, priya: Client, foreign: dict[str, int]) -> None:
    ben, path = stage.member(stage.acme.ben).pk, stage.url("members/bulk/suspend/")
    answers = [priya.post(path, {"member": [ben, number]}) for number in (foreign["member"], UNKNOWN)]
    assert same(*answers)
    assert "1 person" in bare(answers[0])
    alone = [priya.post(path, {"member": [number]}) for number in (foreign["member"], UNKNOWN)]
    assert alone[0].status_code == 422
    assert same(*alone)
    priya.post(f"{path}apply/", {"member": [foreign["member"], ben]})
    assert cast.member_of(stage.northlab.organization, stage.northlab.zoe).suspended_at is None
    assert stage.member(stage.acme.ben).suspended_at is not None


def test_the_check_of_addresses_does_not_tell_who_is_elsewhere(stage: Stage, priya: Client) -> None:
    def said(address: str) -> str:
        answer = priya.post(stage.url("invite/check/"), {"addresses": address})
        return json.dumps(json.loads(answer.content)).replace(address, "ADDRESS")

    assert said("zoe@northlab.example") == said("nobody@northlab.example")
    assert said("stella@nowhere.example") == said("nobody@nowhere.example")
