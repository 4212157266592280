"""The shapes of an ask: what an administrator enters, and what becomes of each address. No query, no write."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.addresses import AddressError, Pasted, canonical
from accounts.names import clean_name


class Result(StrEnum):
    INVITED = "invited"
    RENEWED = "renewed"
    MEMBER = "member"
    INVALID = "invalid"
    DUPLICATE = "duplicate"
    OVER_LIMIT = "over_limit"
    ABOVE_RIGHTS = "above_rights"

    @property
    def is_good(self) -> bool:
        return self in {Result.INVITED, Result.RENEWED}

    @property
    def needs_a_look(self) -> bool:
        return self in {Result.INVALID, Result.OVER_LIMIT, Result.ABOVE_RIGHTS}

    @property
    def sentence(self) -> Promise:
        return SENTENCES[self]


SENTENCES: Mapping[Result, Promise] = {
    Result.INVITED: _("Will be invited."),
    Result.RENEWED: _("Was invited before; gets a new link."),
    Result.MEMBER: _("Is a member already."),
    Result.INVALID: _("Is no address."),
    Result.DUPLICATE: _("Stands in the list more than once."),
    Result.OVER_LIMIT: _("Is over today's limit of mails. Try again tomorrow."),
    Result.ABOVE_RIGHTS: _("Holds permissions that you do not hold."),
}


@dataclass(frozen=True, slots=True)
class Addressee:
    """Somebody to ask in: canonical address, and the name given beside it, if any."""

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one entry of the list. text is what was typed; note says more than the result's sentence."""

    text: str
    result: Result
    address: str = ""
    name: str = ""
    note: str = ""

    @property
    def sentence(self) -> str:
        return self.note or str(self.result.sentence)


@dataclass(frozen=True, slots=True)
class Ask:
    """What goes with every address of one ask. placements: workspace id -> workspace role id. days: until it
    expires.
    """

    role_id: int
    group_ids: Sequence[int] = ()
    placements: Mapping[int, int] = field(default_factory=dict)
    message: str = ""
    days: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    lines: Sequence[Line]

    def count(self, *results: Result) -> int:
        return sum(line.result in results for line in self.lines)


def read_entries(entries: Iterable[Pasted]) -> tuple[list[Addressee], list[Line]]:
    """Sorts entries into addressees, each address once, and lines that need no look-up: invalid ones and
    repetitions.
    """
    addressees: dict[str, Addressee] = {}
    lines: list[Line] = []
    for entry in entries:
        try:
            address = canonical(entry.text)
            name = clean_name(entry.name) if entry.name else ""
        except (AddressError, ValidationError) as error:
            note = error.messages[0] if isinstance(error, ValidationError) else str(error)
            lines.append(Line(entry.text, Result.INVALID, name=entry.name, note=note))
            continue
        if address in addressees:
            lines.append(Line(entry.text, Result.DUPLICATE, address, name))
        else:
            addressees[address] = Addressee(address, name)
    return list(addressees.values()), lines
