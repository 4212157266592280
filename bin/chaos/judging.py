"""The rows of the outbox against what the SMTP server took: every way in which a promise was broken."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ground import CHILDREN, WORKERS
from moods import BROKEN, POISON, UNANSWERED, Mood, mood_of

MOST_COPIES = 2
AT_ONCE = WORKERS * CHILDREN  # mails that can be in the middle of a hand-over when a server dies


@dataclass(frozen=True)
class Mail:
    """A row and what came of it. attempts: state and words of those that failed. copies: Message-ID and links."""

    recipient: str
    state: str
    hand_overs: int
    attempts: list[tuple[str, str]]
    copies: list[tuple[str, tuple[str, ...]]]

    @property
    def lost_answers(self) -> int:
        return sum(words.startswith(UNANSWERED) for _state, words in self.attempts)

    def __str__(self) -> str:
        return f"{self.recipient} ({self.state}, {self.hand_overs} hand-overs, {len(self.copies)} copies)"


@dataclass(frozen=True)
class Outcome:
    sent: int
    lost: int
    doubled: int
    unconfirmed: int
    breaches: list[str]

    def __str__(self) -> str:
        return f"sent {self.sent}, lost {self.lost}, doubled {self.doubled}, unconfirmed {self.unconfirmed}"


def judge(name: str, journal: Path, number: int) -> Outcome:
    """name: of the round."""
    mails = list(_mails(journal))
    breaches = [breach for mail in mails for breach in _of_any(mail)]
    if len(mails) != number:
        breaches.append(f"there are {len(mails)} rows for {number} invitations")
    if name == "smtp":
        breaches += _under_moods(mails, journal)
    else:
        # A kill between mark and DATA may cost the knowledge whether it was taken; it is never called sent then.
        good = {"sent", "unconfirmed"} if name == "kills" else {"sent"}
        breaches += [f"{mail} is not sent" for mail in mails if mail.state not in good]
    if name in ("none", "broker"):
        breaches += [f"{mail} was not handed over exactly once" for mail in mails if mail.hand_overs != 1]
    states = Counter(mail.state for mail in mails)
    return Outcome(
        sent=states["sent"],
        lost=sum(mail.state == "sent" and not mail.copies for mail in mails)
        + sum(states[state] for state in ("queued", "sending", "cancelled"))
        + max(0, number - len(mails)),
        doubled=sum(len(mail.copies) > 1 for mail in mails),
        unconfirmed=states["unconfirmed"],
        breaches=breaches,
    )


def _mails(journal: Path) -> Iterator[Mail]:
    from accounts.models import MailAttempt, OutgoingMail

    copies: dict[str, list[tuple[str, tuple[str, ...]]]] = defaultdict(list)
    for told in _told(journal):
        if "message_id" in told:
            copies[told["to"]].append((told["message_id"], tuple(told["links"])))
    attempts: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for mail_id, state, reply in MailAttempt.objects.order_by("pk").values_list("mail_id", "state", "reply"):
        attempts[mail_id].append((state, reply))
    for pk, recipient, state, hand_overs in OutgoingMail.objects.values_list("pk", "recipient", "state", "hand_overs"):
        yield Mail(recipient, state, hand_overs, attempts[pk], copies.pop(recipient, []))
    assert not copies, f"the server took what nobody queued: {list(copies)[:5]}"


def _told(journal: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in journal.read_text().splitlines()]


def _of_any(mail: Mail) -> Iterator[str]:
    """Whatever happened: never more copies than hand-overs, at most two, alike, and what is called sent was taken."""
    if len(mail.copies) > min(mail.hand_overs, MOST_COPIES):
        yield f"{mail} has too many copies"
    if mail.state == "sent" and not mail.copies:
        yield f"{mail} was never taken"
    if len(set(mail.copies)) > 1:
        yield f"{mail} got copies that differ: {set(mail.copies)}"
    if any(len(links) != 1 for _message_id, links in mail.copies):
        yield f"{mail} got a message without its link"


def _under_moods(mails: list[Mail], journal: Path) -> Iterator[str]:
    """Each row as its recipient's mood has it; only what was being handed over when the server died may differ."""
    treated = {told["to"] for told in _told(journal) if "fault" in told}
    caught = []
    for mail in mails:
        mood = mood_of(mail.recipient)
        if mood and mail.recipient not in treated:
            yield f"{mail} never met its fault"
        if mood == POISON:
            yield from _poisoned(mail)
        elif _is_as_expected(mail, mood):
            if mood is None or any(words.startswith(mood.words) for _state, words in mail.attempts):
                continue
            if mood.words == BROKEN and mail.attempts:  # the session's second try met a server that had just died
                caught.append(mail)
            else:
                yield f"{mail} has no attempt that says “{mood.words}”: {mail.attempts}"
        elif _was_caught(mail, mood):
            caught.append(mail)
        else:
            yield f"{mail} is not as the mood {mood.name if mood else 'none'} has it: {mail.attempts}"
    if len(caught) > 2 * AT_ONCE:
        yield f"{len(caught)} mails met the server's end besides their mood, such as {caught[0]}"


def _is_as_expected(mail: Mail, mood: Mood | None) -> bool:
    expected = (mood.state, mood.copies, mood.hand_overs) if mood else ("sent", 1, 1)
    return (mail.state, len(mail.copies), mail.hand_overs) == expected


def _was_caught(mail: Mail, mood: Mood | None) -> bool:
    """It lost more answers than its mood asked for, and both rows and attempts say so."""
    asked_for = mood.hand_overs - (mood.state == "sent") if mood else 0
    if mail.lost_answers <= asked_for:
        return False
    if mail.lost_answers == MOST_COPIES:
        return (mail.state, mail.hand_overs) == ("unconfirmed", MOST_COPIES)
    is_refused = mood is not None and mood.state == "failed"
    return (mail.state, mail.hand_overs) == (("failed", 1) if is_refused else ("sent", 2))


def _poisoned(mail: Mail) -> Iterator[str]:
    if (mail.state, len(mail.copies), mail.hand_overs) != (POISON.state, POISON.copies, POISON.hand_overs):
        yield f"{mail}, which is poison, is not simply retrying"
    if not mail.attempts:
        yield f"{mail} was never attempted"
