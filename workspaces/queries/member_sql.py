"""The pieces of the member table's one statement, as SQL with parameters: filters, search, order, and what enriches a
row.

Both databases take the same text but for the JSON functions and the clock. Search: name prefixes in name order come
first
(rank 0); what fills the page after them (rank 1) is the rest of at most 1,000 candidates, cut off *before* sorting:
without
that the planner walks the whole name order for a frequent term. Values go in as parameters, never as text.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.dateparse import parse_datetime

PAGE = 50
COUNT_CAP = 10_000
CANDIDATES = 1_000
# Above every character of a name: the open end of a prefix's range.
LAST = "\U0010ffff"

SORTS = {
    "name": ("d.sort_name", str),
    "address": ("d.address", str),
    "added": ("d.since", datetime),
    "active": ("a.last_active_at", datetime),
}


@dataclass(frozen=True, slots=True)
class Cursor:
    """The row before (after, going backwards) the page: its place in the order."""

    rank: int
    value: str
    member_id: int
    backwards: bool = False

    def encode(self) -> str:
        raw = json.dumps([self.rank, self.value, self.member_id, self.backwards], separators=(",", ":"))
        return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str | None) -> "Cursor | None":
        """None for what is no cursor: then the list begins at its beginning."""
        if not text or len(text) > 2000:
            return None
        try:
            raw = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            rank, value, member_id, backwards = raw
        except (binascii.Error, ValueError, TypeError):
            return None
        if not isinstance(rank, int) or not isinstance(value, str) or not isinstance(member_id, int):
            return None
        # What no database takes in a text: NUL and lone surrogates, which JSON can spell.
        if rank not in (0, 1) or not 0 <= member_id < 2**63 or not _is_text(value):
            return None
        return cls(rank, value, member_id, backwards is True)


def _is_text(value: str) -> bool:
    return "\x00" not in value and value.encode(errors="ignore").decode() == value


def moment_of(text: str) -> datetime | None:
    """A time out of a query, in UTC: None for what is none, has no zone, or lies outside of the calendar."""
    try:
        moment = parse_datetime(text)
        return moment.astimezone(UTC) if moment is not None and timezone.is_aware(moment) else None
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to; everything given must hold. states: joined, invited, expired, declined,
    suspended. condition: a further one, over d (the directory) and m (the member).
    """

    search: str = ""
    states: Sequence[str] = ()
    role_ids: Sequence[int] = ()
    group_ids: Sequence[int] = ()
    workspace_ids: Sequence[int] = ()
    two_factor: bool | None = None
    active_after: datetime | None = None
    active_before: datetime | None = None
    condition: "Sql | None" = None


@dataclass(slots=True)
class Sql:
    """A piece of a statement with its parameters."""

    text: str
    parameters: list[Any] = field(default_factory=list)


def page_of(
    organization_id: int, filters: Filters, term: str, sort: str, descending: bool, cursor: Cursor | None
) -> Sql:
    """The CTEs that end in `page`: one more row than a page holds, so that it shows whether there is a next one."""
    key, kind = SORTS[sort]
    order = "DESC" if descending else "ASC"
    placed = f"row_number() OVER (ORDER BY rank {order}, value {order}, member_id {order}) AS position"
    numbered = f"page AS (SELECT ranked.*, {placed} FROM ranked)"
    if not term:
        where = conditions_of(organization_id, filters)
        after = beyond(key, kind, descending, cursor)
        text = f"""
            ranked AS (
                SELECT 0 AS rank, {key} AS value, d.member_id
                FROM workspaces_directory d {joins_for(filters, sort)}
                WHERE {where.text} {after.text}
                ORDER BY {key} {order}, d.member_id {order} LIMIT {PAGE + 1}
            ), {numbered}
        """
        return Sql(text, [*where.parameters, *after.parameters])
    first, rest = _arms(organization_id, filters, term, descending, cursor)
    limit = f"ORDER BY rank {order}, value {order}, member_id {order} LIMIT {PAGE + 1}"
    text = f"""
        {first.text}, {rest.text},
        ranked AS (SELECT * FROM (SELECT * FROM prefixed UNION ALL SELECT * FROM others) AS both_arms {limit}),
        {numbered}
    """
    return Sql(text, [*first.parameters, *rest.parameters])


def _arms(
    organization_id: int, filters: Filters, term: str, descending: bool, cursor: Cursor | None
) -> tuple[Sql, Sql]:
    """Name prefixes, and the other candidates; the second arm runs only when the first does not fill the page."""
    order = "DESC" if descending else "ASC"
    where = conditions_of(organization_id, filters)
    joins = joins_for(filters, "name")
    in_first = cursor is None or cursor.rank == 0
    after_first = beyond("d.sort_name", str, descending, cursor if cursor and cursor.rank == 0 else None)
    # Going forwards among the others, the prefixes are behind us.
    needless = "AND false" if cursor is not None and cursor.rank == 1 and not descending else ""
    first = Sql(
        f"""
        prefixed AS (
            SELECT 0 AS rank, d.sort_name AS value, d.member_id FROM workspaces_directory d {joins}
            WHERE {where.text} AND d.sort_name >= %s AND d.sort_name < %s {after_first.text} {needless}
            ORDER BY d.sort_name {order}, d.member_id {order} LIMIT {PAGE + 1}
        )""",
        [*where.parameters, term, term + LAST, *after_first.parameters],
    )
    matching = candidates_of(organization_id, filters, term)
    after_rest = beyond("d.sort_name", str, descending, cursor if cursor and cursor.rank == 1 else None)
    # Going backwards from the prefixes, nothing of the other arm comes before them.
    needed = "false" if descending and in_first and cursor is not None else "true"
    filled = "" if descending else f"AND (SELECT count(*) FROM prefixed) <= {PAGE}"
    rest = Sql(
        f"""
        {matching.text},
        others AS (
            SELECT 1 AS rank, d.sort_name AS value, d.member_id
            FROM candidates JOIN workspaces_directory d ON d.member_id = candidates.member_id
            WHERE NOT (d.sort_name >= %s AND d.sort_name < %s) AND {needed} {filled} {after_rest.text}
            ORDER BY d.sort_name {order}, d.member_id {order} LIMIT {PAGE + 1}
        )""",
        [*matching.parameters, term, term + LAST, *after_rest.parameters],
    )
    return first, rest


def candidates_of(organization_id: int, filters: Filters, term: str, limit: int = CANDIDATES) -> Sql:
    """At most `limit` members each by name or address, and by the name of a group; unsorted, or the cap is no help."""
    where = conditions_of(organization_id, filters)
    joins = joins_for(filters, "name")
    # A trigram index cannot find fewer than three letters inside a word, but finds them at its beginning.
    pattern = ("%" if len(term) > 2 else "% ") + escaped(term) + "%"
    text = f"""
        candidates AS (
            SELECT member_id FROM (
                SELECT d.member_id FROM workspaces_directory d {joins}
                WHERE {where.text} AND d.search_text LIKE %s ESCAPE '\\' LIMIT {limit}
            ) AS by_text
            UNION
            SELECT member_id FROM (
                SELECT d.member_id FROM workspaces_group g
                JOIN workspaces_groupmember gm ON gm.group_id = g.id
                JOIN workspaces_directory d ON d.member_id = gm.member_id {joins}
                WHERE {where.text} AND g.organization_id = %s AND g.sort_name >= %s AND g.sort_name < %s LIMIT {limit}
            ) AS by_group
        )"""
    return Sql(text, [*where.parameters, pattern, *where.parameters, organization_id, term, term + LAST])


def escaped(term: str) -> str:
    return term.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def count_of(organization_id: int, filters: Filters, term: str) -> Sql:
    """How many match, counted no further than the cap."""
    where = conditions_of(organization_id, filters)
    if not term:
        return Sql(
            f"SELECT count(*) FROM (SELECT 1 FROM workspaces_directory d {joins_for(filters, 'name')}"
            f" WHERE {where.text} LIMIT {COUNT_CAP + 1}) AS matching",
            where.parameters,
        )
    # Looking for candidates is what costs: name prefixes beyond the cap answer without them.
    return Sql(
        f"""
        WITH prefixes AS (
            SELECT d.member_id FROM workspaces_directory d {joins_for(filters, "name")}
            WHERE {where.text} AND d.sort_name >= %s AND d.sort_name < %s LIMIT {CANDIDATES + 1}
        )
        SELECT CASE
            WHEN (SELECT count(*) FROM prefixes) > {CANDIDATES} THEN {CANDIDATES + 1}
            ELSE (SELECT count(*) FROM (SELECT * FROM prefixes UNION SELECT * FROM candidates) AS matching)
        END""",
        [*where.parameters, term, term + LAST],
    )


def beyond(key: str, kind: type, descending: bool, cursor: Cursor | None) -> Sql:
    if cursor is None:
        return Sql("")
    value: Any = cursor.value
    if kind is datetime:
        moment = moment_of(cursor.value)
        if moment is None:
            return Sql("")
        value = connection.ops.adapt_datetimefield_value(moment)
    return Sql(f"AND ({key}, d.member_id) {'<' if descending else '>'} (%s, %s)", [value, cursor.member_id])


def joins_for(filters: Filters, sort: str) -> str:
    """What the page itself needs beyond the directory; rows are enriched afterwards."""
    joins: list[str] = []
    if filters.states or filters.role_ids or filters.two_factor is not None or filters.condition is not None:
        joins.append("JOIN workspaces_member m ON m.id = d.member_id")
    if sort == "active" or filters.active_after or filters.active_before:
        joins.append(
            "JOIN workspaces_activity a ON a.member_id = d.member_id AND a.organization_id = d.organization_id"
        )
    return " ".join(joins)


_STATES = {
    "joined": "(m.joined_at IS NOT NULL AND m.suspended_at IS NULL)",
    "suspended": "m.suspended_at IS NOT NULL",
    "declined": "(m.joined_at IS NULL AND m.declined_at IS NOT NULL)",
    "expired": "(m.joined_at IS NULL AND m.declined_at IS NULL AND m.invited_until <= {now})",
    "invited": "(m.joined_at IS NULL AND m.declined_at IS NULL AND m.invited_until > {now})",
}


STATES = tuple(_STATES)


def conditions_of(organization_id: int, filters: Filters) -> Sql:
    """What every row of the list fulfils."""
    texts = ["d.organization_id = %s"]
    parameters: list[Any] = [organization_id]
    if filters.states:
        texts.append("(" + " OR ".join(_STATES[state].format(now=_now()) for state in filters.states) + ")")
    for ids, condition in (
        (filters.role_ids, "m.role_id IN ({})"),
        (
            filters.group_ids,
            "EXISTS (SELECT 1 FROM workspaces_groupmember x WHERE x.member_id = d.member_id AND x.group_id IN ({}))",
        ),
        (filters.workspace_ids, _in_workspace()),
    ):
        if ids:
            marks = ", ".join(["%s"] * len(ids))
            texts.append(condition.format(*[marks] * condition.count("{}")))
            parameters += list(ids) * condition.count("{}")
    if filters.two_factor is not None:
        factor = "SELECT 1 FROM mfa_authenticator x WHERE x.user_id = m.user_id AND x.type <> 'recovery_codes'"
        texts.append(f"m.user_id IS NOT NULL AND {'' if filters.two_factor else 'NOT '}EXISTS ({factor})")
    if filters.active_after:
        texts.append("a.last_active_at >= %s")
        parameters.append(connection.ops.adapt_datetimefield_value(filters.active_after))
    if filters.active_before:
        texts.append("a.last_active_at < %s")
        parameters.append(connection.ops.adapt_datetimefield_value(filters.active_before))
    if filters.condition is not None:
        texts.append(filters.condition.text)
        parameters += filters.condition.parameters
    return Sql(" AND ".join(texts), parameters)


def _in_workspace() -> str:
    """Directly or through a group; everyone is in every workspace that is open to everyone."""
    return f"""(
    EXISTS (SELECT 1 FROM workspaces_grant x
            WHERE x.member_id = d.member_id AND x.workspace_id IN ({{}}) AND {live("x")})
    OR EXISTS (SELECT 1 FROM workspaces_groupmember y JOIN workspaces_grant x ON x.group_id = y.group_id
               WHERE y.member_id = d.member_id AND x.workspace_id IN ({{}}) AND {live("x")}))"""


def _now() -> str:
    """The database's clock, in the form in which it stores times."""
    return (
        "statement_timestamp()" if connection.vendor == "postgresql" else "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now')"
    )


def blocked(member: str) -> str:
    """Whether the account of a member (its table's alias) is blocked. Those are few, in an index of their own."""
    return f"EXISTS (SELECT 1 FROM accounts_user u WHERE u.id = {member}.user_id AND NOT u.is_active)"


def unended(alias: str) -> str:
    """Grants that are not past their end, for those who look at the workspace themselves."""
    return f"({alias}.ends_at IS NULL OR {alias}.ends_at > {_now()})"


def live(alias: str) -> str:
    """Grants that are not past their end, in workspaces that are not deleted."""
    gone = "SELECT gone.id FROM workspaces_workspace gone WHERE gone.deleted_at IS NOT NULL"
    return f"{unended(alias)} AND {alias}.workspace_id NOT IN ({gone})"


def _list(items: str) -> str:
    """A JSON array of arrays, as text."""
    if connection.vendor == "postgresql":
        return f"json_agg(json_build_array({items}))::text"
    return f"json_group_array(json_array({items}))"


def access_of_page() -> str:
    """The CTEs `grouped` and `held`: per member of the page, groups as [sort name, name] and grants as [workspace,
    role, group or null].

    Once for all of the page: asked for row by row, the planner walks all grants to groups for each row.
    """
    return f"""
        mine AS (
            SELECT page.member_id, gm.group_id, g.name, g.sort_name
            FROM page JOIN workspaces_groupmember gm ON gm.member_id = page.member_id
            JOIN workspaces_group g ON g.id = gm.group_id
        ),
        grouped AS (SELECT member_id, {_list("sort_name, name")} AS groups FROM mine GROUP BY member_id),
        paths AS (
            SELECT x.member_id, x.workspace_id, x.role_id, NULL AS via
            FROM page JOIN workspaces_grant x ON x.member_id = page.member_id WHERE {live("x")}
            UNION ALL
            SELECT mine.member_id, x.workspace_id, x.role_id, mine.name
            FROM mine JOIN workspaces_grant x ON x.group_id = mine.group_id WHERE {live("x")}
        ),
        held AS (SELECT member_id, {_list("workspace_id, role_id, via")} AS grants FROM paths GROUP BY member_id)"""


def everyone_of(organization_id: int) -> Sql:
    return Sql(
        f"""SELECT {_list("x.workspace_id, x.role_id")}
        FROM workspaces_workspace w JOIN workspaces_grant x ON x.workspace_id = w.id AND x.principal_key = 0
        WHERE w.organization_id = %s AND {live("x")}""",
        [organization_id],
    )
