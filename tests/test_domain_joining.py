"""Joining by domain, without a browser: which domains, who joins by them, and what pauses them (ACCEPTANCE P23)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now
from django.http import Http404

from accounts import actions as people
from accounts.actors import Actor
from accounts.models import User
from invitations.actions import domains
from invitations.actions.joining import Joined
from invitations.models import DomainRule, JoinDomain, JoinDomainUse
from invitations.proofs import Answer, record_value
from invitations.queries.domains import DomainOf, everyones, may_join, newcomers
from tests import cast
from tests.cast import Acme, Said
from tests.limits import keeps_within, took
from tests.nameserver import NameServer
from tests.people import change_address, person
from workspaces.actions import members, organizations
from workspaces.actions import workspaces as places
from workspaces.catalogue import BuiltIn, Code, Scope
from workspaces.models import Grant, Member, Organization, Origin

pytestmark = [pytest.mark.django_db, pytest.mark.claim("P23")]


def open_acme(world: Acme, *workspaces: int) -> JoinDomain:
    """Olga lets people at acme.example join."""
    return domains.switch_on(actor=cast.web(world.olga), organization_id=world.id, workspace_ids=workspaces)


def join(world: Acme, user: User) -> Joined:
    return domains.join_by_domain(actor=cast.web(user), organization_id=world.id)


def may_not(world: Acme, user: User, code: str) -> None:
    with cast.refused(409, code):
        join(world, user)


@contextmanager
def not_let_in(world: Acme, user: User) -> Iterator[None]:
    """As if there were no such organization."""
    yield
    with pytest.raises(Http404):
        join(world, user)
    assert [each.organization_id for each in may_join(user.pk)] == []


def nina() -> User:
    return person("nina@acme.example", "Nina New")


def own(user: User, address: str) -> EmailAddress:
    """One more confirmed address."""
    return EmailAddress.objects.create(user=user, email=address, verified=True)


def hand_over(world: Acme, heir: User) -> None:
    organizations.offer_transfer(
        actor=cast.web(world.olga), organization_id=world.id, successor_id=world.member(heir).pk
    )
    organizations.accept_transfer(actor=cast.web(heir), organization_id=world.id)


# --- which domains


@pytest.mark.row("D16")
@pytest.mark.parametrize("address", ["olga@gmail.com", "olga@mailinator.com", "olga@stanford.edu"])
def test_an_owner_with_such_an_address_cannot_open_its_domain(address: str) -> None:
    olga = person(address)
    organization = cast.found(olga, "Solo")
    with cast.refused(422):
        domains.switch_on(actor=cast.web(olga), organization_id=organization.pk, workspace_ids=[])
    with cast.refused(422):
        domains.add_domain(actor=cast.web(olga), organization_id=organization.pk, domain=address.partition("@")[2])


# --- who may switch it on


@pytest.mark.row("D14", "D15")
def test_it_is_off_until_somebody_with_the_right_switches_it_on(world: Acme) -> None:
    new = nina()
    with not_let_in(world, new):
        pass
    with cast.refused(403, "no_right"):
        domains.switch_on(actor=cast.web(world.mia), organization_id=world.id, workspace_ids=[])
    join_domain = open_acme(world)
    assert (join_domain.domain, join_domain.proof) == ("acme.example", "owner")
    assert cast.history(world.organization, "domain.switched_on") == [Said("domain.switched_on", world.id)]
    assert [each.domain for each in may_join(new.pk)] == ["acme.example"]


def test_nobody_lets_others_have_a_role_where_they_cannot_give_it(world: Acme) -> None:
    role = cast.custom_role(
        world.organization, "Steward", Scope.ORGANIZATION, Code.ORGANIZATION_MANAGE, Code.MEMBERS_VIEW
    )
    members.update_roles(
        actor=cast.web(world.olga),
        organization_id=world.id,
        chosen=cast.chosen(world.member(world.ben)),
        role_id=role.pk,
    )
    with cast.refused(403):
        domains.switch_on(actor=cast.web(world.ben), organization_id=world.id, workspace_ids=[world.research.pk])
    here = {"organization_id": world.id, "domain_id": open_acme(world, world.research.pk).pk}
    domains.pause(actor=cast.web(world.ben), **here)
    with cast.refused(403):
        domains.resume(actor=cast.web(world.ben), **here)
    domains.resume(actor=cast.web(world.olga), **here)
    north = cast.northlab()
    lab = cast.workspace_in(north.organization, "Lab")
    with pytest.raises(Http404):
        open_acme(world, lab.pk)


# --- who joins


@pytest.mark.row("D12")
def test_whoever_has_a_confirmed_address_there_becomes_member_with_the_lowest_role(world: Acme) -> None:
    open_acme(world, world.research.pk)
    new = nina()
    joined = join(world, new)
    member = Member.objects.get(pk=joined.member_id)
    assert (member.user, member.address, member.role_id) == (new, new.email, BuiltIn.MEMBER)
    assert member.joined_at is not None
    grant = Grant.objects.get(member=member)
    assert (grant.workspace, grant.role_id, grant.origin) == (world.research, BuiltIn.STANDARD_VIEWER, Origin.DOMAIN)
    assert grant.granted_by == world.olga
    assert cast.history(world.organization, "domain.joined") == [Said("domain.joined", member.pk, after="Member")]
    assert list(JoinDomainUse.objects.values_list("member_id", flat=True)) == [member.pk]
    assert member.directory.name == "Nina New"
    may_not(world, new, "member")


@pytest.mark.parametrize(
    "address", ["n@sub.acme.example", "n@notacme.example", "n@acme.example.evil.example", "n@other.example"]
)
def test_only_exactly_this_domain_counts(world: Acme, address: str) -> None:
    open_acme(world)
    with not_let_in(world, person(address)):
        pass


def test_an_address_that_was_not_confirmed_counts_for_nothing(world: Acme) -> None:
    open_acme(world)
    stella = person("stella@nowhere.example")
    with not_let_in(world, stella):
        people.add_address(user_id=stella.pk, address="stella@acme.example")
    people.confirm_address(address_id=EmailAddress.objects.get(email="stella@acme.example").pk, keep=None)
    member = Member.objects.get(pk=join(world, stella).member_id)
    assert member.address == "stella@acme.example"


def test_a_blocked_account_joins_nothing(world: Acme) -> None:
    open_acme(world)
    new = nina()
    people.block_account(actor=cast.support(cast.staff_person()), user_id=new.pk)
    with pytest.raises(Http404):
        join(world, new)


def test_who_was_removed_comes_back_by_invitation_only(world: Acme) -> None:
    open_acme(world)
    ben = world.ben
    members.remove_members(actor=cast.web(world.olga), organization_id=world.id, chosen=cast.chosen(world.member(ben)))
    assert may_join(ben.pk) == []
    may_not(world, ben, "departed")
    cast.join(world.olga, world.organization, ben)
    assert world.member(ben).joined_at is not None


def test_neither_another_address_nor_another_account_brings_the_removed_back(world: Acme) -> None:
    open_acme(world)
    own(world.ben, "benjamin@acme.example")
    ben = world.member(world.ben)
    members.remove_members(actor=cast.web(world.olga), organization_id=world.id, chosen=cast.chosen(ben))
    may_not(world, world.ben, "departed")
    # The account that was removed ends, and the address becomes somebody else's, beside a fresh one.
    people.delete_account(actor=cast.web(world.ben))
    again = person("fresh@acme.example")
    own(again, "ben@acme.example")
    may_not(world, again, "departed")
    known = newcomers(world.organization, "acme.example")
    assert (known.ready, known.stay_out) == (0, 1)


def test_who_could_join_by_a_domain_is_counted_by_its_index(world: Acme) -> None:
    for name in ("in@acme.example", "in@sub.acme.example", "in@acme.example.org", "in@notacme.example"):
        person(name)
    own(person("two@elsewhere.example"), "two@acme.example")
    assert newcomers(world.organization, "acme.example").ready == 2
    at_domain = EmailAddress.objects.alias(domain=DomainOf("email")).filter(domain="acme.example")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan TO off")
    assert "emailaddress_domain" in at_domain.explain()


def test_whose_invitation_was_revoked_stays_out_and_who_is_invited_uses_the_invitation(world: Acme) -> None:
    open_acme(world)
    new = nina()
    invitation = cast.invite(world.olga, world.organization, new.email)
    may_not(world, new, "invited")
    cast.expire(invitation)
    may_not(world, new, "invited")
    assert may_join(new.pk) == []
    waiting = Member.objects.get(invitation=invitation)
    members.revoke_invitations(actor=cast.web(world.olga), organization_id=world.id, chosen=cast.chosen(waiting))
    may_not(world, new, "departed")


def test_the_suspended_come_back_by_reactivation_only(world: Acme) -> None:
    open_acme(world)
    members.suspend_members(
        actor=cast.web(world.olga), organization_id=world.id, chosen=cast.chosen(world.member(world.ben))
    )
    may_not(world, world.ben, "suspended")


def test_who_left_comes_back_by_invitation_only(world: Acme) -> None:
    open_acme(world)
    members.leave(actor=cast.web(world.ben), organization_id=world.id)
    may_not(world, world.ben, "departed")


def test_an_address_that_another_member_had_before_is_not_taken_over(world: Acme) -> None:
    open_acme(world)
    change_address(world.ben, "ben@elsewhere.example")
    people.remove_address(
        user_id=world.ben.pk, address_id=EmailAddress.objects.get(email="ben@acme.example").pk, keep=None
    )
    may_not(world, person("ben@acme.example"), "address_known")


def test_joining_takes_a_seat_and_none_is_given_beyond_them(world: Acme) -> None:
    open_acme(world)
    Organization.objects.filter(pk=world.id).update(seats=world.organization.members.count())
    may_not(world, nina(), "no_seat")


def test_places_that_are_closed_by_then_are_left_out(world: Acme) -> None:
    lab = cast.workspace_in(world.organization, "Lab")
    open_acme(world, world.research.pk, lab.pk)
    actor = cast.web(world.olga)
    places.archive_workspace(actor=actor, organization_id=world.id, workspace_id=lab.pk)
    joined = join(world, nina())
    assert list(Grant.objects.filter(member=joined.member_id).values_list("workspace", flat=True)) == [
        world.research.pk
    ]


@pytest.mark.claim("P23")
def test_the_preview_counts_what_everyone_has_in_workspaces_that_are_open(world: Acme) -> None:
    actor = cast.web(world.olga)
    lab, old = (cast.workspace_in(world.organization, name) for name in ("Lab", "Old"))
    ended, held = (cast.grant_everyone(place, BuiltIn.STANDARD_VIEWER) for place in (lab, old))
    before = {(each.workspace, each.role) for each in everyones(world.organization)}
    assert {("Lab", "Viewer"), ("Old", "Viewer"), ("default", "Editor")} <= before
    cast.end(ended)
    places.archive_workspace(actor=actor, organization_id=world.id, workspace_id=held.workspace_id)
    after = {(each.workspace, each.role) for each in everyones(world.organization)}
    assert after == before - {("Lab", "Viewer"), ("Old", "Viewer")}


# --- what pauses it


@pytest.mark.row("D17")
def test_another_owner_pauses_it_until_somebody_resumes_it(world: Acme) -> None:
    here = open_acme(world)
    new = nina()
    hand_over(world, world.priya)
    here.refresh_from_db()
    assert (here.paused_at is not None, here.pause_reason) == (True, "owner")
    assert cast.history(world.organization, "domain.paused") == [Said("domain.paused", world.id, after="owner")]
    with not_let_in(world, new):
        hand_over_back(world)
    domains.resume(actor=cast.web(world.priya), organization_id=world.id, domain_id=here.pk)
    assert join(world, new).is_new


def hand_over_back(world: Acme) -> None:
    """Also the former owner's return resumes nothing."""
    organizations.offer_transfer(
        actor=cast.web(world.priya), organization_id=world.id, successor_id=world.member(world.olga).pk
    )
    organizations.accept_transfer(actor=cast.web(world.olga), organization_id=world.id)


@pytest.mark.row("D17")
def test_another_address_of_the_owner_pauses_it_also_within_the_domain(world: Acme) -> None:
    here = open_acme(world)
    change_address(world.olga, "o.owner@acme.example")
    here.refresh_from_db()
    assert here.pause_reason == "address"
    with not_let_in(world, nina()):
        former = EmailAddress.objects.get(email="olga@acme.example")
        people.set_primary_address(user_id=world.olga.pk, address_id=former.pk, keep=None)
    assert JoinDomain.objects.get(pk=here.pk).paused_at is not None
    domains.resume(actor=cast.web(world.olga), organization_id=world.id, domain_id=here.pk)
    assert JoinDomain.objects.get(pk=here.pk).paused_at is None


@pytest.mark.row("D15")
def test_it_is_not_resumed_on_an_owner_whose_address_is_elsewhere(world: Acme) -> None:
    here = open_acme(world)
    change_address(world.olga, "olga@elsewhere.example")
    for actor, code in ((world.olga, "not_proven"), (world.mia, "no_right")):
        with cast.refused(409 if code == "not_proven" else 403, code):
            domains.resume(actor=cast.web(actor), organization_id=world.id, domain_id=here.pk)


def test_even_without_its_pause_a_domain_of_a_former_owner_lets_nobody_in(world: Acme) -> None:
    """What is checked at joining does not rest on the row being told."""
    here = open_acme(world)
    new = nina()
    User.objects.filter(pk=world.olga.pk).update(email="olga@moved.example")
    with not_let_in(world, new):
        pass
    assert domains.look_after_domains() == 1
    assert JoinDomain.objects.get(pk=here.pk).pause_reason == "address"


def test_the_operators_new_rule_stops_it_at_once(world: Acme) -> None:
    here = open_acme(world)
    new = nina()
    with not_let_in(world, new):
        DomainRule.objects.create(domain="acme.example", kind="public")
    domains.look_after_domains()
    assert JoinDomain.objects.get(pk=here.pk).pause_reason == "listed"
    with cast.refused(422, "public"):
        domains.resume(actor=cast.web(world.olga), organization_id=world.id, domain_id=here.pk)


def test_it_can_be_paused_switched_off_and_removed_by_hand(world: Acme) -> None:
    here = open_acme(world)
    what = {"actor": cast.web(world.priya), "organization_id": world.id, "domain_id": here.pk}
    new = nina()
    with not_let_in(world, new):
        domains.pause(**what)
    domains.resume(**what)
    with not_let_in(world, new):
        domains.switch_off(**what)
    with cast.refused(409, "unchanged"):
        domains.switch_off(**what)
    domains.remove_domain(**what)
    said = [each.kind for each in cast.history(world.organization) if each.kind.startswith("domain.")]
    assert said == [f"domain.{kind}" for kind in ("switched_on", "paused", "resumed", "switched_off", "removed")]
    with pytest.raises(Http404):
        domains.resume(**what)


# --- proven by DNS


@pytest.mark.row("D15")
def test_another_domain_needs_its_record_in_dns(world: Acme, name_server: NameServer) -> None:
    actor: Actor = cast.web(world.priya)
    here = domains.add_domain(actor=actor, organization_id=world.id, domain="Labs.Example")
    what = {"actor": actor, "organization_id": world.id, "domain_id": here.pk}
    with cast.refused(409, "not_proven"):
        domains.switch_on(**what, workspace_ids=[])
    assert domains.look_at_domain(**what) is Answer.MISSING
    name_server.records["_roster.labs.example"] = ["v=spf1 -all", record_value(world.id + 1, "labs.example")]
    assert domains.look_at_domain(**what) is Answer.MISSING
    name_server.records["_roster.labs.example"].append(record_value(world.id, "labs.example"))
    assert domains.look_at_domain(**what) is Answer.FOUND
    domains.switch_on(**what, workspace_ids=[])
    lena = person("lena@labs.example")
    assert join(world, lena).is_new
    # It rests on DNS, not on the owner.
    hand_over(world, world.priya)
    assert join(world, person("leo@labs.example")).is_new


def test_a_record_that_is_gone_for_three_days_pauses_and_does_not_resume_by_itself(
    world: Acme, name_server: NameServer
) -> None:
    actor = cast.web(world.olga)
    here = domains.add_domain(actor=actor, organization_id=world.id, domain="labs.example")
    name = "_roster.labs.example"
    name_server.records[name] = [record_value(world.id, "labs.example")]
    what = {"actor": actor, "organization_id": world.id, "domain_id": here.pk}
    domains.look_at_domain(**what)
    domains.switch_on(**what, workspace_ids=[])
    assert domains.look_after_domains() == 0  # looked at today
    record = name_server.records.pop(name)
    days_pass(here, 2)
    assert domains.look_after_domains() == 1
    assert JoinDomain.objects.get(pk=here.pk).paused_at is None
    days_pass(here, 1)
    assert domains.look_after_domains() == 1
    assert JoinDomain.objects.get(pk=here.pk).pause_reason == "dns"
    with not_let_in(world, person("lena@labs.example")):
        name_server.records[name] = record
        days_pass(here, 1)
        assert domains.look_after_domains() == 1
    domains.resume(**what)
    assert JoinDomain.objects.get(pk=here.pk).paused_at is None


def days_pass(here: JoinDomain, days: int) -> None:
    """The row moves, since the clock is the database's."""
    gone = timedelta(days=days, seconds=1)
    JoinDomain.objects.filter(pk=here.pk).update(
        checked_at=F("checked_at") - gone - timedelta(days=1), proven_at=F("proven_at") - gone
    )


def test_a_name_server_that_hangs_keeps_nobody_waiting_for_long(world: Acme, name_server: NameServer) -> None:
    name_server.hangs = True
    here = domains.add_domain(actor=cast.web(world.olga), organization_id=world.id, domain="labs.example")

    def look() -> None:
        answer = domains.look_at_domain(actor=cast.web(world.olga), organization_id=world.id, domain_id=here.pk)
        assert answer is Answer.SILENT

    assert keeps_within(2, took(look))
    JoinDomain.objects.filter(pk=here.pk).update(checked_at=Now() - timedelta(days=2))
    assert domains.look_after_domains() == 1
