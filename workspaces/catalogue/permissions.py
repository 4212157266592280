"""Every permission that Roster knows, with its words, and who enforces it."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from workspaces.catalogue.codes import Code, Scope


@dataclass(frozen=True, slots=True)
class Permission:
    """`ability` completes the sentence "You will be able to …"; high_risk marks what deserves a second look; viewing is
    kept where a resource is locked or a workspace is archived.
    """

    code: str
    scope: Scope
    ability: str | Promise
    enforced_by: str = "Roster"
    high_risk: bool = False
    area: str | Promise = ""
    explanation: str | Promise = ""
    viewing: bool = False


RISK, VIEW = "risk", "view"


type _Row = tuple[str, Promise] | tuple[str, Promise, str] | tuple[str, Promise, str, Promise]


def _area(product: str, scope: Scope, area: Promise, *rows: _Row) -> list[Permission]:
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
    "alerting": _("alerts"),
    "audit_logs": _("audit logs"),
    "batch_jobs": _("batch jobs"),
    "own_compute": _("bring-your-own compute"),
    "clusters": _("clusters"),
    "connections": _("connections"),
    "dev_pods": _("dev pods"),
    "endpoints": _("endpoints"),
    "fine_tuning": _("fine-tuning"),
    "limits": _("limits"),
    "node_groups": _("node groups"),
    "node_reservations": _("node reservations"),
    "nodes": _("nodes"),
    "observability": _("observability export"),
    "ray_clusters": _("Ray clusters"),
    "registry_auth": _("private registry credentials"),
    "secrets": _("secrets"),
    "service_requests": _("service requests"),
    "slurm_clusters": _("Slurm clusters"),
    "storage": _("storage"),
    "templates": _("templates"),
    "utilities": _("utilities"),
    "workload_identity": _("workload identity"),
}
GUARDED_AREAS = {"audit_logs", "limits", "own_compute", "registry_auth", "secrets", "workload_identity"}
DAILY_AREAS = {
    "batch_jobs", "dev_pods", "endpoints", "fine_tuning", "ray_clusters", "slurm_clusters", "storage", "templates",
}  # fmt: skip


def _platform() -> list[Permission]:
    permissions = []
    for area, label in PLATFORM_AREAS.items():
        guarded = area in GUARDED_AREAS
        permissions += _area(
            "Compute platform",
            Scope.WORKSPACE,
            _("Compute platform"),
            (f"{area}.read", format_lazy(_("see {things}"), things=label), "" if guarded else VIEW),
            (f"{area}.write", format_lazy(_("change {things}"), things=label), RISK if guarded else ""),
        )
    return permissions


PERMISSIONS: dict[str, Permission] = {
    permission.code: permission
    for permission in [
        *_area(
            "Roster",
            Scope.ORGANIZATION,
            _("Organization"),
            (Code.MEMBERS_VIEW, _("see who is in the organization"), VIEW),
            (Code.MEMBERS_INVITE, _("invite people")),
            (Code.MEMBERS_ORG_MANAGE, _("add, change and remove people"), RISK),
            (Code.GROUPS_MANAGE, _("create and manage all groups")),
            (Code.WORKSPACES_CREATE, _("create workspaces")),
            (Code.WORKSPACES_MANAGE, _("create, manage and delete shared workspaces"), RISK),
            (Code.WORKSPACES_ACCESS_ALL, _("open every workspace"), RISK, _("As an admin of each of them.")),
            (Code.ROLES_MANAGE, _("make and change roles"), RISK),
            (Code.ORGANIZATION_MANAGE, _("change the organization's settings"), RISK),
            (Code.HISTORY_VIEW, _("see the organization's history")),
        ),
        *_area(
            "Drives",
            Scope.ORGANIZATION,
            _("Drives"),
            ("drives.org.manage", _("connect, edit and delete the organization's drives"), RISK),
            ("drives.org.set_default", _("choose the organization's default drive")),
        ),
        *_area(
            "Billing",
            Scope.ORGANIZATION,
            _("Billing"),
            ("usage.view", _("see usage and consumption"), VIEW),
            ("billing.manage", _("manage subscription, billing and invoices"), RISK),
        ),
        *_area(
            "Roster",
            Scope.WORKSPACE,
            _("Workspace"),
            (Code.WORKSPACE_VIEW, _("see the workspace and who is in it"), VIEW),
            (Code.WORKSPACE_EDIT, _("change the workspace's name and description")),
            (Code.WORKSPACE_DELETE, _("delete the workspace"), RISK),
            (Code.MEMBERS_WORKSPACE_MANAGE, _("manage the workspace's members"), RISK),
        ),
        *_area(
            "Notebooks",
            Scope.WORKSPACE,
            _("Projects and notebooks"),
            ("projects.view", _("read everything"), VIEW),
            ("comments.create", _("comment"), VIEW),
            ("notebooks.run", _("run notebooks"), VIEW),
            ("inputs.set", _("change the values of input blocks"), VIEW),
            (
                "projects.duplicate_out",
                _("duplicate projects into another workspace"),
                VIEW,
                _("Custom environments and integrations do not travel along."),
            ),
            ("projects.edit", _("create and edit projects and data sets")),
            (
                "projects.make_private",
                _("make projects private"),
                "",
                _(
                    "A private project keeps drawing on what the workspace shares, such as integrations and machine "
                    "hours."
                ),
            ),
            (
                "integrations.attach",
                _("connect integrations to projects"),
                "",
                _("Without the right to create or edit an integration itself."),
            ),
            ("integrations.manage", _("create and edit integrations"), RISK),
        ),
        *_area(
            "Drives",
            Scope.WORKSPACE,
            _("Drives"),
            ("drives.workspace.manage", _("connect, edit and delete the workspace's drives"), RISK),
            ("drives.workspace.set_default", _("choose the workspace's default drive")),
        ),
        *_area(
            "Deployments",
            Scope.WORKSPACE,
            _("Deployments"),
            ("resources.manage", _("create and manage resources")),
            ("deployments.create", _("deploy")),
            ("deployments.view", _("see deployments and logs"), VIEW),
            ("environment.manage", _("change application configuration")),
            ("infrastructure.manage", _("set up infrastructure"), RISK),
            ("domains.manage", _("manage domains and redirects"), RISK),
            ("logs.manage", _("change log settings")),
            ("billing.view", _("read billing"), RISK),
        ),
        *_platform(),
    ]
}
