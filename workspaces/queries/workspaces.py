"""The workspaces of an organization as one person sees them: which, as what, with how many people; and what stands
against an end.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from workspaces.catalogue import BuiltIn, Code, role_label, scheme_roles
from workspaces.models import Grant, Group, GroupMember, Member, Organization, Workspace
from workspaces.models.grants import GrantQuerySet
from workspaces.models.members import MemberQuerySet
from workspaces.models.workspaces import RESTORABLE, WorkspaceQuerySet
from workspaces.names import fold
from workspaces.policy import ActorFacts, RoleFacts, WorkspaceFacts
from workspaces.queries.admins import admin_roles
from workspaces.queries.directory import by_name
from workspaces.queries.effective import Kind, Path, held_by, paths_of
from workspaces.queries.facts import live_grants_of, workspace_facts, workspace_permissions
from workspaces.queries.member_sql import live
from workspaces.queries.people import members_at
from workspaces.queries.roles import Roles, Shown
from workspaces.sql import among

PAGE = 50
MOST_SUGGESTED = 200
SHOWN_IN_SWITCHER = 12
STATES = ("active", "archived", "deleted")


@dataclass(frozen=True, slots=True)
class Line:
    """One workspace of the list, with what the person holds there. people: how many are in it, None where everyone is.
    until: when a deleted one goes for good.
    """

    workspace: Workspace
    facts: WorkspaceFacts
    people: int | None
    is_joinable: bool
    until: datetime | None


def listed(organization: Organization, facts: ActorFacts, state: str) -> WorkspaceQuerySet:
    """What the person sees of the workspaces in a state, before any search.

    Whoever manages workspaces sees all. Others see those in which they hold something and those that they may join;
    archived ones where they are admin; deleted ones never.
    """
    workspaces = Workspace.objects.filter(organization=organization)
    sees_all = facts.holds(Code.WORKSPACES_ACCESS_ALL) or facts.holds(Code.WORKSPACES_MANAGE)
    if state == "deleted":
        return restorable(organization) if facts.holds(Code.WORKSPACES_MANAGE) else workspaces.none()
    workspaces = workspaces.alive().filter(archived_at__isnull=state == "active")
    if sees_all:
        return workspaces
    if state == "archived":
        return workspaces.filter(pk__in=_managed(organization, facts, workspaces))
    return workspaces.filter(Q(pk__in=_reached(organization, facts)) | Q(pk__in=joinable(organization, facts)))


def _managed(organization: Organization, facts: ActorFacts, workspaces: WorkspaceQuerySet) -> list[int]:
    held = workspace_permissions(organization, facts, workspaces.values_list("pk", flat=True))
    return [pk for pk, codes in held.items() if Code.MEMBERS_WORKSPACE_MANAGE in codes]


def _reached(organization: Organization, facts: ActorFacts) -> list[int]:
    """Workspaces in which they hold something."""
    if facts.member_id is None:
        return []
    return list(live_grants_of(organization, facts.member_id).values_list("workspace_id", flat=True).distinct())


def joinable(organization: Organization, facts: ActorFacts) -> WorkspaceQuerySet:
    """Workspaces that are open to members and in which the person has nothing yet; none for guests, nor for whoever
    opens every workspace anyway.
    """
    workspaces = Workspace.objects.alive().filter(
        organization=organization, is_open=True, kind=Workspace.Kind.SHARED, archived_at__isnull=True
    )
    if not facts.is_active or facts.is_guest or facts.holds(Code.WORKSPACES_ACCESS_ALL):
        return workspaces.none()
    return workspaces.exclude(pk__in=_reached(organization, facts))


def joins_as(workspace: Workspace, scheme: str, roles: Mapping[int, RoleFacts]) -> int:
    """The role of those who join by themselves: the one that was chosen, as long as the scheme has it and it manages
    nobody; else the lowest. roles: those of workspaces.
    """
    chosen = roles.get(workspace.joining_role_id or 0)
    if chosen is None or Code.MEMBERS_WORKSPACE_MANAGE in chosen.permissions:
        return int(scheme_roles(scheme)[0].id)
    return chosen.id


def first_joinable(organization: Organization, facts: ActorFacts) -> list[Workspace]:
    return list(joinable(organization, facts).order_by("sort_name", "pk")[:SHOWN_IN_SWITCHER])


def my_first_workspaces(organization: Organization, facts: ActorFacts) -> tuple[list[Workspace], bool]:
    """The first ones in which the person has something, and whether there are more."""
    workspaces = Workspace.objects.alive().filter(pk__in=_reached(organization, facts), archived_at__isnull=True)
    found = list(workspaces.order_by("sort_name", "pk")[: SHOWN_IN_SWITCHER + 1])
    return found[:SHOWN_IN_SWITCHER], len(found) > SHOWN_IN_SWITCHER


def restorable(organization: Organization) -> WorkspaceQuerySet:
    """Deleted less than RESTORABLE ago, by the database's clock."""
    return Workspace.objects.filter(organization=organization, deleted_at__gt=Now() - RESTORABLE)


def alive_by_slug(organization: Organization, slugs: Collection[str]) -> dict[str, int]:
    """The ids of those of the workspaces that are not deleted."""
    alive = Workspace.objects.alive().filter(organization=organization, slug__in=among(slugs))
    return dict(alive.values_list("slug", "pk"))


def page_of(
    organization: Organization, facts: ActorFacts, *, state: str = "active", search: str = "", after: int | None = None
) -> tuple[list[Line], int, int | None]:
    """A page by name, how many there are, the id to go on after (None: no more). A constant number of queries."""
    workspaces = listed(organization, facts, state).order_by("sort_name", "pk")
    if search:
        workspaces = workspaces.filter(search_text__contains=fold(search))
    count = workspaces.count()
    last = Workspace.objects.filter(organization=organization, pk=after or 0)
    for name in last.values_list("sort_name", flat=True):
        workspaces = workspaces.filter(Q(sort_name__gt=name) | Q(sort_name=name, pk__gt=after))
    rows = list(workspaces.select_related("person__directory")[: PAGE + 1])
    return _lines(organization, facts, rows[:PAGE]), count, rows[PAGE - 1].pk if len(rows) > PAGE else None


def _lines(organization: Organization, facts: ActorFacts, workspaces: list[Workspace]) -> list[Line]:
    ids = [workspace.pk for workspace in workspaces]
    about = workspace_facts(organization, facts, ids)
    people = people_in(ids)
    open_ones = set(joinable(organization, facts).filter(pk__in=ids).values_list("pk", flat=True))
    return [
        Line(
            workspace,
            about[workspace.pk],
            people[workspace.pk],
            workspace.pk in open_ones,
            workspace.deleted_at + RESTORABLE if workspace.deleted_at else None,
        )
        for workspace in workspaces
    ]


def people_in(workspace_ids: Collection[int]) -> Mapping[int, int | None]:
    """Joined, active people with a role there, directly or through groups; None where everyone has one. Two
    statements.
    """
    counts: dict[int, int | None] = dict.fromkeys(workspace_ids, 0)
    wide = Grant.objects.live().filter(workspace__in=workspace_ids, principal_key=0)
    counts |= dict.fromkeys(wide.values_list("workspace_id", flat=True))
    narrow = [pk for pk, count in counts.items() if count is not None]
    if narrow:
        with connection.cursor() as cursor:
            cursor.execute(*_people_statement(narrow))
            counts.update(cursor.fetchall())
    return counts


def _people_statement(workspace_ids: Collection[int]) -> tuple[str, list[int]]:
    """The ORM cannot count what a UNION brings together."""
    places = ", ".join(["%s"] * len(workspace_ids))
    statement = f"""
        SELECT reached.workspace_id, COUNT(*)
        FROM (
            SELECT x.workspace_id, x.member_id FROM workspaces_grant x
            WHERE x.workspace_id IN ({places}) AND x.member_id IS NOT NULL AND {live("x")}
            UNION
            SELECT x.workspace_id, gm.member_id
            FROM workspaces_grant x JOIN workspaces_groupmember gm ON gm.group_id = x.group_id
            WHERE x.workspace_id IN ({places}) AND {live("x")}
        ) reached
        JOIN workspaces_member m ON m.id = reached.member_id AND m.joined_at IS NOT NULL AND m.suspended_at IS NULL
        GROUP BY reached.workspace_id"""
    return statement, [*workspace_ids, *workspace_ids]


def possible_admins(organization: Organization) -> MemberQuerySet:
    """Who counts as an admin where they are one: joined, active, no guest (P11)."""
    return organization.members.effective().exclude(role_id=BuiltIn.GUEST)


def possible_admin(organization: Organization, address: str) -> Member | None:
    """The one who has this canonical address."""
    return possible_admins(organization).filter(pk=members_at(organization, [address]).get(address, 0)).first()


def suggested_admins(organization: Organization, *, workspace: Workspace | None = None) -> list[tuple[str, str]]:
    """Addresses and names to begin with; workspace: of those who are in it by name or through a group."""
    people = possible_admins(organization)
    if workspace is not None:
        groups = Group.objects.filter(grants__workspace=workspace)
        placed = Q(grants__workspace=workspace) | Q(group_memberships__group__in=groups)
        people = people.filter(pk__in=organization.members.filter(placed).values("pk"))
    return list(by_name(organization, people).values_list("address", "directory__name")[:MOST_SUGGESTED])


def has_admin(workspace: Workspace, without: "Collection[int] | QuerySet[Grant, int]" = ()) -> bool:
    """Is there an admin as P11 wants it? Asked of deleted workspaces too, which `queries.admins` leaves out. without:
    grants that do not count.
    """
    organization = workspace.organization
    lasting = {"workspace": workspace, "role__in": admin_roles(organization), "ends_at__isnull": True}
    direct = Grant.objects.filter(**lasting, member__in=possible_admins(organization)).exclude(pk__in=without)
    groups = Grant.objects.filter(**lasting, group__isnull=False).values("group")
    through = GroupMember.objects.filter(group__in=groups, member__in=possible_admins(organization))
    return direct.exists() or through.exists()


def is_last_admin(workspace: Workspace, member_id: int) -> bool:
    """Would the workspace be left without an admin if they gave back their own grants?"""
    if workspace.kind != Workspace.Kind.SHARED or not has_admin(workspace):
        return False
    return not has_admin(workspace, own_grants(workspace, member_id).values_list("pk", flat=True))


@dataclass(frozen=True, slots=True)
class Staying:
    """What somebody keeps in a workspace without their own grants: a role, and the group that gives it ("" for
    everyone).
    """

    role: str
    group: str


def own_grants(workspace: Workspace, member_id: int) -> GrantQuerySet:
    """What they were given there by name, ended ones included."""
    return Grant.objects.filter(workspace=workspace, member=member_id)


def kept_after_leaving(workspace: Workspace, member_id: int) -> list[Staying]:
    paths = live_grants_of(workspace.organization, member_id).filter(workspace=workspace, member__isnull=True)
    rows = paths.order_by("group__sort_name").values_list("role", "role__name", "group__name")
    return [Staying(role_label(pk, role), group or "") for pk, role, group in rows]


@dataclass(frozen=True, slots=True)
class MyPlace:
    """A workspace in which somebody has something of their own, beside what an organization role opens anyway.

    until: when that role ends, None where it lasts. is_mine: some of it was given to them by name.
    """

    workspace: Workspace
    shown: Shown
    paths: list[Path]
    until: datetime | None
    sees: bool

    @property
    def is_mine(self) -> bool:
        return any(path.kind == Kind.DIRECT for path in self.paths)


def places_of(organization: Organization, member: Member, roles: Roles) -> list[MyPlace]:
    """By name. Two queries, whatever their number."""
    paths: dict[int, list[Path]] = {}
    for path in paths_of(organization, member):
        if path.kind != Kind.ORGANIZATION:
            paths.setdefault(path.workspace_id, []).append(path)
    workspaces = Workspace.objects.alive().filter(organization=organization, pk__in=paths).order_by("sort_name", "pk")
    opens_all = Code.WORKSPACES_ACCESS_ALL in roles.organization[member.role_id].permissions
    return [_place(workspace, paths[workspace.pk], roles, opens_all=opens_all) for workspace in workspaces]


def _place(workspace: Workspace, paths: list[Path], roles: Roles, *, opens_all: bool) -> MyPlace:
    held = held_by(roles, paths)
    shown = roles.shown(held)
    deciding = [path for path in paths if roles.shown(held_by(roles, [path])).role == shown.role] or paths
    ends = [path.ends_at for path in deciding if path.ends_at is not None]
    until = max(ends) if len(ends) == len(deciding) else None
    sees = workspace.archived_at is None or opens_all or Code.MEMBERS_WORKSPACE_MANAGE in held
    return MyPlace(workspace, shown, paths, until, sees)
