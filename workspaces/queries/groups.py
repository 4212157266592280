"""Groups as the screens read them: the list, one group, what it gives and where."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Count

from accounts.addresses import AddressError, canonical
from workspaces.catalogue import Code
from workspaces.models import (
    Directory,
    Grant,
    Group,
    GroupManager,
    GroupMember,
    Member,
    Organization,
    Workspace,
)
from workspaces.models.grants import GrantQuerySet
from workspaces.models.members import MemberQuerySet
from workspaces.names import fold
from workspaces.policy import ActorFacts
from workspaces.queries.admins import left_without_admin
from workspaces.queries.directory import people_called
from workspaces.queries.facts import workspace_permissions
from workspaces.queries.impact import Impact, weigh
from workspaces.queries.people import members_at

if TYPE_CHECKING:
    from django.db.models import QuerySet

PAGE = 50
CANDIDATES = 20
"""People offered by a search."""


@dataclass(frozen=True, slots=True)
class Given:
    """A grant of a group as its viewer may see it."""

    grant_id: int
    workspace_id: int
    workspace: str
    slug: str
    role: str
    extras: int
    ends_at: datetime | None
    granted_at: datetime
    granted_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Person:
    member_id: int
    name: str
    address: str
    is_waiting: bool = False


@dataclass(slots=True)
class Listed:
    """A group with its numbers. gives: what the viewer may see of its grants. hidden: how many they may not."""

    group: Group
    is_managed: bool = False
    members: int = 0
    managers: list[Person] = field(default_factory=list)
    gives: list[Given] = field(default_factory=list)
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class GroupPage:
    """after, before: cursors of the next and the previous page, "" for none."""

    groups: list[Listed]
    count: int
    after: str = ""
    before: str = ""


def group_page(
    organization: Organization, actor: ActorFacts, search: str = "", *, after: str = "", before: str = "", own: bool
) -> GroupPage:
    """By name, after (or before) a cursor. own: only those that the actor manages. A constant number of queries."""
    groups = Group.objects.filter(organization=organization)
    if own:
        groups = groups.filter(managers__member=actor.member_id or 0)
    term = fold(search)
    if term:
        groups = groups.filter(sort_name__contains=term)
    count = groups.count()
    if before:
        rows = list(groups.filter(sort_name__lt=before).order_by("-sort_name")[: PAGE + 1])
        has_before, has_after = len(rows) > PAGE, True
        rows = rows[:PAGE][::-1]
    else:
        rows = list((groups.filter(sort_name__gt=after) if after else groups).order_by("sort_name")[: PAGE + 1])
        has_before, has_after = bool(after), len(rows) > PAGE
        rows = rows[:PAGE]
    if not rows:
        return GroupPage([], count)
    return GroupPage(
        listed(organization, actor, rows),
        count,
        after=rows[-1].sort_name if has_after else "",
        before=rows[0].sort_name if has_before else "",
    )


def listed(organization: Organization, actor: ActorFacts, groups: Iterable[Group]) -> list[Listed]:
    """Adds to groups at hand what the list and the page say of them."""
    rows = {group.pk: Listed(group) for group in groups}
    counts = GroupMember.objects.filter(group__in=rows).order_by().values_list("group").annotate(Count("pk"))
    for group_id, number in counts:
        rows[group_id].members = number
    named = GroupManager.objects.filter(group__in=rows).order_by("member__directory__sort_name", "member")
    for manager in named.select_related("member__directory"):
        row = rows[manager.group_id]
        row.managers.append(_person(manager.member))
        row.is_managed = row.is_managed or manager.member_id == actor.member_id
    _give(organization, actor, rows)
    return list(rows.values())


def _person(member: Member) -> Person:
    return Person(member.pk, member.directory.name or member.address, member.address, member.joined_at is None)


def _give(organization: Organization, actor: ActorFacts, rows: dict[int, Listed]) -> None:
    """Whoever manages groups, or this one, sees all that it gives; others what it gives where they may look."""
    grants = (
        Grant.objects.live()
        .filter(group__in=rows, workspace__deleted_at__isnull=True)
        .select_related("workspace", "role", "granted_by")
        .annotate(extras=Count("extra_permissions"))
        .order_by("workspace__name", "pk")
    )
    found = list(grants)
    sees_all = actor.holds(Code.GROUPS_MANAGE)
    held = {} if sees_all else workspace_permissions(organization, actor, {grant.workspace_id for grant in found})
    for grant in found:
        row = rows[grant.group_id or 0]
        sees = sees_all or row.is_managed or Code.WORKSPACE_VIEW in held.get(grant.workspace_id, ())
        if sees:
            row.gives.append(_given(grant))
        else:
            row.hidden += 1


def _given(grant: Grant) -> Given:
    return Given(
        grant_id=grant.pk,
        workspace_id=grant.workspace_id,
        workspace=grant.workspace.name,
        slug=grant.workspace.slug,
        role=grant.role.label,
        extras=grant.extras,  # type: ignore[attr-defined]  # annotated above
        ends_at=grant.ends_at,
        granted_at=grant.granted_at,
        granted_by=grant.granted_by.display_name if grant.granted_by else "Roster",
        reason=grant.reason,
    )


def group_of(organization: Organization, group_id: int) -> Group | None:
    return Group.objects.filter(organization=organization, pk=group_id).first()


def orphaned_workspaces(organization: Organization, group_id: int) -> list[Workspace]:
    """Shared workspaces that have no admin but through this group, by name."""
    return list(Workspace.objects.filter(pk__in=left_without_admin(organization, group_id)).order_by("name"))


def is_taken(organization: Organization, name: str, group_id: int | None = None) -> bool:
    """Does another group have this name, however it is written?"""
    groups = Group.objects.filter(organization=organization, sort_name=fold(name))
    return groups.exclude(pk=group_id or 0).exists()


def added_to(group_id: int, member_ids: Iterable[int]) -> dict[int, tuple[datetime, str]]:
    """When and by whom these members were put into the group."""
    rows = GroupMember.objects.filter(group=group_id, member__in=list(member_ids)).select_related("added_by")
    return {row.member_id: (row.added_at, row.added_by.display_name if row.added_by else "") for row in rows}


def members_of(organization: Organization, group_id: int) -> MemberQuerySet:
    return Member.objects.filter(organization=organization, group_memberships__group=group_id)


def candidates(
    organization: Organization, group_id: int, search: str, *, by_name: bool, managing: bool = False
) -> list[Person]:
    """Who may be put into the group (managing: named its manager): at most CANDIDATES, by name.

    by_name: otherwise only whoever has exactly this address, since the asker may not look at the member list, and
    learns no other of theirs.
    """
    taken = {"managed_groups__group": group_id} if managing else {"group_memberships__group": group_id}
    free = Member.objects.filter(organization=organization, suspended_at__isnull=True).exclude(**taken)
    people = Directory.objects.filter(organization=organization, member__in=free).select_related("member")
    if not by_name:
        with suppress(AddressError):
            return _at(organization, people, canonical(search))
        return []
    return [_named(each) for each in people_called(people, search, CANDIDATES)]


def _at(organization: Organization, people: "QuerySet[Directory]", address: str) -> list[Person]:
    found = people.filter(member=members_at(organization, [address]).get(address))
    return [Person(row.member_id, row.name or address, address, row.member.joined_at is None) for row in found]


def _named(row: Directory) -> Person:
    return Person(row.member_id, row.name or row.address, row.address, row.member.joined_at is None)


def people_of(organization: Organization, member_ids: Iterable[int]) -> list[Person]:
    """Those of them who are members here, by name."""
    people = Member.objects.filter(organization=organization, pk__in=list(member_ids)).select_related("directory")
    return [_person(member) for member in people.order_by("directory__sort_name", "pk")]


def impact_of_removal(
    organization: Organization,
    group_id: int,
    workspace_ids: Iterable[int] | None = None,
    grant_ids: Iterable[int] | None = None,
) -> list[Impact]:
    """Who really loses which access when the group loses its grants (in these workspaces, or only these grants), and
    who keeps it another way. Set by set, whatever the size of the group.
    """
    grants = _going(group_id)
    if workspace_ids is not None:
        grants = grants.filter(workspace__in=list(workspace_ids))
    if grant_ids is not None:
        grants = grants.filter(pk__in=list(grant_ids))
    inside = members_of(organization, group_id).effective()
    return weigh(organization, inside, grants)


def impact_of_leaving(organization: Organization, group_id: int, leaving: MemberQuerySet) -> list[Impact]:
    """The same for some of its members, who leave it."""
    inside = leaving.effective().filter(pk__in=members_of(organization, group_id).values("pk"))
    return weigh(organization, inside, _going(group_id))


def impact_of_adding(organization: Organization, group_id: int, joining: MemberQuerySet) -> list[Impact]:
    """What members would gain by being in the group; waiting ones once they accept."""
    return weigh(organization, joining.filter(suspended_at__isnull=True), _going(group_id))


def _going(group_id: int) -> GrantQuerySet:
    return Grant.objects.live().filter(group=group_id, workspace__deleted_at__isnull=True)
