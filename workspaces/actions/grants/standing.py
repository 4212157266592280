"""Grants as they stand, with all that the rules ask about them; decided once per distinct facts."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q

from workspaces.catalogue import BuiltIn, Code, Scope
from workspaces.models import (
    Grant,
    GrantPermission,
    Group,
    GroupMember,
    Member,
    Organization,
    RolePermission,
    Workspace,
)
from workspaces.plans import Outcome
from workspaces.policy import BULK_LIMIT, ActorFacts, MemberFacts, RoleFacts, State, WorkspaceFacts
from workspaces.queries.facts import STATE, every_code, live_grants_of, roles_of, workspace_facts
from workspaces.reasons import Reason


@dataclass(frozen=True, slots=True)
class Standing:
    """One grant. principal: its member's id, minus its group's id, or 0 for everyone."""

    id: int
    principal: int
    member_id: int | None
    group_id: int | None
    role_id: int
    ends_at: datetime | None
    reason: str
    extras: frozenset[str]
    member: MemberFacts | None = None
    reaches_actor: bool = False

    @property
    def is_everyone(self) -> bool:
        return self.principal == 0


@dataclass(frozen=True, slots=True)
class Setting:
    """The workspace that grants are about, the roles that it knows, and who acts."""

    organization: Organization
    workspace: Workspace
    actor: ActorFacts
    facts: WorkspaceFacts
    roles: Mapping[int, RoleFacts]

    def role_with(self, role_id: int, extras: Iterable[str]) -> RoleFacts:
        return RoleFacts(role_id, self.roles[role_id].permissions | frozenset(extras))

    def held_by(self, grant: Standing) -> frozenset[str]:
        """What the grant gives. A role of another scheme that still stands gives nothing that can be named."""
        role = self.roles.get(grant.role_id)
        return (role.permissions if role else frozenset()) | grant.extras


@dataclass(slots=True)
class GrantPlan:
    """accepted: grants that will change. refused: by reason, those that will not."""

    accepted: list[Standing] = field(default_factory=list)
    refused: dict[Reason, list[Standing]] = field(default_factory=dict)

    def refuse(self, reason: Reason, grant: Standing) -> None:
        self.refused.setdefault(reason, []).append(grant)

    def keep(self, grant_id: int | None) -> None:
        """Takes back the acceptance of the one grant that a workspace's last admins hold their role by."""
        for grant in [each for each in self.accepted if each.id == grant_id]:
            self.accepted.remove(grant)
            self.refuse(Reason.LAST_WORKSPACE_ADMIN, grant)

    def outcome(self) -> Outcome:
        return Outcome(len(self.accepted), {reason: len(grants) for reason, grants in self.refused.items()})


def setting_of(organization: Organization, actor: ActorFacts, workspace_id: int) -> Setting | None:
    """None for a workspace that the organization does not have (any more)."""
    workspace = Workspace.objects.alive().filter(organization=organization, pk=workspace_id).first()
    if workspace is None:
        return None
    facts = workspace_facts(organization, actor, [workspace_id])[workspace_id]
    return Setting(organization, workspace, actor, facts, roles_of(organization, Scope.WORKSPACE))


def standing_grants(setting: Setting, grant_ids: Collection[int]) -> list[Standing]:
    """Those of the ids that stand in this workspace and are not past their end. Raises Refusal 409 for too many."""
    rows = list(
        Grant.objects.live()
        .filter(workspace=setting.workspace, pk__in=grant_ids)
        .order_by("pk")
        .values_list("pk", "principal_key", "member_id", "group_id", "role_id", "ends_at", "reason")[: BULK_LIMIT + 1]
    )
    if len(rows) > BULK_LIMIT:
        raise Reason.TOO_MANY.refusal()
    extras = _extras_of([row[0] for row in rows])
    members = _members_of(setting, {row[2] for row in rows if row[2]})
    own = own_grants(setting.organization, setting.actor, setting.workspace.pk)
    return [Standing(*row, extras.get(row[0], frozenset()), members.get(row[2]), row[0] in own) for row in rows]


def own_grants(organization: Organization, actor: ActorFacts, workspace_id: int) -> set[int]:
    """Grants of a workspace that reach the actor, on whichever path."""
    if actor.member_id is None:
        return set()
    reaching = live_grants_of(organization, actor.member_id).filter(workspace=workspace_id)
    return set(reaching.values_list("pk", flat=True))


def decide_each(grants: Iterable[Standing], refusal: Callable[[Standing], Reason | None]) -> GrantPlan:
    """One decision per distinct facts; grants that differ in nothing that matters share it."""
    plan, decided = GrantPlan(), dict[object, Reason | None]()
    for grant in grants:
        facts = (grant.role_id, grant.ends_at, grant.reason, grant.extras, grant.member, grant.reaches_actor)
        key = (*facts, grant.is_everyone)
        if key not in decided:
            decided[key] = refusal(grant)
        reason = decided[key]
        if reason is None:
            plan.accepted.append(grant)
        else:
            plan.refuse(reason, grant)
    return plan


def _extras_of(grant_ids: Sequence[int]) -> dict[int, frozenset[str]]:
    found: dict[int, set[str]] = {}
    for grant_id, code in GrantPermission.objects.filter(grant__in=grant_ids).values_list("grant_id", "permission"):
        found.setdefault(grant_id, set()).add(code)
    return {grant_id: frozenset(codes) for grant_id, codes in found.items()}


def _members_of(setting: Setting, ids: Collection[int]) -> dict[int | None, MemberFacts]:
    """permissions: everything where they hold something in the workspace that the actor lacks, else nothing.
    That is all that the comparison of the two needs.
    """
    more = set(holding_more(setting, ids))
    everything = every_code(Scope.WORKSPACE)
    rows = Member.objects.filter(pk__in=ids).annotate(state=STATE).values_list("pk", "state", "role_id")
    return {
        pk: MemberFacts(
            State(state),
            role_id,
            everything if pk in more else frozenset(),
            is_self=pk == setting.actor.member_id,
            is_owner=pk == setting.organization.owner_id,
        )
        for pk, state, role_id in rows
    }


def holding_more(setting: Setting, member_ids: Collection[int]) -> Iterable[int]:
    """Those of the members who hold something in the workspace that the actor does not (P10)."""
    held = setting.facts.permissions
    if every_code(Scope.WORKSPACE) <= held:
        return []
    larger = [role.id for role in setting.roles.values() if not role.permissions <= held]
    stronger = Grant.objects.live().filter(
        Q(role__in=larger) | Q(pk__in=GrantPermission.objects.exclude(permission__in=held).values("grant")),
        workspace=setting.workspace,
    )
    through = GroupMember.objects.filter(group__in=Group.objects.filter(grants__in=stronger))
    opens_all = RolePermission.objects.filter(permission=Code.WORKSPACES_ACCESS_ALL).values("role")
    members = Member.objects.filter(pk__in=member_ids)
    if stronger.filter(principal_key=0).exists():
        return members.exclude(role_id=BuiltIn.GUEST).values_list("pk", flat=True)
    reached = Q(pk__in=stronger.values("member")) | Q(pk__in=through.values("member")) | Q(role__in=opens_all)
    return members.filter(reached).values_list("pk", flat=True)


def makes_admin(grant: Standing, admin_roles: Collection[int]) -> bool:
    """Does the last-admin rule count whoever it reaches?"""
    return grant.role_id in admin_roles and grant.ends_at is None


def in_turn(grants: Collection[Standing]) -> list[int]:
    """In which order they are asked whether they can go: what reaches the actor last."""
    return [grant.id for grant in sorted(grants, key=lambda grant: (grant.reaches_actor, grant.id))]
