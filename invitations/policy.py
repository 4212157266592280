"""The states of an invitation (ACCEPTANCE P9), computed from its timestamps and the database's clock. Pure: no
query.
"""

from datetime import datetime
from enum import StrEnum
from typing import Protocol


class State(StrEnum):
    PENDING = "pending"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    REVOKED = "revoked"


class Answered(Protocol):
    """The timestamps that decide."""

    accepted_at: datetime | None
    declined_at: datetime | None
    revoked_at: datetime | None
    expires_at: datetime


def state(invitation: Answered, now: datetime) -> State:
    """Accepted and revoked are final; declined and expired end with the next resending."""
    if invitation.accepted_at is not None:
        return State.ACCEPTED
    if invitation.revoked_at is not None:
        return State.REVOKED
    if invitation.declined_at is not None:
        return State.DECLINED
    return State.PENDING if now < invitation.expires_at else State.EXPIRED


ACCEPTABLE = frozenset({State.PENDING})
