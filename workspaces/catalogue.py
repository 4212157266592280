"""The words of access: every permission that Roster knows, and the roles that come built in.

Codes are `area.verb`. Who enforces a permission is part of it: Roster for its own, a named host product for the rest.
Rows in the database are made from this by `workspaces.actions.roles.sync_built_in_roles`, never the other way round.
"""

from collections.abc import Iterable
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Permission:
    """`ability` completes the sentence "You will be able to …"; high_risk marks what deserves a second look."""

    code: str
    scope: Scope
    ability: str
    enforced_by: str = "Roster"
    high_risk: bool = False


@dataclass(frozen=True, slots=True)
class BuiltInRole:
    id: BuiltIn
    scope: Scope
    name: str
    audience: str
    permissions: frozenset[str]
    scheme: str = ""


def _roster(scope: Scope, *rows: tuple[Code, str, bool]) -> list[Permission]:
    return [Permission(code, scope, ability, high_risk=risk) for code, ability, risk in rows]


def _host(product: str, scope: Scope, *rows: tuple[str, str, bool]) -> list[Permission]:
    return [Permission(code, scope, ability, enforced_by=product, high_risk=risk) for code, ability, risk in rows]


PERMISSIONS: dict[str, Permission] = {
    permission.code: permission
    for permission in [
        *_roster(
            Scope.ORGANIZATION,
            (Code.MEMBERS_VIEW, "see who is in the organization", False),
            (Code.MEMBERS_INVITE, "invite people", False),
            (Code.MEMBERS_ORG_MANAGE, "add, change and remove people", True),
            (Code.GROUPS_MANAGE, "create and manage all groups", False),
            (Code.WORKSPACES_CREATE, "create workspaces", False),
            (Code.WORKSPACES_MANAGE, "create, manage and delete shared workspaces", True),
            (Code.WORKSPACES_ACCESS_ALL, "open every workspace", True),
            (Code.ROLES_MANAGE, "make and change roles", True),
            (Code.ORGANIZATION_MANAGE, "change the organization's settings", True),
            (Code.HISTORY_VIEW, "see the organization's history", False),
        ),
        *_host(
            "Billing",
            Scope.ORGANIZATION,
            ("usage.view", "see usage and consumption", False),
            ("billing.manage", "manage subscription, billing and invoices", True),
        ),
        *_roster(
            Scope.WORKSPACE,
            (Code.WORKSPACE_VIEW, "see the workspace and who is in it", False),
            (Code.WORKSPACE_EDIT, "change the workspace's name and description", False),
            (Code.WORKSPACE_DELETE, "delete the workspace", True),
            (Code.MEMBERS_WORKSPACE_MANAGE, "manage the workspace's members", True),
        ),
        *_host(
            "Notebooks",
            Scope.WORKSPACE,
            ("projects.view", "read everything", False),
            ("comments.create", "comment", False),
            ("notebooks.run", "run notebooks", False),
            ("projects.edit", "create and edit projects and data sets", False),
            ("integrations.attach", "connect integrations to projects", False),
            ("integrations.manage", "create and edit integrations", True),
        ),
        *_host(
            "Deployments",
            Scope.WORKSPACE,
            ("resources.manage", "create and manage resources", False),
            ("deployments.create", "deploy", False),
            ("deployments.view", "see deployments and logs", False),
            ("environment.manage", "change application configuration", False),
            ("infrastructure.manage", "set up infrastructure", True),
            ("domains.manage", "manage domains and redirects", True),
            ("logs.manage", "change log settings", False),
            ("billing.view", "read billing", True),
        ),
    ]
}


def _roles(scope: Scope, scheme: str, *rows: tuple[BuiltIn, str, str, Iterable[str]]) -> list[BuiltInRole]:
    """Roles of one scheme in rising order; each contains the one before it."""
    roles: list[BuiltInRole] = []
    held: frozenset[str] = frozenset()
    for role_id, name, audience, permissions in rows:
        held |= frozenset(permissions)
        roles.append(BuiltInRole(role_id, scope, name, audience, held, scheme))
    return roles


def _all(scope: Scope) -> frozenset[str]:
    return frozenset(code for code, permission in PERMISSIONS.items() if permission.scope == scope)


BUILT_IN_ROLES: dict[int, BuiltInRole] = {
    role.id: role
    for role in [
        *_roles(
            Scope.ORGANIZATION,
            "",
            (BuiltIn.GUEST, "Guest", "People asked in to single resources only.", ()),
            (BuiltIn.MEMBER, "Member", "Everyone who works here.", (Code.MEMBERS_VIEW,)),
            (BuiltIn.ADMIN, "Admin", "The few who run the organization.", _all(Scope.ORGANIZATION)),
        ),
        *_roles(
            Scope.WORKSPACE,
            Scheme.STANDARD,
            (
                BuiltIn.STANDARD_VIEWER,
                "Viewer",
                "People who read and comment.",
                (Code.WORKSPACE_VIEW, "projects.view", "comments.create", "notebooks.run"),
            ),
            (BuiltIn.STANDARD_EDITOR, "Editor", "People who do the work.", ("projects.edit", "integrations.attach")),
            (BuiltIn.STANDARD_ADMIN, "Admin", "People who answer for the workspace.", _all(Scope.WORKSPACE)),
        ),
        *_roles(
            Scope.WORKSPACE,
            Scheme.MANAGED,
            (
                BuiltIn.MANAGED_MEMBER,
                "Member",
                "People who work in the workspace.",
                (Code.WORKSPACE_VIEW, "projects.view", "comments.create", "notebooks.run", "projects.edit"),
            ),
            (
                BuiltIn.MANAGED_MANAGER,
                "Manager",
                "People who run this workspace and stay Member elsewhere.",
                _all(Scope.WORKSPACE) - {Code.WORKSPACE_DELETE},
            ),
        ),
        *_roles(
            Scope.WORKSPACE,
            Scheme.INFRASTRUCTURE,
            (
                BuiltIn.INFRASTRUCTURE_DEVELOPER,
                "Developer",
                "Engineers who build and deploy.",
                (
                    Code.WORKSPACE_VIEW,
                    "resources.manage",
                    "deployments.create",
                    "deployments.view",
                    "environment.manage",
                ),
            ),
            (
                BuiltIn.INFRASTRUCTURE_ACCOUNT_ADMIN,
                "Account Admin",
                "People who answer for the account.",
                _all(Scope.WORKSPACE) - {Code.WORKSPACE_DELETE},
            ),
        ),
    ]
}


def invite_label(scheme: str) -> str:
    """What the button is called that asks people in: schemes of accounts speak of access to the account."""
    return str(_("Give account access") if scheme == Scheme.INFRASTRUCTURE else _("Invite people"))


def invite_title(scheme: str, organization: str) -> str:
    """The heading of the page behind that button."""
    title = _("Give access to %(name)s") if scheme == Scheme.INFRASTRUCTURE else _("Invite people to %(name)s")
    return title % {"name": organization}


def scheme_roles(scheme: str) -> list[BuiltInRole]:
    """The scheme's workspace roles in rising order."""
    return [role for role in BUILT_IN_ROLES.values() if role.scheme == scheme and role.scope == Scope.WORKSPACE]


def top_role(scheme: str) -> BuiltInRole:
    """Whoever holds all of its permissions in a workspace is an admin there, whatever it is called."""
    return scheme_roles(scheme)[-1]


def everyday_role(scheme: str) -> BuiltInRole:
    """What everyone holds in the `default` workspace: Editor, Member, Developer."""
    return scheme_roles(scheme)[-2]


def abilities(permissions: Iterable[str]) -> list[str]:
    """What a set of permissions lets people do, in the catalogue's order."""
    held = set(permissions)
    return [permission.ability for code, permission in PERMISSIONS.items() if code in held]
