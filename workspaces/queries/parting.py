"""What somebody would leave behind without their own grants and groups."""

from workspaces.models import Member, Organization, Workspace
from workspaces.models.members import MemberQuerySet
from workspaces.queries.admins import reached_by, workspace_admins


def sole_admin_of(organization: Organization, member: Member) -> list[Workspace]:
    """The shared workspaces, by name, that have no other admin as P11 wants one."""
    mine = _administered(organization, Member.objects.filter(pk=member.pk))
    others = _administered(organization, organization.members.exclude(pk=member.pk), mine) if mine else set()
    return list(Workspace.objects.filter(pk__in=mine - others).order_by("name", "pk"))


def _administered(organization: Organization, members: MemberQuerySet, only: set[int] | None = None) -> set[int]:
    return reached_by(*workspace_admins(organization, members, only))
