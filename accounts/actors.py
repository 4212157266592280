"""Who acts, and from where. Enters every action of every app; what they may do is read again under the lock."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

FRESH = timedelta(minutes=5)
"""How recent a sign-in or a confirmation of identity must be for a sensitive act (ACCEPTANCE P15)."""


class Source(StrEnum):
    WEB = "web"
    ADMIN = "admin"
    COMMAND = "command"
    WORKER = "worker"


@dataclass(frozen=True, slots=True)
class Actor:
    """user_id None is Roster itself. authenticated_at: the last proof of identity, for sensitive acts (P15)."""

    user_id: int | None
    source: Source
    ip: str | None = None
    request_id: str = ""
    authenticated_at: datetime | None = None
    on_behalf_of_id: int | None = None
    is_support: bool = False


ROSTER = Actor(user_id=None, source=Source.WORKER)


def is_fresh(authenticated_at: datetime | None, now: datetime, within: timedelta = FRESH) -> bool:
    """A time in the future, from a clock that was set back, proves nothing."""
    return authenticated_at is not None and timedelta(0) <= now - authenticated_at < within
