"""How it goes with members who wait, as whoever keeps their invitations says it (`registry.WaitingSource`)."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import connection

from workspaces.models import Member, Organization
from workspaces.registry import Waiting, waiting_sources

if TYPE_CHECKING:
    from workspaces.queries.members import Found


def waiting_column() -> str:
    """Of the statement of a list of `people`: a text for whoever waits."""
    return f"CASE WHEN people.joined_at IS NULL THEN ({_sql()}) END"


def waiting_among(organization: Organization, rows: Iterable["Found"], now: datetime) -> dict[int, Waiting]:
    """With those of the rows who wait, by member."""
    return _read(organization, ((row.id, row.waiting) for row in rows), now)


def waiting_of(organization: Organization, member_ids: Collection[int], now: datetime) -> dict[int, Waiting]:
    """The same of members of the organization by their ids, in one query."""
    if not member_ids:
        return {}
    marks = ", ".join(["%s"] * len(member_ids))
    statement = f"""
        SELECT people.member_id, ({_sql()})
        FROM (SELECT id AS member_id FROM workspaces_member WHERE organization_id = %s AND id IN ({marks})) people
    """  # noqa: S608  names and places of parameters only
    with connection.cursor() as execute:
        execute.execute(statement, [organization.pk, *member_ids])
        found = execute.fetchall()
    return _read(organization, found, now)


def waiting_with(member: Member, now: datetime) -> Waiting | None:
    return waiting_of(member.organization, [member.pk], now).get(member.pk)


def _sql() -> str:
    return " UNION ALL ".join(source.sql() for source in waiting_sources)


def _read(organization: Organization, found: Iterable[tuple[int, str | None]], now: datetime) -> dict[int, Waiting]:
    told = [(pk, text) for pk, text in found if text]
    return {pk: source.read(organization, text, now) for source in waiting_sources for pk, text in told}
