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
    """`ability` completes the sentence "You will be able to …"; high_risk marks what deserves a second look; viewing is
    kept where a resource is locked or a workspace is archived.
    """

    code: str
    scope: Scope
    ability: str
    enforced_by: str = "Roster"
    high_risk: bool = False
    area: str = ""
    explanation: str = ""
    viewing: bool = False


@dataclass(frozen=True, slots=True)
class BuiltInRole:
    id: BuiltIn
    scope: Scope
    name: str
    audience: str
    permissions: frozenset[str]
    scheme: str = ""


RISK, VIEW = "risk", "view"


def _area(
    product: str, scope: Scope, area: str, *rows: tuple[str, str] | tuple[str, str, str] | tuple[str, str, str, str]
) -> list[Permission]:
    """Rows of code, ability, and where there are any, mark (RISK or VIEW) and explanation."""
    permissions = []
    for code, ability, *more in rows:
        mark, explanation = (*more, "", "")[:2]
        permissions.append(
            Permission(code, scope, ability, product, mark == RISK, area, explanation, viewing=mark == VIEW)
        )
    return permissions


# Areas of the compute platform, each with Read and Read/Write, as its custom roles pair them (SYSTEMS L13).
PLATFORM_AREAS = {
    "alerting": "alerts",
    "audit_logs": "audit logs",
    "batch_jobs": "batch jobs",
    "own_compute": "bring-your-own compute",
    "clusters": "clusters",
    "connections": "connections",
    "dev_pods": "dev pods",
    "endpoints": "endpoints",
    "fine_tuning": "fine-tuning",
    "limits": "limits",
    "node_groups": "node groups",
    "node_reservations": "node reservations",
    "nodes": "nodes",
    "observability": "observability export",
    "ray_clusters": "Ray clusters",
    "registry_auth": "private registry credentials",
    "secrets": "secrets",
    "service_requests": "service requests",
    "slurm_clusters": "Slurm clusters",
    "storage": "storage",
    "templates": "templates",
    "utilities": "utilities",
    "workload_identity": "workload identity",
}
_GUARDED_AREAS = {"audit_logs", "limits", "own_compute", "registry_auth", "secrets", "workload_identity"}
_DAILY_AREAS = {
    "batch_jobs", "dev_pods", "endpoints", "fine_tuning", "ray_clusters", "slurm_clusters", "storage", "templates",
}  # fmt: skip


def _platform() -> list[Permission]:
    permissions = []
    for area, label in PLATFORM_AREAS.items():
        guarded = area in _GUARDED_AREAS
        permissions += _area(
            "Compute platform",
            Scope.WORKSPACE,
            "Compute platform",
            (f"{area}.read", f"see {label}", "" if guarded else VIEW),
            (f"{area}.write", f"change {label}", RISK if guarded else ""),
        )
    return permissions


PERMISSIONS: dict[str, Permission] = {
    permission.code: permission
    for permission in [
        *_area(
            "Roster",
            Scope.ORGANIZATION,
            "Organization",
            (Code.MEMBERS_VIEW, "see who is in the organization", VIEW),
            (Code.MEMBERS_INVITE, "invite people"),
            (Code.MEMBERS_ORG_MANAGE, "add, change and remove people", RISK),
            (Code.GROUPS_MANAGE, "create and manage all groups"),
            (Code.WORKSPACES_CREATE, "create workspaces"),
            (Code.WORKSPACES_MANAGE, "create, manage and delete shared workspaces", RISK),
            (Code.WORKSPACES_ACCESS_ALL, "open every workspace", RISK, "As an admin of each of them."),
            (Code.ROLES_MANAGE, "make and change roles", RISK),
            (Code.ORGANIZATION_MANAGE, "change the organization's settings", RISK),
            (Code.HISTORY_VIEW, "see the organization's history"),
        ),
        *_area(
            "Drives",
            Scope.ORGANIZATION,
            "Drives",
            ("drives.org.manage", "connect, edit and delete the organization's drives", RISK),
            ("drives.org.set_default", "choose the organization's default drive"),
        ),
        *_area(
            "Billing",
            Scope.ORGANIZATION,
            "Billing",
            ("usage.view", "see usage and consumption", VIEW),
            ("billing.manage", "manage subscription, billing and invoices", RISK),
        ),
        *_area(
            "Roster",
            Scope.WORKSPACE,
            "Workspace",
            (Code.WORKSPACE_VIEW, "see the workspace and who is in it", VIEW),
            (Code.WORKSPACE_EDIT, "change the workspace's name and description"),
            (Code.WORKSPACE_DELETE, "delete the workspace", RISK),
            (Code.MEMBERS_WORKSPACE_MANAGE, "manage the workspace's members", RISK),
        ),
        *_area(
            "Notebooks",
            Scope.WORKSPACE,
            "Projects and notebooks",
            ("projects.view", "read everything", VIEW),
            ("comments.create", "comment", VIEW),
            ("notebooks.run", "run notebooks", VIEW),
            ("inputs.set", "change the values of input blocks", VIEW),
            (
                "projects.duplicate_out",
                "duplicate projects into another workspace",
                VIEW,
                "Custom environments and integrations do not travel along.",
            ),
            ("projects.edit", "create and edit projects and data sets"),
            (
                "projects.make_private",
                "make projects private",
                "",
                "A private project keeps drawing on what the workspace shares, such as integrations and machine hours.",
            ),
            (
                "integrations.attach",
                "connect integrations to projects",
                "",
                "Without the right to create or edit an integration itself.",
            ),
            ("integrations.manage", "create and edit integrations", RISK),
        ),
        *_area(
            "Drives",
            Scope.WORKSPACE,
            "Drives",
            ("drives.workspace.manage", "connect, edit and delete the workspace's drives", RISK),
            ("drives.workspace.set_default", "choose the workspace's default drive"),
        ),
        *_area(
            "Deployments",
            Scope.WORKSPACE,
            "Deployments",
            ("resources.manage", "create and manage resources"),
            ("deployments.create", "deploy"),
            ("deployments.view", "see deployments and logs", VIEW),
            ("environment.manage", "change application configuration"),
            ("infrastructure.manage", "set up infrastructure", RISK),
            ("domains.manage", "manage domains and redirects", RISK),
            ("logs.manage", "change log settings"),
            ("billing.view", "read billing", RISK),
        ),
        *_platform(),
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


_READ = ("projects.view", "comments.create", "notebooks.run", "inputs.set", "projects.duplicate_out")
_SEE_PLATFORM = tuple(f"{area}.read" for area in PLATFORM_AREAS if area not in _GUARDED_AREAS)
_WORK_PROJECTS = ("projects.edit", "projects.make_private", "integrations.attach")
_WORK_PLATFORM = tuple(f"{area}.write" for area in sorted(_DAILY_AREAS))

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
                (Code.WORKSPACE_VIEW, *_READ, "deployments.view", *_SEE_PLATFORM),
            ),
            (
                BuiltIn.STANDARD_EDITOR,
                "Editor",
                "People who do the work.",
                (*_WORK_PROJECTS, "resources.manage", "deployments.create", *_WORK_PLATFORM),
            ),
            (BuiltIn.STANDARD_ADMIN, "Admin", "People who answer for the workspace.", _all(Scope.WORKSPACE)),
        ),
        *_roles(
            Scope.WORKSPACE,
            Scheme.MANAGED,
            (
                BuiltIn.MANAGED_MEMBER,
                "Member",
                "People who work in the workspace.",
                (Code.WORKSPACE_VIEW, *_READ, *_WORK_PROJECTS, "deployments.view", *_SEE_PLATFORM, *_WORK_PLATFORM),
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
                "People who answer for the account: its access, its costs and what it runs on.",
                (
                    Code.WORKSPACE_EDIT,
                    Code.MEMBERS_WORKSPACE_MANAGE,
                    "billing.view",
                    "infrastructure.manage",
                    "domains.manage",
                    "logs.manage",
                ),
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


def top_roles(scope: str) -> list[int]:
    """Ids of the built-in roles that hold every permission of a scope that a host product registers. What is asked of
    single resources is held through the workspace.
    """
    if scope == Scope.ORGANIZATION:
        return [BuiltIn.ADMIN.value]
    return [top_role(scheme).id.value for scheme in Scheme.values]


def everyday_role(scheme: str) -> BuiltInRole:
    """What everyone holds in the `default` workspace: Editor, Member, Developer."""
    return scheme_roles(scheme)[-2]


def abilities(permissions: Iterable[str]) -> list[str]:
    """What a set of permissions lets people do, in the catalogue's order."""
    held = set(permissions)
    return [permission.ability for code, permission in PERMISSIONS.items() if code in held]
