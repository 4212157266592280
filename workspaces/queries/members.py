"""One page of the member table by one statement: find the page first, by keyset, then enrich its few rows.

Written as SQL (`member_sql`) because the ORM cannot page first and enrich afterwards.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.db.models.expressions import RawSQL

from workspaces.catalogue import BuiltIn
from workspaces.models import Member, Organization
from workspaces.models.members import MemberQuerySet
from workspaces.names import fold
from workspaces.policy import BULK_LIMIT
from workspaces.queries.member_sql import (
    CANDIDATES,
    LAST,
    PAGE,
    Cursor,
    Filters,
    Sql,
    access_of_page,
    blocked,
    candidates_of,
    conditions_of,
    count_of,
    everyone_of,
    joins_for,
    page_of,
)
from workspaces.queries.waiting import waiting_column
from workspaces.sql import moment


@dataclass(slots=True)
class Found:
    """One row as the database gave it; `workspaces.tables` makes it presentable. grants: (workspace, role, group)."""

    rank: int
    value: str
    id: int
    name: str
    address: str
    role_id: int
    joined_at: datetime | None
    suspended_at: datetime | None
    invited_until: datetime | None
    declined_at: datetime | None
    since: datetime
    is_blocked: bool
    inviter: str
    last_active_at: datetime
    mail_state: str
    mail_reply: str
    mail_at: datetime | None
    waiting: str | None
    groups: list[str]
    grants: list[tuple[int, int, str | None]]


@dataclass(slots=True)
class Page:
    """rows in order; count is exact up to COUNT_CAP, then COUNT_CAP + 1. capped: there are more than CANDIDATES
    matches.
    """

    rows: list[Found]
    count: int
    everyone: list[tuple[int, int]]
    previous: Cursor | None = None
    next: Cursor | None = None
    capped: bool = False


def member_page(
    organization_id: int,
    filters: Filters,
    *,
    sort: str = "name",
    descending: bool = False,
    cursor: Cursor | None = None,
) -> Page:
    """The page after (before) the cursor. One statement, whatever the size of the organization."""
    term = fold(filters.search)
    if term:
        sort, descending = "name", False
    backwards = cursor is not None and cursor.backwards
    page = page_of(organization_id, filters, term, sort, descending != backwards, cursor)
    count = count_of(organization_id, filters, term)
    return read_page(page, count, cursor, everyone=everyone_of(organization_id), searching=bool(term))


def read_page(page: Sql, count: Sql, cursor: Cursor | None, *, everyone: Sql, searching: bool) -> Page:
    """The rows of a page that the CTEs of `page` (see member_sql.page_of) lead to, with all that the table shows.

    In stages, since planning takes longer than running: it grows with the tables that are joined at once.
    """
    statement = f"""
        WITH {page.text},
        people AS MATERIALIZED (
            SELECT page.*, d.name, d.address, d.since, m.role_id, m.user_id, m.joined_at, m.suspended_at,
                   m.invited_until, m.declined_at, m.invited_by_id, m.mail_id, a.last_active_at
            FROM page
            JOIN workspaces_member m ON m.id = page.member_id
            JOIN workspaces_directory d ON d.member_id = page.member_id
            JOIN workspaces_activity a ON a.member_id = page.member_id
        ),
        {access_of_page()}
        SELECT rank, value, people.member_id, name, address, people.role_id, joined_at, suspended_at, invited_until,
               declined_at, since, {blocked("people")},
               (SELECT u.name FROM accounts_user u WHERE u.id = people.invited_by_id AND people.joined_at IS NULL),
               last_active_at, coalesce(mail.state, ''), coalesce(mail.reply, ''),
               coalesce(mail.finished_at, mail.queued_at), {waiting_column()}, groups, grants,
               CASE WHEN position = 1 THEN ({count.text}) END,
               CASE WHEN position = 1 THEN ({everyone.text}) END
        FROM people
        LEFT JOIN grouped ON grouped.member_id = people.member_id
        LEFT JOIN held ON held.member_id = people.member_id
        LEFT JOIN accounts_outgoingmail mail ON mail.id = people.mail_id
        ORDER BY position
    """
    with connection.cursor() as execute:
        execute.execute(statement, [*page.parameters, *count.parameters, *everyone.parameters])
        raw = execute.fetchall()
    return _read(raw, cursor, cursor is not None and cursor.backwards, searching)


def _read(raw: list[tuple[Any, ...]], cursor: Cursor | None, backwards: bool, searching: bool) -> Page:
    count = raw[0][-2] if raw else 0
    everyone = [(int(workspace), int(role)) for workspace, role in json.loads(raw[0][-1] or "[]")] if raw else []
    more = len(raw) > PAGE
    rows = [_found(row) for row in raw[:PAGE]]
    if backwards:
        rows.reverse()
    page = Page(rows, count, everyone, capped=searching and count > CANDIDATES)
    if rows:
        first, last = rows[0], rows[-1]
        if more if backwards else cursor is not None:
            page.previous = Cursor(first.rank, first.value, first.id, backwards=True)
        if backwards or more:
            page.next = Cursor(last.rank, last.value, last.id)
    return page


def _found(row: tuple[Any, ...]) -> Found:
    moments = [moment(row[index]) for index in (6, 7, 8, 9, 10, 13, 16)]
    return Found(
        rank=row[0],
        value=row[1] if isinstance(row[1], str) else row[1].replace(tzinfo=UTC).isoformat(),
        id=row[2],
        name=row[3],
        address=row[4],
        role_id=row[5],
        joined_at=moments[0],
        suspended_at=moments[1],
        invited_until=moments[2],
        declined_at=moments[3],
        since=moments[4],  # type: ignore[arg-type]  # NOT NULL
        is_blocked=bool(row[11]),
        inviter=row[12] or "",
        last_active_at=moments[5],  # type: ignore[arg-type]  # NOT NULL
        mail_state=row[14],
        mail_reply=row[15],
        mail_at=moments[6],
        waiting=row[17],
        groups=[name for _, name in sorted(json.loads(row[18] or "[]"))],
        grants=[(workspace, role, group) for workspace, role, group in json.loads(row[19] or "[]")],
    )


def found_member(member: Member) -> Found:
    """One member at hand (with directory, activity, user and mail) in the shape of the table's rows; no access, no
    groups, nothing of how it goes while they wait (`waiting.waiting_with`).
    """
    mail = member.mail
    return Found(
        rank=0,
        value="",
        id=member.pk,
        name=member.directory.name,
        address=member.address,
        role_id=member.role_id,
        joined_at=member.joined_at,
        suspended_at=member.suspended_at,
        invited_until=member.invited_until,
        declined_at=member.declined_at,
        since=member.directory.since,
        is_blocked=member.user is not None and not member.user.is_active,
        inviter="",
        last_active_at=member.activity.last_active_at,
        mail_state=mail.state if mail else "",
        mail_reply=mail.reply if mail else "",
        mail_at=(mail.finished_at or mail.queued_at) if mail else None,
        waiting=None,
        groups=[],
        grants=[],
    )


def matching_members(organization: Organization, filters: Filters) -> MemberQuerySet:
    """Everybody whom the list would show over all its pages, exactly: for a selection of all that match."""
    term = fold(filters.search)
    where = conditions_of(organization.pk, filters)
    statement = f"SELECT d.member_id FROM workspaces_directory d {joins_for(filters, 'name')} WHERE {where.text}"
    parameters = list(where.parameters)
    if term:
        matching = candidates_of(organization.pk, filters, term, BULK_LIMIT + 1)
        statement = f"""
            WITH {matching.text}
            {statement} AND d.sort_name >= %s AND d.sort_name < %s UNION SELECT member_id FROM candidates"""
        parameters = [*matching.parameters, *parameters, term, term + LAST]
    return organization.members.filter(pk__in=RawSQL(statement, parameters))  # noqa: S611  values are parameters


def reaches_everyone(role_id: int) -> bool:
    """Everyone means all joined, active members except guests."""
    return role_id != BuiltIn.GUEST
