"""What one member holds, path by path, for their page and for what a removal would end."""

from collections.abc import Collection
from dataclasses import dataclass, field

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator

from workspaces.models import GroupMember, Member, Organization, Role, Workspace
from workspaces.queries.effective import Kind, paths_of
from workspaces.sql import among


@dataclass(frozen=True, slots=True)
class Placed:
    """One way to a role in a workspace: directly, through a group, or as part of everyone."""

    workspace: str
    role: str
    kind: Kind
    through: str


@dataclass(slots=True)
class Placements:
    paths: list[Placed] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)

    @property
    def direct(self) -> list[Placed]:
        return [path for path in self.paths if path.kind is Kind.DIRECT]


def placements_of(organization: Organization, member: Member) -> Placements:
    """Every path but that of the organization role, by workspace; four queries."""
    paths = [path for path in paths_of(organization, member) if path.kind is not Kind.ORGANIZATION]
    places = dict(Workspace.objects.filter(pk__in={path.workspace_id for path in paths}).values_list("pk", "name"))
    roles = dict(Role.objects.filter(pk__in={path.role_id for path in paths}).values_list("pk", "name"))
    placed = [Placed(places[path.workspace_id], roles[path.role_id], path.kind, path.group) for path in paths]
    placed.sort(key=lambda path: path.workspace)
    return Placements(placed, [name for _pk, name in groups_of_member(member.pk)])


def members_at(organization: Organization, addresses: Collection[str]) -> dict[str, int]:
    """Whose canonical addresses these are: of who joined with it, else of whom it is another verified one, else of who
    waits at it. Every door that matches addresses asks here.
    """
    if not addresses:
        return {}
    own = Member.objects.filter(organization=organization, address__in=among(addresses))
    others = EmailAddress.objects.filter(
        verified=True, email__in=among(addresses), user__memberships__organization=organization
    )
    return {
        **dict(own.filter(joined_at__isnull=True).values_list("address", "pk")),
        **dict(others.values_list("email", "user__memberships")),
        **dict(own.filter(joined_at__isnull=False).values_list("address", "pk")),
    }


def groups_of_member(member_id: int) -> list[tuple[int, str]]:
    """Ids and names of the groups that the member is in, by name."""
    rows = GroupMember.objects.filter(member=member_id).order_by("group__sort_name")
    return list(rows.values_list("group_id", "group__name"))


def other_addresses(user_id: int | None, address: str) -> list[str]:
    """Further verified addresses of the person."""
    rows = EmailAddress.objects.filter(user_id=user_id, verified=True).exclude(email=address).order_by("email")
    return list(rows.values_list("email", flat=True)) if user_id is not None else []


def has_two_factor(user_id: int | None) -> bool:
    """Is there a second factor or a passkey? Recovery codes alone are none."""
    rows = Authenticator.objects.filter(user_id=user_id).exclude(type=Authenticator.Type.RECOVERY_CODES)
    return user_id is not None and rows.exists()
