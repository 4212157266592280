"""What a mail says, and the register of kinds. Knows nothing of MIME or SMTP.

A kind turns rows into letters when they are sent. Letters with equal wording share one skeleton
(`accounts.outbox.skeletons`); only their values differ.
"""

import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol
from urllib.parse import urlsplit

from django.conf import settings

from accounts.models import OutgoingMail

# Mail clients make links of bare hosts, schemes and paths of shares: invisible breaks around their marks stop it.
_BREAK = "\u200b"
_LINK_MARKS = re.compile(r"(?<=\w)[.\u3002\uff0e\uff61](?=[^\W\d])|(?<=\w):(?=[^\W\d]|/)|(?<=/)/|(?<=\\)\\")
_AT = re.compile(r"(?<=\S)@(?=\S)")
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


@dataclass(frozen=True)
class Wording(ABC):
    """What several mails have in common: hashable, equal where the skeleton may be shared.

    Subclasses are frozen dataclasses; subject and templates speak `language`.
    `templates/<template>.mjml` and `.txt` see the wording as `mail` and each slot,
    by its name, as a placeholder: print it as it is, without filters.
    """

    template: ClassVar[str]
    slots: ClassVar[frozenset[str]] = frozenset()
    unsubscribe_slot: ClassVar[str] = ""
    """The slot with the address where the recipient ends such mails by one POST (RFC 8058); empty: they cannot."""

    language: str = field(default="en", kw_only=True)

    @property
    @abstractmethod
    def subject(self) -> str: ...

    @property
    def sender_name(self) -> str:
        """Display name beside the fixed From address; empty for the installation's own."""
        return ""

    @property
    def host(self) -> str:
        """Where this installation lives, for the foot."""
        return str(urlsplit(settings.PUBLIC_URL).netloc)


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail's wording and the values of its slots: one line of plain text each."""

    wording: Wording
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Stale:
    """Nothing to send any more; `reason` is a sentence for administrators, in English: it is translated where it is
    read, so mark it with gettext_noop.
    """

    reason: str


class MailKind(Protocol):
    """Answers for every row that it is given, in a constant number of queries; may raise for what it cannot read."""

    @property
    def name(self) -> str: ...

    def letters(self, mails: Sequence[OutgoingMail]) -> Mapping[int, Letter | Stale]:
        """By the row's id. Must not write, and must put no user's words into a link."""


kinds: dict[str, MailKind] = {}


def register(kind: MailKind) -> None:
    """Called while apps are loaded; the name stands in rows, so it never changes its meaning."""
    if kind.name in kinds:
        raise ValueError(f"There is a kind of mail named {kind.name} already.")
    kinds[kind.name] = kind


def without_links(text: str) -> str:
    """A user's words, such that no mail client finds a link in them; hidden characters go, newlines stay."""
    visible = "".join(one for one in text if one == "\n" or unicodedata.category(one) not in _HIDDEN)
    return _AT.sub(" @ ", _LINK_MARKS.sub(rf"{_BREAK}\g<0>{_BREAK}", visible))


def one_line(text: str) -> str:
    """`without_links` in a single line, for names and subjects."""
    return " ".join(without_links(text).split())
