"""The gate before the outbox: a dead mail server is not hammered, and an operator can stop all mail.

One row (MailGate), changed by conditional UPDATEs alone. While it is closed no worker takes a mail; when its time is
over exactly one worker tries exactly one mail, and whatever the server answers to it opens the gate for all.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from accounts.models import MailGate

FIRST_CLOSING = 5.0  # seconds; doubles with each failure in a row
LONGEST_CLOSING = 300.0


class Passage(StrEnum):
    """What a worker may do now. TRIAL: try for one mail, if it wins the right to."""

    OPEN = "open"
    TRIAL = "trial"
    CLOSED = "closed"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Gate:
    """As it stood at `now`, by the database's clock."""

    passage: Passage
    now: datetime | None = None
    paused_at: datetime | None = None
    closed_until: datetime | None = None
    failures: int = 0
    problem: str = ""


def read() -> Gate:
    row = MailGate.objects.annotate(now=Now()).filter(pk=1).first()
    if row is None:
        return Gate(Passage.OPEN)
    if row.paused_at is not None:
        passage = Passage.PAUSED
    elif row.closed_until is None:
        passage = Passage.OPEN
    else:
        passage = Passage.CLOSED if row.closed_until > row.now else Passage.TRIAL
    return Gate(passage, row.now, row.paused_at, row.closed_until, row.failures, row.problem)


def win_trial(lease: timedelta) -> bool:
    """One worker gets it; if that worker is lost, the next one after the lease."""
    over = MailGate.objects.filter(pk=1, paused_at=None, closed_until__lte=Now())
    return over.update(closed_until=Now() + lease) == 1


def give_up_trial() -> None:
    """The server was not asked after all: whoever comes next may try."""
    MailGate.objects.filter(pk=1, closed_until__isnull=False).update(closed_until=Now())


def close(problem: str, *, after_trial: bool) -> None:
    """The server could not be reached. Several workers that find it out at once count as one failure."""
    _make()
    with transaction.atomic():
        gate = MailGate.objects.select_for_update().annotate(now=Now()).get(pk=1)
        if not after_trial and gate.closed_until is not None and gate.closed_until > gate.now:
            return
        seconds = min(FIRST_CLOSING * 2 ** min(gate.failures, 10), LONGEST_CLOSING)
        MailGate.objects.filter(pk=1).update(
            failures=F("failures") + 1, closed_until=Now() + timedelta(seconds=seconds), problem=problem[:500]
        )


def reopen() -> None:
    """The server has answered."""
    MailGate.objects.filter(pk=1).update(failures=0, closed_until=None, problem="")


def pause(user_id: int) -> bool:
    """False if it was paused already. Workers finish the mails that they hold, and claim no more."""
    _make()
    return MailGate.objects.filter(pk=1, paused_at=None).update(paused_at=Now(), paused_by=user_id) == 1


def resume() -> bool:
    """False if it was not paused. A closed gate may be tried at once: whoever resumes has probably mended something."""
    paused = MailGate.objects.filter(pk=1, paused_at__isnull=False)
    if paused.update(paused_at=None, paused_by=None) != 1:
        return False
    give_up_trial()
    return True


def _make() -> None:
    MailGate.objects.bulk_create([MailGate()], ignore_conflicts=True)
