"""The outbox: every mail is a row before it is a message (ACCEPTANCE P19). Written by `accounts.outbox` alone."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class MailState(models.TextChoices):
    QUEUED = "queued", _("Queued")
    SENDING = "sending", _("Sending")
    SENT = "sent", _("Sent")
    RETRYING = "retrying", _("Retrying")
    FAILED = "failed", _("Refused")
    UNCONFIRMED = "unconfirmed", _("Unconfirmed")
    CANCELLED = "cancelled", _("Cancelled")
    BOUNCED = "bounced", _("Bounced")
    COMPLAINED = "complained", _("Marked as spam")


GIVEN_UP = (MailState.FAILED, MailState.UNCONFIRMED, MailState.CANCELLED)
REPORTED = (MailState.BOUNCED, MailState.COMPLAINED)
"""What the mail service said after it had taken the mail."""
FINISHED = (MailState.SENT, *GIVEN_UP, *REPORTED)


class OutgoingMail(models.Model):
    """One mail to one address. Holds no text and no token: kind and subject say what to render when it is sent.

    A worker claims a row (SENDING, claimed_by) and counts up hand_overs, committed, before it speaks of the mail to the
    server; whatever the server answers for certain settles it. A claim that lapses leaves the row RETRYING. A hand-over
    without an answer is never taken back, and none begins beyond the second, whose lapse leaves the row UNCONFIRMED: so
    there are at most two copies, with the same Message-ID, however late a worker wakes up.
    """

    State = MailState

    id = models.BigAutoField(primary_key=True)
    message_uuid = models.UUIDField(default=uuid.uuid4, editable=False, help_text=_("Left side of the Message-ID."))
    kind = models.CharField(max_length=40, help_text=_("A kind registered with accounts.outbox."))
    recipient = models.CharField(max_length=254, help_text=_("Canonical address."))
    user = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    subject_id = models.BigIntegerField(
        null=True, blank=True, help_text=_("The row that the kind renders, such as an invitation.")
    )
    generation = models.PositiveIntegerField(
        default=0, help_text=_("Of the subject when queued; a mail of an older one is not sent.")
    )
    organization_id = models.BigIntegerField(
        null=True, blank=True, help_text=_("For limits and for administrators; no foreign key.")
    )
    asked_by_id = models.BigIntegerField(
        null=True, blank=True, help_text=_("The user whose act queued it; for limits, no foreign key.")
    )
    state = models.CharField(max_length=12, choices=MailState, default=MailState.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    hand_overs = models.PositiveSmallIntegerField(
        default=0, help_text=_("How often it was handed to the server without a sure refusal.")
    )
    lapses = models.PositiveSmallIntegerField(
        default=0, help_text=_("How often a worker was lost while it held the mail.")
    )
    queued_at = models.DateTimeField(db_default=Now())
    next_attempt_at = models.DateTimeField(
        null=True,
        blank=True,
        db_default=Now(),
        help_text=_("When a worker may take it; while one holds it, when that claim lapses; empty when finished."),
    )
    claimed_by = models.UUIDField(null=True, blank=True)
    handed_over_at = models.DateTimeField(null=True, blank=True, help_text=_("Of the present claim."))
    finished_at = models.DateTimeField(null=True, blank=True)
    reply = models.CharField(
        max_length=500, blank=True, help_text=_("The server's last words, or why it was not asked.")
    )

    class Meta:
        verbose_name = _("outgoing mail")
        verbose_name_plural = _("outgoing mails")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(state__in=MailState.values), name="mail_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=FINISHED, next_attempt_at__isnull=True)
                | (~Q(state__in=FINISHED) & Q(next_attempt_at__isnull=False)),
                name="mail_finished_or_due",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            # Both databases see that `next_attempt_at <= x` implies the condition, whatever states are asked for.
            models.Index("next_attempt_at", "id", name="mail_due", condition=Q(next_attempt_at__isnull=False)),
            models.Index("user", name="mail_user", condition=Q(user__isnull=False)),
            models.Index("kind", "subject_id", name="mail_subject"),
            models.Index("organization_id", "recipient", "queued_at", name="mail_recipient_day"),
            models.Index("organization_id", "queued_at", name="mail_organization_day"),
            models.Index("asked_by_id", "queued_at", name="mail_asked_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.recipient}"


class MailAttempt(models.Model):
    """An attempt that did not end in "sent": when, how, and the server's words. What succeeded stands in the mail's own
    row, so that the many that go well cost no row more.
    """

    mail = models.ForeignKey(
        OutgoingMail, on_delete=models.CASCADE, related_name="failed_attempts", db_constraint=False
    )
    at = models.DateTimeField(db_default=Now())
    state = models.CharField(max_length=12, choices=MailState, help_text=_("What it left the mail in."))
    reply = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = _("attempt to send")
        verbose_name_plural = _("attempts to send")

    def __str__(self) -> str:
        return f"{self.mail_id}: {self.state}"


class MailGate(models.Model):
    """One row: may workers take mails? paused_at: an operator stopped them. closed_until: the server could not be
    reached; then one worker at a time tries one mail, and the first that is taken opens the gate again.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_by = models.ForeignKey(
        "accounts.User", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    failures = models.PositiveIntegerField(default=0, help_text=_("In a row, of reaching the server at all."))
    closed_until = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = _("mail gate")
        verbose_name_plural = _("mail gate")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(id=1), name="mail_gate_one"),
        ]

    def __str__(self) -> str:
        return "mail gate"


class TestMail(models.Model):
    """An operator's test: one mail that a worker sends over a connection of its own, past queue and gate, and the whole
    conversation with the server. begun_at without ended_at for long: that worker was lost.
    """

    __test__ = False  # no class of pytest's

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+", db_index=False)
    asked_at = models.DateTimeField(db_default=Now())
    begun_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    is_taken = models.BooleanField(null=True, blank=True)
    conversation = models.TextField(blank=True, help_text=_("Line by line, without what signs Roster in."))

    class Meta:
        verbose_name = _("test mail")
        verbose_name_plural = _("test mails")

    def __str__(self) -> str:
        return f"test mail {self.pk}"
