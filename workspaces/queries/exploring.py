"""What the access explorer looks up beside the answers themselves: people by name, and ways to change a No."""

from collections.abc import Collection
from dataclasses import dataclass

from workspaces.catalogue import Scope
from workspaces.models import Grant, Group, Member, Organization
from workspaces.names import fold
from workspaces.queries.member_sql import LAST, Filters
from workspaces.queries.members import member_page
from workspaces.queries.roles import Roles

SHOWN = 10


@dataclass(frozen=True, slots=True)
class Found:
    id: int
    name: str
    address: str


def people_like(organization: Organization, text: str, workspace_ids: Collection[int] | None = None) -> list[Found]:
    """The first few people whose name or address fits; workspace_ids: only who has a grant there, directly or through a
    group, by the beginning of their name.
    """
    if workspace_ids is None:
        found = member_page(organization.pk, Filters(search=text)).rows[:SHOWN]
        return [Found(row.id, row.name or row.address, row.address) for row in found]
    grants = Grant.objects.live().filter(workspace__in=list(workspace_ids))
    groups = Group.objects.filter(pk__in=grants.values("group"))
    beginning = fold(text)
    members = Member.objects.filter(
        organization=organization, directory__sort_name__gte=beginning, directory__sort_name__lt=beginning + LAST
    )
    placed = members.filter(pk__in=grants.values("member")) | members.filter(
        pk__in=Member.objects.filter(group_memberships__group__in=groups).values("pk")
    )
    rows = placed.order_by("directory__sort_name", "pk").values_list("pk", "directory__name", "address")
    return [Found(pk, name or address, address) for pk, name, address in rows[:SHOWN]]


@dataclass(frozen=True, slots=True)
class Remedy:
    """What carries a permission: roles that could be given, and groups that have it there already."""

    roles: tuple[str, ...]
    groups: tuple[tuple[int, str], ...] = ()


def remedy_for(roles: Roles, code: str, scope: str, workspace_id: int | None) -> Remedy:
    """Lowest roles first; the first few groups by name."""
    known = roles.organization if scope == Scope.ORGANIZATION else roles.workspace
    fitting = sorted((pk for pk, role in known.items() if code in role.permissions), key=lambda pk: roles.ranks[pk])
    names = tuple(roles.names[pk] for pk in fitting)
    if workspace_id is None:
        return Remedy(names)
    grants = Grant.objects.live().filter(workspace=workspace_id, group__isnull=False)
    carrying = grants.filter(role__permissions__permission=code).values("group")
    extra = grants.filter(extra_permissions__permission=code).values("group")
    groups = Group.objects.filter(pk__in=carrying) | Group.objects.filter(pk__in=extra)
    return Remedy(names, tuple(groups.order_by("sort_name").values_list("pk", "name")[:SHOWN]))
