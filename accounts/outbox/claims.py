"""The states of a row while workers hold it, each change one conditional UPDATE by the database's clock.

The same on PostgreSQL and SQLite: SKIP LOCKED only spares waiting, the conditions alone keep two workers apart.
What ends in anything but "sent" leaves a MailAttempt beside it; a mail that goes well costs no statement more.
Nothing here renders or talks to a server.
"""

import random
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

import structlog
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import FETCH_RAISE, Case, DateTimeField, F, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Now
from django.utils.translation import gettext_noop

from accounts.models import MailAttempt, OutgoingMail
from accounts.outbox import gates
from accounts.outbox.gates import Passage
from config.statements import prepared

log = structlog.get_logger(__name__)

State = OutgoingMail.State

BATCH = 200  # mails in one claim
COPIES = 2  # hand-overs without a sure answer, at most
SUSPECT_LAPSES = 3  # from here on a row is claimed alone, in case it is what kills its workers
MAX_LAPSES = 10
MAX_UNWRITABLE = 5
GIVE_UP_AFTER = timedelta(hours=24)
ENOUGH_ATTEMPTS = 5  # no mail is given up before the server itself has put it off so often, however long it waited
FIRST_DELAY = 30.0  # seconds
LONGEST_DELAY = 1800.0

# What is needed to write, send and settle a mail; asking for more would cost a query for each mail, so it raises.
_FIELDS = ("message_uuid", "kind", "recipient", "user_id", "subject_id", "generation", "attempts", "queued_at")
_NEVER = Value(None, output_field=DateTimeField())
LOST = gettext_noop("The worker was lost before it could say what became of the mail.")
TWICE = gettext_noop("Handed to the mail server twice; the answer was lost both times.")
GIVEN_UP = gettext_noop("Given up: the worker was lost each time that it took this mail.")
UNANSWERED = gettext_noop("No answer after the message was handed over.")


@dataclass(frozen=True, slots=True)
class Delivered:
    """What the server has taken, not yet written down."""

    mail_id: int
    reply: str


@dataclass(frozen=True, slots=True)
class Claim:
    """Mails that are this worker's. is_trial: one mail for a closed gate; what comes of it opens or closes it."""

    mails: Sequence[OutgoingMail]
    is_trial: bool = False

    def __bool__(self) -> bool:
        return bool(self.mails)


def lease() -> timedelta:
    """How long a claim holds: a mail takes at most five calls of the server, and is never begun with less time left."""
    return timedelta(seconds=6 * settings.MAIL_TIMEOUT)


@contextmanager
def session_settings() -> Iterator[None]:
    """On PostgreSQL: marks need not reach the disk (they survive a worker's death; a database crash may cost a copy),
    and no mark waits long for a row that somebody else has locked.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO off; SET lock_timeout TO 500")
    try:
        yield
    finally:
        connection.close_if_unusable_or_obsolete()
        with connection.cursor() as cursor:
            cursor.execute("RESET synchronous_commit; RESET lock_timeout")


def lapse() -> int:
    """Settles claims whose worker was lost; how many. What was handed over twice without an answer is unconfirmed."""
    lapsed = OutgoingMail.objects.filter(state=State.SENDING, next_attempt_at__lte=Now())
    if not lapsed.exists():
        return 0
    spent = Q(hand_overs__gte=COPIES)
    hopeless = Q(lapses__gte=MAX_LAPSES - 1)
    with transaction.atomic():
        held = lapsed.select_for_update(skip_locked=True).values_list("pk", "handed_over_at", "hand_overs", "lapses")
        rows = list(held[:1000])
        count = lapsed.filter(pk__in=[row[0] for row in rows]).update(
            state=Case(
                When(spent, then=Value(State.UNCONFIRMED)),
                When(hopeless, then=Value(State.FAILED)),
                default=Value(State.RETRYING),
            ),
            next_attempt_at=Case(When(spent | hopeless, then=_NEVER), default=Now()),
            finished_at=Case(When(spent | hopeless, then=Now()), default=_NEVER),
            reply=Case(
                When(spent, then=Value(TWICE)),
                When(hopeless, then=Value(GIVEN_UP)),
                default=F("reply"),
            ),
            claimed_by=None,
            handed_over_at=None,
            lapses=F("lapses") + 1,
        )
        # Of the many mails of a claim only the one that was being handed over has been attempted.
        _note([row[0] for row in rows if row[1] or row[2] >= COPIES or row[3] >= MAX_LAPSES - 1], LOST)
    return count


def claim(claimer: uuid.UUID) -> Claim:
    """The rows that are due, now this worker's until the lease ends, oldest first; as many as the gate lets through."""
    gate = gates.read()
    if gate.passage in (Passage.PAUSED, Passage.CLOSED):
        return Claim([])
    is_trial = gate.passage is Passage.TRIAL
    due = OutgoingMail.objects.filter(state__in=[State.QUEUED, State.RETRYING], next_attempt_at__lte=Now())
    with transaction.atomic():
        oldest = due.order_by("next_attempt_at", "pk").select_for_update(skip_locked=True)
        rows = list(oldest.values_list("pk", "lapses")[:BATCH])
        if rows and (is_trial or rows[0][1] >= SUSPECT_LAPSES):
            ids = [rows[0][0]]
        else:
            ids = [pk for pk, lapses in rows if lapses < SUSPECT_LAPSES]
        if not ids or (is_trial and not gates.win_trial(lease())):
            return Claim([])
        due.filter(pk__in=ids).update(
            state=State.SENDING, claimed_by=claimer, handed_over_at=None, next_attempt_at=Now() + lease()
        )
        claimed = OutgoingMail.objects.filter(pk__in=ids, claimed_by=claimer).order_by("pk")
        return Claim(list(claimed.only(*_FIELDS).fetch_mode(FETCH_RAISE)), is_trial)


def renew(claimer: uuid.UUID, mails: Sequence[OutgoingMail]) -> None:
    _held(claimer, mails).update(next_attempt_at=Now() + lease())


def release(claimer: uuid.UUID, mails: Sequence[OutgoingMail]) -> None:
    """Gives back what was claimed and not begun."""
    _held(claimer, mails).filter(handed_over_at__isnull=True).update(
        state=Case(When(attempts=0, lapses=0, then=Value(State.QUEUED)), default=Value(State.RETRYING)),
        next_attempt_at=Now(),
        claimed_by=None,
    )


def advance(claimer: uuid.UUID, delivered: Delivered | None, following: OutgoingMail | None) -> bool:
    """Writes down in one UPDATE that a mail was sent and that the following one is being handed over.

    False if the following one must not be sent: it was cancelled, its claim lapsed, or its copies are spent. The
    confirmation counts whoever holds the row by now; after a lock or a lost connection it is repeated without the mark.
    """
    try:
        return _advance(claimer, delivered, following)
    except OperationalError as problem:
        log.warning("outbox.mark_failed", problem=str(problem).strip())
    for pause in (0.1, 1.0, 5.0):
        connection.close_if_unusable_or_obsolete()
        try:
            _advance(claimer, delivered, None)
            return False
        except OperationalError:
            time.sleep(pause)
    _advance(claimer, delivered, None)
    return False


def _advance(claimer: uuid.UUID, delivered: Delivered | None, following: OutgoingMail | None) -> bool:
    done = delivered.mail_id if delivered else 0
    marked = following.pk if following else 0
    if not done and not marked:
        return False
    values = {
        "done": done,
        "reply": delivered.reply if delivered else "",
        "marked": marked,
        "claimer": OutgoingMail._meta.get_field("claimed_by").get_db_prep_value(claimer, connection),
    }
    return any(pk == marked for (pk,) in prepared(_advancing(connection.vendor), values))


@cache
def _advancing(vendor: str) -> str:
    """By hand: it runs once for each mail, and the ORM would take longer over it than the database."""
    now = "STATEMENT_TIMESTAMP()" if vendor == "postgresql" else "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'NOW')"
    return f"""
        UPDATE accounts_outgoingmail SET
            state = CASE id WHEN %(done)s THEN 'sent' ELSE state END,
            reply = CASE id WHEN %(done)s THEN %(reply)s ELSE reply END,
            finished_at = CASE id WHEN %(done)s THEN {now} ELSE finished_at END,
            next_attempt_at = CASE id WHEN %(done)s THEN NULL ELSE next_attempt_at END,
            claimed_by = CASE id WHEN %(done)s THEN NULL ELSE claimed_by END,
            handed_over_at = CASE id WHEN %(marked)s THEN {now} ELSE handed_over_at END,
            hand_overs = CASE id WHEN %(marked)s THEN hand_overs + 1 ELSE hand_overs END,
            attempts = CASE id WHEN %(marked)s THEN attempts + 1 ELSE attempts END
        WHERE (id = %(done)s AND state NOT IN ('sent', 'bounced', 'complained'))
           OR (id = %(marked)s AND state = 'sending' AND claimed_by = %(claimer)s AND hand_overs < {COPIES})
        RETURNING id"""  # noqa: S608 - constants only


def refuse(claimer: uuid.UUID, mail: OutgoingMail, reply: str) -> None:
    """The server said no for good; its words stay with the row."""
    _settle(claimer, mail, {**_finished(State.FAILED, reply), "hand_overs": F("hand_overs") - 1})


def postpone(claimer: uuid.UUID, mail: OutgoingMail, reply: str) -> None:
    """The server took it for certain not, for now: back off, and give up a day after queueing, not before it has been
    put off often enough: the server may have been away for most of that day.
    """
    _settle(claimer, mail, {**_later(mail.attempts, reply), "hand_overs": F("hand_overs") - 1})


def postpone_unbegun(claimer: uuid.UUID, mails: Sequence[OutgoingMail], reply: str) -> int:
    """There is no server to talk to: what is left of a claim waits for the gate; how many. It costs them nothing of
    their own patience: they stay due, and none is given up for a server's absence.
    """
    with transaction.atomic():
        unbegun = _held(claimer, mails).filter(handed_over_at__isnull=True)
        ids = list(unbegun.select_for_update().values_list("pk", flat=True))
        waiting = {"state": State.RETRYING, "next_attempt_at": Now(), "claimed_by": None, "reply": reply[:500]}
        count = unbegun.filter(pk__in=ids).update(**waiting)
        _note(ids)
    return count


def leave_unanswered(claimer: uuid.UUID, mail: OutgoingMail) -> None:
    """It may have been taken. Once more later; after the second time nobody knows, and it says so."""
    spent = Q(hand_overs__gte=COPIES)
    changes: Changes = {
        "state": Case(When(spent, then=Value(State.UNCONFIRMED)), default=Value(State.RETRYING)),
        "next_attempt_at": Case(When(spent, then=_NEVER), default=Now() + delay(mail.attempts)),
        "finished_at": Case(When(spent, then=Now()), default=_NEVER),
        "reply": UNANSWERED,
        "claimed_by": None,
    }
    _settle(claimer, mail, changes)


def drop(claimer: uuid.UUID, mail: OutgoingMail, reason: str) -> None:
    """There is nothing to send any more."""
    _held(claimer, [mail]).update(**_finished(State.CANCELLED, reason))


def set_aside(claimer: uuid.UUID, mail: OutgoingMail, problem: str) -> None:
    """It could not be written, which is no other mail's matter: some more tries (a release may mend it), then none."""
    if mail.attempts + 1 >= MAX_UNWRITABLE:
        changes = _finished(State.FAILED, problem)
    else:
        changes = _later(mail.attempts, problem)
    _settle(claimer, mail, {**changes, "attempts": F("attempts") + 1})


def delay(attempts: int) -> timedelta:
    """Doubles from FIRST_DELAY to LONGEST_DELAY; up to half is taken off by chance, lest mails return in step."""
    longest = min(FIRST_DELAY * 2 ** min(attempts, 10), LONGEST_DELAY)
    return timedelta(seconds=longest * random.uniform(0.5, 1))  # noqa: S311 - no secret


def _held(claimer: uuid.UUID, mails: Sequence[OutgoingMail]) -> QuerySet[OutgoingMail]:
    return OutgoingMail.objects.filter(pk__in=[mail.pk for mail in mails], claimed_by=claimer, state=State.SENDING)


type Changes = Mapping[str, Combinable | str | None]


def _settle(claimer: uuid.UUID, mail: OutgoingMail, changes: Changes) -> None:
    """Unless the claim has passed to somebody else."""
    with transaction.atomic():
        if _held(claimer, [mail]).update(**changes, handed_over_at=None):
            _note([mail.pk])


def _note(ids: Sequence[int], reply: str = "") -> None:
    """The attempts that have just left these mails as they are; reply: where the mails keep an older one."""
    if not ids:
        return
    left = OutgoingMail.objects.filter(pk__in=ids).order_by("pk").values_list("pk", "state", "reply")
    MailAttempt.objects.bulk_create(
        MailAttempt(mail_id=pk, state=state, reply=reply if reply and state == State.RETRYING else words)
        for pk, state, words in left
    )


def _finished(state: str, reply: str) -> dict[str, Combinable | str | None]:
    return {"state": state, "next_attempt_at": None, "finished_at": Now(), "claimed_by": None, "reply": reply[:500]}


def _later(attempts: int, reply: str) -> dict[str, Combinable | str | None]:
    old = Q(queued_at__lte=Now() - GIVE_UP_AFTER, attempts__gte=ENOUGH_ATTEMPTS)
    return {
        "state": Case(When(old, then=Value(State.FAILED)), default=Value(State.RETRYING)),
        "next_attempt_at": Case(When(old, then=_NEVER), default=Now() + delay(attempts)),
        "finished_at": Case(When(old, then=Now()), default=_NEVER),
        "claimed_by": None,
        "reply": reply[:500],
    }
