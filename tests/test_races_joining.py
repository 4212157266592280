"""Races about joining by oneself: the last use of a link, a domain whose owner changes. Real commits (P26)."""

from collections import Counter
from collections.abc import Callable

import pytest

from accounts import actions as people
from accounts.models import User
from invitations.actions import domains, links
from invitations.asking import Ask
from invitations.models import InviteLink, InviteLinkUse, JoinDomain, JoinDomainUse
from tests import cast
from tests.people import person
from tests.racing import at_once, remove, resend, revoke, take_over
from workspaces.actions import organizations
from workspaces.catalogue import BuiltIn
from workspaces.models import Departure, Member, Organization

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.claim("P26")]

FEW = 5


def a_link(world: cast.Acme, **what: int) -> InviteLink:
    return links.create_link(
        actor=cast.web(world.olga), organization_id=world.id, name="School", ask=Ask(BuiltIn.MEMBER), **what
    )


def follow(user: User, link: InviteLink) -> Callable[[], object]:
    return lambda: links.join_by_link(actor=cast.web(user), link_id=link.pk, generation=1)


def come(user: User, organization: Organization) -> Callable[[], object]:
    return lambda: domains.join_by_domain(actor=cast.web(user), organization_id=organization.pk)


def test_the_last_use_of_a_link_goes_to_one_of_twenty() -> None:
    world = cast.acme()
    for number in range(2):
        link = a_link(world, most_uses=1)
        comers = [person(f"p{each}@r{number}.example") for each in range(20)]
        outcomes = Counter(at_once(*(follow(user, link) for user in comers)))
        assert outcomes["done"] == 1
        assert set(outcomes) <= {"done", "used_up", "busy"}
        link.refresh_from_db()
        assert (link.uses, InviteLinkUse.objects.filter(link=link).count()) == (1, 1)
        assert Member.objects.filter(user__in=comers).count() == 1


def test_one_person_in_many_windows_joins_once() -> None:
    world = cast.acme()
    domains.switch_on(actor=cast.web(world.olga), organization_id=world.id, workspace_ids=[world.research.pk])
    link, nina = a_link(world), person("nina@acme.example")
    outcomes = at_once(*([come(nina, world.organization), follow(nina, link)] * 5))
    assert outcomes.count("done") == 1
    assert Member.objects.filter(user=nina).count() == 1
    assert JoinDomainUse.objects.count() + InviteLinkUse.objects.count() == 1


@pytest.mark.claim("P23")
def test_who_joins_while_the_owner_changes_came_before_it() -> None:
    for number in range(FEW):
        olga = person(f"olga@o{number}.example")
        organization = cast.found(olga, f"Org {number}")
        heir = person(f"heir@o{number}.example")
        cast.join(olga, organization, heir, role=BuiltIn.ADMIN)
        domains.switch_on(actor=cast.web(olga), organization_id=organization.pk, workspace_ids=[])
        successor = cast.member_of(organization, heir).pk
        organizations.offer_transfer(actor=cast.web(olga), organization_id=organization.pk, successor_id=successor)
        nina, late = person(f"nina@o{number}.example"), person(f"late@o{number}.example")
        joined, taken = at_once(come(nina, organization), take_over(heir, organization))
        assert taken == "done"
        assert joined in {"done", "gone"}
        assert_in_order(organization)
        assert at_once(come(late, organization)) == ["gone"]


def assert_in_order(organization: Organization) -> None:
    """Whoever joined did so before the pause."""
    kinds = [said.kind for said in cast.history(organization, "domain.joined", "domain.paused")]
    assert kinds in (["domain.paused"], ["domain.joined", "domain.paused"])


@pytest.mark.claim("P23")
def test_an_address_that_changes_meanwhile_pauses_it_whoever_wins() -> None:
    for number in range(FEW):
        olga = person(f"olga@o{number}.example")
        organization = cast.found(olga, f"Org {number}")
        here = domains.switch_on(actor=cast.web(olga), organization_id=organization.pk, workspace_ids=[])
        added = people.add_address(user_id=olga.pk, address=f"olga@moved{number}.example")
        people.confirm_address(address_id=added.pk, keep=None)
        nina = person(f"nina@o{number}.example")
        joined, changed = at_once(
            come(nina, organization),
            lambda user=olga.pk, pk=added.pk: people.set_primary_address(user_id=user, address_id=pk, keep=None),  # type: ignore[misc]
        )
        assert (changed, joined in {"done", "gone"}) == ("done", True)
        assert JoinDomain.objects.get(pk=here.pk).pause_reason == "address"
        assert at_once(come(person(f"late@o{number}.example"), organization)) == ["gone"]


@pytest.mark.claim("P23")
def test_whoever_is_removed_or_revoked_at_the_same_moment_stays_out() -> None:
    world = cast.acme()
    domains.switch_on(actor=cast.web(world.olga), organization_id=world.id, workspace_ids=[])
    link = a_link(world)
    for number in range(FEW):
        user = person(f"p{number}@acme.example")
        cast.invite(world.olga, world.organization, user.email)
        waiting = world.organization.members.get(address=user.email)
        outcomes = at_once(
            revoke(world.olga, waiting),
            resend(world.priya, waiting),
            come(user, world.organization),
            follow(user, link),
        )
        assert outcomes[0] == "done"
        assert not Member.objects.filter(user=user).exists()
        assert Departure.objects.filter(address=user.email).exists()
    cast.join(world.olga, world.organization, person("again@acme.example"))
    again = User.objects.get(email="again@acme.example")
    at_once(remove(world.olga, world.organization, world.member(again)), come(again, world.organization))
    assert not Member.objects.filter(user=again).exists()
