"""What one member holds, path by path, for their page and for what a removal would end."""

from dataclasses import dataclass, field
from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db.models import Count

from workspaces.catalogue import BuiltIn
from workspaces.models import Grant, GroupMember, Member, Organization, Workspace
from workspaces.queries.facts import live_grants_of


@dataclass(frozen=True, slots=True)
class Path:
    """One way to a role in a workspace: directly, through a group, or as part of everyone."""

    workspace_id: int
    workspace: str
    workspace_kind: str
    role: str
    size: int
    kind: str
    through: str
    granted_at: datetime
    granted_by: str
    ends_at: datetime | None


@dataclass(slots=True)
class Placements:
    paths: list[Path] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    is_admin: bool = False

    @property
    def direct(self) -> list[Path]:
        return [path for path in self.paths if path.kind == "direct"]


def placements_of(organization: Organization, member: Member) -> Placements:
    """Every path, by workspace; two queries."""
    grants = (
        live_grants_of(organization, member.pk)
        .select_related("workspace", "role", "group", "granted_by")
        .annotate(size=Count("role__permissions"))
        .order_by("workspace__name", "workspace")
    )
    groups = (
        GroupMember.objects.filter(member=member).order_by("group__sort_name").values_list("group__name", flat=True)
    )
    return Placements([_path(grant) for grant in grants], list(groups), member.role_id == BuiltIn.ADMIN)


def _path(grant: Grant) -> Path:
    kind = "direct" if grant.member_id else "group" if grant.group_id else "everyone"
    return Path(
        workspace_id=grant.workspace_id,
        workspace=grant.workspace.name,
        workspace_kind=_kind_of(grant.workspace),
        role=grant.role.name,
        size=grant.size,  # type: ignore[attr-defined]  # annotated above
        kind=kind,
        through=grant.group.name if grant.group else "",
        granted_at=grant.granted_at,
        granted_by=grant.granted_by.display_name if grant.granted_by else "Roster",
        ends_at=grant.ends_at,
    )


def _kind_of(workspace: Workspace) -> str:
    """What sets a workspace apart: its label, or its kind where that is no shared one."""
    return workspace.get_label_display() if workspace.kind == Workspace.Kind.SHARED else workspace.get_kind_display()


def sent_invitations(organization_id: int, member: Member) -> int:
    """How many waiting members this one asked in."""
    if member.user_id is None:
        return 0
    return Member.objects.filter(
        organization=organization_id, joined_at__isnull=True, invited_by=member.user_id
    ).count()


def other_addresses(user_id: int | None, address: str) -> list[str]:
    """Further verified addresses of the person."""
    rows = EmailAddress.objects.filter(user_id=user_id, verified=True).exclude(email=address).order_by("email")
    return list(rows.values_list("email", flat=True)) if user_id is not None else []


def has_two_factor(user_id: int | None) -> bool:
    """Is there a second factor or a passkey? Recovery codes alone are none."""
    rows = Authenticator.objects.filter(user_id=user_id).exclude(type=Authenticator.Type.RECOVERY_CODES)
    return user_id is not None and rows.exists()
