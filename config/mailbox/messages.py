"""Reads the development mailbox: a Maildir that the SMTP server of `make run` fills. Changes nothing in it."""

import email
import email.policy
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

SHOWN_HEADERS = ("From", "To", "Date", "Message-ID", "Reply-To", "Auto-Submitted", "List-Unsubscribe")


@dataclass(frozen=True)
class ReceivedMail:
    key: str
    received_at: datetime
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message.get("Subject", ""))

    @property
    def sender(self) -> str:
        return str(self.message.get("From", ""))

    @property
    def recipient(self) -> str:
        """Who the envelope was for; the To header may say another."""
        return str(self.message.get("X-RcptTo", self.message.get("To", "")))

    @property
    def headers(self) -> list[tuple[str, str]]:
        return [(name, str(value)) for name in SHOWN_HEADERS for value in self.message.get_all(name, [])]

    @property
    def text(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        return self._part("html")

    def _part(self, kind: str) -> str:
        part = self.message.get_body(preferencelist=(kind,))
        return str(part.get_content()) if part is not None else ""


def newest(folder: Path, count: int) -> Iterator[ReceivedMail]:
    """The last `count` mails, newest first. Names in a Maildir begin with the second at which they came."""
    paths = sorted((folder / "new").glob("*"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    return (_read(path) for path in paths[:count])


def find(folder: Path, key: str) -> ReceivedMail | None:
    path = folder / "new" / key
    return _read(path) if path.parent == folder / "new" and path.is_file() else None


def _read(path: Path) -> ReceivedMail:
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    received = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    assert isinstance(message, EmailMessage)  # the policy makes it one
    return ReceivedMail(key=path.name, received_at=received, message=message)
