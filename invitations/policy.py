"""The states of an invitation (ACCEPTANCE P9), computed from its timestamps and the database's clock. Pure: no
query.
"""

from datetime import datetime, timedelta
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

# A code that proves the address of whoever came by a copied link.
CODE_LIFE = timedelta(minutes=15)
CODE_TRIES = 5
CODES_PER_DAY = 3

# Reminders: on the third day, and a day before the end; never so close that they would be a nuisance.
FIRST_REMINDER = timedelta(days=3)
LAST_REMINDER = timedelta(days=1)
"""Before the end."""
BETWEEN_MAILS = timedelta(days=2)
MOST_REMINDERS = 2


def next_reminder(sent_at: datetime, expires_at: datetime, reminders: int) -> datetime | None:
    """When the next one is due, by when it was asked last, and how many were sent since then; None for no more."""
    last = expires_at - LAST_REMINDER
    first = sent_at + FIRST_REMINDER
    if reminders == 0 and first + BETWEEN_MAILS <= last:
        return first
    return last if reminders < MOST_REMINDERS and sent_at + BETWEEN_MAILS <= last else None
