"""Asking people in, and once more: what becomes of each address, within which rights and limits."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.db.models import F
from django.http import Http404
from django.utils import timezone
from pytest_django import Settings

from accounts.addresses import Pasted, split
from accounts.models import OutgoingMail
from config.refusals import Refusal
from invitations.actions import inviting
from invitations.asking import Ask, Report, Result
from invitations.policy import State
from tests.cast import (
    Acme,
    Said,
    accept,
    ask_in,
    chosen,
    custom_role,
    end,
    expire,
    grant_group,
    group_of,
    history,
    invite,
    join,
    manage,
    northlab,
    open_invitation,
    person,
    place,
    refused,
    web,
    workspace_in,
)
from tests.waiting import mails, resend, state_now, waiting
from workspaces import policy
from workspaces.actions import grants, members, organizations
from workspaces.catalogue import BuiltIn, Code, Scope
from workspaces.models import Act, Grant, GroupMember, Member, Origin
from workspaces.plans import Outcome
from workspaces.reasons import Reason

pytestmark = pytest.mark.django_db


def results(report: Report) -> dict[str, Result]:
    return {line.address or line.text: line.result for line in report.lines}


# --- asking


@pytest.mark.row("L1", "I25", "I31", "I32", "A2", "A4", "A8")
@pytest.mark.claim("P21")
def test_one_ask_makes_a_waiting_member_an_invitation_and_a_mail(world: Acme) -> None:
    team = group_of(world.olga, world.organization, "Team")
    report = ask_in(
        world.priya,
        world.organization,
        "Ivy.Lee@Acme.Example",
        groups=[team.pk],
        places={world.research.pk: BuiltIn.STANDARD_EDITOR},
        message="See you on Monday.",
        days=3,
    )
    assert results(report) == {"ivy.lee@acme.example": Result.INVITED}
    invitation = open_invitation(world.organization, "ivy.lee@acme.example")
    member = waiting(invitation)
    assert (member.user, member.joined_at, member.role_id) == (None, None, BuiltIn.MEMBER)
    assert (member.invited_until, member.invited_by) == (invitation.expires_at, world.priya)
    assert (invitation.inviter, invitation.inviter_name, invitation.message) == (
        world.priya,
        "Priya Admin",
        "See you on Monday.",
    )
    assert (invitation.expires_at - invitation.sent_at).days == 3
    assert mails(invitation) == [("ivy.lee@acme.example", 1)]
    assert member.mail is not None
    assert member.mail.subject_id == invitation.pk
    assert GroupMember.objects.get(member=member).added_by == world.priya
    grant = Grant.objects.get(member=member)
    assert (grant.workspace, grant.role_id, grant.origin, grant.granted_by) == (
        world.research,
        BuiltIn.STANDARD_EDITOR,
        Origin.INVITATION,
        world.priya,
    )
    assert history(world.organization, "invitation.sent")[-1] == Said("invitation.sent", member.pk, None, "", "Member")


@pytest.mark.row("I26")
@pytest.mark.claim("P16", "P9")
def test_each_address_of_a_list_gets_its_own_result(world: Acme) -> None:
    invite(world.olga, world.organization, "kim@acme.example")
    EmailAddress.objects.create(user=world.mia, email="mia@home.example", verified=True)
    EmailAddress.objects.create(user=world.ben, email="ben@dream.example", verified=False)
    entries = split(
        "Ada Lovelace <ada@acme.example>, ADA@acme.example; mia@acme.example mia@home.example\n"
        "ben@dream.example, kim@acme.example, nobody, k\u212am@acme.example, ada+lab@acme.example"
    )
    report = inviting.invite(actor=web(world.olga), organization_id=world.id, entries=entries, ask=Ask(BuiltIn.MEMBER))
    assert [(line.text, line.result) for line in report.lines] == [
        ("ada@acme.example", Result.INVITED),
        ("ben@dream.example", Result.INVITED),
        ("ada+lab@acme.example", Result.INVITED),
        ("kim@acme.example", Result.RENEWED),
        ("mia@acme.example", Result.MEMBER),
        ("mia@home.example", Result.MEMBER),
        ("ADA@acme.example", Result.DUPLICATE),
        ("nobody", Result.INVALID),
        ("k\u212am@acme.example", Result.INVALID),
    ]
    ada = waiting(open_invitation(world.organization, "ada@acme.example"))
    assert (ada.name, ada.directory.name) == ("Ada Lovelace", "Ada Lovelace")
    acts = Act.objects.filter(organization_id=world.id, kind="invitation.sent").order_by("-pk")
    assert acts[0].entries.count() == 3


def test_a_preview_says_the_same_and_writes_nothing(world: Acme) -> None:
    invite(world.olga, world.organization, "kim@acme.example")
    entries = split("ada@acme.example kim@acme.example mia@acme.example nobody")
    before = Member.objects.count(), Act.objects.count(), OutgoingMail.objects.count()
    what = {"actor": web(world.olga), "organization_id": world.id, "entries": entries, "ask": Ask(BuiltIn.MEMBER)}
    foretold = inviting.preview(**what)  # type: ignore[arg-type]
    assert (Member.objects.count(), Act.objects.count(), OutgoingMail.objects.count()) == before
    assert foretold == inviting.invite(**what)  # type: ignore[arg-type]


@pytest.mark.claim("P10")
def test_nobody_asks_in_above_their_rights(world: Acme) -> None:
    inviter = custom_role(world.organization, "Inviter", Scope.ORGANIZATION, Code.MEMBERS_INVITE, Code.MEMBERS_VIEW)
    ada = join(world.olga, world.organization, person("ada@acme.example", "Ada"), role=inviter.pk)
    lab = workspace_in(world.organization, "Lab")
    heavy = group_of(world.olga, world.organization, "Heavy")
    grant_group(heavy, world.research, BuiltIn.STANDARD_ADMIN)
    manage(heavy, ada)
    with refused(403, Reason.GIVES_MORE):
        ask_in(ada.user, world.organization, "ivy@acme.example", role=BuiltIn.ADMIN)
    with refused(403, Reason.NO_RIGHT):
        ask_in(ada.user, world.organization, "ivy@acme.example", places={lab.pk: BuiltIn.STANDARD_VIEWER})
    with refused(403, Reason.GROUP_CARRIES_MORE):
        ask_in(ada.user, world.organization, "ivy@acme.example", groups=[heavy.pk])
    with refused(403, Reason.NO_RIGHT):
        ask_in(world.ben, world.organization, "ivy@acme.example")
    zoe = northlab().zoe
    with refused(409, Reason.NOT_ACTIVE):
        ask_in(zoe, world.organization, "ivy@acme.example")
    invite(world.olga, world.organization, "boss@acme.example", role=BuiltIn.ADMIN)
    assert results(ask_in(ada.user, world.organization, "boss@acme.example", "ivy@acme.example")) == {
        "ivy@acme.example": Result.INVITED,
        "boss@acme.example": Result.ABOVE_RIGHTS,
    }


@pytest.mark.claim("P10")
@pytest.mark.row("I42")
def test_a_workspace_admin_asks_people_into_their_own_workspace_where_the_policy_lets_them(world: Acme) -> None:
    lab = workspace_in(world.organization, "Lab")
    mine = {world.research.pk: BuiltIn.STANDARD_EDITOR}
    accept(person("ivy@acme.example", "Ivy"), invite(world.mia, world.organization, "ivy@acme.example", places=mine))
    for places, groups, role in (
        ({}, [], BuiltIn.MEMBER),
        ({**mine, lab.pk: BuiltIn.STANDARD_VIEWER}, [], BuiltIn.MEMBER),
        (mine, [group_of(world.olga, world.organization, "Team").pk], BuiltIn.MEMBER),
        (mine, [], BuiltIn.ADMIN),
    ):
        with refused(403, Reason.NO_RIGHT):
            ask_in(world.mia, world.organization, "kim@acme.example", places=places, groups=groups, role=role)
    organizations.change_organization(actor=web(world.olga), organization_id=world.id, workspace_admins_invite=False)
    with refused(403, Reason.NO_RIGHT):
        ask_in(world.mia, world.organization, "kim@acme.example", places=mine)


@pytest.mark.claim("P15")
def test_asking_in_an_admin_asks_for_a_recent_proof(world: Acme) -> None:
    with refused(401, Reason.CONFIRM):
        inviting.invite(
            actor=web(world.olga, is_fresh=False),
            organization_id=world.id,
            entries=[Pasted("ivy@acme.example")],
            ask=Ask(BuiltIn.ADMIN),
        )


@pytest.mark.claim("P3")
def test_what_is_another_organizations_does_not_exist(world: Acme) -> None:
    north = northlab()
    group = group_of(north.zoe, north.organization, "Theirs")
    role = custom_role(north.organization, "Theirs", Scope.ORGANIZATION)
    place = north.organization.workspaces.first()
    assert place is not None
    for what in (
        {"groups": [group.pk]},
        {"places": {place.pk: BuiltIn.STANDARD_VIEWER}},
        {"role": role.pk},
        {"role": BuiltIn.STANDARD_VIEWER},
        {"places": {world.research.pk: BuiltIn.MANAGED_MEMBER}},
    ):
        with pytest.raises(Http404):
            ask_in(world.olga, world.organization, "ivy@acme.example", **what)  # type: ignore[arg-type]
    assert not Member.objects.filter(address="ivy@acme.example").exists()
    # The same address may wait in both.
    for by, organization in ((world.olga, world.organization), (north.zoe, north.organization)):
        invite(by, organization, "ivy@acme.example")


# --- limits


@pytest.mark.claim("P18")
def test_a_recipient_gets_three_mails_a_day_from_an_organization(world: Acme) -> None:
    invitation = invite(world.olga, world.organization, "ivy@acme.example")
    resend(world.olga, waiting(invitation))
    ask_in(world.priya, world.organization, "ivy@acme.example")
    with refused(429, Reason.OVER_LIMIT):
        resend(world.olga, waiting(invitation))
    with refused(429, Reason.OVER_LIMIT):
        ask_in(world.olga, world.organization, "ivy@acme.example")
    assert len(mails(invitation)) == 3
    assert results(ask_in(world.olga, world.organization, "ivy@acme.example", "kim@acme.example")) == {
        "kim@acme.example": Result.INVITED,
        "ivy@acme.example": Result.OVER_LIMIT,
    }
    kim = open_invitation(world.organization, "kim@acme.example")
    outcome = resend(world.olga, waiting(invitation), waiting(kim))
    assert outcome == Outcome(1, {Reason.OVER_LIMIT: 1})
    north = northlab()
    invite(north.zoe, north.organization, "ivy@acme.example")
    OutgoingMail.objects.update(queued_at=F("queued_at") - timedelta(days=1, seconds=1))
    assert resend(world.olga, waiting(invitation)).changed == 1


@pytest.mark.claim("P18")
def test_a_day_has_a_limit_for_the_inviter_and_for_the_organization(world: Acme, settings: Settings) -> None:
    already = OutgoingMail.objects.filter(kind="invitation").count()
    settings.INVITATIONS_PER_DAY = already + 2
    report = ask_in(world.priya, world.organization, *(f"p{number}@acme.example" for number in range(4)))
    assert (report.count(Result.INVITED), report.count(Result.OVER_LIMIT)) == (2, 2)
    with pytest.raises(Refusal) as refusal:
        ask_in(world.olga, world.organization, "ivy@acme.example")
    assert (refusal.value.status, refusal.value.code) == (429, Reason.OVER_LIMIT_HERE)
    # Someone else's organization has its own count, the person's own goes along with them.
    north = northlab()
    join(north.zoe, north.organization, world.olga, role=BuiltIn.ADMIN)
    settings.INVITATIONS_PER_DAY = 2
    assert ask_in(north.zoe, north.organization, "a@acme.example").count(Result.INVITED) == 1
    with refused(429):
        ask_in(world.olga, north.organization, "b@acme.example")


def test_more_than_ten_thousand_at_once_are_refused(world: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inviting, "BULK_LIMIT", 2)
    with refused(409, Reason.TOO_MANY):
        ask_in(world.olga, world.organization, *(f"p{number}@acme.example" for number in range(3)))
    assert policy.BULK_LIMIT == 10_000


# --- asking again


@pytest.mark.claim("P9")
def test_asking_again_renews_in_place_and_only_adds(world: Acme) -> None:
    lab = workspace_in(world.organization, "Lab")
    first = invite(
        world.olga, world.organization, "ivy@acme.example", places={lab.pk: BuiltIn.STANDARD_EDITOR}, message="One"
    )
    expire(first)
    assert state_now(first) is State.EXPIRED
    report = ask_in(
        world.priya,
        world.organization,
        "ivy@acme.example",
        role=BuiltIn.ADMIN,
        places={lab.pk: BuiltIn.STANDARD_EDITOR, world.research.pk: BuiltIn.STANDARD_VIEWER},
        message="Two",
    )
    assert results(report) == {"ivy@acme.example": Result.RENEWED}
    again = open_invitation(world.organization, "ivy@acme.example")
    assert (again.pk, again.generation, again.message, again.inviter) == (first.pk, 2, "Two", world.priya)
    assert state_now(again) is State.PENDING
    member = waiting(again)
    assert member.role_id == BuiltIn.ADMIN
    assert Grant.objects.filter(member=member).count() == 2
    assert history(world.organization, "invitation.renewed", "member.role_changed") == [
        Said("member.role_changed", member.pk, None, "Member", "Admin"),
        Said("invitation.renewed", member.pk),
    ]
    ask_in(world.olga, world.organization, "ivy@acme.example", role=BuiltIn.MEMBER)
    assert waiting(again).role_id == BuiltIn.ADMIN
    with refused(409, "replaced"):
        accept(person("ivy@acme.example", "Ivy"), again)


@pytest.mark.claim("P10")
def test_what_somebody_else_raised_by_asking_again_is_theirs_to_give(world: Acme) -> None:
    inviter = custom_role(world.organization, "Inviter", Scope.ORGANIZATION, Code.MEMBERS_INVITE, Code.MEMBERS_VIEW)
    ada = join(world.olga, world.organization, person("ada@acme.example", "Ada"), role=inviter.pk)
    invite(ada.user, world.organization, "ivy@acme.example")
    raised = invite(world.olga, world.organization, "ivy@acme.example", role=BuiltIn.ADMIN)
    joined = accept(person("ivy@acme.example", "Ivy"), raised)
    assert joined.dropped == 0
    assert Member.objects.get(pk=joined.member_id).role_id == BuiltIn.ADMIN


def test_roles_of_waiting_people_and_their_placements_count_for_nothing_yet(world: Acme) -> None:
    ivy = waiting(invite(world.olga, world.organization, "ivy@acme.example"))
    place(world.olga, ivy, world.research, BuiltIn.STANDARD_ADMIN)
    with refused(409, Reason.LAST_WORKSPACE_ADMIN):
        members.suspend_members(
            actor=web(world.olga), organization_id=world.id, chosen=chosen(world.member(world.mia))
        ).insist()


@pytest.mark.claim("P9")
def test_asking_again_gives_anew_what_ended_while_somebody_waited(world: Acme) -> None:
    about = {"actor": web(world.olga), "organization_id": world.id, "workspace_id": world.research.pk}
    soon = timezone.now() + timedelta(days=1)
    grants.ask_into_workspace(
        **about, role_id=BuiltIn.STANDARD_EDITOR, addresses=["ivy@acme.example"], ends_at=soon, reason="For a day"
    )
    ivy = waiting(open_invitation(world.organization, "ivy@acme.example"))
    grants.give_role(
        **about,
        role_id=BuiltIn.STANDARD_EDITOR,
        chosen=chosen(ivy),
        ends_at=soon,
        extra_permissions=["deployments.create"],
    )
    end(Grant.objects.get(member=ivy))
    ask_in(world.olga, world.organization, ivy.address, places={world.research.pk: BuiltIn.STANDARD_EDITOR})
    again = Grant.objects.get(member=ivy)
    assert (again.ends_at, again.reason, again.extra_permissions.count()) == (None, "", 0)
