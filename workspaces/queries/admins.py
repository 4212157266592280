"""Who would be left as admin, counted as P11 wants it: joined, active, no guest, no end anywhere on the path;
for a workspace neither everyone nor inherited organization Admins."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db.models import Count, QuerySet

from workspaces.catalogue import BuiltIn, Scope, top_role
from workspaces.models import Grant, GroupMember, Member, Organization, Workspace
from workspaces.models.members import MemberQuerySet
from workspaces.policy import keep_last_admins
from workspaces.queries.facts import roles_of

type Path = tuple[int, int]
"""A workspace, and the member who is its admin."""


def admin_roles(organization: Organization) -> list[int]:
    """The workspace roles that make their holder an admin: all that hold everything that the scheme's top role
    holds.
    """
    roles = roles_of(organization, Scope.WORKSPACE)
    top = roles[top_role(organization.scheme).id].permissions
    return [role.id for role in roles.values() if top <= role.permissions]


def organization_admins(organization: Organization) -> MemberQuerySet:
    return Member.objects.filter(organization=organization, role_id=BuiltIn.ADMIN).effective()


def workspace_admins(
    organization: Organization, members: MemberQuerySet, only: Collection[int] | None = None
) -> tuple["QuerySet[Grant]", "QuerySet[GroupMember]"]:
    """The paths that make some of these members admin of a shared workspace (only: of one of these): direct grants, and
    memberships of granted groups.

    Narrow the latter down here alone: a further filter() on a group's grants would speak of any other grant of it.
    """
    return _admin_paths(organization, members, admin_roles(organization), only)


def _admin_paths(
    organization: Organization, members: MemberQuerySet, roles: Collection[int], only: Collection[int] | None
) -> tuple["QuerySet[Grant]", "QuerySet[GroupMember]"]:
    counted = _counted(members)
    shared = _shared(organization)
    if only is not None:
        shared = shared.filter(pk__in=only)
    direct = Grant.objects.filter(workspace__in=shared, role__in=roles, ends_at__isnull=True, member__in=counted)
    through = GroupMember.objects.filter(
        group__grants__workspace__in=shared,
        group__grants__role__in=roles,
        group__grants__ends_at__isnull=True,
        member__in=counted,
    )
    return direct, through


def must_keep_grants(organization: Organization, workspace: Workspace, order: Sequence[int]) -> int | None:
    """Of grants that make admins of a workspace and would go or give less, asked in this order: the one that has to
    stay, since nobody else would be admin there. None where nobody is counted, or somebody else is.
    """
    if not order or workspace.kind != Workspace.Kind.SHARED or workspace.deleted_at is not None:
        return None
    counted = _counted(Member.objects.filter(organization=organization))
    lasting = Grant.objects.filter(workspace=workspace, role__in=admin_roles(organization), ends_at__isnull=True)
    others = lasting.exclude(pk__in=order)
    through = GroupMember.objects.filter(member__in=counted)
    if others.filter(member__in=counted).exists() or through.filter(group__in=others.values("group")).exists():
        return None
    mine = lasting.filter(pk__in=order)
    reaching = set(mine.filter(member__in=counted).values_list("pk", flat=True))
    reaching.update(mine.filter(group__in=through.values("group")).values_list("pk", flat=True))
    return next((grant for grant in reversed(order) if grant in reaching), None)


def _counted(members: MemberQuerySet) -> MemberQuerySet:
    return members.effective().exclude(role_id=BuiltIn.GUEST)


def _shared(organization: Organization) -> "QuerySet[Workspace]":
    return Workspace.objects.alive().filter(organization=organization, kind=Workspace.Kind.SHARED)


def must_keep(
    organization: Organization, losing: MemberQuerySet, *, workspaces: bool, actor_member_id: int | None
) -> dict[int, int | None]:
    """Which of the members who would lose their standing have to keep it: member -> the scope whose last admin they
    are.

    None stands for the organization. As if each were asked in turn by id, the actor last.
    """
    endangered: dict[int | None, Collection[int]] = {}
    # Counted rather than asked for who else there is: that would join a million others to the few who lose.
    leaving = list(losing.filter(role_id=BuiltIn.ADMIN).effective().values_list("pk", flat=True))
    if leaving and len(leaving) == organization_admins(organization).count():
        endangered[None] = leaving
    if workspaces:
        endangered.update(_endangered_workspaces(organization, losing))
    everybody = {member for members in endangered.values() for member in members}
    order = sorted(everybody, key=lambda member: (member == actor_member_id, member))
    return keep_last_admins(order, endangered, {})


def _endangered_workspaces(organization: Organization, losing: MemberQuerySet) -> dict[int | None, Collection[int]]:
    """Workspaces to which no path of an admin is left without the losing members, with those of them who are admins.

    Paths of each kind are counted: where there are more than are lost, one of them is somebody else's.
    """
    lost_directly, lost_through = _lost_paths(organization, losing)
    admins: dict[int, set[int]] = {}
    for workspace, member in (*lost_directly, *lost_through):
        admins.setdefault(workspace, set()).add(member)
    everybody = Member.objects.filter(organization=organization)
    if admins:
        paths, _ = workspace_admins(organization, everybody, admins.keys())
        _take_out(admins, lost_directly, paths.values_list("workspace_id"))
    if admins:
        _, paths_through = workspace_admins(organization, everybody, admins.keys())
        _take_out(admins, lost_through, paths_through.values_list("group__grants__workspace_id"))
    return dict(admins.items())


def _lost_paths(organization: Organization, losing: MemberQuerySet) -> tuple[list[Path], list[Path]]:
    """What `workspace_admins` finds for the losing members. Their accounts are looked at last: few have such a path."""
    grants = Grant.objects.filter(
        workspace__in=_shared(organization), role__in=admin_roles(organization), ends_at__isnull=True
    )
    direct = list(grants.filter(member__in=losing).values_list("workspace_id", "member_id"))
    workspaces: dict[int, list[int]] = {}
    for workspace, group in grants.filter(group__isnull=False).values_list("workspace_id", "group_id"):
        workspaces.setdefault(group, []).append(workspace)
    memberships = GroupMember.objects.filter(group__in=workspaces, member__in=losing)
    through = [
        (workspace, member)
        for group, member in memberships.values_list("group_id", "member_id")
        for workspace in workspaces[group]
    ]
    admins = Member.objects.filter(pk__in={member for _, member in (*direct, *through)})
    counted = set(_counted(admins).values_list("pk", flat=True))
    return [path for path in direct if path[1] in counted], [path for path in through if path[1] in counted]


def _take_out(admins: dict[int, set[int]], lost: Iterable[tuple[int, int]], paths: "QuerySet[Any, Any]") -> None:
    """Workspaces with more paths than those that are lost. paths: rows of their workspaces."""
    counts = Counter(workspace for workspace, _ in lost)
    for workspace, count in paths.annotate(paths=Count("pk")).order_by():
        if count > counts[workspace]:
            del admins[workspace]


def workspaces_losing_admins(organization: Organization, roles_after: Collection[int]) -> list[Workspace]:
    """Shared workspaces that have an admin now and would have none if only these of the present roles made admins.

    Only roles that hold all of the top role by themselves count: whoever adds up to it from several is no admin here,
    so changing such roles endangers nobody.
    """
    losing = [role for role in admin_roles(organization) if role not in roles_after]
    endangered = _administered(organization, losing) if losing else set()
    if endangered:
        endangered -= _administered(organization, roles_after, endangered)
    return list(Workspace.objects.filter(pk__in=endangered).order_by("name", "pk"))


def _administered(organization: Organization, roles: Collection[int], only: Collection[int] | None = None) -> set[int]:
    """Shared workspaces (only: of these) in which some path through one of the roles makes somebody admin."""
    everybody = Member.objects.filter(organization=organization)
    return reached_by(*_admin_paths(organization, everybody, roles, only))


def reached_by(direct: "QuerySet[Grant]", through: "QuerySet[GroupMember]") -> set[int]:
    """The workspaces to which these paths lead."""
    found = set(direct.values_list("workspace_id", flat=True).distinct())
    return found.union(through.values_list("group__grants__workspace_id", flat=True).distinct())


def must_stay(
    organization: Organization, leaving: MemberQuerySet, group_id: int, actor_member_id: int | None
) -> dict[int, int | None]:
    """Which of the members who would leave the group have to stay: member -> the workspace whose last admin they are
    through it.
    """
    orphaned = left_without_admin(organization, group_id, leaving)
    if not orphaned:
        return {}
    admins = list(_counted_in(group_id, leaving).values_list("member_id", flat=True))
    order = sorted(admins, key=lambda member: (member == actor_member_id, member))
    return keep_last_admins(order, dict.fromkeys(orphaned, admins), {})


def left_without_admin(organization: Organization, group_id: int, leaving: MemberQuerySet | None = None) -> list[int]:
    """Shared workspaces that lose their last admin with the group, or with these of its members."""
    everybody = Member.objects.filter(organization=organization)
    carried = Grant.objects.filter(
        group=group_id,
        role__in=admin_roles(organization),
        ends_at__isnull=True,
        workspace__kind=Workspace.Kind.SHARED,
        workspace__deleted_at__isnull=True,
    )
    workspaces = set(carried.values_list("workspace_id", flat=True))
    if not workspaces or not _counted_in(group_id, everybody).exists():
        return []
    if leaving is not None and _counted_in(group_id, everybody).count() > _counted_in(group_id, leaving).count():
        return []
    direct, through = workspace_admins(organization, everybody, workspaces)
    return sorted(workspaces - reached_by(direct, through.exclude(group=group_id)))


def _counted_in(group_id: int, members: MemberQuerySet) -> "QuerySet[GroupMember]":
    """Memberships of those who count as admins where the group is one."""
    return GroupMember.objects.filter(group=group_id, member__in=_counted(members))
