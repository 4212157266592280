"""The codes that the rules name: scopes, schemes, Roster's own permissions, the built-in roles."""

from enum import IntEnum, StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class Scope(models.TextChoices):
    ORGANIZATION = "organization", _("Organization")
    WORKSPACE = "workspace", _("Workspace")
    RESOURCE = "resource", _("Resource")


class Scheme(models.TextChoices):
    STANDARD = "standard", _("Standard: Viewer, Editor, Admin")
    MANAGED = "managed", _("Managed: Member, Manager")
    INFRASTRUCTURE = "infrastructure", _("Infrastructure: Developer, Account Admin")


class Code(StrEnum):
    """The permissions that Roster's own rules ask for."""

    MEMBERS_VIEW = "members.view"
    MEMBERS_INVITE = "members.invite"
    MEMBERS_ORG_MANAGE = "members.org.manage"
    GROUPS_MANAGE = "groups.manage"
    WORKSPACES_CREATE = "workspaces.create"
    WORKSPACES_MANAGE = "workspaces.manage"
    WORKSPACES_ACCESS_ALL = "workspaces.access_all"
    ROLES_MANAGE = "roles.manage"
    ORGANIZATION_MANAGE = "organization.manage"
    HISTORY_VIEW = "history.view"
    WORKSPACE_VIEW = "workspace.view"
    WORKSPACE_EDIT = "workspace.edit"
    WORKSPACE_DELETE = "workspace.delete"
    MEMBERS_WORKSPACE_MANAGE = "members.workspace.manage"


class BuiltIn(IntEnum):
    """Ids of the built-in roles; custom ones start at 1000."""

    GUEST = 1
    MEMBER = 2
    ADMIN = 3
    STANDARD_VIEWER = 11
    STANDARD_EDITOR = 12
    STANDARD_ADMIN = 13
    MANAGED_MEMBER = 21
    MANAGED_MANAGER = 22
    INFRASTRUCTURE_DEVELOPER = 31
    INFRASTRUCTURE_ACCOUNT_ADMIN = 32


FIRST_CUSTOM_ROLE_ID = 1000
