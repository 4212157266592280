"""A kind of mail that only tests send, so that the outbox can be tried without a domain around it."""

import uuid
from collections.abc import Mapping, Sequence

import pytest

from accounts.emails import AccountWording
from accounts.models import OutgoingMail
from accounts.outbox import Letter, Stale, letters, queue

LINK = "https://roster.example.com/i/"


class Note:
    """Its subject_id numbers the wording; generation 13 cannot be written, generation 99 is stale."""

    name = "note"

    def letters(self, mails: Sequence[OutgoingMail]) -> Mapping[int, Letter | Stale]:
        return {mail.pk: self.letter(mail) for mail in mails}

    def letter(self, mail: OutgoingMail) -> Letter | Stale:
        if mail.generation == 99:
            return Stale("Nobody needs it any more.")
        if mail.generation == 13:
            raise RuntimeError("a template that fails")
        wording = AccountWording(f"Note {mail.subject_id or 0}", "Some news.", "Look", "That is all.")
        return Letter(wording, {"link": f"{LINK}{mail.message_uuid.hex}?a=1&b=2"})


@pytest.fixture
def note(monkeypatch: pytest.MonkeyPatch) -> None:
    """Registers the kind for one test."""
    monkeypatch.setitem(letters.kinds, Note.name, Note())


def queue_notes(*recipients: str, **fields: object) -> list[OutgoingMail]:
    return queue(OutgoingMail(kind=Note.name, recipient=recipient, **fields) for recipient in recipients)


def queue_many(count: int) -> list[OutgoingMail]:
    return queue_notes(*(f"person{number}@example.org" for number in range(count)))


def claimed_by(worker: uuid.UUID) -> list[OutgoingMail]:
    return list(OutgoingMail.objects.filter(claimed_by=worker))
