"""What people really lose when grants of a group go, or gain by them, given every other path they have. Set by set.

One statement folds the people into classes with the same other paths; each class is judged once.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.db import connection

from workspaces.catalogue import PERMISSIONS, BuiltIn, Code
from workspaces.models import Grant, GrantPermission, Group, HostPermission, Organization
from workspaces.models.grants import GrantQuerySet
from workspaces.models.members import MemberQuerySet
from workspaces.queries.member_sql import live
from workspaces.queries.roles import Roles, all_roles

SHOWN = 5
"""People named per class; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """People to whom the same happens: how many, and the first of them (id, name) by name.

    role: what they hold there by their other paths ("" for nothing). through: what the decisive one of those is ("" for
    a direct grant).
    """

    count: int
    people: tuple[tuple[int, str], ...]
    role: str = ""
    through: str = ""
    kind: str = ""


@dataclass(slots=True)
class Impact:
    """In one workspace. role: what the grants carry, as it is shown. changed: who loses or gains it. kept: who holds
    all of it another way, by what. high_risk: what it lets people do that deserves a second look.
    """

    workspace_id: int
    workspace: str
    slug: str
    role: str
    high_risk: tuple[str, ...]
    changed: list[Crowd] = field(default_factory=list)
    kept: list[Crowd] = field(default_factory=list)

    @property
    def changing(self) -> int:
        return sum(crowd.count for crowd in self.changed)

    @property
    def keeping(self) -> int:
        return sum(crowd.count for crowd in self.kept)


@dataclass(frozen=True, slots=True)
class _Other:
    """A path beside the grants in question."""

    role_id: int
    group_id: int
    grant_id: int


@dataclass(slots=True)
class _Class:
    workspace_id: int
    role_id: int
    others: tuple[_Other, ...]
    count: int
    people: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Words:
    """What the codes and names of all paths are."""

    roles: Roles
    extras: dict[int, frozenset[str]]
    groups: dict[int, str]
    everyone: dict[int, frozenset[str]]

    def codes(self, role_id: int, grant_id: int) -> frozenset[str]:
        role = self.roles.workspace.get(role_id)
        return (role.permissions if role else frozenset()) | self.extras.get(grant_id, frozenset())

    def shown(self, codes: frozenset[str]) -> str:
        return self.roles.shown(codes).role


def weigh(organization: Organization, people: MemberQuerySet, grants: GrantQuerySet) -> list[Impact]:
    """By workspace, what the grants mean to these people beside all their other paths: what those who have them would
    lose, and those who have not would gain.
    """
    going = list(grants.select_related("workspace").order_by("workspace__name", "workspace", "pk"))
    if not going:
        return []
    classes = _classes(people, going)
    words = _words(organization, going, classes)
    carried: dict[int, frozenset[str]] = {}
    impacts: dict[int, Impact] = {}
    risky = _risky()
    for grant in going:
        place = grant.workspace
        codes = carried.get(place.pk, frozenset()) | words.codes(grant.role_id, grant.pk)
        carried[place.pk] = codes
        role = words.shown(codes) or words.roles.names.get(grant.role_id, "")
        impacts[place.pk] = Impact(place.pk, place.name, place.slug, role, risky(codes))
    for each in classes:
        crowd, keeps = _judge(each, carried[each.workspace_id], words)
        impact = impacts[each.workspace_id]
        (impact.kept if keeps else impact.changed).append(crowd)
    return list(impacts.values())


def _judge(each: _Class, carried: frozenset[str], words: _Words) -> tuple[Crowd, bool]:
    """The class as a crowd, and whether it holds all that is carried by its other paths."""
    people = tuple(each.people)
    organization_role = words.roles.organization.get(each.role_id)
    if organization_role is not None and Code.WORKSPACES_ACCESS_ALL in organization_role.permissions:
        name = words.roles.names.get(each.role_id, "")
        return Crowd(each.count, people, name, kind="organization"), True
    paths = [
        (words.codes(other.role_id, other.grant_id), "group" if other.group_id else "direct", other.group_id)
        for other in each.others
    ]
    if each.role_id != BuiltIn.GUEST and each.workspace_id in words.everyone:
        paths.append((words.everyone[each.workspace_id], "everyone", 0))
    held = frozenset[str]().union(*(codes for codes, _kind, _group in paths))
    _codes, kind, group = max(paths, key=lambda path: len(path[0] & carried), default=(held, "", 0))
    crowd = Crowd(each.count, people, words.shown(held), words.groups.get(group, ""), kind)
    return crowd, carried <= held


def _risky() -> Callable[[frozenset[str]], tuple[str, ...]]:
    """Says which abilities among some codes are marked as risky, those of host products included."""
    abilities = {code: str(permission.ability) for code, permission in PERMISSIONS.items() if permission.high_risk}
    abilities |= dict(HostPermission.objects.filter(high_risk=True).values_list("code", "ability"))
    return lambda codes: tuple(ability for code, ability in abilities.items() if code in codes)


def _words(organization: Organization, going: list[Grant], classes: list[_Class]) -> _Words:
    others = {other for each in classes for other in each.others}
    workspaces = {grant.workspace_id for grant in going}
    roles = all_roles(organization)
    open_to_all = list(
        Grant.objects.live()
        .filter(principal_key=0, workspace__in=workspaces)
        .values_list("pk", "workspace_id", "role_id")
    )
    asked = {grant.pk for grant in going} | {other.grant_id for other in others} | {pk for pk, _, _ in open_to_all}
    extras: dict[int, frozenset[str]] = {}
    for grant_id, code in GrantPermission.objects.filter(grant__in=asked).values_list("grant_id", "permission"):
        extras[grant_id] = extras.get(grant_id, frozenset()) | {code}
    groups = Group.objects.filter(pk__in={other.group_id for other in others})
    words = _Words(roles, extras, dict(groups.values_list("pk", "name")), {})
    for grant_id, workspace_id, role_id in open_to_all:
        held = words.everyone.get(workspace_id, frozenset())
        words.everyone[workspace_id] = held | words.codes(role_id, grant_id)
    return words


def _classes(people: MemberQuerySet, going: list[Grant]) -> list[_Class]:
    """The people by workspace, organization role and other paths; a path is told by its grant where that has extras."""
    compiler = people.order_by().values("pk").query.get_compiler(connection=connection, elide_empty=False)
    select, parameters = compiler.as_sql()
    places = ", ".join(str(pk) for pk in sorted({grant.workspace_id for grant in going}))
    gone = ", ".join(str(grant.pk) for grant in going)
    extra = "EXISTS (SELECT 1 FROM workspaces_grantpermission e WHERE e.grant_id = x.id)"
    path = f"x.role_id || ':' || coalesce(x.group_id, 0) || ':' || CASE WHEN {extra} THEN x.id ELSE 0 END"
    others = f"x.workspace_id IN ({places}) AND x.id NOT IN ({gone}) AND {live('x')}"
    joined = "string_agg(path, ',' ORDER BY path)" if connection.vendor == "postgresql" else "group_concat(path, ',')"
    statement = f"""
        WITH people AS MATERIALIZED (
            SELECT m.id, m.role_id FROM workspaces_member m WHERE m.id IN ({select})
        ),
        others AS (
            SELECT people.id AS member_id, x.workspace_id, {path} AS path
            FROM people JOIN workspaces_grant x ON x.member_id = people.id WHERE {others}
            UNION
            SELECT people.id, x.workspace_id, {path}
            FROM workspaces_grant x JOIN workspaces_groupmember gm ON gm.group_id = x.group_id
            JOIN people ON people.id = gm.member_id WHERE {others}
        ),
        held AS (SELECT member_id, workspace_id, {joined} AS paths FROM others GROUP BY member_id, workspace_id),
        placed AS (
            SELECT w.id AS workspace_id, people.role_id, coalesce(held.paths, '') AS paths, people.id AS member_id,
                   d.sort_name, CASE WHEN d.name = '' THEN d.address ELSE d.name END AS name
            FROM people JOIN workspaces_directory d ON d.member_id = people.id
            JOIN workspaces_workspace w ON w.id IN ({places})
            LEFT JOIN held ON held.member_id = people.id AND held.workspace_id = w.id
        ),
        numbered AS (
            SELECT placed.*, count(*) OVER (PARTITION BY workspace_id, role_id, paths) AS number,
                   row_number() OVER (PARTITION BY workspace_id, role_id, paths ORDER BY sort_name, member_id) AS place
            FROM placed
        )
        SELECT workspace_id, role_id, paths, number, member_id, name FROM numbered
        WHERE place <= {SHOWN} ORDER BY workspace_id, number DESC, paths, role_id, place"""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return _read(cursor.fetchall())


def _read(rows: Iterable[tuple[int, int, str, int, int, str]]) -> list[_Class]:
    classes: dict[tuple[int, int, str], _Class] = {}
    for workspace_id, role_id, paths, number, member_id, name in rows:
        key = (workspace_id, role_id, paths)
        if key not in classes:
            others = tuple(_Other(*map(int, path.split(":"))) for path in paths.split(",") if path)
            classes[key] = _Class(workspace_id, role_id, others, number)
        classes[key].people.append((member_id, name))
    return list(classes.values())
