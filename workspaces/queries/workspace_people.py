"""The people of a workspace, by name: whoever reaches it directly, through a group, as part of everyone, or by an
organization role that opens every workspace. Waiting people stand among them by what they will get.

Two plans: narrow workspaces gather their people and sort them; wide ones walk the directory in name order and ask of
each row. In between, a bounded walk comes first: it is as long as gathering would cost, so it never costs much more
than the better one of the two (PERFORMANCE.md, goal 14).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models.expressions import RawSQL

from workspaces.catalogue import BuiltIn, Code
from workspaces.models import Grant, Organization, RolePermission, Workspace
from workspaces.models.grants import GrantQuerySet
from workspaces.models.members import MemberQuerySet
from workspaces.names import fold
from workspaces.policy import BULK_LIMIT
from workspaces.queries.member_sql import (
    COUNT_CAP,
    LAST,
    PAGE,
    Cursor,
    Filters,
    Sql,
    beyond,
    conditions_of,
    escaped,
    live,
    page_of,
)
from workspaces.queries.members import Page, read_page

NARROW = 300
# Asking of one row of the directory costs about as much as gathering and sorting six people.
WALK_PER_PERSON = 6
SOURCES = ("direct", "group", "everyone", "organization")


@dataclass(frozen=True, slots=True)
class PeopleFilters:
    """What the list is narrowed to. role_ids: people to whom a path gives one of them. sources: by
    paths of these kinds.
    """

    search: str = ""
    states: Sequence[str] = ()
    role_ids: Sequence[int] = ()
    sources: Sequence[str] = ()

    @property
    def is_open(self) -> bool:
        return not (self.search or self.states)


@dataclass(frozen=True, slots=True)
class Reach:
    """Through what people are in the workspace, as far as the filters ask for it. width: about how many they are.
    is_crowd: one of the grants alone brings more of them than are counted.
    """

    organization_id: int
    workspace_id: int
    has_direct: bool
    role_ids: Sequence[int]
    group_ids: Sequence[int]
    has_everyone: bool
    organization_roles: Sequence[int]
    width: int
    is_crowd: bool


def reach_of(organization: Organization, workspace: Workspace, filters: PeopleFilters) -> Reach:
    """Three cheap queries: the grants that are for more than one member, the roles that open everything, the width."""
    wanted = filters.sources or SOURCES
    grants = Grant.objects.live().filter(workspace=workspace)
    if filters.role_ids:
        grants = grants.filter(role__in=filters.role_ids)
    shared = set(grants.filter(principal_key__lte=0).values_list("principal_key", flat=True))
    groups = sorted(-key for key in shared if key) if "group" in wanted else []
    has_everyone = "everyone" in wanted and 0 in shared
    sizes = [] if has_everyone else _sizes(grants if "direct" in wanted else grants.none(), groups)
    return Reach(
        organization.pk,
        workspace.pk,
        "direct" in wanted,
        tuple(filters.role_ids),
        groups,
        has_everyone,
        _opening_roles(organization) if "organization" in wanted and not filters.role_ids else (),
        sum(sizes),
        any(size > COUNT_CAP for size in sizes),
    )


def _opening_roles(organization: Organization) -> tuple[int, ...]:
    """Organization roles that open every workspace."""
    rows = RolePermission.objects.filter(permission=Code.WORKSPACES_ACCESS_ALL)
    built_in, own = rows.filter(role__organization=None), rows.filter(role__organization=organization)
    return tuple(built_in.union(own).values_list("role", flat=True))


def _sizes(grants: GrantQuerySet, groups: Sequence[int]) -> list[int]:
    """How many come directly, and through each group; none is counted further than the cap."""
    sizes = [grants.filter(principal_key__gt=0)[: COUNT_CAP + 1].count()]
    if groups:
        capped = f"SELECT 1 FROM workspaces_groupmember y WHERE y.group_id = g.id LIMIT {COUNT_CAP + 1}"
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT (SELECT count(*) FROM ({capped}) AS capped) FROM workspaces_group g"
                f" WHERE g.id IN ({_marks(groups)})",
                groups,
            )
            sizes += [size for (size,) in cursor.fetchall()]
    return sizes


def people_page(
    organization: Organization, workspace: Workspace, filters: PeopleFilters, cursor: Cursor | None = None
) -> Page:
    """The page after (before) the cursor, in the shape of the member table's pages."""
    reach = reach_of(organization, workspace, filters)
    backwards = cursor is not None and cursor.backwards
    term = fold(filters.search)
    if reach.has_everyone:
        walked = Filters(search=filters.search, states=filters.states, condition=_reached(reach))
        page = page_of(organization.pk, walked, term, "name", backwards, cursor)
    elif reach.width <= NARROW or not filters.is_open:
        gathered = _gathered(organization.pk, filters, reach, term, cursor)
        page = Sql(f"{gathered.text}, {_numbered(backwards)}", gathered.parameters)
    else:
        page = _walked_or_gathered(organization.pk, filters, reach, cursor)
    count = _count(organization.pk, filters, reach, term)
    return read_page(page, count, cursor, everyone=Sql("SELECT NULL"), searching=bool(term))


def people_of(organization: Organization, workspace: Workspace, filters: PeopleFilters) -> MemberQuerySet:
    """Everybody whom the list would show over all its pages: for a selection of all that match."""
    reach = reach_of(organization, workspace, filters)
    inside = _inside(reach)
    rest = _matching(organization.pk, filters, fold(filters.search))
    if reach.has_everyone:
        condition = _reached(reach)
        text = f"SELECT d.member_id FROM {_TABLES} WHERE {rest.text} AND {condition.text}"
        parameters = [*rest.parameters, *condition.parameters]
    else:
        text = (
            f"WITH {inside.text} SELECT d.member_id FROM {_TABLES} JOIN inside ON inside.member_id = d.member_id"
            f" WHERE {rest.text}"
        )
        parameters = [*inside.parameters, *rest.parameters]
    statement = f"{text} LIMIT {BULK_LIMIT + 1}"
    return organization.members.filter(pk__in=RawSQL(statement, parameters))  # noqa: S611  values are parameters


_TABLES = "workspaces_directory d JOIN workspaces_member m ON m.id = d.member_id"
_EVERYONE = f"m.joined_at IS NOT NULL AND m.role_id <> {int(BuiltIn.GUEST)}"


def _reached(reach: Reach) -> Sql:
    """Asked of one member, as a condition over d and m: are they in the workspace?"""
    texts, parameters = [], list[Any]()
    roles = _roles(reach)
    if reach.has_direct:
        texts.append(
            "EXISTS (SELECT 1 FROM workspaces_grant x WHERE x.workspace_id = %s AND x.principal_key = d.member_id"
            f" AND {live('x')}{roles.text})"
        )
        parameters += [reach.workspace_id, *roles.parameters]
    if reach.group_ids:
        texts.append(
            "EXISTS (SELECT 1 FROM workspaces_groupmember y WHERE y.member_id = d.member_id"
            f" AND y.group_id IN ({_marks(reach.group_ids)}))"
        )
        parameters += reach.group_ids
    if reach.has_everyone:
        texts.append(f"({_EVERYONE})")
    if reach.organization_roles:
        texts.append(f"m.role_id IN ({_marks(reach.organization_roles)})")
        parameters += reach.organization_roles
    return Sql(f"({' OR '.join(texts)})" if texts else "false", parameters)


def _roles(reach: Reach) -> Sql:
    if not reach.role_ids:
        return Sql("")
    return Sql(f" AND x.role_id IN ({_marks(reach.role_ids)})", list(reach.role_ids))


def _inside(reach: Reach) -> Sql:
    """The CTE `inside`: the ids of all who are in the workspace, everyone aside."""
    arms, parameters = [], list[Any]()
    roles = _roles(reach)
    if reach.has_direct:
        arms.append(
            "SELECT x.member_id FROM workspaces_grant x WHERE x.workspace_id = %s AND x.principal_key > 0"
            f" AND {live('x')}{roles.text}"
        )
        parameters += [reach.workspace_id, *roles.parameters]
    if reach.group_ids:
        arms.append(f"SELECT y.member_id FROM workspaces_groupmember y WHERE y.group_id IN ({_marks(reach.group_ids)})")
        parameters += reach.group_ids
    if reach.organization_roles:
        arms.append(
            "SELECT m.id FROM workspaces_member m WHERE m.organization_id = %s"
            f" AND m.role_id IN ({_marks(reach.organization_roles)})"
        )
        parameters += [reach.organization_id, *reach.organization_roles]
    none = "SELECT m.id FROM workspaces_member m WHERE false"
    return Sql(f"inside(member_id) AS ({' UNION '.join(arms) if arms else none})", parameters)


def _matching(organization_id: int, filters: PeopleFilters, term: str) -> Sql:
    """The filters over d and m, for rows that are few: by name, address, or the name of one of their groups."""
    where = conditions_of(organization_id, Filters(states=filters.states))
    if not term:
        return where
    pattern = f"%{escaped(term)}%"
    text = f"""{where.text} AND (d.search_text LIKE %s ESCAPE '\\' OR EXISTS (
        SELECT 1 FROM workspaces_groupmember gm JOIN workspaces_group g ON g.id = gm.group_id
        WHERE gm.member_id = d.member_id AND g.sort_name >= %s AND g.sort_name < %s))"""
    return Sql(text, [*where.parameters, pattern, term, term + LAST])


def _gathered(
    organization_id: int, filters: PeopleFilters, reach: Reach, term: str, cursor: Cursor | None, name: str = "ranked"
) -> Sql:
    """The CTE of the page's rows, out of all who are inside: names that begin so come first."""
    order = "DESC" if cursor is not None and cursor.backwards else "ASC"
    inside, where = _inside(reach), _matching(organization_id, filters, term)
    rank, given = "0", list[Any]()
    if term:
        rank, given = "CASE WHEN d.sort_name >= %s AND d.sort_name < %s THEN 0 ELSE 1 END", [term, term + LAST]
    after = Sql("")
    if cursor is not None:
        sign = "<" if cursor.backwards else ">"
        after = Sql(
            f"WHERE (rank, value, member_id) {sign} (%s, %s, %s)", [cursor.rank, cursor.value, cursor.member_id]
        )
    text = f"""
        {inside.text},
        {name} AS (
            SELECT * FROM (
                SELECT {rank} AS rank, d.sort_name AS value, d.member_id
                FROM inside JOIN workspaces_directory d ON d.member_id = inside.member_id
                JOIN workspaces_member m ON m.id = d.member_id WHERE {where.text}
            ) AS everybody {after.text}
            ORDER BY rank {order}, value {order}, member_id {order} LIMIT {PAGE + 1}
        )"""
    return Sql(text, [*inside.parameters, *given, *where.parameters, *after.parameters])


def _walked_or_gathered(organization_id: int, filters: PeopleFilters, reach: Reach, cursor: Cursor | None) -> Sql:
    """A walk of so many names as gathering would cost; what it does not fill is gathered."""
    backwards = cursor is not None and cursor.backwards
    order = "DESC" if backwards else "ASC"
    condition = _reached(reach)
    after = beyond("d.sort_name", str, backwards, cursor)
    gathered = _gathered(organization_id, filters, reach, "", cursor, name="gathered")
    text = f"""
        walk AS (
            SELECT d.sort_name, d.member_id FROM workspaces_directory d WHERE d.organization_id = %s {after.text}
            ORDER BY d.sort_name {order}, d.member_id {order} LIMIT {reach.width // WALK_PER_PERSON}
        ),
        met AS (
            SELECT 0 AS rank, d.sort_name AS value, d.member_id
            FROM walk d JOIN workspaces_member m ON m.id = d.member_id
            WHERE {condition.text} ORDER BY d.sort_name {order}, d.member_id {order} LIMIT {PAGE + 1}
        ),
        {gathered.text},
        ranked AS (
            SELECT * FROM met WHERE (SELECT count(*) FROM met) > {PAGE}
            UNION ALL
            SELECT * FROM gathered WHERE (SELECT count(*) FROM met) <= {PAGE}
        ), {_numbered(backwards)}"""
    parameters = [organization_id, *after.parameters, *condition.parameters, *gathered.parameters]
    return Sql(text, parameters)


def _numbered(backwards: bool) -> str:
    order = "DESC" if backwards else "ASC"
    placed = f"row_number() OVER (ORDER BY rank {order}, value {order}, member_id {order}) AS position"
    return f"page AS (SELECT ranked.*, {placed} FROM ranked)"


def _count(organization_id: int, filters: PeopleFilters, reach: Reach, term: str) -> Sql:
    """How many match, no further than the cap; of a wide workspace without filters it is known beforehand."""
    if not reach.has_everyone:
        if filters.is_open and reach.is_crowd:
            return Sql(f"SELECT {COUNT_CAP + 1}")
        if filters.is_open:
            return Sql("SELECT count(*) FROM inside")
        where = _matching(organization_id, filters, term)
        return Sql(
            f"""SELECT count(*) FROM (
                SELECT 1 FROM inside JOIN workspaces_directory d ON d.member_id = inside.member_id
                JOIN workspaces_member m ON m.id = d.member_id WHERE {where.text} LIMIT {COUNT_CAP + 1}) AS matching""",
            where.parameters,
        )
    where, condition = _matching(organization_id, filters, term), _reached(reach)
    exact = Sql(
        f"SELECT count(*) FROM (SELECT 1 FROM {_TABLES} WHERE {where.text} AND {condition.text}"
        f" LIMIT {COUNT_CAP + 1}) AS matching",
        [*where.parameters, *condition.parameters],
    )
    if not filters.is_open:
        return exact
    # Where everyone alone is more than the cap, nobody has to be asked through what else they are inside.
    first = f"SELECT 1 FROM workspaces_member m WHERE m.organization_id = %s AND {_EVERYONE} LIMIT {COUNT_CAP + 1}"
    joined = f"SELECT count(*) FROM ({first}) AS joined"
    text = f"SELECT CASE WHEN ({joined}) > {COUNT_CAP} THEN {COUNT_CAP + 1} ELSE ({exact.text}) END"
    return Sql(text, [organization_id, *exact.parameters])


def _marks(values: Sequence[object]) -> str:
    return ", ".join(["%s"] * len(values))
