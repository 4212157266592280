"""Who gains and who loses what when roles come to hold something else: the blast radius of an edit, a replacement, a
change of scheme.

Counted over effective access: whoever holds a permission on another path neither gains nor loses it. Everyone is never
expanded: people are grouped by the paths that lead them into a workspace, and each such group is folded once.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db import connection
from django.db.models.functions import Lower

from workspaces.catalogue import BuiltIn, Code, Scope
from workspaces.models import Grant, GrantPermission, Member, Organization, RolePermission, Workspace
from workspaces.models.grants import GrantQuerySet
from workspaces.models.members import MemberQuerySet
from workspaces.queries.facts import roles_of
from workspaces.queries.member_sql import live

type Codes = frozenset[str]
NOTHING: Codes = frozenset()
MANY = 100_000
"""More people than this, added up over all workspaces, are not told apart: that reads all their paths once more."""


class Place(NamedTuple):
    """A workspace in which somebody's access changes."""

    workspace_id: int
    name: str
    gaining: int
    losing: int


@dataclass(slots=True)
class Effects:
    """gaining, losing: people. gained, lost: what they do. at_least: somebody may be counted in one workspace only who
    is touched in another.
    """

    gaining: int = 0
    losing: int = 0
    gained: Codes = NOTHING
    lost: Codes = NOTHING
    places: list[Place] = field(default_factory=list)
    at_least: bool = False

    @property
    def is_none(self) -> bool:
        return not self.gaining and not self.losing


@dataclass(frozen=True, slots=True)
class _Alike:
    """People of one workspace whom the same paths lead there; no paths: those who come as part of everyone only."""

    workspace_id: int
    is_guest: bool
    paths: str
    count: int
    gained: Codes
    lost: Codes


def effects_in_organization(organization: Organization, role_id: int, after: Codes) -> Effects:
    """What it does to those whose organization role holds something else afterwards."""
    before = roles_of(organization, Scope.ORGANIZATION)[role_id].permissions
    people = Member.objects.filter(organization=organization, role_id=role_id).effective().count()
    gained, lost = (after - before, before - after) if people else (NOTHING, NOTHING)
    return Effects(people if gained else 0, people if lost else 0, gained, lost)


def effects_in_workspaces(
    organization: Organization, after: Mapping[int, Codes], for_everyone: Mapping[int, Codes] | None = None
) -> Effects:
    """What it does where these workspace roles are granted. after: what each holds then; for_everyone: what those that
    everyone holds become, where that differs.
    """
    places = _places(organization, after.keys())
    if not places:
        return Effects()
    before = {role_id: role.permissions for role_id, role in roles_of(organization, Scope.WORKSPACE).items()}
    changes = _Changes(before, {**before, **after}, {**before, **after, **(for_everyone or {})})
    alike = _fold(organization, places.keys(), changes)
    effects = Effects(
        gained=frozenset().union(*(each.gained for each in alike)),
        lost=frozenset().union(*(each.lost for each in alike)),
    )
    gaining, losing = [each for each in alike if each.gained], [each for each in alike if each.lost]
    effects.gaining, guessed = _people(organization, gaining)
    effects.losing, guessed_too = _people(organization, losing)
    effects.at_least = guessed or guessed_too
    effects.places = [
        Place(pk, name, _sum(gaining, pk), _sum(losing, pk))
        for pk, name in places.items()
        if _sum(gaining, pk) or _sum(losing, pk)
    ]
    return effects


@dataclass(frozen=True, slots=True)
class _Changes:
    """What roles hold now, and then; then for everyone."""

    before: Mapping[int, Codes]
    after: Mapping[int, Codes]
    for_everyone: Mapping[int, Codes]


def _places(organization: Organization, role_ids: Collection[int]) -> dict[int, str]:
    granted = Grant.objects.live().filter(role__in=list(role_ids), workspace__organization=organization)
    workspaces = Workspace.objects.alive().filter(organization=organization, pk__in=granted.values("workspace"))
    return dict(workspaces.order_by(Lower("name"), "pk").values_list("pk", "name"))


def _fold(organization: Organization, workspace_ids: Collection[int], changes: _Changes) -> list[_Alike]:
    before_all, after_all = _of_everyone(workspace_ids, changes)
    found, by_name = [], dict.fromkeys(workspace_ids, 0)
    for workspace_id, is_guest, paths, count in _signatures(organization, workspace_ids):
        before, after = _held(paths, changes.before), _held(paths, changes.after)
        if not is_guest:
            by_name[workspace_id] += count
            before, after = before | before_all[workspace_id], after | after_all[workspace_id]
        found.append(_Alike(workspace_id, bool(is_guest), paths, count, after - before, before - after))
    everyone = _reachable(organization).exclude(role_id=BuiltIn.GUEST).count() if any(before_all.values()) else 0
    for workspace_id, held in before_all.items():
        then = after_all[workspace_id]
        if held != then:
            others = everyone - by_name[workspace_id]
            found.append(_Alike(workspace_id, False, "", others, then - held, held - then))
    return [each for each in found if each.count and (each.gained or each.lost)]


def _of_everyone(workspace_ids: Collection[int], changes: _Changes) -> tuple[dict[int, Codes], dict[int, Codes]]:
    """What everyone holds in each workspace, before and after."""
    grants = _everyones(workspace_ids)
    before, after = dict.fromkeys(workspace_ids, NOTHING), dict.fromkeys(workspace_ids, NOTHING)
    for workspace_id, role_id in grants.values_list("workspace_id", "role_id"):
        before[workspace_id] |= changes.before.get(role_id, NOTHING)
        after[workspace_id] |= changes.for_everyone.get(role_id, NOTHING)
    extras = GrantPermission.objects.filter(grant__in=grants)
    for workspace_id, code in extras.values_list("grant__workspace_id", "permission"):
        before[workspace_id] |= {code}
        after[workspace_id] |= {code}
    return before, after


def _everyones(workspace_ids: Collection[int]) -> GrantQuerySet:
    return Grant.objects.live().filter(workspace__in=list(workspace_ids), principal_key=0)


def _held(paths: str, roles: Mapping[int, Codes]) -> Codes:
    """What a signature holds: ids of roles, and codes of extra permissions."""
    held: Codes = NOTHING
    for path in paths.split(","):
        held |= roles.get(int(path), NOTHING) if path.isdigit() else {path}
    return held


def _people(organization: Organization, alike: list[_Alike]) -> tuple[int, bool]:
    """How many different people these are, and whether there may be more."""
    by_place: dict[int, int] = {}
    for each in alike:
        by_place[each.workspace_id] = by_place.get(each.workspace_id, 0) + each.count
    if len(by_place) < 2:
        return sum(by_place.values()), False
    if any(not each.paths for each in alike) or sum(by_place.values()) > MANY:
        return max(by_place.values()), True
    return _count_people(organization, alike), False


def _sum(alike: Iterable[_Alike], workspace_id: int) -> int:
    return sum(each.count for each in alike if each.workspace_id == workspace_id)


# --- in SQL: who comes into which workspace by which paths, everyone aside


def _reachable(organization: Organization) -> MemberQuerySet:
    """Effective members whose organization role does not open every workspace anyway."""
    return Member.objects.filter(organization=organization).effective().exclude(role__in=_opening_all())


def _opening_all() -> list[int]:
    rows = RolePermission.objects.filter(permission=Code.WORKSPACES_ACCESS_ALL)
    return list(rows.values_list("role_id", flat=True))


def _marks(values: Collection[object]) -> str:
    return ", ".join(["%s"] * len(values))


def _people_by_path(organization: Organization, workspace_ids: Collection[int]) -> tuple[str, list[int]]:
    """A SELECT of workspace_id, member_id, is_guest and paths: the sorted signature of one person's ways there."""
    opening = _opening_all()
    people = f"""JOIN workspaces_member m ON m.id = {{member}} AND m.joined_at IS NOT NULL AND m.suspended_at IS NULL
        AND m.organization_id = %s AND m.role_id NOT IN ({_marks(opening)})
        JOIN accounts_user u ON u.id = m.user_id AND u.is_active
        WHERE x.workspace_id IN ({_marks(workspace_ids)}) AND {live("x")}"""
    through = "JOIN workspaces_groupmember gm ON gm.group_id = x.group_id"
    extra = "JOIN workspaces_grantpermission e ON e.grant_id = x.id"
    arms = [
        "SELECT x.workspace_id, m.id AS member_id, m.role_id AS role, "
        f"{path} AS path FROM workspaces_grant x {more} {people}"
        for more, path, people in (
            ("", "CAST(x.role_id AS varchar)", people.format(member="x.member_id")),
            (through, "CAST(x.role_id AS varchar)", people.format(member="gm.member_id")),
            (extra, "e.permission", people.format(member="x.member_id")),
            (f"{extra} {through}", "e.permission", people.format(member="gm.member_id")),
        )
    ]
    # PostgreSQL sorts what it aggregates distinctly; SQLite does when it reads it sorted.
    joined = "string_agg(DISTINCT path, ',')" if connection.vendor == "postgresql" else "group_concat(DISTINCT path)"
    rows = f"SELECT * FROM ({' UNION ALL '.join(arms)}) AS ways ORDER BY workspace_id, member_id, path"
    select = f"""SELECT workspace_id, member_id, CASE WHEN role = {int(BuiltIn.GUEST)} THEN 1 ELSE 0 END AS is_guest,
        {joined} AS paths FROM ({rows}) AS sorted GROUP BY workspace_id, member_id, role"""
    return select, [organization.pk, *opening, *workspace_ids] * len(arms)


def _signatures(organization: Organization, workspace_ids: Collection[int]) -> list[tuple[int, int, str, int]]:
    """Workspace, whether guests, paths, and how many people."""
    people, parameters = _people_by_path(organization, workspace_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT workspace_id, is_guest, paths, COUNT(*) FROM ({people}) AS people GROUP BY 1, 2, 3", parameters
        )
        rows: list[tuple[int, int, str, int]] = cursor.fetchall()
    return rows


def _count_people(organization: Organization, alike: list[_Alike]) -> int:
    """How many different people stand behind these signatures."""
    people, parameters = _people_by_path(organization, {each.workspace_id for each in alike})
    keys = ", ".join(["(%s, %s, %s)"] * len(alike))
    wanted: list[int | str] = [value for each in alike for value in (each.workspace_id, int(each.is_guest), each.paths)]
    everything: list[int | str] = [*parameters, *wanted]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT COUNT(DISTINCT member_id) FROM ({people}) AS people "
            f"WHERE (workspace_id, is_guest, paths) IN (VALUES {keys})",
            everything,
        )
        return int(cursor.fetchone()[0])
