"""What other apps hang into the person, typed. `accounts` never imports them; hooks are added while apps are loaded."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.http import HttpRequest

from accounts.actors import Actor
from accounts.models import OutgoingMail


@dataclass(frozen=True, slots=True)
class Door:
    """A way in for somebody who has no account yet.

    address: the only one that the new account gets; empty: the person's choice, to be confirmed by mail.
    is_proven: whoever stands at this door has already shown that the address is theirs (a link that was mailed to it).
    sentence: what they come for, shown above the form. only_first: the door of an empty installation, for one person.
    objection: where the choice of address is not free, says why not this one ("": it may come in).
    """

    address: str = ""
    is_proven: bool = False
    sentence: str = ""
    only_first: bool = False
    objection: Callable[[str], str] | None = None

    def __post_init__(self) -> None:
        if self.is_proven and not self.address:
            raise ValueError("Only a fixed address can be proven beforehand.")

    def refusal_of(self, address: str) -> str:
        """Why nobody comes in by this door with the canonical address; "" for a welcome one."""
        return self.objection(address) if self.objection is not None else ""


class Ending(StrEnum):
    """What happens to an account. Unblocking ends nothing; nobody may object to it."""

    DELETED = "deleted"
    BLOCKED = "blocked"
    UNBLOCKED = "unblocked"


@dataclass(frozen=True, slots=True)
class Departure:
    """An account is about to end, or to come back from a block. actor: who does it, the person or support staff."""

    user_id: int
    ending: Ending
    actor: Actor


@dataclass(frozen=True, slots=True)
class Objection:
    """Why an account cannot end now, and the way out: a sentence, and the page where it is (empty: none)."""

    sentence: str
    url: str = ""
    label: str = ""


# Asked when an anonymous visitor opens or posts the sign-up page; the first door that opens counts.
signup_doors: list[Callable[[HttpRequest], Door | None]] = []

# Called with the user's id inside the transaction that made them, changed their name or confirmed addresses, blocked or
# unblocked them.
person_changed: list[Callable[[int], None]] = []

# Both are called inside the transaction that ends the account, all objections before the first departure. An objector
# first locks the organizations that it will count (by id); a departure ends memberships (DELETED) and writes history.
objections: list[Callable[[Departure], Iterable[Objection]]] = []
departures: list[Callable[[Departure], None]] = []

# Called inside the transaction that notes that the reader of a mail has marked it as spam.
mail_complained: list[Callable[[OutgoingMail], None]] = []

# What the frame around the person's own pages needs (the left column), merged into the template's context.
frames: list[Callable[[HttpRequest], Mapping[str, object]]] = []


def tell_person_changed(user_id: int) -> None:
    for hook in person_changed:
        hook(user_id)
