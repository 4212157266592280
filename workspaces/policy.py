"""The rules: who may do what to whom, with the reason. Pure: facts in, decision out, no query.

Buttons, forms, bulk previews and writes all ask `decide`; the writes ask it again under the organization's lock.
Facts are hashable, so that many rows are decided once per distinct tuple. Rights are compared as sets (ACCEPTANCE P10).
The last-admin rule needs counts and is folded over them by `keep_last_admins`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from workspaces.catalogue import BUILT_IN_ROLES, BuiltIn, Code
from workspaces.reasons import Reason

BULK_LIMIT = 10_000
"""Members changed by one call."""


class Verb(StrEnum):
    VIEW_MEMBERS = "view_members"
    VIEW_HISTORY = "view_history"
    INVITE = "invite"
    RESEND = "resend"
    REVOKE = "revoke"
    EDIT_INVITATION = "edit_invitation"
    UPDATE_ROLE = "update_role"
    SUSPEND = "suspend"
    REACTIVATE = "reactivate"
    REMOVE = "remove"
    LEAVE = "leave"
    ADD_TO_GROUP = "add_to_group"
    ADD_TO_WORKSPACE = "add_to_workspace"
    CHANGE_SETTINGS = "change_settings"
    DELETE_ORGANIZATION = "delete_organization"
    OFFER_TRANSFER = "offer_transfer"
    WITHDRAW_TRANSFER = "withdraw_transfer"
    ACCEPT_TRANSFER = "accept_transfer"


class State(StrEnum):
    WAITING = "waiting"
    JOINED = "joined"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class ActorFacts:
    """Who asks. permissions are those of the organization role, empty unless the member is joined and active."""

    member_id: int | None = None
    user_id: int | None = None
    permissions: frozenset[str] = frozenset()
    is_active: bool = False
    is_owner: bool = False
    is_fresh: bool = False
    is_support: bool = False

    def holds(self, code: str) -> bool:
        return code in self.permissions


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """Who it is done to. permissions are those of their organization role."""

    state: State
    role_id: int
    permissions: frozenset[str]
    is_self: bool = False
    is_owner: bool = False


@dataclass(frozen=True, slots=True)
class RoleFacts:
    id: int
    permissions: frozenset[str]


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """A group as a destination: does the actor manage it, and does it carry rights that the actor lacks?"""

    is_managed: bool
    carries_more: bool


@dataclass(frozen=True, slots=True)
class WorkspaceFacts:
    """A workspace as a destination: what the actor holds there."""

    permissions: frozenset[str]


@dataclass(frozen=True, slots=True)
class OrganizationFacts:
    members_see_members: bool = True
    workspace_admins_invite: bool = True
    owner_is_active: bool = True
    is_successor: bool = False
    has_offer: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """Allowed when there is no reason against it."""

    reason: Reason | None = None

    def __bool__(self) -> bool:
        return self.reason is None


ALLOWED = Decision()

_NEEDS: Mapping[Verb, str] = {
    Verb.VIEW_HISTORY: Code.HISTORY_VIEW,
    Verb.INVITE: Code.MEMBERS_INVITE,
    Verb.RESEND: Code.MEMBERS_INVITE,
    Verb.REVOKE: Code.MEMBERS_INVITE,
    Verb.EDIT_INVITATION: Code.MEMBERS_INVITE,
    Verb.UPDATE_ROLE: Code.MEMBERS_ORG_MANAGE,
    Verb.SUSPEND: Code.MEMBERS_ORG_MANAGE,
    Verb.REACTIVATE: Code.MEMBERS_ORG_MANAGE,
    Verb.REMOVE: Code.MEMBERS_ORG_MANAGE,
    Verb.CHANGE_SETTINGS: Code.ORGANIZATION_MANAGE,
}
_SUPPORT_MAY = {Verb.RESEND, Verb.REVOKE, Verb.SUSPEND, Verb.OFFER_TRANSFER}
_NEEDS_FRESH = {Verb.DELETE_ORGANIZATION, Verb.OFFER_TRANSFER, Verb.ACCEPT_TRANSFER}
_NEEDS_STATE: Mapping[Verb, frozenset[State]] = {
    Verb.RESEND: frozenset({State.WAITING}),
    Verb.REVOKE: frozenset({State.WAITING}),
    Verb.EDIT_INVITATION: frozenset({State.WAITING}),
    Verb.SUSPEND: frozenset({State.JOINED}),
    Verb.REACTIVATE: frozenset({State.SUSPENDED}),
    Verb.LEAVE: frozenset({State.JOINED}),
}
_NOT_TO_OWNER = {Verb.UPDATE_ROLE, Verb.SUSPEND, Verb.REMOVE, Verb.LEAVE}
_NOT_TO_SELF = {Verb.SUSPEND, Verb.REMOVE}


def decide(
    actor: ActorFacts,
    verb: Verb,
    member: MemberFacts | None = None,
    *,
    role: RoleFacts | None = None,
    group: GroupFacts | None = None,
    workspace: WorkspaceFacts | None = None,
    organization: OrganizationFacts | None = None,
) -> Decision:
    """May the actor do this? Checked in this order: right, target's state, what it would give, freshness.

    role is the organization role proposed (INVITE, UPDATE_ROLE) or the workspace role proposed (with workspace).
    """
    reason = (
        _lacks_right(actor, verb, group, workspace, organization)
        or _wrong_member(actor, verb, member)
        or _gives_more(actor, verb, role, group, workspace)
        or _wrong_offer(actor, verb, organization)
        or _stale(actor, verb, role)
    )
    return Decision(reason) if reason else ALLOWED


def _lacks_right(
    actor: ActorFacts,
    verb: Verb,
    group: GroupFacts | None,
    workspace: WorkspaceFacts | None,
    organization: OrganizationFacts | None,
) -> Reason | None:
    if actor.is_support:
        return None if verb in _SUPPORT_MAY else Reason.NO_RIGHT
    if not actor.is_active:
        return Reason.NOT_ACTIVE
    match verb:
        case Verb.LEAVE | Verb.ACCEPT_TRANSFER:
            return None
        case Verb.DELETE_ORGANIZATION | Verb.OFFER_TRANSFER | Verb.WITHDRAW_TRANSFER:
            return None if actor.is_owner else Reason.OWNER_ONLY
        case Verb.VIEW_MEMBERS:
            may = actor.holds(Code.MEMBERS_ORG_MANAGE) or (
                actor.holds(Code.MEMBERS_VIEW) and (organization is None or organization.members_see_members)
            )
        case Verb.ADD_TO_GROUP:
            may = actor.holds(Code.GROUPS_MANAGE) or (group is not None and group.is_managed)
        case Verb.ADD_TO_WORKSPACE:
            may = workspace is not None and Code.MEMBERS_WORKSPACE_MANAGE in workspace.permissions
        case Verb.INVITE if workspace is not None:
            # A workspace admin asks people into their own workspace, where the organization's policy lets them.
            may = actor.holds(Code.MEMBERS_INVITE) or (
                Code.MEMBERS_WORKSPACE_MANAGE in workspace.permissions
                and organization is not None
                and organization.workspace_admins_invite
            )
        case _:
            may = actor.holds(_NEEDS[verb])
    return None if may else Reason.NO_RIGHT


def _wrong_member(actor: ActorFacts, verb: Verb, member: MemberFacts | None) -> Reason | None:
    if member is None:
        return None
    if member.is_owner and verb in _NOT_TO_OWNER:
        return Reason.OWNER
    if member.is_self and verb in _NOT_TO_SELF:
        return Reason.YOURSELF
    if (
        not actor.is_support
        and not member.is_self
        and not member.permissions <= actor.permissions
        and verb not in _ADDS
    ):
        return Reason.HOLDS_MORE
    needed = _NEEDS_STATE.get(verb)
    if needed is not None and member.state not in needed:
        return _state_reason(member.state, needed)
    if verb in _ADDS and member.state is State.SUSPENDED:
        return Reason.SUSPENDED
    return None


_ADDS = {Verb.ADD_TO_GROUP, Verb.ADD_TO_WORKSPACE}


def _state_reason(state: State, needed: frozenset[State]) -> Reason:
    if state is State.WAITING:
        return Reason.WAITING
    if state is State.SUSPENDED:
        return Reason.JOINED if State.WAITING in needed else Reason.SUSPENDED
    return Reason.NOT_SUSPENDED if State.SUSPENDED in needed else Reason.JOINED


def _gives_more(
    actor: ActorFacts, verb: Verb, role: RoleFacts | None, group: GroupFacts | None, workspace: WorkspaceFacts | None
) -> Reason | None:
    if actor.is_support:
        return None
    if role is not None:
        held = actor.permissions if workspace is None else workspace.permissions
        if not role.permissions <= held:
            return Reason.GIVES_MORE
    if verb is Verb.ADD_TO_GROUP and group is not None and group.carries_more:
        return Reason.GROUP_CARRIES_MORE
    return None


def _wrong_offer(actor: ActorFacts, verb: Verb, organization: OrganizationFacts | None) -> Reason | None:
    if organization is None:
        return None
    if verb is Verb.OFFER_TRANSFER and actor.is_support and organization.owner_is_active:
        return Reason.OWNER_PRESENT
    if verb is Verb.ACCEPT_TRANSFER:
        if not organization.has_offer:
            return Reason.NO_OFFER
        if not organization.is_successor:
            return Reason.NOT_THE_SUCCESSOR
    return None


def _stale(actor: ActorFacts, verb: Verb, role: RoleFacts | None) -> Reason | None:
    gives_admin = verb in {Verb.INVITE, Verb.UPDATE_ROLE} and role is not None and role.id == BuiltIn.ADMIN
    if (verb in _NEEDS_FRESH or gives_admin) and not actor.is_fresh:
        return Reason.CONFIRM
    return None


def contains(role: RoleFacts, other: RoleFacts) -> bool:
    """Does a role hold everything that the other one holds?"""
    return other.permissions <= role.permissions


def keep_last_admins(
    order: Sequence[int], admins: Mapping[int | None, Iterable[int]], survivors: Mapping[int | None, int]
) -> dict[int, int | None]:
    """Which of the members who would lose their access have to keep it, as if each were asked in turn.

    order: the members who lose it, the actor last. admins: per scope (None: the organization, else a workspace's id)
    those of them who are
    admins there. survivors: per scope how many admins remain beside them. Returns refused member -> the scope that they
    are the last admin of.
    """
    scopes_of: dict[int, list[int | None]] = {}
    remaining: dict[int | None, int] = {}
    for scope, members in admins.items():
        losing = list(members)
        remaining[scope] = survivors.get(scope, 0) + len(losing)
        for member in losing:
            scopes_of.setdefault(member, []).append(scope)
    kept: dict[int, int | None] = {}
    for member in order:
        scopes = scopes_of.get(member, [])
        last_of = [scope for scope in scopes if remaining[scope] == 1]
        if last_of:
            kept[member] = last_of[0]
            continue
        for scope in scopes:
            remaining[scope] -= 1
    return kept


def built_in(role_id: int) -> RoleFacts:
    """Facts of a built-in role, straight from the catalogue."""
    return RoleFacts(role_id, BUILT_IN_ROLES[role_id].permissions)
