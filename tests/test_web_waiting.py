"""What the lists of people say of those who wait, beside the state of their mail, and what one click there does."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db.models import F
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from accounts.actors import ROSTER
from accounts.models import OutgoingMail
from accounts.models.mails import MailState
from config.ui.templatetags.ui import exact
from invitations.actions import answering, reminding
from invitations.models import Invitation
from invitations.queries.invitations import REMINDER_MAIL
from invitations.queries.stories import reminders_of
from tests import cast
from tests.cast import web
from tests.stage import Stage
from tests.visiting import HTMX, body_of, toast_of, visitor, words_of
from tests.waiting import fresh, mails, waiting
from workspaces.actions import organizations
from workspaces.catalogue import BuiltIn
from workspaces.models import Grant, Member, Organization
from workspaces.queries.waiting import waiting_with


@pytest.fixture
def priya(stage: Stage) -> Client:
    return visitor(stage.acme.priya)


@pytest.fixture
def nora(stage: Stage) -> Member:
    """Nora waits in Research too, her mail has arrived, and a reminder goes on the third day."""
    cast.ask_in(
        stage.acme.olga,
        stage.acme.organization,
        "nora@new.example",
        places={stage.research.pk: BuiltIn.STANDARD_EDITOR},
    )
    OutgoingMail.objects.filter(recipient="nora@new.example").update(
        state=MailState.SENT, next_attempt_at=None, queued_at=Now() - timedelta(days=2)
    )
    return stage.nora


def row(client: Client, url: str, member: Member) -> str:
    return body_of(client.get(url)).split(f'id="m{member.pk}"')[1].split("</tr>")[0]


def in_research(stage: Stage, path: str = "members/") -> str:
    return stage.url(f"w/research/{path}")


def ask_for_fresh_link(invitation: Invitation) -> None:
    Invitation.objects.filter(pk=invitation.pk).update(fresh_asked_at=Now())


# --- what the rows say


@pytest.mark.claim("P9")
def test_the_members_row_says_that_a_fresh_link_is_asked_for_and_one_click_sends_it(
    stage: Stage, priya: Client, nora: Member
) -> None:
    assert "fresh link" not in row(priya, stage.url("members/"), nora)
    ask_for_fresh_link(stage.to_nora)
    url = stage.url(f"members/{nora.pk}/resend/")
    seen = row(priya, stage.url("members/"), nora)
    assert f'formaction="{url}" hx-post="{url}"' in seen
    assert 'aria-label="Send a fresh link. They asked for a fresh link on ' in seen
    page = body_of(priya.get(stage.url(f"members/{nora.pk}/")))
    assert "They ask for a fresh link" in page
    assert f'action="{url}" hx-post="{url}"' in page
    generation = fresh(stage.to_nora).generation
    assert toast_of(priya.post(url, headers=HTMX)) == "A new mail to nora@new.example is queued."
    assert fresh(stage.to_nora).generation == generation + 1
    assert "fresh link" not in row(priya, stage.url("members/"), nora)
    assert "They ask for a fresh link" not in words_of(priya.get(stage.url(f"members/{nora.pk}/")))


@pytest.mark.claim("P9")
def test_a_workspaces_admin_sees_and_answers_it_in_the_workspace(stage: Stage, nora: Member) -> None:
    mia = visitor(stage.acme.mia)
    ask_for_fresh_link(stage.to_nora)
    url = in_research(stage, f"members/{nora.pk}/resend/")
    seen = row(mia, in_research(stage), nora)
    assert f'formaction="{url}" hx-post="{url}"' in seen
    assert "The next reminder goes on " in seen
    assert "The next reminder goes on " in words_of(mia.get(url))
    assert mia.post(url, headers=HTMX).status_code == 204
    assert "fresh link" not in row(mia, in_research(stage), nora)


def test_whoever_may_not_resend_is_not_told(stage: Stage, nora: Member) -> None:
    ask_for_fresh_link(stage.to_nora)
    Invitation.objects.filter(pk=stage.to_nora.pk).update(reminders=1)
    for url, reader in ((stage.url("members/"), stage.max), (stage.url(f"members/{nora.pk}/"), stage.max)):
        seen = body_of(visitor(reader).get(url))
        assert "nora@" in seen.replace("<span>", "").replace("</span>", "")
        assert "formaction" not in seen.split('id="selection"')[-1].split("<tbody>")[-1]
        assert "Send a fresh link" not in seen
        assert "reminder" not in seen
    stage.acme.organization.workspace_admins_invite = False
    stage.acme.organization.save()
    assert "fresh link" not in row(visitor(stage.acme.mia), in_research(stage), nora)


def test_the_bell_says_when_the_next_reminder_goes_and_the_mark_how_many_went(
    stage: Stage, priya: Client, nora: Member
) -> None:
    expires = fresh(stage.to_nora).expires_at
    third_day = exact(fresh(stage.to_nora).sent_at + timedelta(days=3))
    for url in (stage.url("members/"), stage.url(f"members/{nora.pk}/resend/"), stage.url(f"members/{nora.pk}/")):
        assert f"The next reminder goes on {third_day}" in body_of(priya.get(url)), url
    Invitation.objects.filter(pk=stage.to_nora.pk).update(reminders=1)
    last_day = exact(expires - timedelta(days=1))
    seen = row(priya, stage.url("members/"), nora)
    assert f'aria-label="1 reminder was sent. The next reminder goes on {last_day}"' in seen
    assert f'data-dialog title="The next reminder goes on {last_day}" aria-labelledby="w-resend"' in seen
    assert f"The next reminder goes on {last_day}" in body_of(priya.get(stage.url("invitations/")))
    reminding.stop_reminders(actor=web(stage.acme.priya), organization_id=stage.acme.id, member_id=nora.pk, stops=True)
    for url, reader in ((stage.url("members/"), priya), (in_research(stage), visitor(stage.acme.mia))):
        assert 'aria-label="Reminders were stopped on ' in row(reader, url, nora), url
        assert "The next reminder" not in row(reader, url, nora), url


# --- the truth of it

NEVER: dict[str, Callable[[Stage, Member], Any]] = {
    "bounced": lambda stage, nora: _mail(nora, MailState.BOUNCED),
    "refused": lambda stage, nora: _mail(nora, MailState.FAILED),
    "unconfirmed": lambda stage, nora: _mail(nora, MailState.UNCONFIRMED),
    "a reminder was refused": lambda stage, nora: OutgoingMail.objects.create(
        kind=REMINDER_MAIL,
        recipient=nora.address,
        subject_id=stage.to_nora.pk,
        generation=fresh(stage.to_nora).generation,
        organization_id=stage.acme.id,
        state=MailState.FAILED,
        next_attempt_at=None,
        finished_at=timezone.now(),
    ),
    "wants none": lambda stage, nora: reminding.unsubscribe(actor=ROSTER, invitation_id=stage.to_nora.pk),
    "stopped": lambda stage, nora: reminding.stop_reminders(
        actor=web(stage.acme.priya), organization_id=stage.acme.id, member_id=nora.pk, stops=True
    ),
    "none of the organization": lambda stage, nora: organizations.change_organization(
        actor=web(stage.acme.olga), organization_id=stage.acme.id, sends_reminders=False
    ),
    "declined": lambda stage, nora: answering.decline(
        actor=ROSTER, invitation_id=stage.to_nora.pk, generation=fresh(stage.to_nora).generation
    ),
    "expired": lambda stage, nora: cast.expire(stage.to_nora),
    "had both": lambda stage, nora: Invitation.objects.filter(pk=stage.to_nora.pk).update(reminders=2),
}


def _mail(member: Member, state: MailState) -> None:
    OutgoingMail.objects.filter(pk=member.mail_id).update(state=state, next_attempt_at=None, finished_at=Now())


def said_of_nora(stage: Stage) -> object:
    """When the next reminder goes, by the lists; the story of the invitation says the same."""
    now = timezone.now()
    organization = Organization.objects.get(pk=stage.acme.id)
    told = waiting_with(Member.objects.select_related("organization").get(pk=stage.nora.pk), now)
    assert told is not None
    invitation = Invitation.objects.annotate(now=Now()).get(pk=stage.to_nora.pk)
    story = reminders_of(invitation, organization)["reminder_at"]
    assert (story is None) == (told.reminder_at is None)
    return told.reminder_at


@pytest.mark.claim("P18")
@pytest.mark.parametrize("why", NEVER)
def test_no_reminder_is_promised_that_will_not_go(stage: Stage, nora: Member, why: str) -> None:
    assert said_of_nora(stage) is not None
    NEVER[why](stage, nora)
    assert said_of_nora(stage) is None
    for days in (3.1, 6.1):
        Invitation.objects.filter(pk=stage.to_nora.pk).update(
            sent_at=F("created_at") - timedelta(days=days), expires_at=F("expires_at") - timedelta(days=days)
        )
        reminding.remind()
        assert not OutgoingMail.objects.filter(kind=REMINDER_MAIL, state=MailState.QUEUED).exists()


@pytest.mark.claim("P18")
def test_what_another_organization_unsubscribed_or_failed_to_reach_silences_nothing_here(
    stage: Stage, nora: Member
) -> None:
    zoe = stage.northlab.zoe
    elsewhere = cast.invite(zoe, stage.northlab.organization, "nora@new.example")
    _mail(waiting(elsewhere), MailState.BOUNCED)
    reminding.unsubscribe(actor=ROSTER, invitation_id=elsewhere.pk)
    assert said_of_nora(stage) is not None


# --- the bell of a workspace


@pytest.mark.claim("P9", "P10")
def test_resending_in_a_workspace_gives_nothing_more_and_leaves_the_inviter(stage: Stage) -> None:
    mia = visitor(stage.acme.mia)
    cast.grant_group(stage.data_team, stage.research, BuiltIn.STANDARD_VIEWER)
    guest = cast.invite(
        stage.acme.olga, stage.acme.organization, "gil@new.example", role=BuiltIn.GUEST, groups=[stage.data_team.pk]
    )
    answer = mia.post(in_research(stage, f"members/{guest.member_id}/resend/"), headers=HTMX)
    assert toast_of(answer) == "The invitation of gil@new.example is queued."
    after = fresh(guest)
    assert (after.generation, after.inviter) == (2, stage.acme.olga)
    assert waiting(after).role_id == BuiltIn.GUEST
    assert not Grant.objects.filter(member=guest.member_id).exists()
    assert mails(guest) == [("gil@new.example", 1), ("gil@new.example", 2)]
    [said] = cast.history(stage.acme.organization, "invitation.renewed")
    assert said.subject == guest.member_id


@pytest.mark.claim("P10", "P18")
def test_resending_in_a_workspace_keeps_rights_seats_and_the_days_limits(
    stage: Stage, nora: Member, settings: LazySettings
) -> None:
    mia = visitor(stage.acme.mia)
    strong = cast.invite(stage.acme.olga, stage.acme.organization, "strong@new.example", role=BuiltIn.ADMIN)
    above = in_research(stage, f"members/{strong.member_id}/resend/")
    url = in_research(stage, f"members/{nora.pk}/resend/")
    assert mia.post(above).status_code == 403
    assert mails(strong) == [("strong@new.example", 1)]
    foreign = cast.invite(stage.northlab.zoe, stage.northlab.organization, "kim@new.example")
    assert mia.post(in_research(stage, f"members/{foreign.member_id}/resend/")).status_code == 404
    cast.expire(stage.to_nora)
    seats = stage.acme.organization.members.count() - 2
    Organization.objects.filter(pk=stage.acme.id).update(seats=seats)
    full = mia.post(url)
    assert full.status_code == 409
    assert "no free seat" in words_of(full)
    Organization.objects.filter(pk=stage.acme.id).update(seats=None)
    settings.MAILS_PER_RECIPIENT_PER_DAY = 1
    assert mia.post(url).status_code == 303
    over = mia.post(url)
    assert over.status_code == 429
    assert 0 < int(over["Retry-After"]) <= 24 * 3600


# --- elsewhere


@pytest.mark.claim("P18")
def test_an_edit_that_would_mail_beyond_the_day_says_when_to_come_back_and_keeps_what_was_typed(
    stage: Stage, priya: Client, nora: Member, settings: LazySettings
) -> None:
    settings.MAILS_PER_RECIPIENT_PER_DAY = 1
    cast.ask_in(stage.acme.olga, stage.acme.organization, "nora@new.example")
    entry = {
        "role": BuiltIn.MEMBER, "address": "nora@new.example", "message": "Still there?", "language": "en",
        "expires": "", "again": "on",
    }  # fmt: skip
    over = priya.post(stage.url(f"members/{nora.pk}/edit/"), entry)
    assert over.status_code == 429
    assert 0 < int(over["Retry-After"]) <= 24 * 3600
    assert "Still there?" in words_of(over)


@pytest.mark.claim("P21")
@pytest.mark.parametrize(("reading", "before", "after"), [("en", "English", "German"), ("de", "Englisch", "Deutsch")])
def test_the_history_names_the_language_that_a_mail_is_to_have(
    stage: Stage, priya: Client, nora: Member, reading: str, before: str, after: str
) -> None:
    entry = {"role": BuiltIn.MEMBER, "address": "nora@new.example", "message": "", "language": "de", "expires": ""}
    assert priya.post(stage.url(f"members/{nora.pk}/edit/"), entry).status_code == 303
    organizations.change_organization(actor=web(stage.acme.olga), organization_id=stage.acme.id, language="de")
    stage.acme.priya.language = reading
    stage.acme.priya.save()
    said = words_of(visitor(stage.acme.priya).get(stage.url("history/")))
    assert said.count(f"{before} {after}") == 2
