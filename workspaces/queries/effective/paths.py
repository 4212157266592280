"""Every path by which members reach workspaces, by one statement for any number of them.

A path is what is placed, whatever the member's state: waiting and suspended people have paths too, and no rights.
Paths end by the database's clock; those into deleted workspaces are none.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from config.statements import prepared
from workspaces.catalogue import BuiltIn, Code, Scope
from workspaces.models import Member, Organization
from workspaces.queries.facts import every_code, split_codes
from workspaces.queries.member_sql import unended
from workspaces.queries.roles import Roles
from workspaces.sql import among_ids, in_list, joined, listed, moment


class Kind(StrEnum):
    """Through what a path leads."""

    ORGANIZATION = "organization"
    DIRECT = "direct"
    GROUP = "group"
    EVERYONE = "everyone"
    RESOURCE = "resource"


@dataclass(frozen=True, slots=True)
class Path:
    """One way of one member into one workspace.

    grant_id is None for the organization role that opens every workspace; role_id is then that role's. extra: codes
    beyond those of the role; for the organization role, all that it opens. origin: what brought the grant
    about, a value of `Origin`.
    """

    workspace_id: int
    grant_id: int | None
    member_id: int
    kind: Kind
    group_id: int | None
    group: str
    role_id: int
    extra: frozenset[str]
    ends_at: datetime | None
    granted_at: datetime | None
    granted_by: str
    reason: str
    origin: str = ""


def paths_in(organization: Organization, workspace_id: int, member_ids: Collection[int]) -> dict[int, list[Path]]:
    """The paths of some members into one workspace; every id that was asked for has its list."""
    found: dict[int, list[Path]] = {member_id: [] for member_id in member_ids}
    if found:
        for path in _paths(organization, sorted(found), workspace_id):
            found[path.member_id].append(path)
    return found


def paths_of(organization: Organization, member: Member) -> list[Path]:
    """The paths of one member into all workspaces."""
    return _paths(organization, [member.pk])


def held_by(roles: Roles, paths: Iterable[Path]) -> frozenset[str]:
    """What some paths into one workspace hold together."""
    held: set[str] = set()
    for path in paths:
        held |= codes_of(roles, path)
    return frozenset(held)


def codes_of(roles: Roles, path: Path) -> frozenset[str]:
    """What one path holds."""
    role = roles.workspace.get(path.role_id) if path.grant_id is not None else None
    return path.extra if role is None else role.permissions | path.extra


_COLUMNS = (
    "x.workspace_id, x.id, x.principal_key, x.role_id, x.ends_at, x.granted_at, x.granted_by_id, x.reason, x.origin"
)
_FIRST = _COLUMNS.replace("x.id", "x.id AS grant_id")
# Asked of the few workspaces that are reached; as a join it would first read all that the organization has.
_STANDS = "w.organization_id = %(organization)s AND w.deleted_at IS NULL"
_OWN_GROUPS = "SELECT mine.group_id FROM workspaces_groupmember mine JOIN people ON people.id = mine.member_id"


def _paths(organization: Organization, member_ids: list[int], workspace_id: int | None = None) -> list[Path]:
    """Into one workspace, or into all of the organization."""
    about = {"organization": organization.pk, "members": listed(member_ids), "opens": Code.WORKSPACES_ACCESS_ALL.value}
    if workspace_id is not None:
        about["workspace"] = workspace_id
    rows = prepared(_statement(is_one=workspace_id is not None), about)
    everything = every_code(Scope.WORKSPACE) if any(row[2] is None for row in rows) else frozenset()
    return [_path(row, everything) for row in rows]


@cache
def _statement(*, is_one: bool) -> str:
    """Four arms, each by an index of its own; joined by OR they would be one read of all grants.

    Into one workspace grants are looked for by workspace and principal, else by whom they are given to.
    """
    places = f"SELECT w.id FROM workspaces_workspace w WHERE {_STANDS}"
    if is_one:
        here = "x.workspace_id = %(workspace)s AND x.principal_key"
        places = f"{places} AND w.id = %(workspace)s"
        direct, of_everyone = f"{here} = people.id", f"{here} = 0"
        # A workspace's grants to groups are few and lie side by side: read once instead of sought for each membership.
        few = f"SELECT * FROM workspaces_grant x WHERE {here} < 0"
        to_groups = f"(WITH few AS MATERIALIZED ({few}) SELECT * FROM few)"
        grouped = "x.principal_key = -gm.group_id"
    else:
        direct = "x.member_id = people.id"
        of_everyone = f"x.principal_key = 0 AND {in_list('x.workspace_id', places)}"
        to_groups, grouped = "workspaces_grant", f"x.group_id = gm.group_id AND {in_list('x.group_id', _OWN_GROUPS)}"
    return f"""
        WITH people AS (
            SELECT m.id, m.role_id FROM workspaces_member m
            WHERE m.organization_id = %(organization)s AND {among_ids("m.id", "members")}
        ), opening AS MATERIALIZED (
            SELECT p.role_id FROM workspaces_rolepermission p WHERE p.permission = %(opens)s
        ), reached AS (
            SELECT people.id AS member_id, {_FIRST} FROM people JOIN workspaces_grant x ON {direct} AND {unended("x")}
            UNION ALL
            SELECT people.id, {_COLUMNS}
            FROM people JOIN workspaces_groupmember gm ON gm.member_id = people.id
            JOIN {to_groups} x ON {grouped} AND {unended("x")}
            UNION ALL
            SELECT people.id, {_COLUMNS}
            FROM workspaces_grant x JOIN people ON people.role_id <> {int(BuiltIn.GUEST)}
            WHERE {of_everyone} AND {unended("x")}
            UNION ALL
            SELECT people.id, places.id, NULL, NULL, people.role_id, NULL, NULL, NULL, '', ''
            FROM people JOIN opening ON opening.role_id = people.role_id CROSS JOIN ({places}) places
        )
        SELECT reached.*, (SELECT g.name FROM workspaces_group g WHERE g.id = -reached.principal_key),
               u.name, u.email, {extras_of("reached.grant_id")}
        FROM reached LEFT JOIN accounts_user u ON u.id = reached.granted_by_id
        WHERE (SELECT {_STANDS} FROM workspaces_workspace w WHERE w.id = reached.workspace_id)
    """


def extras_of(grant: str) -> str:
    """The extra permissions of a grant, comma separated, as SQL."""
    return f"(SELECT {joined('e.permission')} FROM workspaces_grantpermission e WHERE e.grant_id = {grant})"


def _path(row: tuple[Any, ...], everything: frozenset[str]) -> Path:
    member_id, workspace_id, grant_id, key, role_id, ends_at, granted_at, _by, reason, *rest = row
    origin, group, name, address, extra = rest
    return Path(
        workspace_id=workspace_id,
        grant_id=grant_id,
        member_id=member_id,
        kind=kind_of(grant_id, key),
        group_id=-key if group else None,
        group=group or "",
        role_id=role_id,
        extra=everything if grant_id is None else split_codes(extra),
        ends_at=moment(ends_at),
        granted_at=moment(granted_at),
        granted_by=name or address or "",
        reason=reason,
        origin=origin,
    )


def kind_of(grant_id: int | None, principal_key: int | None) -> Kind:
    if grant_id is None or principal_key is None:
        return Kind.ORGANIZATION
    if principal_key == 0:
        return Kind.EVERYONE
    return Kind.DIRECT if principal_key > 0 else Kind.GROUP
