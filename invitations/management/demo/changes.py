"""What was changed in the demo's organizations after people had come. Data only."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

SUPPORT = "Sam Okonkwo"


class Kind(StrEnum):
    MAKE_ADMIN = "make_admin"
    MAKE_MEMBER = "make_member"
    SUSPEND = "suspend"
    REACTIVATE = "reactivate"
    REMOVE = "remove"
    LEAVE = "leave"
    BLOCK = "block"
    OFFER = "offer"
    WITHDRAW = "withdraw"
    LENGTHEN = "lengthen"


@dataclass(frozen=True)
class Change:
    """At so many days ago the actor (SUPPORT: from Django admin) did it to the person."""

    company: str
    days: int
    actor: str
    kind: Kind
    person: str = ""


@dataclass(frozen=True)
class Departed:
    """Somebody who came and is gone: when, in days ago; they left themselves or were removed."""

    company: str
    name: str
    department: str
    came: int
    went: int
    left: bool = False


CHANGES: Sequence[Change] = (
    Change("Acme Research", 88, "Olga Rossi", Kind.SUSPEND, "Fernando Itzcóatl Medina"),
    Change("Acme Research", 61, "Nadia Rahmani", Kind.REACTIVATE, "Fernando Itzcóatl Medina"),
    Change("Acme Research", 54, "Nadia Rahmani", Kind.SUSPEND, "Caio Nakagawa Ferreira"),
    Change("Acme Research", 36, "Olga Rossi", Kind.MAKE_ADMIN, "Samira Benhaddou"),
    Change("Acme Research", 33, "Aleksander Nowicki", Kind.SUSPEND, "Mirela Ionescu"),
    Change("Acme Research", 24, "Olga Rossi", Kind.MAKE_MEMBER, "Samira Benhaddou"),
    Change("Acme Research", 17, SUPPORT, Kind.BLOCK, "Xavier Lemaître"),
    Change("Acme Research", 10, "Olga Rossi", Kind.LENGTHEN),
    Change("Acme Research", 6, "Nadia Rahmani", Kind.SUSPEND, "Kofi Asante-Boateng"),
    Change("Northlab", 45, "Ingrid Solberg", Kind.MAKE_ADMIN, "Camilla Brandt-Rasmussen"),
    Change("Northlab", 29, "Mats Åkerlund", Kind.SUSPEND, "Emil Fagerström"),
    Change("Northlab", 20, "Ingrid Solberg", Kind.OFFER, "Mats Åkerlund"),
    Change("Northlab", 18, "Ingrid Solberg", Kind.WITHDRAW),
    Change("Harbor Systems", 12, SUPPORT, Kind.SUSPEND, "Tendai Chikowore"),
    Change("Harbor Systems", 2, "Marcus Adebayo-Lind", Kind.OFFER, "Wilhelmina van Oosterhout"),
)

DEPARTED: Sequence[Departed] = (
    Departed("Acme Research", "Doris Achterberg", "Chemistry", 300, 47),
    Departed("Acme Research", "Farah Siddiqui", "Data science", 211, 13, left=True),
    Departed("Northlab", "Hugo Palmqvist", "Sensors", 200, 34),
)
