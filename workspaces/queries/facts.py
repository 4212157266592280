"""What `policy.decide` needs to know, read fresh for every request and again under the lock. Nothing is kept across
requests (P12).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, TypedDict, cast

from django.db.models import Case, Q, Value, When
from django.db.models.aggregates import StringAgg
from django.db.models.expressions import OuterRef, Subquery
from django.db.models.fields import BooleanField, CharField
from django.utils import timezone

from accounts.actors import Actor, is_fresh
from accounts.models import User
from workspaces.catalogue import PERMISSIONS, BuiltIn, Code, Scope, scheme_roles
from workspaces.models import (
    Grant,
    GrantPermission,
    GroupManager,
    HostPermission,
    Member,
    Organization,
    Role,
    RolePermission,
    Workspace,
)
from workspaces.models.grants import GrantQuerySet
from workspaces.models.members import MemberQuerySet
from workspaces.models.workspaces import WorkspaceQuerySet
from workspaces.policy import (
    ActorFacts,
    GroupFacts,
    MemberFacts,
    OrganizationFacts,
    RoleFacts,
    State,
    WorkspaceFacts,
)

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django_stubs_ext import WithAnnotations

STATE = Case(
    When(joined_at__isnull=True, then=Value(State.WAITING.value)),
    When(suspended_at__isnull=False, then=Value(State.SUSPENDED.value)),
    default=Value(State.JOINED.value),
    output_field=CharField(),
)


def role_permissions() -> Subquery:
    """The permission codes of a row's role, comma separated."""
    return Subquery(
        RolePermission.objects.filter(role=OuterRef("role"))
        .order_by()
        .values("role")
        .annotate(codes=StringAgg("permission", delimiter=Value(",")))
        .values("codes")
    )


def split_codes(codes: str | None) -> frozenset[str]:
    return frozenset(codes.split(",")) if codes else frozenset()


def policies_of(organization: Organization) -> OrganizationFacts:
    return OrganizationFacts(
        members_see_members=organization.members_see_members,
        workspace_admins_invite=organization.workspace_admins_invite,
        members_create_workspaces=organization.members_create_workspaces,
        members_create_groups=organization.members_create_groups,
        members_propose=organization.members_propose,
    )


def actor_facts(actor: Actor, organization: Organization) -> ActorFacts:
    """What the actor is and holds in the organization at this moment."""
    fresh = is_fresh(actor.authenticated_at, timezone.now())
    if actor.user_id is None:
        return ActorFacts()
    if actor.is_support:
        is_staff = User.objects.filter(pk=actor.user_id, is_staff=True, is_active=True).exists()
        return ActorFacts(user_id=actor.user_id, is_support=is_staff, is_fresh=fresh)
    member = with_rights(Member.objects.filter(organization=organization, user_id=actor.user_id)).first()
    if member is None:
        return ActorFacts(user_id=actor.user_id)
    return facts_of_actor(member, organization, fresh=fresh)


class WithRights(TypedDict):
    codes: str | None
    is_blocked: bool


def with_rights(members: MemberQuerySet) -> "QuerySet[WithAnnotations[Member, WithRights]]":
    """Annotates what `facts_of_actor` reads: the codes of the organization role, and whether the account is blocked."""
    annotated = members.annotate(codes=role_permissions(), is_blocked=~Q(user__is_active=True))
    return cast("QuerySet[WithAnnotations[Member, WithRights]]", annotated)


def facts_of_actor(
    member: "WithAnnotations[Member, WithRights]", organization: Organization, *, fresh: bool
) -> ActorFacts:
    """The same facts for a member who is at hand."""
    active = member.joined_at is not None and member.suspended_at is None and not member.is_blocked
    return ActorFacts(
        member_id=member.pk,
        user_id=member.user_id,
        permissions=split_codes(member.codes) if active else frozenset(),
        is_active=active,
        is_owner=active and organization.owner_id == member.pk,
        is_fresh=fresh,
        is_guest=member.role_id == BuiltIn.GUEST,
    )


def with_facts(
    members: MemberQuerySet, organization: Organization, actor_member_id: int | None, unchanged: Q | None = None
) -> MemberQuerySet:
    """Annotates what distinguishes members for `decide`: group by these and decide once per distinct tuple.

    unchanged: for whom nothing would change; a condition on the row itself, or an Exists.
    """
    no, yes = Value(False), Value(True)
    return members.annotate(
        fact_state=STATE,
        fact_owner=_is(organization.owner_id),
        fact_self=_is(actor_member_id),
        fact_unchanged=no if unchanged is None else Case(When(unchanged, then=yes), default=no),
    )


FACTS = ("fact_state", "role_id", "fact_owner", "fact_self", "fact_unchanged")


def _is(member_id: int | None) -> Case:
    return Case(When(pk=member_id or 0, then=Value(True)), default=Value(False), output_field=BooleanField())


def member_facts(row: dict[str, object], roles: dict[int, RoleFacts]) -> MemberFacts:
    """Facts out of one row of `with_facts(...).values(*FACTS)`."""
    role_id = row["role_id"]
    assert isinstance(role_id, int)
    return MemberFacts(
        state=State(str(row["fact_state"])),
        role_id=role_id,
        permissions=roles[role_id].permissions,
        is_self=bool(row["fact_self"]),
        is_owner=bool(row["fact_owner"]),
    )


def roles_of(organization: Organization, scope: Scope) -> dict[int, RoleFacts]:
    """Built-in and custom roles that the organization can give at a scope, with what they hold, in rising order."""
    wanted = Q(organization=organization) | Q(organization__isnull=True)
    if scope == Scope.WORKSPACE:
        wanted &= Q(scheme=organization.scheme) | Q(organization=organization)
    rows = (
        Role.objects.filter(wanted, scope=scope)
        .annotate(codes=StringAgg("permissions__permission", delimiter=Value(",")))
        .order_by("pk")
        .values_list("pk", "codes")
    )
    return {pk: RoleFacts(pk, split_codes(codes)) for pk, codes in rows}


def workspace_permissions(
    organization: Organization, actor: ActorFacts, workspace_ids: Iterable[int] | None = None
) -> dict[int, frozenset[str]]:
    """What the actor holds in each workspace: the union over the organization role, direct grants, groups and everyone
    (P12).

    Workspaces in which nothing is held are absent unless the actor is organization Admin, deleted ones always.
    """
    if not actor.is_active or actor.member_id is None:
        return {}
    workspaces = _workspaces(organization, workspace_ids)
    if actor.holds(Code.WORKSPACES_ACCESS_ALL):
        return dict.fromkeys(workspaces.values_list("pk", flat=True), every_code(Scope.WORKSPACE))
    held: dict[int, set[str]] = {}
    for workspace_id, code, _ends_at in _held(organization, actor.member_id, workspaces):
        held.setdefault(workspace_id, set()).add(code)
    return {workspace_id: frozenset(codes) for workspace_id, codes in held.items()}


def _workspaces(organization: Organization, ids: Iterable[int] | None) -> WorkspaceQuerySet:
    workspaces = Workspace.objects.alive().filter(organization=organization)
    return workspaces if ids is None else workspaces.filter(pk__in=list(ids))


def _held(
    organization: Organization, member_id: int, workspaces: WorkspaceQuerySet
) -> Iterable[tuple[int, str, datetime | None]]:
    """Workspace, code and end of each path, by one query."""
    grants = live_grants_of(organization, member_id).filter(workspace__in=workspaces)
    rows: Iterable[tuple[int, str | None, datetime | None]] = grants.values_list(
        "workspace_id", "role__permissions__permission", "ends_at"
    ).union(
        GrantPermission.objects.filter(grant__in=grants).values_list(
            "grant__workspace_id", "permission", "grant__ends_at"
        )
    )
    return ((workspace_id, code, ends_at) for workspace_id, code, ends_at in rows if code is not None)


def every_code(scope: Scope) -> frozenset[str]:
    """All permissions of a scope, those of host products included. What is asked of single resources is held through
    the workspace.
    """
    scopes = {scope, Scope.RESOURCE} if scope == Scope.WORKSPACE else {scope}
    known = frozenset(code for code, permission in PERMISSIONS.items() if permission.scope in scopes)
    return known.union(HostPermission.objects.filter(scope__in=scopes).values_list("code", flat=True))


def live_grants_of(organization: Organization, member_id: int) -> GrantQuerySet:
    """Grants that reach a member directly, through groups and through everyone (guests excepted).

    By three reads of an index each: joined by OR, they would be one of all grants.
    """
    not_guest = Member.objects.filter(pk=member_id).exclude(role_id=BuiltIn.GUEST)
    direct = Grant.objects.filter(member_id=member_id)
    through = Grant.objects.filter(group__memberships__member=member_id)
    everyone = Grant.objects.filter(
        principal_key=0,
        workspace__organization=organization,
        workspace__organization__in=not_guest.values("organization"),
    )
    paths = direct.values("pk").union(through.values("pk"), everyone.values("pk"), all=True)
    return Grant.objects.live().filter(
        pk__in=paths, workspace__organization=organization, workspace__deleted_at__isnull=True
    )


def workspace_facts(
    organization: Organization, actor: ActorFacts, workspace_ids: Iterable[int]
) -> dict[int, WorkspaceFacts]:
    """Per workspace: what the actor holds there, how long, and what the workspace is. Deleted ones give nothing."""
    workspaces = Workspace.objects.filter(organization=organization, pk__in=list(workspace_ids))
    return facts_of_workspaces(organization, actor, list(workspaces))


def facts_of_workspaces(
    organization: Organization, actor: ActorFacts, workspaces: Collection[Workspace]
) -> dict[int, WorkspaceFacts]:
    """The same for workspaces of the organization that are at hand."""
    return {
        workspace.pk: facts_in(organization, workspace, rights)
        for workspace, rights in _with_rights(organization, actor, workspaces)
    }


@dataclass(slots=True)
class Rights:
    """What somebody holds in one workspace, and what of it without an end."""

    held: set[str] = field(default_factory=set)
    lasting: set[str] = field(default_factory=set)


def _with_rights(
    organization: Organization, actor: ActorFacts, found: Collection[Workspace]
) -> Iterable[tuple[Workspace, Rights]]:
    rights = {workspace.pk: Rights() for workspace in found}
    if actor.is_active and actor.member_id is not None:
        if actor.holds(Code.WORKSPACES_ACCESS_ALL):
            everything = every_code(Scope.WORKSPACE)
            for workspace in found:
                if workspace.deleted_at is None:
                    rights[workspace.pk] = Rights(set(everything), set(everything))
        else:
            here = Workspace.objects.alive().filter(organization=organization, pk__in=list(rights))
            for workspace_id, code, ends_at in _held(organization, actor.member_id, here):
                rights[workspace_id].held.add(code)
                if ends_at is None:
                    rights[workspace_id].lasting.add(code)
    return [(workspace, rights[workspace.pk]) for workspace in found]


def facts_in(organization: Organization, workspace: Workspace, rights: Rights) -> WorkspaceFacts:
    return WorkspaceFacts(
        permissions=frozenset(rights.held),
        lasting=None if rights.lasting == rights.held else frozenset(rights.lasting),
        kind=workspace.kind,
        most=_lowest(organization) if workspace.kind == Workspace.Kind.SYSTEM else None,
        is_open=workspace.is_open,
        is_archived=workspace.archived_at is not None,
    )


def _lowest(organization: Organization) -> frozenset[str]:
    """What the scheme's lowest role holds, permissions of host products included."""
    lowest = RolePermission.objects.filter(role=scheme_roles(organization.scheme)[0].id)
    return frozenset(lowest.values_list("permission", flat=True))


def group_facts(organization: Organization, actor: ActorFacts, group_ids: Iterable[int]) -> dict[int, GroupFacts]:
    """Per group: does the actor manage it, and do its grants carry more than the actor holds in those workspaces?

    Deleted ones count too, since they can be restored; whoever may open every workspace holds all of them.
    """
    ids = list(group_ids)
    managed = set(
        GroupManager.objects.filter(group__in=ids, member_id=actor.member_id or 0).values_list("group_id", flat=True)
    )
    if actor.is_active and actor.holds(Code.WORKSPACES_ACCESS_ALL):
        return {group_id: GroupFacts(group_id in managed, carries_more=False) for group_id in ids}
    grants = Grant.objects.live().filter(group__in=ids)
    carried: Iterable[tuple[int, int, str | None]] = grants.values_list(
        "group_id", "workspace_id", "role__permissions__permission"
    ).union(
        GrantPermission.objects.filter(grant__in=grants).values_list(
            "grant__group_id", "grant__workspace_id", "permission"
        )
    )
    rows = [row for row in carried if row[2] is not None]
    held = workspace_permissions(organization, actor, {workspace for _, workspace, _ in rows}) if rows else {}
    more = {group for group, workspace, code in rows if code not in held.get(workspace, frozenset())}
    return {group_id: GroupFacts(group_id in managed, group_id in more) for group_id in ids}
