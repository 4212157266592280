"""How many people would gain by a grant before it is given, and what of it deserves a second look.

Exact, and never a row per person: whoever it reaches is counted, and whoever of them holds all of it already.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.functional import Promise

from workspaces.catalogue import PERMISSIONS, BuiltIn, Code, Scope
from workspaces.models import Grant, GrantPermission, HostPermission, Organization
from workspaces.queries.facts import roles_of
from workspaces.queries.member_sql import blocked, live


@dataclass(frozen=True, slots=True)
class Radius:
    """reached: active people whom the grant would reach. gaining: those of them who do not hold all of it yet.
    high_risk: what of it deserves a second look, as abilities.
    """

    reached: int
    gaining: int
    high_risk: tuple[str | Promise, ...]


def blast_radius(
    organization: Organization,
    workspace_id: int,
    codes: Collection[str],
    *,
    member_ids: Collection[int] = (),
    group_ids: Collection[int] = (),
    everyone: bool = False,
) -> Radius:
    """What a grant of these permissions would do in the workspace, given to members, groups or everyone."""
    wanted = frozenset(codes)
    reached = _Everyone(organization) if everyone else _Named(organization, member_ids, group_ids)
    held = _Held.read(organization, workspace_id)
    gaining = 0
    total = 0
    for guests in (False, True):
        people = reached.count(guests=guests)
        total += people
        missing = wanted if guests else wanted - held.by_everyone
        if people and missing:
            gaining += people - held.count(missing, reached, guests=guests)
    return Radius(total, gaining, high_risk_of(wanted))


def high_risk_of(codes: Collection[str]) -> tuple[str | Promise, ...]:
    """What the high-risk ones among the permissions let people do."""
    known = [permission.ability for code, permission in PERMISSIONS.items() if code in codes and permission.high_risk]
    registered = HostPermission.objects.filter(code__in=list(codes), high_risk=True).order_by("pk")
    return (*known, *registered.values_list("ability", flat=True))


# Whose rights count (unless the account is blocked), and whose organization role does not open every workspace anyway.
COUNTED = f"""m.organization_id = %s AND m.joined_at IS NOT NULL AND m.suspended_at IS NULL
    AND m.role_id NOT IN (SELECT p.role_id FROM workspaces_rolepermission p
                          WHERE p.permission = '{Code.WORKSPACES_ACCESS_ALL}')"""
UNBLOCKED = f"NOT {blocked('m')}"


def count_everyone(organization: Organization) -> int:
    """Whom a grant to everyone reaches, and nothing else does already."""
    return _Everyone(organization).count(guests=False)


def _guests(guests: bool) -> str:
    return f"m.role_id {'=' if guests else '<>'} {int(BuiltIn.GUEST)}"


@dataclass(frozen=True, slots=True)
class _Everyone:
    organization: Organization

    def count(self, *, guests: bool) -> int:
        """Blocked accounts are few: taken off, rather than a million accounts asked whether they are active."""
        if guests:
            return 0
        members = f"FROM workspaces_member m WHERE {COUNTED} AND {_guests(guests)}"
        blocked = "AND m.user_id IN (SELECT u.id FROM accounts_user u WHERE NOT u.is_active)"
        statement = f"SELECT (SELECT count(*) {members}) - (SELECT count(*) {members} {blocked})"
        return _number(statement, [self.organization.pk] * 2)

    def narrow(self) -> tuple[str, list[Any]]:
        return "", []


@dataclass(frozen=True, slots=True)
class _Named:
    organization: Organization
    member_ids: Collection[int]
    group_ids: Collection[int]

    def count(self, *, guests: bool) -> int:
        narrow, ids = self.narrow()
        statement = f"""
            SELECT count(*) FROM workspaces_member m JOIN accounts_user u ON u.id = m.user_id AND u.is_active
            WHERE {COUNTED} AND {_guests(guests)} {narrow}"""
        return _number(statement, [self.organization.pk, *ids])

    def narrow(self) -> tuple[str, list[Any]]:
        members, groups = list(self.member_ids) or [0], list(self.group_ids) or [0]
        return (
            f"""AND m.id IN (SELECT gm.member_id FROM workspaces_groupmember gm WHERE gm.group_id IN ({_marks(groups)})
                UNION SELECT n.id FROM workspaces_member n WHERE n.id IN ({_marks(members)}))""",
            [*groups, *members],
        )


@dataclass(frozen=True, slots=True)
class _Held:
    """What the grants of one workspace hold: by role, and by the few grants with extra permissions."""

    organization: Organization
    workspace_id: int
    roles: dict[int, frozenset[str]]
    extended: dict[int, frozenset[str]]
    by_everyone: frozenset[str]

    @classmethod
    def read(cls, organization: Organization, workspace_id: int) -> "_Held":
        roles = {pk: role.permissions for pk, role in roles_of(organization, Scope.WORKSPACE).items()}
        grants = Grant.objects.live().filter(workspace=workspace_id)
        extended: dict[int, frozenset[str]] = {}
        extras = GrantPermission.objects.filter(grant__in=grants)
        for grant_id, role_id, code in extras.values_list("grant_id", "grant__role_id", "permission"):
            extended[grant_id] = extended.get(grant_id, roles.get(role_id, frozenset())) | {code}
        everyones = grants.filter(principal_key=0).values_list("pk", "role_id")
        held = (extended.get(pk) or roles.get(role_id, frozenset()) for pk, role_id in everyones)
        return cls(organization, workspace_id, roles, extended, frozenset().union(*held))

    def count(self, missing: frozenset[str], reached: "_Everyone | _Named", *, guests: bool) -> int:
        """How many of those reached hold all that is missing, by grants other than everyone's."""
        full = _Choice.of(self, lambda codes: missing <= codes)
        partly = _Choice.of(self, lambda codes: bool(missing & codes) and not missing <= codes)
        together = missing <= frozenset().union(*partly.codes)
        holders, parameters = self._holders(full)
        if together:
            combined, more = self._combined(partly, missing)
            holders, parameters = f"{holders} UNION {combined}", [*parameters, *more]
        narrow, ids = reached.narrow()
        statement = f"""
            SELECT count(*) FROM ({holders}) AS holders
            JOIN workspaces_member m ON m.id = holders.member_id
            JOIN accounts_user u ON u.id = m.user_id AND u.is_active
            WHERE {COUNTED} AND {_guests(guests)} {narrow}"""
        return _number(statement, [*parameters, self.organization.pk, *ids])

    def _holders(self, choice: "_Choice") -> tuple[str, list[Any]]:
        """Members of the chosen grants, directly and through groups, each once."""
        where = f"x.workspace_id = %s AND {live('x')} AND {choice.text}"
        parameters = [self.workspace_id, *choice.ids]
        return (
            f"""SELECT x.member_id FROM workspaces_grant x WHERE {where} AND x.member_id IS NOT NULL
                UNION
                SELECT gm.member_id FROM workspaces_grant x
                JOIN workspaces_groupmember gm ON gm.group_id = x.group_id WHERE {where}""",
            parameters * 2,
        )

    def _combined(self, partly: "_Choice", missing: frozenset[str]) -> tuple[str, list[Any]]:
        """Members whose grants hold all of it only together."""
        where = f"x.workspace_id = %s AND {live('x')} AND {partly.text}"
        ways = f"""
            SELECT x.id, x.role_id, x.member_id FROM workspaces_grant x WHERE {where} AND x.member_id IS NOT NULL
            UNION ALL
            SELECT x.id, x.role_id, gm.member_id FROM workspaces_grant x
            JOIN workspaces_groupmember gm ON gm.group_id = x.group_id WHERE {where}"""
        codes = sorted(missing)
        wanted = f"permission IN ({_marks(codes)})"
        text = f"""
            SELECT member_id FROM (
                SELECT ways.member_id, p.permission FROM ({ways}) AS ways
                JOIN workspaces_rolepermission p ON p.role_id = ways.role_id AND p.{wanted}
                UNION
                SELECT ways.member_id, e.permission FROM ({ways}) AS ways
                JOIN workspaces_grantpermission e ON e.grant_id = ways.id AND e.{wanted}
            ) AS held GROUP BY member_id HAVING count(*) = {len(codes)}"""
        parameters = [self.workspace_id, *partly.ids] * 2
        return text, [*parameters, *codes, *parameters, *codes]


@dataclass(frozen=True, slots=True)
class _Choice:
    """Grants by what they hold, as SQL over x."""

    text: str
    ids: list[int]
    codes: list[frozenset[str]]

    @classmethod
    def of(cls, held: _Held, fits: Callable[[frozenset[str]], bool]) -> "_Choice":
        roles = [pk for pk, codes in held.roles.items() if fits(codes)]
        extended = [pk for pk, codes in held.extended.items() if fits(codes)]
        codes = [held.roles[pk] for pk in roles] + [held.extended[pk] for pk in extended]
        roles, extended = roles or [0], extended or [0]
        return cls(f"(x.role_id IN ({_marks(roles)}) OR x.id IN ({_marks(extended)}))", [*roles, *extended], codes)


def _marks(values: Collection[object]) -> str:
    return ", ".join(["%s"] * len(values))


def _number(statement: str, parameters: Iterable[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(parameters))
        return int(cursor.fetchone()[0])
