"""From claimed rows to ready messages: one skeleton for each wording of a batch; a poison row spoils only itself."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache

import structlog
from django.utils.translation import gettext_noop

from accounts.models import OutgoingMail
from accounts.outbox.letters import Letter, Stale, Wording, kinds
from accounts.outbox.skeletons import Skeleton

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Unwritable:
    """A kind, template or value failed; the log has the traceback, the row these words."""

    problem: str


type Written = bytes | Stale | Unwritable


def write(mails: Sequence[OutgoingMail]) -> Iterator[tuple[OutgoingMail, Written]]:
    """The mails in their order, each written only when it is asked for."""
    letters = _letters(mails)
    skeletons: dict[Wording, Skeleton | Unwritable] = {}
    for mail in mails:
        letter = letters[mail.pk]
        if not isinstance(letter, Letter):
            yield mail, letter
            continue
        wording = letter.wording
        skeleton = skeletons.get(wording)  # once: a wording is long to hash
        if skeleton is None:
            skeleton = skeletons[wording] = _skeleton(mail, wording)
        yield mail, _message(mail, skeleton, letter.values)


def _letters(mails: Sequence[OutgoingMail]) -> Mapping[int, Letter | Stale | Unwritable]:
    by_kind: dict[str, list[OutgoingMail]] = {}
    for mail in mails:
        by_kind.setdefault(mail.kind, []).append(mail)
    letters: dict[int, Letter | Stale | Unwritable] = {}
    for kind, group in by_kind.items():
        try:
            letters.update(kinds[kind].letters(group))
        except Exception as problem:  # noqa: BLE001 - whatever a kind raises must not stop the other mails
            if len(group) == 1:
                letters[group[0].pk] = _unwritable(group[0], problem)
            else:
                for mail in group:
                    letters.update(_letters([mail]))
    return letters


def _skeleton(mail: OutgoingMail, wording: Wording) -> Skeleton | Unwritable:
    try:
        return Skeleton(wording)
    except Exception as problem:  # noqa: BLE001 - as above
        return _unwritable(mail, problem)


def _message(mail: OutgoingMail, skeleton: Skeleton | Unwritable, values: Mapping[str, str]) -> Written:
    if isinstance(skeleton, Unwritable):
        return skeleton
    # Date is when the mail was ready to be sent (RFC 5322, 3.6.1): with the Message-ID, a second copy has the same.
    headers = {
        "recipient": mail.recipient,
        "date": _date(mail.queued_at),
        "message_id": f"{mail.pk}.{mail.message_uuid}",  # with the row's id, by which a bounce finds it
    }
    try:
        return skeleton.fill({**values, **headers})
    except (KeyError, ValueError) as problem:
        return _unwritable(mail, problem)


@lru_cache(maxsize=256)
def _date(moment: datetime) -> str:
    return format_datetime(moment)  # many mails are queued at the same moment


def _unwritable(mail: OutgoingMail, problem: Exception) -> Unwritable:
    log.error("outbox.unwritable", mail=mail.pk, kind=mail.kind, exc_info=problem)
    return Unwritable(gettext_noop("Roster could not write this mail; its log says why."))
