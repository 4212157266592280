"""Shapes of what people enter. Choices come from the caller; rules are asked in actions."""

from workspaces.forms.members import RoleOfMember
from workspaces.forms.organizations import CreateOrganization, DeleteOrganization, Limits, Settings, Successor

__all__ = ["CreateOrganization", "DeleteOrganization", "Limits", "RoleOfMember", "Settings", "Successor"]
