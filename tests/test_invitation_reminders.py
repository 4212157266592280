"""Reminders of open invitations: when, to whom, how often; and what is told and chosen beside them."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.db.models.functions import Now

from accounts import outbox
from accounts.actors import ROSTER
from accounts.models import OutgoingMail
from accounts.models.mails import MailState
from accounts.outbox import letters
from invitations.actions import answering, keeping, reminding
from invitations.emails.invitations import unsubscribe_link_of
from invitations.models import Invitation
from invitations.policy import next_reminder
from invitations.queries.invitations import DECLINED_MAIL, REMINDER_MAIL
from tests import cast
from tests.cast import Acme, history, refused, web
from tests.people import mailed_link
from tests.smtp import Post
from tests.waiting import fresh, mails_of
from workspaces.actions import members, organizations
from workspaces.catalogue import BuiltIn, Code, Scope
from workspaces.models import Member, Organization


def test_an_inviter_who_is_suspended_hears_nothing(world: Acme) -> None:
    invitation = cast.invite(world.priya, world.organization, "nora@new.example")
    members.suspend_members(
        actor=web(world.olga), organization_id=world.id, chosen=cast.chosen(world.member(world.priya))
    )
    answering.decline(actor=ROSTER, invitation_id=invitation.pk, generation=1)
    assert mails_of(DECLINED_MAIL) == 0


def arrived(*invitations: Invitation, days: float = 0, life: float = 7) -> None:
    """Their mails were taken; they were asked so many days ago, for so many days."""
    ids = [invitation.pk for invitation in invitations]
    OutgoingMail.objects.filter(subject_id__in=ids, kind="invitation").update(
        state=MailState.SENT, next_attempt_at=None, queued_at=Now() - timedelta(days=days)
    )
    Invitation.objects.filter(pk__in=ids).update(sent_at=Now() - timedelta(days=days))
    Invitation.objects.filter(pk__in=ids).update(expires_at=F("sent_at") + timedelta(days=life))
    for invitation in Invitation.objects.filter(pk__in=ids):
        Member.objects.filter(invitation=invitation).update(invited_until=invitation.expires_at)


@pytest.mark.claim("P18")
@pytest.mark.parametrize("life", [1, 2, 3, 4, 5, 6, 7, 14, 30])
def test_reminders_come_on_day_three_and_a_day_before_the_end_twice_at_most(world: Acme, life: int) -> None:
    invitation = cast.invite(world.priya, world.organization, "nora@new.example", days=life)
    due: list[float] = []
    for half_days in range(2 * life + 1):
        row = fresh(invitation)
        arrived(invitation, days=half_days / 2, life=life)
        OutgoingMail.objects.filter(kind=REMINDER_MAIL).update(queued_at=Now() - timedelta(days=2))
        said = next_reminder(fresh(invitation).sent_at, fresh(invitation).expires_at, row.reminders)
        is_due = bool(reminding.remind())
        assert reminding.remind() == 0
        if is_due:
            due.append(half_days / 2)
            assert said is not None
    last = life - 1
    assert due == [day for day in sorted({3, last}) if (day == last and life >= 3) or (day == 3 and life >= 6)]
    assert mails_of(REMINDER_MAIL) == len(due)
    assert fresh(invitation).generation == 1


@pytest.mark.claim("P18")
def test_nobody_is_reminded_who_cannot_or_would_not_be(world: Acme) -> None:
    names = ("plain", "declined", "expired", "bounced", "queued", "stopped", "quiet", "full", "revoked")
    asked = {name: cast.invite(world.priya, world.organization, f"{name}@new.example") for name in names}
    arrived(*asked.values(), days=3.1)
    where: dict[str, Any] = {"actor": web(world.priya), "organization_id": world.id}
    answering.decline(actor=ROSTER, invitation_id=asked["declined"].pk, generation=1)
    cast.expire(asked["expired"])
    mail = OutgoingMail.objects.filter(kind="invitation")
    mail.filter(subject_id=asked["bounced"].pk).update(state=MailState.BOUNCED)
    mail.filter(subject_id=asked["queued"].pk).update(state=MailState.QUEUED, next_attempt_at=Now())
    reminding.stop_reminders(**where, member_id=asked["stopped"].member_id or 0, stops=True)
    reminding.unsubscribe(actor=ROSTER, invitation_id=asked["quiet"].pk)
    for _ in range(3):
        outbox.queue_mail("note", "full@new.example", organization_id=world.id)
    waiting = Member.objects.get(invitation=asked["revoked"])
    members.revoke_invitations(**where, chosen=cast.chosen(waiting))
    assert reminding.remind() == 1
    assert mails_of(REMINDER_MAIL, "plain@new.example") == 1
    assert [said.subject for said in history(world.organization, "invitation.reminded")] == [asked["plain"].member_id]
    reminding.stop_reminders(**where, member_id=asked["stopped"].member_id or 0, stops=False)
    assert reminding.remind() == 1
    kinds = [said.kind for said in history(world.organization)]
    assert kinds.count("reminders.stopped") == kinds.count("reminders.resumed") == 1


@pytest.mark.claim("P10", "P18")
def test_only_whoever_could_edit_the_invitation_stops_its_reminders(world: Acme) -> None:
    strong = cast.invite(world.olga, world.organization, "strong@new.example", role=BuiltIn.ADMIN)
    role = cast.custom_role(world.organization, "Asker", Scope.ORGANIZATION, Code.MEMBERS_INVITE, Code.MEMBERS_VIEW)
    Member.objects.filter(organization=world.id, user=world.ben).update(role=role)
    for somebody, code in ((world.mia, "no_right"), (world.ben, "holds_more")):
        with refused(403, code):
            reminding.stop_reminders(
                actor=web(somebody), organization_id=world.id, member_id=strong.member_id or 0, stops=True
            )
    with refused(409, "joined"):
        reminding.stop_reminders(
            actor=web(world.olga), organization_id=world.id, member_id=world.member(world.mia).pk, stops=True
        )
    assert fresh(strong).reminders_stopped_at is None


@pytest.mark.claim("P18", "P9")
def test_an_organization_can_do_without_reminders_and_resending_begins_anew(world: Acme) -> None:
    invitation = cast.invite(world.priya, world.organization, "nora@new.example")
    arrived(invitation, days=3.1)
    where: dict[str, Any] = {"actor": web(world.priya), "organization_id": world.id}
    organizations.change_organization(**where, sends_reminders=False)
    assert reminding.remind() == 0
    organizations.change_organization(**where, sends_reminders=True)
    assert reminding.remind() == 1
    keeping.resend(**where, chosen=cast.chosen(Member.objects.get(invitation=invitation)))
    assert fresh(invitation).reminders == 0
    mail = OutgoingMail.objects.get(kind=REMINDER_MAIL)
    assert isinstance(letters.kinds[REMINDER_MAIL].letters([mail])[mail.pk], outbox.Stale)


@pytest.mark.django_db(transaction=True)
@pytest.mark.claim("P19", "P5")
def test_a_reminder_has_the_same_link_the_headers_of_rfc_8058_and_its_language(post: Post) -> None:
    world = cast.acme()
    invitation = cast.invite(world.priya, world.organization, "nora@new.example", message="Come")
    Invitation.objects.update(language="de")
    outbox.drain()
    first = post.messages_to("nora@new.example")[-1]
    arrived(invitation, days=3.1)
    assert reminding.remind() == 1
    outbox.drain()
    reminder = post.messages_to("nora@new.example")[-1]
    link = mailed_link("nora@new.example", "invitation")
    text = reminder.get_body(("plain",)).get_content()
    assert link in text
    assert link in first.get_body(("plain",)).get_content()
    ends = unsubscribe_link_of(fresh(invitation))
    assert reminder["List-Unsubscribe"] == f"<{ends}>"
    assert reminder["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert first["List-Unsubscribe"] is None
    assert ends in text
    assert 'lang="de"' in reminder.get_body(("html",)).get_content()


def test_the_language_is_the_organizations_unless_another_is_chosen_and_is_kept(world: Acme) -> None:
    Organization.objects.filter(pk=world.id).update(language="de")
    world.organization.refresh_from_db()
    first = cast.invite(world.priya, world.organization, "nora@new.example")
    assert first.language == "de"
    Organization.objects.filter(pk=world.id).update(language="en")
    keeping.resend(
        actor=web(world.priya), organization_id=world.id, chosen=cast.chosen(Member.objects.get(invitation=first))
    )
    assert fresh(first).language == "de"
