"""Rows into the outbox, and out of it again, inside the caller's transaction. Sends nothing and waits for nobody."""

from collections.abc import Collection, Iterable

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import OutgoingMail, User
from accounts.models.mails import GIVEN_UP
from config import hints

DRAIN_TASK = "accounts.tasks.drain_outbox"


def queue_mail(
    kind: str,
    recipient: str,
    *,
    user: User | None = None,
    subject_id: int | None = None,
    generation: int = 0,
    organization_id: int | None = None,
) -> OutgoingMail:
    """One mail of a registered kind to a canonical address."""
    mail = OutgoingMail(
        kind=kind,
        recipient=recipient,
        user=user,
        subject_id=subject_id,
        generation=generation,
        organization_id=organization_id,
    )
    queue([mail])
    return mail


def queue(mails: Iterable[OutgoingMail]) -> list[OutgoingMail]:
    """New rows, as one INSERT. What inserts them by SQL of its own calls `hint` instead."""
    rows = OutgoingMail.objects.bulk_create(mails, batch_size=1000)
    if rows:
        hint()
    return rows


def hint() -> None:
    """After this transaction's commit, tells workers once that there is mail. A lost hint costs seconds, never mail."""
    hints.hint(DRAIN_TASK)


def cancel(kind: str, subject_ids: Collection[int], *, reason: str) -> int:
    """Takes back what waits to be sent about these; how many. As `cancel_mails`."""
    return _cancel(Q(kind=kind, subject_id__in=subject_ids), reason)


def cancel_mails(mail_ids: Collection[int], *, reason: str) -> int:
    """Takes back mails that no worker is talking about to the server at this moment; how many.

    Rows that are locked belong to a worker that is handing them over: they are left alone rather than waited for.
    """
    return _cancel(Q(pk__in=mail_ids), reason)


def _cancel(which: Q, reason: str) -> int:
    with transaction.atomic():
        waiting = OutgoingMail.objects.filter(which, next_attempt_at__isnull=False, handed_over_at__isnull=True)
        ids = list(waiting.select_for_update(skip_locked=True).values_list("pk", flat=True))
        return OutgoingMail.objects.filter(pk__in=ids).update(
            state=OutgoingMail.State.CANCELLED, next_attempt_at=None, claimed_by=None, finished_at=Now(), reply=reason
        )


def retry(mail_ids: Collection[int]) -> int:
    """A person's decision to try given-up mails again; how many. Message-ID stays, copies are counted anew."""
    again = OutgoingMail.objects.filter(pk__in=mail_ids, state__in=GIVEN_UP)
    count = again.update(
        state=OutgoingMail.State.QUEUED,
        attempts=0,
        hand_overs=0,
        lapses=0,
        queued_at=Now(),
        next_attempt_at=Now(),
        handed_over_at=None,
        finished_at=None,
        reply="",
    )
    if count:
        hint()
    return count
