"""Rows, constraints and querysets of the access model. Rules live in `policy`, writes in `actions`."""

from workspaces.models.grants import Grant, GrantPermission, Origin
from workspaces.models.groups import Group, GroupManager, GroupMember
from workspaces.models.history import Act, Entry, Label
from workspaces.models.hosts import Figure, HostPermission, Product
from workspaces.models.jobs import Job, JobRow
from workspaces.models.members import (
    Activity,
    Departure,
    DeparturePlacement,
    Directory,
    ExternalAccount,
    Member,
    MergedMember,
)
from workspaces.models.organizations import AccountState, Organization, OwnershipTransfer
from workspaces.models.requests import AccessRequest, RequestedPlacement
from workspaces.models.resources import Collaborator, Resource
from workspaces.models.roles import Role, RolePermission
from workspaces.models.selections import Selection, SelectionItem
from workspaces.models.workspaces import Workspace

__all__ = [
    "AccessRequest",
    "AccountState",
    "Act",
    "Activity",
    "Collaborator",
    "Departure",
    "DeparturePlacement",
    "Directory",
    "Entry",
    "ExternalAccount",
    "Figure",
    "Grant",
    "GrantPermission",
    "Group",
    "GroupManager",
    "GroupMember",
    "HostPermission",
    "Job",
    "JobRow",
    "Label",
    "Member",
    "MergedMember",
    "Organization",
    "Origin",
    "OwnershipTransfer",
    "Product",
    "RequestedPlacement",
    "Resource",
    "Role",
    "RolePermission",
    "Selection",
    "SelectionItem",
    "Workspace",
]
