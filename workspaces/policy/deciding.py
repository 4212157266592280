"""`decide`: who may do what to whom, with the reason. Pure: facts in, decision out, no query.

Buttons, forms, bulk previews and writes all ask it; the writes ask it again under the organization's lock. Facts are
hashable, so that many rows are decided once per distinct tuple. Rights are compared as sets (ACCEPTANCE P10).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from workspaces.catalogue import Code
from workspaces.policy.facts import (
    ActorFacts,
    GrantFacts,
    GroupFacts,
    MemberFacts,
    OrganizationFacts,
    ResourceFacts,
    RoleFacts,
    State,
    WorkspaceFacts,
)
from workspaces.policy.rights import lacks_right
from workspaces.policy.verbs import Verb
from workspaces.reasons import Reason


@dataclass(frozen=True, slots=True)
class Decision:
    """Allowed when there is no reason against it."""

    reason: Reason | None = None

    def __bool__(self) -> bool:
        return self.reason is None


ALLOWED = Decision()

_NEEDS_FRESH = {Verb.DELETE_ORGANIZATION, Verb.OFFER_TRANSFER, Verb.ACCEPT_TRANSFER, Verb.DELETE_WORKSPACE}
_NEEDS_STATE: Mapping[Verb, frozenset[State]] = {
    Verb.RESEND: frozenset({State.WAITING}),
    Verb.REVOKE: frozenset({State.WAITING}),
    Verb.EDIT_INVITATION: frozenset({State.WAITING}),
    Verb.SUSPEND: frozenset({State.JOINED}),
    Verb.REACTIVATE: frozenset({State.SUSPENDED}),
    Verb.LEAVE: frozenset({State.JOINED}),
}
_NOT_TO_OWNER = {Verb.UPDATE_ROLE, Verb.SUSPEND, Verb.REMOVE, Verb.MERGE, Verb.LEAVE}
_NOT_TO_SELF = {Verb.SUSPEND, Verb.REMOVE, Verb.MERGE}
# Adding takes nothing from anybody, so whoever holds more may be added too.
_ADDS = {Verb.ADD_TO_GROUP, Verb.ADD_TO_WORKSPACE, Verb.JOIN_WORKSPACE}
# What they get counts at once, and would outlive what the suspension meant.
_NOT_TO_SUSPENDED = {*_ADDS, Verb.MERGE}
_WORKS_ON_GROUP = {Verb.ADD_TO_GROUP, Verb.REMOVE_FROM_GROUP, Verb.DELETE_GROUP, Verb.NAME_MANAGERS}
# Compared with what is held in the workspace instead of in the organization.
_TOUCHES_IN_WORKSPACE = {Verb.CHANGE_GRANT, Verb.REMOVE_GRANT, Verb.SHARE_RESOURCE}
_GIVES_IN_WORKSPACE = {Verb.ADD_TO_WORKSPACE, Verb.CHANGE_GRANT, Verb.JOIN_WORKSPACE, Verb.INVITE}


def decide(
    actor: ActorFacts,
    verb: Verb,
    member: MemberFacts | None = None,
    *,
    role: RoleFacts | None = None,
    group: GroupFacts | None = None,
    workspace: WorkspaceFacts | None = None,
    organization: OrganizationFacts | None = None,
    grant: GrantFacts | None = None,
    resource: ResourceFacts | None = None,
) -> Decision:
    """May the actor do this? Checked in this order: right, target's state, what it would give, freshness.

    role is what is proposed: an organization role (INVITE, UPDATE_ROLE), or with workspace a workspace role, with the
    extra permissions that go along. grant is what stands (CHANGE_GRANT, REMOVE_GRANT), or whom a new one reaches.
    """
    reason = (
        lacks_right(actor, verb, group, workspace, organization, resource)
        or _wrong_member(actor, verb, member, workspace)
        or _wrong_grant(verb, grant, workspace)
        or _wrong_resource(verb, resource, grant)
        or _wrong_workspace(verb, workspace, role)
        or _gives_more(actor, verb, member, role, group, workspace, grant)
        or _wrong_offer(actor, verb, organization)
        or _stale(actor, verb, role, grant)
    )
    return Decision(reason) if reason else ALLOWED


def _wrong_member(
    actor: ActorFacts, verb: Verb, member: MemberFacts | None, workspace: WorkspaceFacts | None
) -> Reason | None:
    if member is None:
        return None
    if member.is_owner and verb in _NOT_TO_OWNER:
        return Reason.OWNER
    if member.is_self and verb in _NOT_TO_SELF:
        return Reason.YOURSELF
    held = _held(actor, workspace if verb in _TOUCHES_IN_WORKSPACE else None)
    if not actor.is_support and not member.is_self and not member.permissions <= held and verb not in _ADDS:
        return Reason.HOLDS_MORE
    needed = _NEEDS_STATE.get(verb)
    if needed is not None and member.state not in needed:
        return _state_reason(member.state, needed)
    if verb in _NOT_TO_SUSPENDED and member.state is State.SUSPENDED:
        return Reason.SUSPENDED
    return None


def _state_reason(state: State, needed: frozenset[State]) -> Reason:
    if state is State.WAITING:
        return Reason.WAITING
    if state is State.SUSPENDED:
        return Reason.JOINED if State.WAITING in needed else Reason.SUSPENDED
    return Reason.NOT_SUSPENDED if State.SUSPENDED in needed else Reason.JOINED


def _wrong_grant(verb: Verb, grant: GrantFacts | None, workspace: WorkspaceFacts | None) -> Reason | None:
    """Nobody changes or takes away what holds more than they do there."""
    if grant is None or workspace is None or verb not in _TOUCHES_IN_WORKSPACE:
        return None
    return None if grant.permissions <= workspace.permissions else Reason.HOLDS_MORE


def _wrong_resource(verb: Verb, resource: ResourceFacts | None, grant: GrantFacts | None) -> Reason | None:
    """What is private to somebody is given to others by admins, never to themselves: that would open it."""
    if verb is not Verb.TRANSFER_RESOURCE or resource is None or grant is None or not grant.reaches_actor:
        return None
    return Reason.PRIVATE if resource.is_private and not (resource.is_owner or resource.is_orphan) else None


def _wrong_workspace(verb: Verb, workspace: WorkspaceFacts | None, role: RoleFacts | None) -> Reason | None:
    if workspace is None:
        return None
    if verb is Verb.VIEW_WORKSPACE and workspace.is_archived:
        return None if workspace.holds(Code.MEMBERS_WORKSPACE_MANAGE) else Reason.ARCHIVED
    if verb is Verb.JOIN_WORKSPACE and not workspace.is_open:
        return Reason.NOT_OPEN
    if verb not in _GIVES_IN_WORKSPACE:
        return None
    if workspace.is_archived:
        return Reason.ARCHIVED
    if workspace.kind == "personal":
        return Reason.PERSONAL
    if workspace.most is not None and role is not None and not role.permissions <= workspace.most:
        return Reason.READ_ONLY
    return None


def _gives_more(
    actor: ActorFacts,
    verb: Verb,
    member: MemberFacts | None,
    role: RoleFacts | None,
    group: GroupFacts | None,
    workspace: WorkspaceFacts | None,
    grant: GrantFacts | None,
) -> Reason | None:
    if actor.is_support:
        return None
    if verb in _WORKS_ON_GROUP and group is not None and group.carries_more:
        return Reason.GROUP_CARRIES_MORE
    if verb is Verb.MANAGE_ROLES and grant is not None and not grant.permissions <= _held(actor, workspace):
        return Reason.HOLDS_MORE
    if role is None or verb is Verb.JOIN_WORKSPACE:
        return None
    if not role.permissions <= _held(actor, workspace):
        return Reason.GIVES_MORE
    if grant is not None and grant.is_everyone and Code.MEMBERS_WORKSPACE_MANAGE in role.permissions:
        return Reason.EVERYONE_MANAGES
    return _extends_own(member, role, workspace, grant)


def _held(actor: ActorFacts, workspace: WorkspaceFacts | None) -> frozenset[str]:
    return actor.permissions if workspace is None else workspace.permissions


def _extends_own(
    member: MemberFacts | None, role: RoleFacts, workspace: WorkspaceFacts | None, grant: GrantFacts | None
) -> Reason | None:
    """Access that ends is never made longer by its holder, nor replaced by an endless one."""
    if workspace is None or workspace.lasting is None:
        return None
    is_own = (member is not None and member.is_self) or (grant is not None and grant.reaches_actor)
    longer = grant is None or grant.lengthened
    if is_own and longer and not role.permissions <= workspace.lasting:
        return Reason.SELF_EXTENDED
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


def _stale(actor: ActorFacts, verb: Verb, role: RoleFacts | None, grant: GrantFacts | None) -> Reason | None:
    """Making an administrator is sensitive whatever the role is called, and so is letting a role that stands do it."""
    standing = grant.permissions if grant is not None else frozenset()
    makes_admin = role is not None and Code.MEMBERS_ORG_MANAGE in role.permissions - standing
    return Reason.CONFIRM if (verb in _NEEDS_FRESH or makes_admin) and not actor.is_fresh else None
