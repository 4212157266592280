"""Members propose people, and whoever may invite decides: nobody learns more by it than they see anyway."""

from collections.abc import Iterable
from datetime import timedelta

import pytest
from django.db.models import F
from django.http import Http404
from pytest_django import Settings

from accounts.addresses import split
from accounts.models import OutgoingMail, User
from accounts.models.mails import MailState
from accounts.outbox import Letter, Stale
from invitations.actions import proposing
from invitations.asking import Report, Result
from invitations.emails.proposals import PeopleDecided, PeopleProposed
from invitations.models import ProposedPerson
from invitations.queries.proposals import DECIDED_MAIL, MADE_MAIL, PER_DAY
from tests.cast import (
    Acme,
    custom_role,
    group_of,
    history,
    invite,
    join,
    northlab,
    open_invitation,
    person,
    refused,
    web,
    workspace_in,
)
from workspaces.actions import members, organizations
from workspaces.catalogue import BuiltIn, Code, Scope
from workspaces.models import Grant, Member, Organization, Workspace
from workspaces.selections import Chosen

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _policy(world: Acme) -> None:
    organizations.change_organization(actor=web(world.olga), organization_id=world.id, members_propose=True)


def propose(world: Acme, by: User, text: str, workspace: Workspace | None = None, message: str = "") -> int:
    return proposing.propose_people(
        actor=web(by),
        organization_id=world.id,
        entries=split(text),
        workspace_id=workspace.pk if workspace else None,
        message=message,
    )


def approve(world: Acme, by: User, proposals: Iterable[ProposedPerson], reply: str = "") -> Report:
    return proposing.approve_people(
        actor=web(by), organization_id=world.id, proposal_ids=[each.pk for each in proposals], reply=reply
    )


def decline(world: Acme, by: User, proposal: ProposedPerson, reply: str = "") -> int:
    return proposing.decline_people(actor=web(by), organization_id=world.id, proposal_ids=[proposal.pk], reply=reply)


def proposals(world: Acme, by: User | None = None) -> list[ProposedPerson]:
    rows = ProposedPerson.objects.filter(organization=world.organization)
    return list((rows.filter(proposed_by__user=by) if by else rows).order_by("pk"))


def mails(kind: str) -> list[OutgoingMail]:
    return list(OutgoingMail.objects.filter(kind=kind).order_by("pk"))


def test_a_member_proposes_and_an_admin_invites_with_the_lowest_role(world: Acme) -> None:
    assert propose(world, world.ben, "Ivy Day <ivy@x.example>, kim@x.example", world.research, "For the trial") == 2
    assert [mail.recipient for mail in mails(MADE_MAIL)] == ["olga@acme.example", "priya@acme.example"]
    report = approve(world, world.olga, proposals(world), reply="Gladly")
    assert report.count(Result.INVITED) == 2
    ivy = Member.objects.get(organization=world.organization, address="ivy@x.example")
    assert (ivy.name, ivy.role_id, ivy.joined_at) == ("Ivy Day", BuiltIn.MEMBER, None)
    assert Grant.objects.get(member=ivy).role_id == BuiltIn.STANDARD_VIEWER
    assert open_invitation(world.organization, "ivy@x.example").inviter == world.olga
    assert all(each.approved_at and each.reply == "Gladly" for each in proposals(world))
    assert {mail.state for mail in mails(MADE_MAIL)} == {MailState.CANCELLED}
    (decided,) = mails(DECIDED_MAIL)
    letter = PeopleDecided().letters([decided])[decided.pk]
    assert isinstance(letter, Letter)
    assert decided.recipient == "ben@acme.example"
    assert letter.wording.subject == "Your proposal was approved"
    ben = world.member(world.ben).pk
    said = [(entry.kind, entry.subject) for entry in history(world.organization)][-5:]
    assert {("proposal.made", ben), ("proposal.approved", ben)} <= set(said)


@pytest.mark.claim("P10")
def test_only_members_propose_and_only_where_the_policy_lets_them(world: Acme) -> None:
    with refused(403):
        propose(world, world.tom, "ivy@x.example")
    zoe = northlab().zoe
    with refused(409, "not_active"):
        propose(world, zoe, "ivy@x.example")
    organizations.change_organization(actor=web(world.olga), organization_id=world.id, members_propose=False)
    with refused(403):
        propose(world, world.ben, "ivy@x.example")
    assert not proposals(world)


@pytest.mark.claim("P3")
def test_the_proposer_is_answered_alike_whoever_the_address_is(world: Acme) -> None:
    """A stranger, a member, another address of a member, somebody invited, somebody proposed by another."""
    invite(world.olga, world.organization, "waiting@x.example")
    propose(world, world.mia, "both@x.example")
    addresses = ["new@x.example", "priya@acme.example", "waiting@x.example", "both@x.example"]
    for number, address in enumerate(addresses, start=1):
        assert propose(world, world.ben, address) == 1
        assert len(proposals(world, world.ben)) == number
    approve(world, world.olga, proposals(world, world.ben))
    # All are approved alike, who was here already gained nothing, and so was what Mia had proposed.
    assert all(each.approved_at for each in proposals(world))
    assert Grant.objects.filter(member=world.member(world.priya)).count() == 0
    assert {mail.recipient for mail in mails(DECIDED_MAIL)} == {"ben@acme.example", "mia@acme.example"}


def test_a_day_has_twenty_and_nothing_is_noted_twice(world: Acme) -> None:
    propose(world, world.ben, "ivy@x.example ivy@X.example")
    assert propose(world, world.ben, "ivy@x.example") == 1
    assert len(proposals(world)) == 1
    with refused(422, "proposed"):
        propose(world, world.ben, " ".join(f"p{number}@x.example" for number in range(PER_DAY)))
    propose(world, world.ben, " ".join(f"p{number}@x.example" for number in range(PER_DAY - 1)))
    with refused(429, "proposed"):
        propose(world, world.ben, "one@x.example")
    propose(world, world.mia, "one@x.example")
    ProposedPerson.objects.filter(address="ivy@x.example").update(proposed_at=F("proposed_at") - timedelta(hours=25))
    propose(world, world.ben, "one@x.example")
    with refused(422, "invalid_address"):
        propose(world, world.mia, "good@x.example nonsense")


def test_approvers_get_one_mail_an_hour_and_none_about_what_is_decided(world: Acme) -> None:
    propose(world, world.ben, "ivy@x.example", message="See http://evil.example")
    propose(world, world.mia, "kim@x.example")
    first, second = mails(MADE_MAIL)
    letters = PeopleProposed().letters([first])
    letter = letters[first.pk]
    assert isinstance(letter, Letter)
    assert letter.wording.subject == "Ben Weber proposes people to invite"
    assert "http://evil.example" not in letter.wording.quote  # type: ignore[attr-defined]
    proposing.withdraw_proposal(
        actor=web(world.ben), organization_id=world.id, proposal_id=proposals(world, world.ben)[0].pk
    )
    assert isinstance(PeopleProposed().letters([second])[second.pk], Stale)
    OutgoingMail.objects.update(queued_at=F("queued_at") - timedelta(hours=1, seconds=1))
    propose(world, world.mia, "eve@x.example")
    assert len(mails(MADE_MAIL)) == 4


@pytest.mark.claim("P10")
def test_whoever_may_not_invite_decides_nothing_and_nobody_gives_what_they_do_not_hold(world: Acme) -> None:
    propose(world, world.ben, "ivy@x.example", world.research)
    (proposal,) = proposals(world)
    for user in (world.mia, world.ben, world.tom):
        with refused(403):
            approve(world, user, [proposal])
        with refused(403):
            decline(world, user, proposal)
    inviter = custom_role(world.organization, "Inviter", Scope.ORGANIZATION, Code.MEMBERS_INVITE, Code.MEMBERS_VIEW)
    kim = person("kim@acme.example", "Kim")
    join(world.olga, world.organization, kim, role=inviter.pk)
    approve(world, kim, [proposal])
    ivy = world.organization.members.get(address="ivy@x.example")
    assert not Grant.objects.filter(member=ivy).exists()


@pytest.mark.claim("P3")
def test_what_is_another_organizations_does_not_exist(world: Acme) -> None:
    north = northlab()
    propose(world, world.ben, "ivy@x.example")
    (proposal,) = proposals(world)
    for act in (proposing.approve_people, proposing.decline_people):
        with pytest.raises(Http404):
            act(actor=web(north.zoe), organization_id=north.id, proposal_ids=[proposal.pk])
    for who in (world.mia, world.olga):
        with pytest.raises(Http404):
            proposing.withdraw_proposal(actor=web(who), organization_id=world.id, proposal_id=proposal.pk)
    den = workspace_in(north.organization, "Den")
    with pytest.raises(Http404):
        propose(world, world.ben, "kim@x.example", den)


def test_what_is_decided_stays_decided_and_may_be_proposed_again(world: Acme) -> None:
    propose(world, world.ben, "ivy@x.example")
    (proposal,) = proposals(world)
    decline(world, world.priya, proposal, reply="Not this year")
    for act in (approve, decline):
        with refused(409, "decided"):
            act(world, world.olga, [proposal] if act is approve else proposal)  # type: ignore[operator]
    with refused(409, "decided"):
        proposing.withdraw_proposal(actor=web(world.ben), organization_id=world.id, proposal_id=proposal.pk)
    assert propose(world, world.ben, "ivy@x.example") == 1
    assert len(proposals(world)) == 2


@pytest.mark.claim("P18")
def test_over_a_limit_or_without_a_seat_a_proposal_stays_open(world: Acme, settings: Settings) -> None:
    propose(world, world.ben, "ivy@x.example", world.research)
    propose(world, world.ben, "kim@x.example")
    Organization.objects.filter(pk=world.id).update(seats=world.organization.members.count() + 1)
    report = approve(world, world.olga, proposals(world))
    assert (report.count(Result.INVITED), report.count(Result.OVER_SEATS)) == (1, 1)
    assert sorted(bool(each.approved_at) for each in proposals(world)) == [False, True]
    Organization.objects.filter(pk=world.id).update(seats=None)
    settings.INVITATIONS_PER_DAY = 1
    with refused(429, "over_limit_here"):
        approve(world, world.olga, [each for each in proposals(world) if not each.approved_at])


@pytest.mark.claim("P13")
def test_whoever_goes_takes_their_proposals_along(world: Acme) -> None:
    group_of(world.olga, world.organization, "Team", world.member(world.ben))
    propose(world, world.ben, "ivy@x.example", world.research)
    members.remove_members(
        actor=web(world.olga), organization_id=world.id, chosen=Chosen.one(world.member(world.ben).pk)
    )
    assert not proposals(world)
    propose(world, world.mia, "ivy@x.example")
    organizations.delete_organization(actor=web(world.olga), organization_id=world.id, confirmed_name="Acme")
    assert not ProposedPerson.objects.exists()
