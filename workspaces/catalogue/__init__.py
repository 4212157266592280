"""The words of access: every permission that Roster knows, and the roles that come built in.

Codes are `area.verb`. Who enforces a permission is part of it: Roster for its own, a named host product for the rest.
Rows in the database are made from this by `workspaces.actions.roles.sync_built_in_roles`, never the other way round.
"""

from workspaces.catalogue.codes import FIRST_CUSTOM_ROLE_ID, BuiltIn, Code, Scheme, Scope
from workspaces.catalogue.permissions import PERMISSIONS, PLATFORM_AREAS, Permission
from workspaces.catalogue.roles import (
    BUILT_IN_ROLES,
    BuiltInRole,
    everyday_role,
    invite_label,
    invite_title,
    role_label,
    role_words,
    scheme_roles,
    top_role,
    top_roles,
)

__all__ = [
    "BUILT_IN_ROLES",
    "FIRST_CUSTOM_ROLE_ID",
    "PERMISSIONS",
    "PLATFORM_AREAS",
    "BuiltIn",
    "BuiltInRole",
    "Code",
    "Permission",
    "Scheme",
    "Scope",
    "everyday_role",
    "invite_label",
    "invite_title",
    "role_label",
    "role_words",
    "scheme_roles",
    "top_role",
    "top_roles",
]
