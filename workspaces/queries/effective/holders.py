"""Who may do one thing in one workspace, or in the organization: a page of people by name."""

from dataclasses import dataclass
from typing import Any

from django.db import connection

from workspaces.catalogue import BuiltIn, Code
from workspaces.models import Grant, GrantPermission, Organization, RolePermission, Workspace
from workspaces.queries.effective.checking import is_viewing, scope_of
from workspaces.queries.member_sql import live

PAGE = 50
FEW = 5_000
"""Up to this many holders are found first and sorted then; more are met soon enough by reading on in name order."""

type Place = tuple[str, int]
"""Where a page ends: sort name and id of its last member."""


@dataclass(frozen=True, slots=True)
class Holder:
    member_id: int
    name: str
    address: str
    place: Place


@dataclass(frozen=True, slots=True)
class Holders:
    """more: there is a page after this one. everyone: the whole organization, guests aside, holds it."""

    people: list[Holder]
    more: bool
    everyone: bool = False


NOBODY = Holders([], more=False)


def who_can(
    organization: Organization, code: str, workspace_id: int | None = None, after: Place | None = None
) -> Holders:
    """Active members who may do what the code stands for; in a workspace, or without one by their organization role."""
    if workspace_id is None:
        where = "m.role_id IN (SELECT p.role_id FROM workspaces_rolepermission p WHERE p.permission = %(code)s)"
        return _page(organization, where, {"code": code}, after)
    workspace = Workspace.objects.alive().filter(organization=organization, pk=workspace_id).first()
    if workspace is None or scope_of(code) is None or (workspace.archived_at and not is_viewing(code)):
        return NOBODY
    about = {"code": code, "workspace": workspace_id, "opens": Code.WORKSPACES_ACCESS_ALL.value}
    everyone = _is_everyones(workspace_id, code)
    if everyone or _are_many(about):
        reached = f"(m.role_id <> {int(BuiltIn.GUEST)} OR {_holds()})" if everyone else _holds()
        found = _page(organization, reached, about, after)
        return Holders(found.people, found.more, everyone)
    return _page(organization, f"d.member_id IN ({_union()} UNION {_OPENING})", about, after)


def _is_everyones(workspace_id: int, code: str) -> bool:
    grants = Grant.objects.live().filter(workspace=workspace_id, principal_key=0)
    by_role = RolePermission.objects.filter(permission=code, role__in=grants.values("role"))
    return by_role.exists() or GrantPermission.objects.filter(permission=code, grant__in=grants).exists()


def _are_many(about: dict[str, Any]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({_union()} LIMIT {FEW + 1}) AS holders", about)
        return int(cursor.fetchone()[0]) > FEW


def _page(organization: Organization, where: str, about: dict[str, Any], after: Place | None) -> Holders:
    beyond = "AND (d.sort_name, d.member_id) > (%(name)s, %(last)s)" if after else ""
    statement = f"""
        SELECT d.member_id, d.name, d.address, d.sort_name FROM workspaces_directory d
        JOIN workspaces_member m ON m.id = d.member_id
        JOIN accounts_user u ON u.id = m.user_id AND u.is_active
        WHERE d.organization_id = %(organization)s AND m.joined_at IS NOT NULL AND m.suspended_at IS NULL
        AND {where} {beyond}
        ORDER BY d.sort_name, d.member_id LIMIT {PAGE + 1}"""
    name, last = after or ("", 0)
    with connection.cursor() as cursor:
        cursor.execute(statement, {**about, "organization": organization.pk, "name": name, "last": last})
        rows = cursor.fetchall()
    people = [Holder(pk, name or address, address, (sort_name, pk)) for pk, name, address, sort_name in rows[:PAGE]]
    return Holders(people, more=len(rows) > PAGE)


def _carries() -> str:
    return f"""x.workspace_id = %(workspace)s AND {live("x")} AND (
        EXISTS (SELECT 1 FROM workspaces_rolepermission p WHERE p.role_id = x.role_id AND p.permission = %(code)s)
        OR EXISTS (SELECT 1 FROM workspaces_grantpermission e WHERE e.grant_id = x.id AND e.permission = %(code)s))"""


def _union() -> str:
    return f"""SELECT x.member_id FROM workspaces_grant x WHERE x.member_id IS NOT NULL AND {_carries()}
        UNION
        SELECT gm.member_id FROM workspaces_grant x JOIN workspaces_groupmember gm ON gm.group_id = x.group_id
        WHERE {_carries()}"""


def _holds() -> str:
    """The same asked of one member m."""
    return f"""(m.role_id IN {_OPENS}
        OR EXISTS (SELECT 1 FROM workspaces_grant x WHERE x.member_id = m.id AND {_carries()})
        OR EXISTS (SELECT 1 FROM workspaces_groupmember gm JOIN workspaces_grant x ON x.group_id = gm.group_id
                   WHERE gm.member_id = m.id AND {_carries()}))"""


_OPENS = "(SELECT p.role_id FROM workspaces_rolepermission p WHERE p.permission = %(opens)s)"
_OPENING = f"""SELECT n.id FROM workspaces_member n
    WHERE n.organization_id = %(organization)s AND n.role_id IN {_OPENS}"""
