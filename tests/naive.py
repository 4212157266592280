"""The access model told again, as plainly as possible: all rows read at once, everything else by loops over them.

Tests hold the product's own answers against it. It must not call a query or a rule of the product.
"""

from dataclasses import dataclass
from datetime import datetime

from allauth.account.models import EmailAddress
from django.utils import timezone

from accounts.models import OutgoingMail, User
from invitations.models import Invitation, ProposedPerson
from workspaces.catalogue import BUILT_IN_ROLES, PERMISSIONS, BuiltIn, Scope, top_role
from workspaces.models import (
    Act,
    Collaborator,
    Entry,
    Grant,
    GrantPermission,
    Group,
    GroupManager,
    GroupMember,
    Member,
    Organization,
    OwnershipTransfer,
    Product,
    Resource,
    Role,
    RolePermission,
    Workspace,
)

WORKSPACE_CODES = frozenset(code for code, permission in PERMISSIONS.items() if permission.scope == Scope.WORKSPACE)
NONE: frozenset[str] = frozenset()


@dataclass(slots=True)
class Model:
    """Everything as it stands at one moment."""

    at: datetime

    organizations: dict[int, Organization]
    members: dict[int, Member]
    workspaces: dict[int, Workspace]
    groups: dict[int, int]
    grants: dict[int, Grant]
    extras: dict[int, frozenset[str]]
    group_members: dict[tuple[int, int], int | None]
    managers: set[tuple[int, int]]
    roles: dict[int, frozenset[str]]
    role_names: dict[int, str]
    role_scopes: dict[int, str]
    role_owners: dict[int, int]
    active_users: set[int]
    invitations: dict[int, Invitation]
    offers: dict[int, int]
    verified: dict[int, set[str]]
    mails: dict[int, int]
    resources: dict[int, Resource]
    collaborators: dict[tuple[int, int], str]
    products: dict[int, str]
    proposals: dict[int, ProposedPerson]
    last_entry: int
    last_act: int

    # --- who holds what

    def is_effective(self, member: Member) -> bool:
        return (
            member.joined_at is not None and member.suspended_at is None and (member.user_id or 0) in self.active_users
        )

    def member_of(self, organization: int, user: int | None) -> Member | None:
        for member in self.members.values():
            if member.organization_id == organization and user is not None and member.user_id == user:
                return member
        return None

    def held(self, organization: int, user: int | None) -> frozenset[str]:
        """What the person holds in the organization itself."""
        member = self.member_of(organization, user)
        return self.roles[member.role_id] if member is not None and self.is_effective(member) else NONE

    def groups_of(self, member: int) -> set[int]:
        return {group for group, one in self.group_members if one == member}

    def is_live(self, grant: Grant) -> bool:
        return grant.ends_at is None or grant.ends_at > self.at

    def codes(self, grant: Grant, *, extras: bool = True) -> frozenset[str]:
        """What the grant gives while it lives, its workspace aside."""
        return self.roles[grant.role_id] | (self.extras.get(grant.pk, NONE) if extras else NONE)

    def rights(self, member: Member, workspace: int, *, extras: bool = True) -> frozenset[str]:
        """What the member holds in the workspace, all paths together."""
        place = self.workspaces[workspace]
        if not self.is_effective(member) or place.organization_id != member.organization_id or place.deleted_at:
            return NONE
        if member.role_id == BuiltIn.ADMIN:
            return WORKSPACE_CODES
        found: set[str] = set()
        groups = self.groups_of(member.pk)
        for grant in self.grants.values():
            for_everyone = grant.member_id is None and grant.group_id is None and member.role_id != BuiltIn.GUEST
            if (
                grant.workspace_id == workspace
                and self.is_live(grant)
                and (grant.member_id == member.pk or grant.group_id in groups or for_everyone)
            ):
                found |= self.codes(grant, extras=extras)
        return frozenset(found)

    def rights_of(self, user: int | None, workspace: int) -> frozenset[str]:
        member = self.member_of(self.workspaces[workspace].organization_id, user)
        return self.rights(member, workspace) if member is not None else NONE

    def all_rights(self, member: Member, *, extras: bool = True) -> dict[int, frozenset[str]]:
        """Per workspace of the organization in which anything is held."""
        here = [one.pk for one in self.workspaces.values() if one.organization_id == member.organization_id]
        found = {workspace: self.rights(member, workspace, extras=extras) for workspace in here}
        return {workspace: codes for workspace, codes in found.items() if codes}

    def carried(self, group: int) -> dict[int, frozenset[str]]:
        """What the group gives in each workspace."""
        found: dict[int, frozenset[str]] = {}
        for grant in self.grants.values():
            if grant.group_id == group and self.is_live(grant):
                found[grant.workspace_id] = found.get(grant.workspace_id, NONE) | self.codes(grant)
        return found

    # --- who is admin

    def organization_admins(self, organization: int) -> set[int]:
        return {
            member.pk
            for member in self.members.values()
            if member.organization_id == organization and member.role_id == BuiltIn.ADMIN and self.is_effective(member)
        }

    def workspace_admins(self, workspace: int) -> set[int]:
        """Admins by name and without an end: directly or through a group, guests left out; nobody counts as inherited
        or as everyone.
        """
        organization = self.organizations[self.workspaces[workspace].organization_id]
        top = top_role(organization.scheme).permissions
        found: set[int] = set()
        for grant in self.grants.values():
            endless = grant.workspace_id == workspace and grant.ends_at is None
            if endless and top <= self.roles[grant.role_id]:
                found |= {member for group, member in self.group_members if group == grant.group_id}
                found |= {grant.member_id} if grant.member_id else set()
        return {pk for pk in found if self.is_effective(self.members[pk]) and self.members[pk].role_id != BuiltIn.GUEST}

    def guarded_scopes(self) -> set[tuple[str, int]]:
        """Organizations and shared workspaces that have an admin, which they must never lose."""
        return {("organization", pk) for pk in self.organizations if self.organization_admins(pk)} | {
            ("workspace", pk)
            for pk, workspace in self.workspaces.items()
            if workspace.kind == Workspace.Kind.SHARED and not workspace.deleted_at and self.workspace_admins(pk)
        }

    # --- people

    def member_at(self, organization: int, address: str) -> Member | None:
        """Whose address it is: of who joined with it, else of whom it is another verified one, else of who waits."""
        here = [one for one in self.members.values() if one.organization_id == organization]
        joined = [one for one in here if one.joined_at is not None]
        ways = (
            [one for one in joined if one.address == address],
            [one for one in joined if address in self.verified.get(one.user_id or 0, ())],
            [one for one in here if one.address == address],
        )
        return next((one for way in ways for one in way), None)

    def seats_taken(self, organization: int) -> int:
        """Whoever joined, suspended or not, and whoever can still accept."""
        return sum(
            one.joined_at is not None
            or (one.declined_at is None and one.invited_until is not None and one.invited_until > self.at)
            for one in self.members.values()
            if one.organization_id == organization
        )

    # --- invitations

    def is_open(self, proposal: int, organization: int | None = None) -> bool:
        one = self.proposals[proposal]
        is_decided = one.approved_at or one.declined_at or one.withdrawn_at
        return not is_decided and organization in (None, one.organization_id)

    def opened(self) -> list[Invitation]:
        return [one for one in self.invitations.values() if one.accepted_at is None and one.revoked_at is None]

    def open_invitation_of(self, member: int) -> Invitation | None:
        return next((one for one in self.opened() if one.member_id == member), None)


def read_model() -> Model:
    codes: dict[int, set[str]] = {}
    for role, code in RolePermission.objects.values_list("role", "permission"):
        codes.setdefault(role, set()).add(code)
    roles = {pk: frozenset(codes.get(pk, ())) for pk in Role.objects.values_list("pk", flat=True)}
    assert all(roles[pk] == role.permissions for pk, role in BUILT_IN_ROLES.items())
    verified: dict[int, set[str]] = {}
    for user, address in EmailAddress.objects.filter(verified=True).values_list("user", "email"):
        verified.setdefault(user, set()).add(address)
    extras: dict[int, set[str]] = {}
    for grant, code in GrantPermission.objects.values_list("grant", "permission"):
        extras.setdefault(grant, set()).add(code)
    return Model(
        at=timezone.now(),
        organizations={one.pk: one for one in Organization.objects.all()},
        members={one.pk: one for one in Member.objects.all()},
        workspaces={one.pk: one for one in Workspace.objects.all()},
        groups=dict(Group.objects.values_list("pk", "organization")),
        grants={one.pk: one for one in Grant.objects.all()},
        extras={grant: frozenset(held) for grant, held in extras.items()},
        group_members={
            (group, member): by for group, member, by in GroupMember.objects.values_list("group", "member", "added_by")
        },
        managers=set(GroupManager.objects.values_list("group", "member")),
        roles=roles,
        role_names=dict(Role.objects.values_list("pk", "name")),
        role_scopes=dict(Role.objects.values_list("pk", "scope")),
        role_owners=dict(Role.objects.exclude(organization=None).values_list("pk", "organization")),
        active_users=set(User.objects.filter(is_active=True).values_list("pk", flat=True)),
        invitations={one.pk: one for one in Invitation.objects.all()},
        offers=dict(OwnershipTransfer.objects.values_list("organization", "successor")),
        verified=verified,
        mails=dict(OutgoingMail.objects.filter(kind="invitation").order_by("pk").values_list("subject_id", "pk")),
        resources={one.pk: one for one in Resource.objects.order_by("pk")},
        collaborators={
            (resource, member): level
            for resource, member, level in Collaborator.objects.values_list("resource", "member", "level")
        },
        products=dict(Product.objects.values_list("pk", "name")),
        proposals={one.pk: one for one in ProposedPerson.objects.order_by("pk")},
        last_entry=Entry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0,
        last_act=Act.objects.order_by("-pk").values_list("pk", flat=True).first() or 0,
    )
