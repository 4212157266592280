"""Who holds a role: by workspace, people, groups and everyone; capped, with counts."""

from collections.abc import Collection
from dataclasses import dataclass, field

from django.db.models import Count, F, Q, Window
from django.db.models.functions import Lower, RowNumber

from workspaces.models import Grant, Group, Member, Organization, Role, Workspace
from workspaces.models.grants import GrantQuerySet
from workspaces.queries.directory import by_name

PLACES = 50
NAMES = 5


@dataclass(slots=True)
class Holders:
    """Of one workspace. people: by name, the first few of `count`; groups: name and number of members."""

    workspace_id: int
    name: str
    slug: str
    count: int = 0
    group_count: int = 0
    is_everyone: bool = False
    people: list[tuple[int, str]] = field(default_factory=list)
    groups: list[tuple[str, int]] = field(default_factory=list)


@dataclass(slots=True)
class Held:
    """The first PLACES workspaces in which a role is held, and in how many it is."""

    places: list[Holders]
    count: int


def holders_of(organization: Organization, role: Role, workspace_ids: Collection[int]) -> Held:
    """Of these workspaces alone: those whose people the reader may see. Five queries, six where there are more
    than PLACES.
    """
    grants = Grant.objects.live().filter(role=role)
    counted = (
        grants.filter(workspace__in=list(workspace_ids))
        .values("workspace_id")
        .annotate(
            people=Count("pk", filter=Q(member__isnull=False)),
            groups=Count("pk", filter=Q(group__isnull=False)),
            everyone=Count("pk", filter=Q(principal_key=0)),
        )
    )
    counts = {row["workspace_id"]: row for row in counted}
    held = Workspace.objects.alive().filter(organization=organization, pk__in=counts).order_by(Lower("name"), "pk")
    found = {
        pk: Holders(
            pk,
            name,
            slug,
            counts[pk]["people"],
            counts[pk]["groups"],
            is_everyone=bool(counts[pk]["everyone"]),
        )
        for pk, name, slug in held.values_list("pk", "name", "slug")[:PLACES]
    }
    _name_people(grants, found)
    _name_groups(grants, found)
    return Held(list(found.values()), len(found) if len(found) < PLACES else held.count())


def _first(grants: GrantQuerySet, name: str) -> GrantQuerySet:
    """The first few of each workspace, by name."""
    return grants.annotate(
        place=Window(RowNumber(), partition_by=F("workspace_id"), order_by=[F(name).asc(), F("pk").asc()])
    ).filter(place__lte=NAMES)


def _name_people(grants: GrantQuerySet, found: dict[int, Holders]) -> None:
    people = _first(grants.filter(workspace__in=list(found), member__isnull=False), "member__directory__sort_name")
    rows = people.values_list("workspace_id", "member_id", "member__directory__name", "member__address")
    for workspace_id, member_id, name, address in rows.order_by("member__directory__sort_name", "pk"):
        found[workspace_id].people.append((member_id, name or address))


def _name_groups(grants: GrantQuerySet, found: dict[int, Holders]) -> None:
    groups = _first(grants.filter(workspace__in=list(found), group__isnull=False), "group__sort_name")
    named = list(groups.order_by("group__sort_name", "pk").values_list("workspace_id", "group_id", "group__name"))
    sized = Group.objects.filter(pk__in={group_id for _, group_id, _ in named}).annotate(size=Count("memberships"))
    sizes = dict(sized.values_list("pk", "size"))
    for workspace_id, group_id, name in named:
        found[workspace_id].groups.append((name, sizes[group_id]))


def people_with(organization: Organization, role: Role) -> tuple[int, list[tuple[int, str]]]:
    """How many members have an organization role, and the first few by name."""
    members = Member.objects.filter(organization=organization, role=role)
    rows = by_name(organization, members).values_list("pk", "directory__name", "address")
    return members.count(), [(pk, name or address) for pk, name, address in rows[:NAMES]]
