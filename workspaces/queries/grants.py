"""Grants as screens, dialogs and mails read them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.addresses import searched
from workspaces.catalogue import BuiltIn
from workspaces.history import KINDS
from workspaces.models import Act, Directory, Entry, Grant, Group, GroupMember, Member, Organization, Workspace
from workspaces.models.grants import GrantQuerySet
from workspaces.models.members import MemberQuerySet
from workspaces.names import fold
from workspaces.policy import BULK_LIMIT
from workspaces.queries.admins import workspace_admins
from workspaces.queries.history import acts_of, entries_in_workspace
from workspaces.queries.impact import Impact, weigh
from workspaces.queries.member_sql import COUNT_CAP, LAST

ENDING_MAIL = "grant.ending"
PAGE = 50
FOUND = 8
"""People and groups that a search offers."""


def ending_grants(ids: Collection[int]) -> dict[int, Grant]:
    """Those of the ids that have an end ahead of them, in workspaces that are there."""
    return (
        Grant.objects.live()
        .filter(ends_at__isnull=False, workspace__deleted_at__isnull=True)
        .select_related("role", "group", "workspace__organization")
        .in_bulk(ids)
    )


def grants_in(workspace: Workspace) -> GrantQuerySet:
    """The live grants of a workspace with all that a row shows; extras come by one further query."""
    return (
        Grant.objects.live()
        .filter(workspace=workspace)
        .select_related("role", "group", "granted_by", "member__directory", "member__user")
        .prefetch_related("extra_permissions")
    )


@dataclass(frozen=True, slots=True)
class GrantsPage:
    rows: Sequence[Grant]
    count: int
    next: int | None = None


def grants_page(workspace: Workspace, *, search: str = "", after: int | None = None) -> GrantsPage:
    """Newest first, by keyset; search: the beginning of a group's or a person's name, or of an address."""
    grants = _matching(workspace, search)
    count = grants.order_by()[: COUNT_CAP + 1].count()
    ordered = grants.order_by("-pk") if after is None else grants.filter(pk__lt=after).order_by("-pk")
    rows = list(ordered[: PAGE + 1])
    return GrantsPage(rows[:PAGE], count, rows[PAGE - 1].pk if len(rows) > PAGE else None)


def matching_grants(workspace: Workspace, search: str) -> list[int]:
    """All that the list would show over its pages, up to one more than may be changed at once."""
    return list(_matching(workspace, search).order_by("pk").values_list("pk", flat=True)[: BULK_LIMIT + 1])


def _matching(workspace: Workspace, search: str) -> GrantQuerySet:
    grants, term, address = grants_in(workspace), fold(search), searched(search)
    if not term:
        return grants
    return grants.filter(
        Q(group__sort_name__gte=term, group__sort_name__lt=term + LAST)
        | Q(member__directory__sort_name__gte=term, member__directory__sort_name__lt=term + LAST)
        | Q(member__directory__address__gte=address, member__directory__address__lt=address + LAST)
    )


def everyone_grants(workspace: Workspace) -> list[Grant]:
    return list(grants_in(workspace).filter(principal_key=0).order_by("pk"))


def everyone_count(organization: Organization) -> int:
    """Whom a role for everyone reaches: joined, active members except guests. Up to COUNT_CAP, then one more."""
    reached = Member.objects.filter(organization=organization).effective().exclude(role_id=BuiltIn.GUEST)
    return reached.order_by()[: COUNT_CAP + 1].count()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member or a group that may be given a role. key: "m7" or "g3", as forms carry it."""

    key: str
    id: int
    name: str
    line: str
    is_group: bool = False
    is_waiting: bool = False


def candidates(organization: Organization, search: str) -> list[Candidate]:
    """Groups by the beginning of their name, then members by name or address."""
    term = fold(search)
    if not term:
        return []
    groups = Group.objects.filter(organization=organization, sort_name__gte=term, sort_name__lt=term + LAST)
    people = Directory.objects.filter(organization=organization, member__suspended_at__isnull=True)
    first = people.filter(sort_name__gte=term, sort_name__lt=term + LAST).order_by("sort_name", "pk")
    found = list(first.select_related("member")[:FOUND])
    if len(found) < FOUND:
        others = people.filter(search_text__contains=term).exclude(pk__in=[each.pk for each in found])
        found += list(others.select_related("member")[: FOUND - len(found)])
    return [*map(_group, groups.order_by("sort_name")[:FOUND]), *map(_person, found)]


def picked(organization: Organization, keys: Iterable[str]) -> list[Candidate]:
    """The candidates of the keys; those of other organizations match nothing (P3)."""
    numbers: dict[str, list[int]] = {"m": [], "g": []}
    for key in keys:
        if key[:1] in numbers and key[1:].isascii() and key[1:].isdigit() and len(key) < 19:
            numbers[key[0]].append(int(key[1:]))
    groups = Group.objects.filter(organization=organization, pk__in=numbers["g"]).order_by("sort_name")
    people = Directory.objects.filter(organization=organization, pk__in=numbers["m"]).order_by("sort_name")
    return [*map(_group, groups), *map(_person, people.select_related("member"))]


def _group(group: Group) -> Candidate:
    return Candidate(f"g{group.pk}", group.pk, group.name, "", is_group=True)


def _person(entry: Directory) -> Candidate:
    line = entry.address if entry.name else ""
    waiting = entry.member.joined_at is None
    return Candidate(f"m{entry.pk}", entry.pk, entry.name or entry.address, line, is_waiting=waiting)


def members_of_groups(organization: Organization, group_ids: Collection[int]) -> int:
    """How many people the groups hold together, up to COUNT_CAP, then one more."""
    rows = GroupMember.objects.filter(group__in=group_ids, group__organization=organization)
    return rows.values("member").distinct()[: COUNT_CAP + 1].count()


def grant_in(workspace: Workspace, grant_id: int) -> Grant | None:
    """A live grant of this workspace."""
    return grants_in(workspace).filter(pk=grant_id).first()


def grants_of(workspace: Workspace, members: MemberQuerySet) -> list[int]:
    """The ids of the grants that the members hold by themselves in a workspace."""
    mine = Grant.objects.live().filter(workspace=workspace, member__in=members.order_by().values("pk"))
    return list(mine.values_list("pk", flat=True))


def without_grants(workspace: Workspace, members: MemberQuerySet) -> MemberQuerySet:
    """Those of them who hold nothing there by themselves."""
    return members.exclude(
        pk__in=Grant.objects.live().filter(workspace=workspace, member__isnull=False).values("member")
    )


def named_grants(grant_ids: Collection[int]) -> list[Grant]:
    """Grants with the names of their principals and roles."""
    rows = Grant.objects.filter(pk__in=grant_ids).select_related("role", "group", "member__directory")
    return list(rows.order_by("pk"))


def losing_by(organization: Organization, grant: Grant) -> list[Impact]:
    """What the end of a group's grant means to its members, given what else they have."""
    inside = GroupMember.objects.filter(group=grant.group_id).values("member")
    return weigh(organization, organization.members.filter(pk__in=inside), Grant.objects.filter(pk=grant.pk))


def lost_elsewhere(
    organization: Organization, workspace: Workspace, member_id: int, group_ids: Collection[int]
) -> list[Impact]:
    """What somebody would lose in other workspaces by leaving some groups."""
    given = Grant.objects.live().filter(group__in=group_ids, workspace__deleted_at__isnull=True)
    impacts = weigh(organization, organization.members.filter(pk=member_id), given.exclude(workspace=workspace))
    return [impact for impact in impacts if impact.changing]


def is_only_admin(organization: Organization, workspace: Workspace, member_id: int) -> bool:
    """Would the workspace be left without an admin, as the last-admin rule counts them, if they had nothing there?"""
    members = Member.objects.filter(organization=organization)
    mine = workspace_admins(organization, members.filter(pk=member_id), [workspace.pk])
    if not any(paths.exists() for paths in mine):
        return False
    others = workspace_admins(organization, members.exclude(pk=member_id), [workspace.pk])
    return not any(paths.exists() for paths in others)


def acts_on_person(organization_id: int, workspace_id: int, member_id: int, limit: int = 50) -> tuple[QuerySet[Act], Q]:
    """What was done to one member in one workspace, newest first, and which entries of those acts are about it."""
    kinds = [name for name, kind in KINDS.items() if kind.subject == "member"]
    only = Q(subject_id=member_id) & entries_in_workspace(workspace_id)
    mine = Entry.objects.filter(only, act=OuterRef("pk"))
    return acts_of(organization_id, kinds=kinds).filter(Exists(mine))[:limit], only
