"""The shapes of an ask: what an administrator enters, and what becomes of each address. No query, no write."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from accounts.addresses import AddressError, Pasted, canonical
from accounts.names import UnfitName, clean_name
from config.sentences import Sentence
from config.sentences import Sentence as _
from workspaces.reasons import Reason


class Result(StrEnum):
    INVITED = "invited"
    RENEWED = "renewed"
    GAINS = "gains"
    MEMBER = "member"
    INVALID = "invalid"
    DUPLICATE = "duplicate"
    UNKNOWN = "unknown"
    OVER_LIMIT = "over_limit"
    OVER_SEATS = "over_seats"
    ABOVE_RIGHTS = "above_rights"

    @property
    def is_good(self) -> bool:
        return self in {Result.INVITED, Result.RENEWED}

    @property
    def needs_a_look(self) -> bool:
        return self in {Result.INVALID, Result.OVER_LIMIT, Result.OVER_SEATS, Result.ABOVE_RIGHTS}

    @property
    def sentence(self) -> Sentence:
        return SENTENCES[self]


IMPORTABLE = (Result.INVITED, Result.RENEWED, Result.GAINS)
"""What the rows of an import may be, to be applied."""

SENTENCES: Mapping[Result, Sentence] = {
    Result.INVITED: _("Will be invited."),
    Result.RENEWED: _("Was invited before; gets a new link."),
    Result.GAINS: _("Is a member already, and gains what is asked for."),
    Result.MEMBER: _("Is a member already."),
    Result.INVALID: _("Is no address."),
    Result.DUPLICATE: _("Stands in the list more than once."),
    Result.UNKNOWN: _("Names a role, a group or a workspace that is not there."),
    Result.OVER_LIMIT: _("Has had the mails of today. Try again tomorrow."),
    Result.OVER_SEATS: _("Has no free seat. Remove people, revoke invitations, or ask the operator for more seats."),
    Result.ABOVE_RIGHTS: _("Holds permissions that you do not hold."),
}


OVER_DAY: Mapping[Reason, Sentence] = {
    Reason.OVER_LIMIT_HERE: _("Is over the organization's limit of today. Try again tomorrow."),
    Reason.OVER_LIMIT_YOURS: _("Is over your own limit of today. Try again tomorrow, or ask another admin."),
}
"""The sentences of OVER_LIMIT where it is not the address that had its mails."""


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
    note: Sentence | str = ""

    @property
    def sentence(self) -> str:
        return str(self.note or self.result.sentence)

    @property
    def reason(self) -> Reason | None:
        """Why not, in the words of all refusals; None where only lists say such a thing."""
        if self.result is Result.OVER_LIMIT:
            own = (reason for reason, sentence in OVER_DAY.items() if self.note == sentence)
            return next(own, Reason.OVER_LIMIT)
        return {Result.OVER_SEATS: Reason.NO_SEAT, Result.ABOVE_RIGHTS: Reason.HOLDS_MORE}.get(self.result)


@dataclass(frozen=True, slots=True)
class Ask:
    """What goes with every address of one ask. placements: workspace id -> workspace role id. days: until it expires.
    language: of its mail; empty: the organization's, or for somebody waiting the one chosen before.
    """

    role_id: int
    group_ids: Sequence[int] = ()
    placements: Mapping[int, int] = field(default_factory=dict)
    message: str = ""
    days: int | None = None
    language: str = ""


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
        except (AddressError, UnfitName) as error:
            lines.append(Line(entry.text, Result.INVALID, name=entry.name, note=error.sentence))
            continue
        if address in addressees:
            lines.append(Line(entry.text, Result.DUPLICATE, address, name))
        else:
            addressees[address] = Addressee(address, name)
    return list(addressees.values()), lines
