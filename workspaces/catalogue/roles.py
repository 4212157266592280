"""The roles that come built in, by scope and scheme, and what follows from them."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from config.sentences import Sentence
from workspaces.catalogue.codes import BuiltIn, Code, Scheme, Scope
from workspaces.catalogue.permissions import DAILY_AREAS, GUARDED_AREAS, PERMISSIONS, PLATFORM_AREAS


@dataclass(frozen=True, slots=True)
class BuiltInRole:
    id: BuiltIn
    scope: Scope
    name: str
    audience: str
    permissions: frozenset[str]
    scheme: str = ""

    @property
    def label(self) -> str:
        return gettext(self.name)


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
_SEE_PLATFORM = tuple(f"{area}.read" for area in PLATFORM_AREAS if area not in GUARDED_AREAS)
_WORK_PROJECTS = ("projects.edit", "projects.make_private", "integrations.attach")
_WORK_PLATFORM = tuple(f"{area}.write" for area in sorted(DAILY_AREAS))

BUILT_IN_ROLES: dict[int, BuiltInRole] = {
    role.id: role
    for role in [
        *_roles(
            Scope.ORGANIZATION,
            "",
            (BuiltIn.GUEST, gettext_noop("Guest"), gettext_noop("People asked in to single resources only."), ()),
            (BuiltIn.MEMBER, gettext_noop("Member"), gettext_noop("Everyone who works here."), (Code.MEMBERS_VIEW,)),
            (
                BuiltIn.ADMIN,
                gettext_noop("Admin"),
                gettext_noop("The few who run the organization."),
                _all(Scope.ORGANIZATION),
            ),
        ),
        *_roles(
            Scope.WORKSPACE,
            Scheme.STANDARD,
            (
                BuiltIn.STANDARD_VIEWER,
                gettext_noop("Viewer"),
                gettext_noop("People who read and comment."),
                (Code.WORKSPACE_VIEW, *_READ, "deployments.view", *_SEE_PLATFORM),
            ),
            (
                BuiltIn.STANDARD_EDITOR,
                gettext_noop("Editor"),
                gettext_noop("People who do the work."),
                (*_WORK_PROJECTS, "resources.manage", "deployments.create", *_WORK_PLATFORM),
            ),
            (
                BuiltIn.STANDARD_ADMIN,
                gettext_noop("Admin"),
                gettext_noop("People who answer for the workspace."),
                _all(Scope.WORKSPACE),
            ),
        ),
        *_roles(
            Scope.WORKSPACE,
            Scheme.MANAGED,
            (
                BuiltIn.MANAGED_MEMBER,
                gettext_noop("Member"),
                gettext_noop("People who work in the workspace."),
                (Code.WORKSPACE_VIEW, *_READ, *_WORK_PROJECTS, "deployments.view", *_SEE_PLATFORM, *_WORK_PLATFORM),
            ),
            (
                BuiltIn.MANAGED_MANAGER,
                gettext_noop("Manager"),
                gettext_noop("People who run this workspace and stay Member elsewhere."),
                _all(Scope.WORKSPACE) - {Code.WORKSPACE_DELETE},
            ),
        ),
        *_roles(
            Scope.WORKSPACE,
            Scheme.INFRASTRUCTURE,
            (
                BuiltIn.INFRASTRUCTURE_DEVELOPER,
                gettext_noop("Developer"),
                gettext_noop("Engineers who build and deploy."),
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
                gettext_noop("Account Admin"),
                gettext_noop("People who answer for the account: its access, its costs and what it runs on."),
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


def role_label(role_id: int, text: str) -> str:
    """A role's name or audience on screen: a built-in one's, kept in English, in the reader's language."""
    return gettext(text) if role_id in BUILT_IN_ROLES else text


def role_words(role_id: int, name: str) -> Sentence | str:
    """The same for what is kept: in the language of whoever reads it later."""
    return Sentence(name) if role_id in BUILT_IN_ROLES else name


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
