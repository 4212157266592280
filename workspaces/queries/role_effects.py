"""Who gains and who loses what when roles come to hold something else: the blast radius of an edit, a replacement, a
change of scheme.

Counted over effective access: whoever holds a permission on another path neither gains nor loses it. Everyone is never
expanded: people are grouped by the ways that lead them into a workspace, and each such group is folded once.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

from django.db import connection
from django.db.models.functions import Lower

from workspaces.catalogue import BuiltIn, Scope
from workspaces.models import Grant, GrantPermission, Member, Organization, Workspace
from workspaces.models.grants import GrantQuerySet
from workspaces.queries.effective.blast import COUNTED, UNBLOCKED, count_everyone
from workspaces.queries.facts import roles_of
from workspaces.queries.member_sql import unended

type Codes = frozenset[str]
type Kind = tuple[Codes, Codes]
NOTHING: Codes = frozenset()
MANY = 100_000
"""More people than this, added up over all workspaces, are not told apart: that reads all their ways once more."""
BITS = 62
"""Kinds of ways in one number of a signature: a database's integer without its sign."""


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
    """People of one workspace whom the same ways lead there; no signature: those who come as part of everyone only."""

    workspace_id: int
    is_guest: bool
    signature: tuple[int, ...]
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
    ways = _Ways.of(changes)
    if not ways.kinds:
        return Effects()
    alike = _fold(organization, places.keys(), changes, ways)
    effects = Effects(
        gained=frozenset().union(*(each.gained for each in alike)),
        lost=frozenset().union(*(each.lost for each in alike)),
    )
    gaining, losing = [each for each in alike if each.gained], [each for each in alike if each.lost]
    effects.gaining, guessed = _people(organization, ways, gaining)
    effects.losing, guessed_too = _people(organization, ways, losing)
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


@dataclass(frozen=True, slots=True)
class _Ways:
    """The kinds of what single grants hold, told apart no further than the change does, and counted from 0.

    kinds: what of the change each holds now, and then. roles, extras: which kind a role, or an extra permission, is; of
    those missing the change says nothing.
    """

    kinds: list[Kind]
    roles: dict[int | str, int]
    extras: dict[int | str, int]

    @property
    def columns(self) -> list[str]:
        """What the numbers of a signature are called."""
        return [f"signature_{first}" for first in range(0, len(self.kinds), BITS)]

    @classmethod
    def of(cls, changes: _Changes) -> "_Ways":
        changing: Codes = frozenset().union(
            *(
                held ^ then[role]
                for role, held in changes.before.items()
                for then in (changes.after, changes.for_everyone)
            )
        )
        roles = {role: (held & changing, changes.after[role] & changing) for role, held in changes.before.items()}
        extras = {code: (frozenset({code}), frozenset({code})) for code in changing}
        kinds = list(dict.fromkeys(kind for kind in (*roles.values(), *extras.values()) if any(kind)))
        numbers = {kind: number for number, kind in enumerate(kinds)}
        return cls(
            kinds,
            {role: numbers[kind] for role, kind in roles.items() if kind in numbers},
            {code: numbers[kind] for code, kind in extras.items()},
        )

    def held(self, signature: tuple[int, ...]) -> Kind:
        """What a signature holds, now and then."""
        before, after = NOTHING, NOTHING
        for number, kind in enumerate(self.kinds):
            if signature[number // BITS] >> number % BITS & 1:
                before, after = before | kind[0], after | kind[1]
        return before, after


def _places(organization: Organization, role_ids: Collection[int]) -> dict[int, str]:
    granted = Grant.objects.live().filter(role__in=list(role_ids), workspace__organization=organization)
    workspaces = Workspace.objects.alive().filter(organization=organization, pk__in=granted.values("workspace"))
    return dict(workspaces.order_by(Lower("name"), "pk").values_list("pk", "name"))


def _fold(organization: Organization, workspace_ids: Collection[int], changes: _Changes, ways: _Ways) -> list[_Alike]:
    before_all, after_all = _of_everyone(workspace_ids, changes)
    found, by_name = [], dict.fromkeys(workspace_ids, 0)
    for workspace_id, is_guest, count, *signature in _signatures(organization, workspace_ids, ways):
        before, after = ways.held(tuple(signature))
        if not is_guest:
            by_name[workspace_id] += count
            before, after = before | before_all[workspace_id], after | after_all[workspace_id]
        found.append(_Alike(workspace_id, bool(is_guest), tuple(signature), count, after - before, before - after))
    everyone = count_everyone(organization) if any(before_all.values()) else 0
    for workspace_id, held in before_all.items():
        then = after_all[workspace_id]
        if held != then:
            others = everyone - by_name[workspace_id]
            found.append(_Alike(workspace_id, False, (), others, then - held, held - then))
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


def _people(organization: Organization, ways: _Ways, alike: list[_Alike]) -> tuple[int, bool]:
    """How many different people these are, and whether there may be more."""
    by_place: dict[int, int] = {}
    for each in alike:
        by_place[each.workspace_id] = by_place.get(each.workspace_id, 0) + each.count
    if len(by_place) < 2:
        return sum(by_place.values()), False
    if any(not each.signature for each in alike) or sum(by_place.values()) > MANY:
        return max(by_place.values()), True
    return _count_people(organization, ways, alike), False


def _sum(alike: Iterable[_Alike], workspace_id: int) -> int:
    return sum(each.count for each in alike if each.workspace_id == workspace_id)


# --- in SQL: who comes into which workspace by which ways, everyone aside


def _marks(values: Collection[object]) -> str:
    return ", ".join(["%s"] * len(values))


def _signatures(
    organization: Organization, workspace_ids: Collection[int], ways: _Ways
) -> list[tuple[int, int, int, *tuple[int, ...]]]:
    """Workspace, whether guests, how many people, and their signature."""
    people, parameters = _people_by_ways(organization, workspace_ids, ways)
    columns = ", ".join(["workspace_id", "is_guest", *ways.columns])
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT workspace_id, is_guest, COUNT(*), {', '.join(ways.columns)} FROM ({people}) AS people"
            f" GROUP BY {columns}",
            parameters,
        )
        rows: list[tuple[int, int, int, *tuple[int, ...]]] = cursor.fetchall()
    return rows


def _count_people(organization: Organization, ways: _Ways, alike: list[_Alike]) -> int:
    """How many different people stand behind these signatures."""
    people, parameters = _people_by_ways(organization, {each.workspace_id for each in alike}, ways)
    columns = ", ".join(["workspace_id", "is_guest", *ways.columns])
    rows = [(each.workspace_id, int(each.is_guest), *each.signature) for each in alike]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT COUNT(DISTINCT member_id) FROM ({people}) AS people"
            f" WHERE ({columns}) IN (VALUES {', '.join([f'({_marks(row)})' for row in rows])})",
            [*parameters, *chain.from_iterable(rows)],
        )
        return int(cursor.fetchone()[0])


def _people_by_ways(
    organization: Organization, workspace_ids: Collection[int], ways: _Ways
) -> tuple[str, list[int | str]]:
    """A SELECT of workspace_id, member_id, is_guest and the signature of one person's ways there.

    One pass: the ways are sorted by person, then everybody goes by in that order. To find each of them in a hash of a
    million costs twice as much.
    """
    arms: list[str] = []
    parameters: list[int | str] = []
    for column, kinds, extra in (
        ("x.role_id", ways.roles, ""),
        ("e.permission", ways.extras, "JOIN workspaces_grantpermission e ON e.grant_id = x.id"),
    ):
        cases = "WHEN %s THEN %s " * len(kinds)
        for member, through in (
            ("x.member_id", ""),
            ("gm.member_id", "JOIN workspaces_groupmember gm ON gm.group_id = x.group_id"),
        ):
            arms.append(f"""
                SELECT x.workspace_id, {member} AS member_id, CASE {column} {cases} END AS kind
                FROM workspaces_grant x {extra} {through}
                WHERE x.workspace_id IN ({_marks(workspace_ids)}) AND {member} IS NOT NULL
                      AND {column} IN ({_marks(kinds)}) AND {unended("x")}""")
            parameters += [*chain.from_iterable(kinds.items()), *workspace_ids, *kinds]
    folded = [f"{_union_of_bits(place * BITS)} AS {column}" for place, column in enumerate(ways.columns)]
    select = f"""
        SELECT ways.workspace_id, m.id AS member_id, {", ".join(folded)},
               CASE WHEN m.role_id = {int(BuiltIn.GUEST)} THEN 1 ELSE 0 END AS is_guest
        FROM ({" UNION ALL ".join(arms)} ORDER BY member_id, workspace_id) AS ways
        JOIN workspaces_member m ON m.id = ways.member_id
        WHERE {COUNTED} AND {UNBLOCKED} GROUP BY m.id, ways.workspace_id"""
    return select, [*parameters, organization.pk]


def _union_of_bits(first: int) -> str:
    """A bit for each kind from the first on. SQLite cannot unite bits, but adds up different ones."""
    last = first + BITS - 1
    bit = f"CASE WHEN kind BETWEEN {first} AND {last} THEN CAST(1 AS bigint) << (kind - {first}) ELSE 0 END"
    return f"bit_or({bit})" if connection.vendor == "postgresql" else f"sum(DISTINCT {bit})"
