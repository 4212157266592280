"""Rows, constraints and querysets of the access model. Rules live in `policy`, writes in `actions`."""

from workspaces.models.grants import Grant, GrantPermission, Origin
from workspaces.models.groups import Group, GroupManager, GroupMember
from workspaces.models.history import Act, Entry, Label
from workspaces.models.members import Activity, Departure, DeparturePlacement, Directory, Member
from workspaces.models.organizations import Organization, OwnershipTransfer
from workspaces.models.roles import Role, RolePermission
from workspaces.models.selections import Selection, SelectionItem
from workspaces.models.workspaces import Workspace

__all__ = [
    "Act",
    "Activity",
    "Departure",
    "DeparturePlacement",
    "Directory",
    "Entry",
    "Grant",
    "GrantPermission",
    "Group",
    "GroupManager",
    "GroupMember",
    "Label",
    "Member",
    "Organization",
    "Origin",
    "OwnershipTransfer",
    "Role",
    "RolePermission",
    "Selection",
    "SelectionItem",
    "Workspace",
]
