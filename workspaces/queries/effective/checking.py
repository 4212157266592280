"""One question: may this member do this here? Answered by one statement, with the reason and all sources."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from config.statements import prepared
from workspaces.catalogue import PERMISSIONS, BuiltIn, Code, Scope
from workspaces.models import HostPermission, Member, Organization
from workspaces.policy.resources import Why
from workspaces.queries.effective.paths import Kind, held_by, kind_of, paths_in
from workspaces.queries.member_sql import blocked, unended
from workspaces.queries.resources import alive, rights_on
from workspaces.queries.roles import all_roles
from workspaces.sql import moment


class No(StrEnum):
    """Why not."""

    UNKNOWN = "unknown"
    WAITING = "waiting"
    SUSPENDED = "suspended"
    BLOCKED = "blocked"
    DELETED = "deleted"
    ARCHIVED = "archived"
    LOCKED = "locked"
    PRIVATE = "private"
    NOT_HELD = "not_held"


@dataclass(frozen=True, slots=True)
class Source:
    """What carries the permission: the organization role (no grant), or a grant."""

    kind: Kind
    role_id: int
    grant_id: int | None = None
    group_id: int | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """Allowed when there is no reason against it. sources carry the permission, also where something else forbids
    it.
    """

    no: No | None
    sources: tuple[Source, ...] = ()

    def __bool__(self) -> bool:
        return self.no is None


def check(
    organization_id: int,
    member_id: int,
    code: str,
    workspace_id: int | None = None,
    resource_id: int | None = None,
) -> Answer:
    """May the member do what the code stands for, in the organization, in a workspace, or to a resource?"""
    if resource_id is not None:
        return _on_resource(organization_id, member_id, code, resource_id)
    if workspace_id is None or scope_of(code) == Scope.ORGANIZATION:
        return _in_organization(organization_id, member_id, code)
    return _in_workspace(organization_id, member_id, code, workspace_id)


_STANDING = f"m.joined_at IS NOT NULL, m.suspended_at IS NULL, NOT {blocked('m')}, m.role_id"
# The OFFSET keeps PostgreSQL from reading the permissions of all roles into a hash for the few that are asked about.
_OF_ROLE = (
    "EXISTS (SELECT 1 FROM workspaces_rolepermission p WHERE p.role_id = {} AND p.permission = %({})s LIMIT 1 OFFSET 0)"
)
_GRANT = "x.id, x.principal_key, x.role_id, x.ends_at"
_IN_ORGANIZATION = f"""
    SELECT {_STANDING}, {_OF_ROLE.format("m.role_id", "code")}
    FROM workspaces_member m WHERE m.id = %(member)s AND m.organization_id = %(organization)s"""


@cache
def _in_workspace_sql() -> str:
    """Written once: a check takes hardly longer than writing this."""
    here = f"x.workspace_id = %(workspace)s AND {unended('x')}"
    return f"""
        SELECT {_STANDING}, w.deleted_at IS NULL, w.archived_at IS NULL, {_OF_ROLE.format("m.role_id", "all")},
               reached.*, {_OF_ROLE.format("reached.role_id", "code")},
               EXISTS (SELECT 1 FROM workspaces_grantpermission e
                       WHERE e.grant_id = reached.id AND e.permission = %(code)s)
        FROM workspaces_member m
        JOIN workspaces_workspace w ON w.organization_id = m.organization_id
        LEFT JOIN (
            SELECT {_GRANT} FROM workspaces_grant x WHERE x.principal_key IN (0, %(member)s) AND {here}
            UNION ALL
            SELECT {_GRANT} FROM workspaces_groupmember gm JOIN workspaces_grant x ON x.principal_key = -gm.group_id
            WHERE gm.member_id = %(member)s AND {here}
        ) reached ON reached.principal_key <> 0 OR m.role_id <> {int(BuiltIn.GUEST)}
        WHERE m.id = %(member)s AND m.organization_id = %(organization)s AND w.id = %(workspace)s"""


def _in_organization(organization_id: int, member_id: int, code: str) -> Answer:
    rows = prepared(_IN_ORGANIZATION, {"code": code, "member": member_id, "organization": organization_id})
    if not rows:
        return Answer(No.UNKNOWN)
    *standing, role_id, carries = rows[0]
    sources = (Source(Kind.ORGANIZATION, role_id),) if carries else ()
    return Answer(_standing(*standing) or _held(sources), sources)


def _in_workspace(organization_id: int, member_id: int, code: str, workspace_id: int) -> Answer:
    """One row per grant that reaches the member, each with what the member and the workspace are; one without a grant
    where there is none.
    """
    about = {"code": code, "member": member_id, "organization": organization_id, "workspace": workspace_id}
    rows = prepared(_in_workspace_sql(), {**about, "all": Code.WORKSPACES_ACCESS_ALL.value})
    if not rows:
        return Answer(No.UNKNOWN)
    *standing, role_id, is_alive, is_in_use, opens_all = rows[0][:7]
    if not is_alive:
        return Answer(_standing(*standing) or No.DELETED)
    sources = [_source(*row[7:11]) for row in rows if row[11] or row[12]]
    if opens_all and scope_of(code) in (Scope.WORKSPACE, Scope.RESOURCE):
        sources.insert(0, Source(Kind.ORGANIZATION, role_id))
    no = _standing(*standing) or _held(sources)
    if no is None and not is_in_use and not is_viewing(code):
        no = No.ARCHIVED
    return Answer(no, tuple(sources))


def _on_resource(organization_id: int, member_id: int, code: str, resource_id: int) -> Answer:
    """Owner, collaborators and the resource's access level have their say; that takes some statements more."""
    organization = Organization.objects.get(pk=organization_id)
    resource = alive(organization).filter(pk=resource_id).first()
    member = Member.objects.filter(organization=organization, pk=member_id).select_related("user").first()
    if resource is None or member is None:
        return Answer(No.UNKNOWN)
    around = check(organization_id, member_id, code, resource.workspace_id)
    standing = _standing(member.joined_at is not None, member.suspended_at is None, _is_unblocked(member))
    if standing is not None:
        return Answer(standing, around.sources)
    held = _held_around(organization, member, resource.workspace_id)
    on = rights_on(organization, member_id, resource_id, held, is_guest=member.role_id == BuiltIn.GUEST)
    assert on is not None
    sources = around.sources
    if code in on.permissions:
        asked_in = () if around else (Source(Kind.RESOURCE, member.role_id),)
        return Answer(None, (*sources, *asked_in))
    return Answer(_WHY_NOT.get(on.why, around.no or No.NOT_HELD) if sources else No.NOT_HELD, sources)


_WHY_NOT = {Why.LOCKED: No.LOCKED, Why.PRIVATE: No.PRIVATE}


def _is_unblocked(member: Member) -> bool:
    return member.user is not None and member.user.is_active


def _held_around(organization: Organization, member: Member, workspace_id: int | None) -> frozenset[str]:
    roles = all_roles(organization)
    if workspace_id is None:
        return roles.organization[member.role_id].permissions
    return held_by(roles, paths_in(organization, workspace_id, [member.pk])[member.pk])


def _standing(joined: bool, unsuspended: bool, unblocked: bool) -> No | None:
    if not joined:
        return No.WAITING
    if not unsuspended:
        return No.SUSPENDED
    return None if unblocked else No.BLOCKED


def _held(sources: Collection[Source]) -> No | None:
    return None if sources else No.NOT_HELD


def _source(grant_id: int, principal_key: int, role_id: int, ends_at: Any) -> Source:
    group_id = -principal_key if principal_key < 0 else None
    return Source(kind_of(grant_id, principal_key), role_id, grant_id, group_id, moment(ends_at))


def scope_of(code: str) -> str | None:
    """None for a code that nobody registered."""
    if code in PERMISSIONS:
        return PERMISSIONS[code].scope
    return HostPermission.objects.filter(code=code).values_list("scope", flat=True).first()


def is_viewing(code: str) -> bool:
    """Is it kept where a workspace is archived or a resource is locked?"""
    if code in PERMISSIONS:
        return PERMISSIONS[code].viewing
    return HostPermission.objects.filter(code=code, viewing=True).exists()
