"""The check before somebody gets a seat. Every action that adds people to an organization, or renews what has ended,
asks here under the lock that it holds; accepting does not, since a pending invitation holds its seat.
"""

from workspaces.actions.locking import Locked
from workspaces.queries.seats import seats_of
from workspaces.reasons import Reason


def free_seats(held: Locked) -> int | None:
    """How many people may still be added now; None: any number. For lists, which take as many and skip the rest."""
    seats = seats_of(held.organization)
    return None if seats is None else seats.free


def insist_on_seats(held: Locked, count: int = 1) -> None:
    """Raises Refusal 409 unless so many more people have a seat. Call it before they are added."""
    free = free_seats(held)
    if free is not None and free < count:
        raise Reason.NO_SEAT.refusal()
