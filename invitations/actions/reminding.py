"""Reminders of open invitations: on the third day and a day before the end, two at most, with the same link.

An organization can do without them, an administrator can stop them for one invitation, and recipients for themselves.
"""

from contextlib import suppress

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Now
from django.http import Http404

from accounts import outbox
from accounts.actors import ROSTER, Actor
from accounts.models import OutgoingMail
from accounts.models.mails import MailState
from invitations.actions.answering import organization_of
from invitations.models import Invitation, Unsubscribed
from invitations.policy import BETWEEN_MAILS, FIRST_REMINDER, LAST_REMINDER, MOST_REMINDERS
from invitations.queries.invitations import NEVER_ARRIVED, REMINDER_MAIL, UNSUBSCRIBED
from invitations.queries.limits import mailed_out
from workspaces.actions.locking import locked
from workspaces.history import INVITATION_REMINDED, REMINDERS_RESUMED, REMINDERS_STOPPED, REMINDERS_UNSUBSCRIBED
from workspaces.plans import Proposal, make_plan
from workspaces.policy import Verb
from workspaces.selections import Chosen

BATCH = 5_000


def remind() -> int:
    """Queues the reminders that are due, set by set; how many. Safe to run any number of times at once. Locks each
    organization in turn.
    """
    total = 0
    for organization_id in list(_due().order_by().values_list("organization_id", flat=True).distinct()):
        with suppress(Http404), locked(actor=ROSTER, organization_id=organization_id) as held:
            mine = _due().filter(organization=held.organization).order_by("expires_at", "pk")
            rows = list(mine.values_list("pk", "address", "generation")[:BATCH])
            full = mailed_out(held.organization, [address for _pk, address, _generation in rows])
            rows = [row for row in rows if row[1] not in full]
            if not rows:
                continue
            ids = [pk for pk, _address, _generation in rows]
            held.record_set(INVITATION_REMINDED, held.organization.members.filter(invitation__in=ids))
            outbox.queue(
                OutgoingMail(
                    kind=REMINDER_MAIL,
                    recipient=address,
                    subject_id=pk,
                    generation=generation,
                    organization_id=organization_id,
                )
                for pk, address, generation in rows
            )
            total += Invitation.objects.filter(pk__in=ids).update(
                reminders=Case(When(_LAST, then=Value(MOST_REMINDERS)), default=Value(1))
            )
    return total


_LAST = Q(expires_at__lte=Now() + LAST_REMINDER, expires_at__gte=F("sent_at") + BETWEEN_MAILS + LAST_REMINDER)
_FIRST = Q(
    reminders=0,
    sent_at__lte=Now() - FIRST_REMINDER,
    expires_at__gt=Now() + LAST_REMINDER,
    expires_at__gte=F("sent_at") + FIRST_REMINDER + BETWEEN_MAILS + LAST_REMINDER,
)


def _due() -> "QuerySet[Invitation]":
    """By the database's clock, as `policy.next_reminder` says it of one and `queries.waiting` shows it; never where a
    mail did not arrive.
    """
    failed = OutgoingMail.objects.filter(
        kind=REMINDER_MAIL,
        subject_id=OuterRef("pk"),
        generation=OuterRef("generation"),
        state__in=NEVER_ARRIVED,
    )
    return Invitation.objects.filter(
        _FIRST | _LAST,
        ~UNSUBSCRIBED,
        ~Exists(failed),
        accepted_at__isnull=True,
        revoked_at__isnull=True,
        declined_at__isnull=True,
        expires_at__gt=Now(),
        reminders__lt=MOST_REMINDERS,
        reminders_stopped_at__isnull=True,
        organization__sends_reminders=True,
        member__mail__state=MailState.SENT,
    )


def stop_reminders(*, actor: Actor, organization_id: int, member_id: int, stops: bool) -> None:
    """Stops them for one invitation, or lets them go on. Locks the organization. Raises Http404 for who is gone."""
    with locked(actor=actor, organization_id=organization_id) as held:
        chosen = Chosen.one(member_id).members(held.organization)
        plan = make_plan(held.facts, held.organization, chosen, Proposal(Verb.EDIT_INVITATION))
        plan.outcome(plan.changing).insist()
        invitation = Invitation.objects.filter(member__in=plan.accepted.values("pk")).first()
        if invitation is None:
            raise Http404
        if stops == (invitation.reminders_stopped_at is not None):
            return
        held.record(REMINDERS_STOPPED if stops else REMINDERS_RESUMED, subject=member_id)
        Invitation.objects.filter(pk=invitation.pk).update(reminders_stopped_at=Now() if stops else None)


def unsubscribe(*, actor: Actor, invitation_id: int) -> None:
    """The address of the invitation gets no reminders of this organization any more; again does nothing. Locks the
    organization.
    """
    with locked(actor=actor, organization_id=organization_of(invitation_id)) as held:
        invitation = Invitation.objects.filter(pk=invitation_id).first()
        if invitation is None:
            raise Http404
        _row, is_new = Unsubscribed.objects.get_or_create(organization=held.organization, address=invitation.address)
        if is_new:
            held.record(REMINDERS_UNSUBSCRIBED, subject=invitation.member_id)
