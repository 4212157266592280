"""Goal 14: the first page of a workspace's people, by name, beside the better of two plain plans: walk all names of the
organization and ask of each whether they are in, or gather who is in and sort them.

All three read the same columns of the page's rows; each reference is one statement that knows beforehand which groups
and roles lead inside, and counts nobody.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.models import Count
from django.db.models.functions import Now

from bench.goals.crowds import Crowd
from bench.measuring import Comparison, Meter, undone
from bench.results import Result, at_most
from bench.web import Place, Wrong
from workspaces.catalogue import BuiltIn
from workspaces.models import Grant, Group, Organization, Origin, Workspace
from workspaces.queries.member_sql import PAGE, Sql
from workspaces.queries.members import Page, read_page
from workspaces.queries.workspace_people import PeopleFilters, people_page, reach_of

NARROW = 300
BAR = 3


def measure(place: Place, meter: Meter) -> Iterator[Result]:
    for name, workspace in _of_each_width(place):
        yield _compared(place, meter, name, workspace)
    with undone():
        workspace = place.organization.workspaces.create(name="Narrow", slug="narrow")
        Grant.objects.bulk_create(
            Grant(
                workspace=workspace,
                member_id=member,
                role_id=BuiltIn.STANDARD_EDITOR,
                origin=Origin.MANUAL,
                granted_at=Now(),
            )
            for member in Crowd(place).draw(NARROW)
        )
        yield _compared(place, meter, "a narrow one", workspace)


def _of_each_width(place: Place) -> Iterator[tuple[str, Workspace]]:
    """One without a large group, one with, and the one that is everyone's."""
    large = Group.objects.filter(organization=place.organization).annotate(size=Count("memberships")).order_by("-size")
    wide = list(
        Grant.objects.filter(group__in=list(large.values_list("pk", flat=True)[: place.scale.large_groups]))
        .order_by("workspace")
        .values_list("workspace", flat=True)
    )
    shared = place.organization.workspaces.filter(kind=Workspace.Kind.SHARED).exclude(slug="w0").order_by("pk")
    yield "no large group", shared.exclude(pk__in=wide)[0]
    yield "a large group", shared.filter(pk__in=wide)[0]
    yield "everyone", place.organization.workspaces.get(slug="w0")


def _compared(place: Place, meter: Meter, name: str, workspace: Workspace) -> Result:
    inside = _Inside.of(place.organization, workspace)
    ours = partial(people_page, place.organization, workspace, PeopleFilters())
    plans = {"walked": partial(_read, inside.walked()), "gathered": partial(_read, inside.gathered())}
    expected = [row.id for row in ours().rows]
    for plan in plans.values():
        if [row.id for row in plan().rows] != expected:
            raise Wrong(f"The plans disagree about who is on the first page of {workspace.name}.")
    compared = {kind: meter.compare(ours, plan, rounds=5, repeat=3) for kind, plan in plans.items()}
    kind, best = max(compared.items(), key=_by_ratio)
    return at_most(
        14, f"people, {name}", place.scale.name, best.subject, f"{kind} {best.reference}", measured=best.ratio, bar=BAR
    )


def _by_ratio(named: tuple[str, Comparison]) -> float:
    return named[1].ratio


def _read(plan: Sql) -> Page:
    return read_page(plan, Sql("SELECT NULL"), None, everyone=Sql("SELECT NULL"), searching=False)


@dataclass(frozen=True, slots=True)
class _Inside:
    organization_id: int
    workspace_id: int
    groups: list[int]
    roles: list[int]
    has_everyone: bool

    @classmethod
    def of(cls, organization: Organization, workspace: Workspace) -> "_Inside":
        reach = reach_of(organization, workspace, PeopleFilters())
        groups, roles = list(reach.group_ids), list(reach.organization_roles)
        return cls(organization.pk, workspace.pk, groups, roles, reach.has_everyone)

    def walked(self) -> Sql:
        condition = """
            EXISTS (SELECT 1 FROM workspaces_grant x WHERE x.workspace_id = %s AND x.principal_key = d.member_id
                    AND (x.ends_at IS NULL OR x.ends_at > now()))
            OR EXISTS (SELECT 1 FROM workspaces_groupmember y WHERE y.member_id = d.member_id AND y.group_id = ANY(%s))
            OR m.role_id = ANY(%s)"""
        parameters: list[Any] = [self.organization_id, self.workspace_id, self.groups, self.roles]
        if self.has_everyone:
            condition += " OR (m.joined_at IS NOT NULL AND m.role_id <> %s)"
            parameters.append(int(BuiltIn.GUEST))
        text = f"""
            SELECT 0 AS rank, d.sort_name AS value, d.member_id
            FROM workspaces_directory d JOIN workspaces_member m ON m.id = d.member_id
            WHERE d.organization_id = %s AND ({condition})
            ORDER BY d.sort_name, d.member_id LIMIT {PAGE + 1}"""
        return _as_page(text, parameters)

    def gathered(self) -> Sql:
        everyone, parameters = "", [self.workspace_id, self.groups, self.organization_id, self.roles]
        if self.has_everyone:
            everyone = """
                UNION SELECT m.id FROM workspaces_member m
                WHERE m.organization_id = %s AND m.joined_at IS NOT NULL AND m.role_id <> %s"""
            parameters += [self.organization_id, int(BuiltIn.GUEST)]
        text = f"""
            SELECT 0 AS rank, d.sort_name AS value, d.member_id
            FROM (
                SELECT x.member_id FROM workspaces_grant x
                WHERE x.workspace_id = %s AND x.principal_key > 0 AND (x.ends_at IS NULL OR x.ends_at > now())
                UNION SELECT y.member_id FROM workspaces_groupmember y WHERE y.group_id = ANY(%s)
                UNION SELECT m.id FROM workspaces_member m WHERE m.organization_id = %s AND m.role_id = ANY(%s)
                {everyone}
            ) AS gathered JOIN workspaces_directory d ON d.member_id = gathered.member_id
            ORDER BY d.sort_name, d.member_id LIMIT {PAGE + 1}"""
        return _as_page(text, parameters)


def _as_page(text: str, parameters: list[Any]) -> Sql:
    numbered = "row_number() OVER (ORDER BY rank, value, member_id) AS position"
    return Sql(f"ranked AS ({text}), page AS (SELECT ranked.*, {numbered} FROM ranked)", parameters)
