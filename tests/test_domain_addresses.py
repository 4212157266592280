"""One person, several addresses: every door that takes an address finds the member by any verified one of them."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress

from accounts.addresses import Pasted, searched
from accounts.models import User
from invitations.actions import inviting, keeping, proposing
from invitations.asking import Ask, Result
from invitations.models import Invitation
from invitations.queries.invitations import invitations_matching, known_addresses
from invitations.queries.stories import Filters, invitations_of
from tests.cast import (
    Acme,
    accept,
    ask_in,
    group_of,
    invite,
    join,
    member_of,
    northlab,
    person,
    refused,
    staff_person,
    support,
    web,
    workspace_in,
)
from tests.imports import confirm, plan
from workspaces.actions import grants, jobs, members, organizations, resources
from workspaces.actions.hosts import hand_in
from workspaces.catalogue import BuiltIn
from workspaces.hosts import KnownProduct, RegisteredResource
from workspaces.models import Collaborator, Directory, Grant, Job, Member, Resource
from workspaces.queries import groups as group_queries
from workspaces.queries.directory import people_called
from workspaces.queries.grants import grants_page
from workspaces.queries.people import members_at
from workspaces.queries.support import members_matching, users_matching
from workspaces.queries.workspaces import possible_admin
from workspaces.selections import Chosen

pytestmark = [pytest.mark.django_db, pytest.mark.claim("P16")]

HOME, UNPROVEN = "ben@home.example", "ben@unproven.example"


@pytest.fixture(autouse=True)
def ben(world: Acme) -> Member:
    """Has joined with ben@acme.example; his address at home is verified, another one is not."""
    EmailAddress.objects.create(user=world.ben, email=HOME, verified=True)
    EmailAddress.objects.create(user=world.ben, email=UNPROVEN, verified=False)
    return world.member(world.ben)


def applied(world: Acme, text: str, by: User | None = None) -> Job:
    who = by or world.olga
    return confirm(world, plan(world, text, who), who)


# --- whose address it is


def test_an_address_leads_to_who_joined_with_it_or_has_proven_it_and_only_then_to_who_waits(
    world: Acme, ben: Member
) -> None:
    north = northlab()
    join(north.zoe, north.organization, world.ben)
    addresses = ["ben@acme.example", HOME, UNPROVEN, "zoe@northlab.example"]
    assert members_at(world.organization, addresses) == {"ben@acme.example": ben.pk, HOME: ben.pk}
    assert members_at(north.organization, [HOME]) == {HOME: member_of(north.organization, world.ben).pk}
    ask_in(world.olga, world.organization, UNPROVEN)
    waiting = world.organization.members.get(address=UNPROVEN)
    assert members_at(world.organization, [UNPROVEN]) == {UNPROVEN: waiting.pk}
    # As soon as it is proven it is his, although somebody waits there; the invitation can still be accepted.
    EmailAddress.objects.filter(email=UNPROVEN).update(verified=True)
    assert members_at(world.organization, [UNPROVEN]) == {UNPROVEN: ben.pk}
    known = known_addresses(world.organization, [UNPROVEN, HOME])
    assert {address: (each.member_id, each.waits) for address, each in known.items()} == {
        UNPROVEN: (ben.pk, False),
        HOME: (ben.pk, False),
    }
    accept(world.ben, Invitation.objects.get(address=UNPROVEN))
    assert not Member.objects.filter(pk=waiting.pk).exists()
    # A member who joined with an address keeps it here, whoever proves it later.
    EmailAddress.objects.filter(email="mia@acme.example").delete()
    EmailAddress.objects.create(user=world.ben, email="mia@acme.example", verified=True)
    assert members_at(world.organization, ["mia@acme.example"]) == {"mia@acme.example": world.member(world.mia).pk}


# --- the doors


def test_nobody_is_asked_in_a_second_time_by_another_address(world: Acme) -> None:
    report = ask_in(world.olga, world.organization, HOME.upper(), UNPROVEN)
    assert [(line.address, line.result) for line in report.lines] == [
        (UNPROVEN, Result.INVITED),
        (HOME, Result.MEMBER),
    ]
    preview = inviting.preview(
        actor=web(world.olga), organization_id=world.id, entries=[Pasted(HOME)], ask=Ask(BuiltIn.MEMBER)
    )
    assert [line.result for line in preview.lines] == [Result.MEMBER]
    waiting = world.organization.members.get(address=UNPROVEN)
    with refused(409, "address_known"):
        keeping.correct_address(
            actor=web(world.olga), organization_id=world.id, member_id=waiting.pk, address=f" {HOME.title()} "
        )


@pytest.mark.row("I26")
def test_an_import_gives_to_the_member_whose_further_address_it_names(world: Acme, ben: Member) -> None:
    team = group_of(world.olga, world.organization, "Team")
    job = applied(world, f"email,groups,workspaces\n{HOME},Team,Research: Viewer\nmia@acme.example,,\n")
    assert list(job.rows.order_by("number").values_list("result", "member_id")) == [
        ("changed", ben.pk),
        ("member", world.member(world.mia).pk),
    ]
    assert list(team.memberships.values_list("member", flat=True)) == [ben.pk]
    assert Grant.objects.get(member=ben, workspace=world.research).role_id == BuiltIn.STANDARD_VIEWER
    again = applied(world, f"email,groups\n{HOME},\nben@acme.example,Team\nnew@x.example,\n")
    assert list(again.rows.order_by("number").values_list("result", flat=True)) == ["member", "member", "changed"]
    assert not Invitation.objects.filter(address=HOME).exists()


def test_a_proposal_of_a_further_address_asks_nobody_in(world: Acme) -> None:
    organizations.change_organization(actor=web(world.olga), organization_id=world.id, members_propose=True)
    proposing.propose_people(actor=web(world.mia), organization_id=world.id, entries=[Pasted(HOME)])
    [proposal] = world.organization.proposed_people.all()
    report = proposing.approve_people(actor=web(world.olga), organization_id=world.id, proposal_ids=[proposal.pk])
    assert [line.result for line in report.lines] == [Result.MEMBER]
    assert not Invitation.objects.filter(address=HOME).exists()


def test_a_resource_is_shared_with_and_owned_by_whose_address_it_is(world: Acme, ben: Member) -> None:
    about: dict[str, Any] = {"organization": world.organization.slug, "product": "Notebooks", "kind": "project"}
    known = KnownProduct(name="Notebooks", url="https://notebooks.example/")
    mine = RegisteredResource(**about, external_id="a", name="A", workspace="research", owner="olga@acme.example")
    his = RegisteredResource(**about, external_id="b", name="B", workspace="research", owner=HOME)
    assert not hand_in([known, mine, his]).problems
    assert Resource.objects.get(external_id="b").owner == ben
    shared = resources.share(
        actor=web(world.olga),
        organization_id=world.id,
        resource_id=Resource.objects.get(external_id="a").pk,
        level="view",
        address=HOME,
    )
    assert (shared.member_id, shared.invited) == (ben.pk, False)
    assert Collaborator.objects.get().member == ben


def test_a_workspaces_first_admin_and_a_groups_people_are_found_by_it(world: Acme, ben: Member) -> None:
    assert possible_admin(world.organization, HOME) == ben
    assert possible_admin(world.organization, UNPROVEN) is None
    team = group_of(world.olga, world.organization, "Team")
    # Whoever may not look at the list learns no other address than the one that they know.
    [found] = group_queries.candidates(world.organization, team.pk, HOME.upper(), by_name=False)
    assert (found.member_id, found.address) == (ben.pk, HOME)
    assert group_queries.candidates(world.organization, team.pk, UNPROVEN, by_name=False) == []


@pytest.mark.claim("P23")
def test_whoever_was_removed_is_asked_in_again_only_at_an_address_that_is_nobodys(world: Acme, ben: Member) -> None:
    """He comes back by another address of his first: then he is a member, and undoing finds him."""
    about: dict[str, Any] = {"actor": web(world.olga), "organization_id": world.id}
    job = jobs.start_job(
        **about,
        kind="members.remove",
        title="Remove",
        parameters={},
        rows=world.organization.members.filter(pk=ben.pk),
    )
    accept(world.ben, invite(world.olga, world.organization, HOME))
    undone = jobs.undo_job(**about, job_id=job.pk)
    assert list(undone.rows.values_list("result", flat=True)) == ["member"]
    assert world.organization.members.filter(user=world.ben).count() == 1


def test_whoever_leaves_takes_the_invitation_to_a_further_address_along(world: Acme, ben: Member) -> None:
    ask_in(world.olga, world.organization, UNPROVEN)
    EmailAddress.objects.filter(email=UNPROVEN).update(verified=True)
    members.remove_members(actor=web(world.olga), organization_id=world.id, chosen=Chosen.one(ben.pk)).insist()
    assert not world.organization.members.filter(address=UNPROVEN).exists()


def test_a_grant_by_address_reaches_the_member_and_asks_in_only_who_is_unknown(world: Acme, ben: Member) -> None:
    lab = workspace_in(world.organization, "Lab")
    about: dict[str, Any] = {"actor": web(world.olga), "organization_id": world.id, "workspace_id": lab.pk}
    [bens, kims] = grants.ask_into_workspace(
        **about, role_id=BuiltIn.STANDARD_VIEWER, addresses=[HOME, "kim@x.example"]
    )
    by_address = {each.address: each for each in (bens, kims)}
    assert (by_address[HOME].is_good, by_address["kim@x.example"].is_good) == (False, True)
    assert not world.organization.members.filter(address=HOME).exists()


# --- looking for them


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        (" ZOË@Bücher.Example ", "zoë@xn--bcher-kva.example"),
        ("ZOE\u0308", "zoë"),
        ("Ben@", "ben@"),
        ("", ""),
    ],
)
def test_what_is_searched_for_is_in_the_form_in_which_addresses_are_stored(typed: str, found: str) -> None:
    assert searched(typed) == found


def test_searches_find_an_address_however_it_is_written(world: Acme) -> None:
    """Beside capitals, a domain in its own letters and an accent before the @."""
    ask_in(world.olga, world.organization, "zoë@bücher.example")
    waiting = world.organization.members.get(address="zoë@xn--bcher-kva.example")
    for text in ("Zoë@BÜCHER.example", "ZOË@", "zoe\u0308@bücher.example"):
        assert invitations_of(world.organization, Filters(search=text)).get().member == waiting
    people = Directory.objects.filter(organization=world.organization)
    assert [row.pk for row in people_called(people, "zoë@xn", 5)] == [waiting.pk]
    assert members_matching("zoë@xn--bcher") == [waiting.pk]
    members.revoke_invitations(actor=support(staff_person()), organization_id=world.id, chosen=Chosen.one(waiting.pk))
    assert invitations_matching("Zoë@BÜCHER.example").get().revoked_at is not None
    assert users_matching(" BEN@home ") == [world.ben.pk]


def test_the_list_of_a_workspaces_roles_is_searched_by_address_alike(world: Acme) -> None:
    join(world.olga, world.organization, person("zoë@xn--bcher-kva.example", "Nobody"))
    zoe = world.organization.members.get(address="zoë@xn--bcher-kva.example")
    grants.add_to_workspace(
        actor=web(world.olga),
        organization_id=world.id,
        chosen=Chosen.one(zoe.pk),
        workspace_id=world.research.pk,
        role_id=BuiltIn.STANDARD_VIEWER,
    ).insist()
    found = grants_page(world.research, search="ZOË@bücher.example")
    assert [grant.member for grant in found.rows] == [zoe]
