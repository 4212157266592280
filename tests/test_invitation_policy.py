"""The states of an invitation, without a database."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invitations.policy import ACCEPTABLE, State, next_reminder, state

pytestmark = [pytest.mark.once, pytest.mark.claim("P9"), pytest.mark.row("A21")]

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
MOMENT_OF_TIME = st.datetimes(timezones=st.just(UTC))
MOMENTS = st.one_of(st.none(), MOMENT_OF_TIME)


@dataclass
class Row:
    accepted_at: datetime | None = None
    declined_at: datetime | None = None
    revoked_at: datetime | None = None
    expires_at: datetime = NOW + timedelta(days=7)


@pytest.mark.claim("P8")
def test_it_is_pending_until_the_very_moment_it_expires() -> None:
    assert state(Row(expires_at=NOW + MOMENT), NOW) is State.PENDING
    assert state(Row(expires_at=NOW), NOW) is State.EXPIRED
    assert state(Row(expires_at=NOW - MOMENT), NOW) is State.EXPIRED


@pytest.mark.parametrize("until", [NOW + MOMENT, NOW - MOMENT])
def test_answers_outlive_the_expiry_and_final_ones_come_first(until: datetime) -> None:
    assert state(Row(accepted_at=NOW, expires_at=until), NOW) is State.ACCEPTED
    assert state(Row(revoked_at=NOW, expires_at=until), NOW) is State.REVOKED
    assert state(Row(declined_at=NOW, expires_at=until), NOW) is State.DECLINED
    assert state(Row(declined_at=NOW, revoked_at=NOW, expires_at=until), NOW) is State.REVOKED
    assert state(Row(declined_at=NOW, accepted_at=NOW, expires_at=until), NOW) is State.ACCEPTED
    assert state(Row(accepted_at=NOW, revoked_at=NOW, expires_at=until), NOW) is State.ACCEPTED


@given(
    st.builds(Row, MOMENTS, MOMENTS, MOMENTS, st.datetimes(timezones=st.just(UTC))),
    st.datetimes(timezones=st.just(UTC)),
)
def test_only_a_pending_one_is_acceptable_and_accepted_and_revoked_are_final(row: Row, now: datetime) -> None:
    found = state(row, now)
    assert (found in ACCEPTABLE) == (
        row.accepted_at is None and row.revoked_at is None and row.declined_at is None and now < row.expires_at
    )
    assert (found in {State.ACCEPTED, State.REVOKED}) == (row.accepted_at is not None or row.revoked_at is not None)


@pytest.mark.parametrize(
    ("days", "reminded", "due"),
    [
        (7, 0, 3),
        (7, 1, 6),
        (7, 2, None),
        (30, 0, 3),
        (30, 1, 29),
        (6, 0, 3),
        (5.9, 0, 4.9),  # the third day would be within two days of the last one
        (3, 0, 2),
        (3, 1, 2),
        (2.9, 0, None),  # too close to the asking itself
        (1, 0, None),
    ],
)
def test_reminders_go_on_the_third_day_and_a_day_before_the_end_and_never_two_days_running(
    days: float, reminded: int, due: float | None
) -> None:
    found = next_reminder(NOW, NOW + timedelta(days=days), reminded)
    assert found == (None if due is None else NOW + timedelta(days=due))
