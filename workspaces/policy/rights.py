"""Which permission, policy or standing each verb asks for; nothing here looks at whom it is done to."""

from collections.abc import Callable, Mapping

from workspaces.catalogue import Code
from workspaces.policy.facts import ActorFacts, GroupFacts, OrganizationFacts, ResourceFacts, WorkspaceFacts
from workspaces.policy.verbs import Verb
from workspaces.reasons import Reason

# Asked of the organization role.
_OF_ORGANIZATION: Mapping[Verb, tuple[str, ...]] = {
    Verb.VIEW_HISTORY: (Code.HISTORY_VIEW,),
    Verb.VIEW_OVERVIEW: (Code.MEMBERS_ORG_MANAGE,),
    Verb.VIEW_JOBS: (Code.MEMBERS_ORG_MANAGE,),  # those of others; one's own need no right
    Verb.INVITE: (Code.MEMBERS_INVITE,),
    Verb.RESEND: (Code.MEMBERS_INVITE,),
    Verb.REVOKE: (Code.MEMBERS_INVITE,),
    Verb.EDIT_INVITATION: (Code.MEMBERS_INVITE,),
    Verb.UPDATE_ROLE: (Code.MEMBERS_ORG_MANAGE,),
    Verb.SUSPEND: (Code.MEMBERS_ORG_MANAGE,),
    Verb.REACTIVATE: (Code.MEMBERS_ORG_MANAGE,),
    Verb.REMOVE: (Code.MEMBERS_ORG_MANAGE,),
    Verb.MERGE: (Code.MEMBERS_ORG_MANAGE,),
    Verb.EDIT_GROUP: (Code.GROUPS_MANAGE,),
    Verb.DELETE_GROUP: (Code.GROUPS_MANAGE,),
    Verb.NAME_MANAGERS: (Code.GROUPS_MANAGE,),
    Verb.NAME_FIRST_ADMIN: (Code.WORKSPACES_MANAGE,),
    Verb.RESTORE_WORKSPACE: (Code.WORKSPACES_MANAGE,),
    Verb.MANAGE_ROLES: (Code.ROLES_MANAGE,),
    Verb.CHANGE_SETTINGS: (Code.ORGANIZATION_MANAGE,),
    Verb.CHANGE_SCHEME: (
        Code.ORGANIZATION_MANAGE,
        Code.ROLES_MANAGE,
        Code.MEMBERS_ORG_MANAGE,
        Code.WORKSPACES_ACCESS_ALL,
    ),
}
# Asked of what is held in the workspace, or instead of the organization role.
_IN_WORKSPACE: Mapping[Verb, tuple[str, str | None]] = {
    Verb.VIEW_WORKSPACE: (Code.WORKSPACE_VIEW, None),
    Verb.VIEW_WORKSPACE_HISTORY: (Code.MEMBERS_WORKSPACE_MANAGE, Code.HISTORY_VIEW),
    Verb.EXPLORE_ACCESS: (Code.MEMBERS_WORKSPACE_MANAGE, Code.MEMBERS_ORG_MANAGE),
    Verb.EDIT_WORKSPACE: (Code.WORKSPACE_EDIT, Code.WORKSPACES_MANAGE),
    Verb.ARCHIVE_WORKSPACE: (Code.WORKSPACE_DELETE, Code.WORKSPACES_MANAGE),
    Verb.DELETE_WORKSPACE: (Code.WORKSPACE_DELETE, Code.WORKSPACES_MANAGE),
    Verb.ADD_TO_WORKSPACE: (Code.MEMBERS_WORKSPACE_MANAGE, None),
    Verb.CHANGE_GRANT: (Code.MEMBERS_WORKSPACE_MANAGE, None),
    Verb.REMOVE_GRANT: (Code.MEMBERS_WORKSPACE_MANAGE, None),
}
_SUPPORT_MAY = {Verb.RESEND, Verb.REVOKE, Verb.SUSPEND, Verb.OFFER_TRANSFER, Verb.CHANGE_LIMITS}
_OWNER_ONLY = {Verb.DELETE_ORGANIZATION, Verb.OFFER_TRANSFER, Verb.WITHDRAW_TRANSFER}
_ANYONE = {Verb.LEAVE, Verb.ACCEPT_TRANSFER, Verb.ASK_FOR_ACCESS}


def lacks_right(
    actor: ActorFacts,
    verb: Verb,
    group: GroupFacts | None,
    workspace: WorkspaceFacts | None,
    organization: OrganizationFacts | None,
    resource: ResourceFacts | None,
) -> Reason | None:
    if actor.is_support:
        return None if verb in _SUPPORT_MAY else Reason.NO_RIGHT
    if not actor.is_active:
        return Reason.NOT_ACTIVE
    if verb in _OWNER_ONLY:
        return None if actor.is_owner else Reason.OWNER_ONLY
    if verb in _ANYONE:
        return None
    organization = organization or OrganizationFacts(workspace_admins_invite=False)
    if verb in _BY_RULE:
        may = _BY_RULE[verb](actor, group, workspace, organization, resource)
    elif verb in _IN_WORKSPACE:
        there, instead = _IN_WORKSPACE[verb]
        may = (workspace is not None and workspace.holds(there)) or (instead is not None and actor.holds(instead))
    elif verb is Verb.INVITE and workspace is not None:
        may = actor.holds(Code.MEMBERS_INVITE) or _invites_there(workspace, organization)
    else:
        may = all(actor.holds(code) for code in _OF_ORGANIZATION[verb])
    return None if may else Reason.NO_RIGHT


type _Rule = Callable[
    [ActorFacts, GroupFacts | None, WorkspaceFacts | None, OrganizationFacts, ResourceFacts | None], bool
]


def _invites_there(workspace: WorkspaceFacts, organization: OrganizationFacts) -> bool:
    """A workspace admin asks people into their own workspace, where the organization's policy lets them."""
    return workspace.holds(Code.MEMBERS_WORKSPACE_MANAGE) and organization.workspace_admins_invite


def _sees_members(actor: ActorFacts, organization: OrganizationFacts) -> bool:
    sees = actor.holds(Code.MEMBERS_VIEW) and organization.members_see_members
    return sees or actor.holds(Code.MEMBERS_ORG_MANAGE)


def _sees_people_of(workspace: WorkspaceFacts | None, organization: OrganizationFacts) -> bool:
    if workspace is None:
        return False
    sees = workspace.holds(Code.WORKSPACE_VIEW) and organization.members_see_members
    return sees or workspace.holds(Code.MEMBERS_WORKSPACE_MANAGE)


def _works_on_group(actor: ActorFacts, group: GroupFacts | None) -> bool:
    return actor.holds(Code.GROUPS_MANAGE) or (group is not None and group.is_managed)


def _creates(actor: ActorFacts, *codes: str, members_may: bool) -> bool:
    return any(actor.holds(code) for code in codes) or (members_may and not actor.is_guest)


def _shares(workspace: WorkspaceFacts | None, resource: ResourceFacts | None) -> bool:
    if resource is None:
        return False
    manages = workspace is not None and workspace.holds(Code.MEMBERS_WORKSPACE_MANAGE)
    return resource.is_owner or (manages and not resource.is_private)


def _transfers(actor: ActorFacts, workspace: WorkspaceFacts | None, resource: ResourceFacts | None) -> bool:
    manages = workspace is not None and workspace.holds(Code.MEMBERS_WORKSPACE_MANAGE)
    return manages or actor.holds(Code.MEMBERS_ORG_MANAGE) or (resource is not None and resource.is_owner)


def _makes_private(workspace: WorkspaceFacts | None, resource: ResourceFacts | None) -> bool:
    may = workspace is not None and workspace.holds("projects.make_private")
    return may and resource is not None and resource.is_owner


def _chooses_drive(actor: ActorFacts, workspace: WorkspaceFacts | None) -> bool:
    if workspace is None:
        return actor.holds("drives.org.set_default")
    return workspace.holds("drives.workspace.set_default")


_BY_RULE: Mapping[Verb, _Rule] = {
    Verb.VIEW_MEMBERS: lambda actor, _g, _w, organization, _r: _sees_members(actor, organization),
    Verb.VIEW_GROUPS: lambda actor, group, _w, organization, _r: (
        _sees_members(actor, organization) or _works_on_group(actor, group)
    ),
    Verb.VIEW_ROLES: lambda actor, *_: not actor.is_guest,
    Verb.VIEW_WORKSPACE_MEMBERS: lambda _a, _g, workspace, organization, _r: _sees_people_of(workspace, organization),
    Verb.JOIN_WORKSPACE: lambda actor, *_: not actor.is_guest,
    # The operator's knobs: nobody inside an organization turns them.
    Verb.CHANGE_LIMITS: lambda *_: False,
    Verb.PROPOSE_PEOPLE: lambda actor, _g, _w, organization, _r: organization.members_propose and not actor.is_guest,
    Verb.CREATE_GROUP: lambda actor, _g, _w, organization, _r: _creates(
        actor, Code.GROUPS_MANAGE, members_may=organization.members_create_groups
    ),
    Verb.CREATE_WORKSPACE: lambda actor, _g, _w, organization, _r: _creates(
        actor,
        Code.WORKSPACES_CREATE,
        Code.WORKSPACES_MANAGE,
        members_may=organization.members_create_workspaces,
    ),
    Verb.ADD_TO_GROUP: lambda actor, group, *_: _works_on_group(actor, group),
    Verb.REMOVE_FROM_GROUP: lambda actor, group, *_: _works_on_group(actor, group),
    Verb.SHARE_RESOURCE: lambda _a, _g, workspace, _o, resource: _shares(workspace, resource),
    Verb.MAKE_PRIVATE: lambda _a, _g, workspace, _o, resource: _makes_private(workspace, resource),
    Verb.TRANSFER_RESOURCE: lambda actor, _g, workspace, _o, resource: _transfers(actor, workspace, resource),
    Verb.CHOOSE_DRIVE: lambda actor, _g, workspace, *_: _chooses_drive(actor, workspace),
}
