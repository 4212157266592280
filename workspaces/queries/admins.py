"""Who would be left as admin, counted as P11 wants it: joined, active, no guest, no end anywhere on the path;
for a workspace neither everyone nor inherited organization Admins."""

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Count, QuerySet

from workspaces.catalogue import BuiltIn, Scope, top_role
from workspaces.models import Grant, GroupMember, Member, Organization, Workspace
from workspaces.models.members import MemberQuerySet
from workspaces.policy import keep_last_admins
from workspaces.queries.facts import roles_of


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
    roles = admin_roles(organization)
    counted = members.effective().exclude(role_id=BuiltIn.GUEST)
    shared = Workspace.objects.alive().filter(organization=organization, kind=Workspace.Kind.SHARED)
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
    direct, through = workspace_admins(organization, losing)
    lost_directly = list(direct.values_list("workspace_id", "member_id"))
    lost_through = list(through.values_list("group__grants__workspace_id", "member_id"))
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


def _take_out(admins: dict[int, set[int]], lost: Iterable[tuple[int, int]], paths: "QuerySet[Any, Any]") -> None:
    """Workspaces with more paths than those that are lost. paths: rows of their workspaces."""
    counts = Counter(workspace for workspace, _ in lost)
    for workspace, count in paths.annotate(paths=Count("pk")).order_by():
        if count > counts[workspace]:
            del admins[workspace]
