"""What a worker does with the outbox: claim, write, send, note. Safe in any number, and to be killed at any point."""

import time
import uuid
from collections import Counter
from collections.abc import Sequence

import structlog
from django.conf import settings

from accounts.models import OutgoingMail
from accounts.outbox import claims, gates
from accounts.outbox.letters import Stale
from accounts.outbox.queueing import hint
from accounts.outbox.skeletons import sender_address
from accounts.outbox.smtp import Refused, Session, Unanswered, Unreachable
from accounts.outbox.writing import Unwritable, write

log = structlog.get_logger(__name__)

# Seconds; below the worker's soft shutdown, so that a worker that is asked to stop gives its claims back.
DRAIN_SECONDS = 15.0
BROKEN_OFF = 3  # mails in a row at which the server breaks off: no mail's fault any more


def sweep() -> Counter[str]:
    """What beat asks for every few seconds: finishes what a lost message or a lost worker began."""
    lapsed = claims.lapse()
    if lapsed:
        log.warning("outbox.claims_lapsed", mails=lapsed)
    return drain()


def drain(seconds: float = DRAIN_SECONDS) -> Counter[str]:
    """Sends what is due until nothing is, or hints the next drain when its time is up. How many mails ended how."""
    with claims.session_settings(), Session(sender_address()) as session:
        drained = _Drain(session, until=time.monotonic() + seconds)
        is_done = drained.run()
    if not is_done:
        hint()
    if drained.outcomes:
        log.info("outbox.drained", **drained.outcomes)
    return drained.outcomes


class _Drain:
    def __init__(self, session: Session, *, until: float) -> None:
        self.outcomes: Counter[str] = Counter()
        self._session = session
        self._until = until
        self._claimer = uuid.uuid4()
        self._answers = 0  # in the present claim: mails to which the server has said anything
        self._failures = 0  # mails in a row at which it broke off
        self._problem = ""

    def run(self) -> bool:
        """False if the time is up and more is due."""
        while claim := claims.claim(self._claimer):
            held_since = time.monotonic()
            self._answers = 0
            all_settled = False
            try:
                all_settled = self._deliver(claim.mails, held_since)
            except Unreachable as problem:
                self.outcomes["unreachable"] += claims.postpone_unbegun(self._claimer, claim.mails, str(problem))
                gates.close(str(problem), after_trial=claim.is_trial)
                return True
            finally:
                if not all_settled:
                    claims.release(self._claimer, claim.mails)
            if claim.is_trial:
                self._end_trial()
            if self._time_is_up():
                return False
        return True

    def _end_trial(self) -> None:
        if self._answers:
            log.info("outbox.gate_opened")
            gates.reopen()
            hint()
        elif self._failures:
            gates.close(self._problem, after_trial=True)
        else:
            gates.give_up_trial()

    def _deliver(self, mails: Sequence[OutgoingMail], held_since: float) -> bool:
        """False if some of the mails are still to be sent: the time was up, or a row was locked by somebody else."""
        all_settled = True
        delivered: claims.Delivered | None = None
        try:
            for mail, written in write(mails):
                if self._time_is_up():
                    return False
                if not isinstance(written, bytes):
                    self._put_away(mail, written)
                    continue
                self._session.open()
                if time.monotonic() - held_since > settings.MAIL_TIMEOUT:
                    held_since = time.monotonic()
                    claims.renew(self._claimer, mails)
                marked = claims.advance(self._claimer, delivered, mail)
                delivered = None
                if marked:
                    delivered = self._hand_over(mail, written)
                all_settled = all_settled and marked
        finally:
            if delivered:
                claims.advance(self._claimer, delivered, None)
        return all_settled

    def _hand_over(self, mail: OutgoingMail, message: bytes) -> claims.Delivered | None:
        try:
            reply = self._session.send(mail.recipient, message)
        except Refused as refusal:
            self._answered("refused" if refusal.permanent else "postponed")
            note = claims.refuse if refusal.permanent else claims.postpone
            note(self._claimer, mail, str(refusal))
        except Unanswered as problem:
            self.outcomes["unanswered"] += 1
            log.warning("outbox.unanswered", mail=mail.pk, problem=str(problem))
            claims.leave_unanswered(self._claimer, mail)
            self._broken_off(str(problem))
        except Unreachable as problem:  # perhaps only this mail is what the server cannot bear: the next one will tell
            self.outcomes["postponed"] += 1
            claims.postpone(self._claimer, mail, str(problem))
            self._broken_off(str(problem))
        else:
            self._answered("sent")
            return claims.Delivered(mail.pk, reply)
        return None

    def _answered(self, outcome: str) -> None:
        self.outcomes[outcome] += 1
        self._answers += 1
        self._failures = 0

    def _broken_off(self, problem: str) -> None:
        """A server that breaks off mail after mail is as good as gone. Raises Unreachable."""
        self._failures += 1
        self._problem = problem
        if self._failures >= BROKEN_OFF:
            raise Unreachable(problem)

    def _put_away(self, mail: OutgoingMail, written: Stale | Unwritable) -> None:
        if isinstance(written, Stale):
            self.outcomes["stale"] += 1
            claims.drop(self._claimer, mail, written.reason)
        else:
            self.outcomes["unwritable"] += 1
            claims.set_aside(self._claimer, mail, written.problem)

    def _time_is_up(self) -> bool:
        return time.monotonic() >= self._until
