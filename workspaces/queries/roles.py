"""Roles as the screens name and order them, and what speaks of them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.db.models import Count, Q

from config.statements import prepared
from workspaces.catalogue import FIRST_CUSTOM_ROLE_ID, Code, Scope, role_label
from workspaces.models import Grant, Member, Organization, RequestedPlacement, Role, RolePermission
from workspaces.names import fold
from workspaces.policy import RoleFacts
from workspaces.queries.facts import split_codes
from workspaces.sql import joined


@dataclass(frozen=True, slots=True)
class Shown:
    """How effective permissions are called: a built-in role's name (empty where they hold not even the lowest), and
    whether there is more ("custom").
    """

    role: str
    has_more: bool


@dataclass(frozen=True, slots=True)
class Roles:
    """All roles that exist for an organization, read by one query: what they hold, what they are called, how much they
    hold.
    """

    organization: dict[int, RoleFacts]
    workspace: dict[int, RoleFacts]
    names: dict[int, str]
    ranks: dict[int, int]

    def shown(self, held: frozenset[str]) -> Shown:
        """The highest built-in workspace role that the permissions contain, and whether they hold more than it."""
        fitting = [pk for pk, role in self.workspace.items() if pk < FIRST_CUSTOM_ROLE_ID and role.permissions <= held]
        if not fitting:
            return Shown("", has_more=bool(held))
        highest = max(fitting, key=lambda pk: len(self.workspace[pk].permissions))
        return Shown(self.names[highest], has_more=held != self.workspace[highest].permissions)


def make_admins(role_ids: Iterable[int | None]) -> bool:
    """Would giving one of these roles make somebody an administrator of the organization's people?"""
    administering = RolePermission.objects.filter(permission=Code.MEMBERS_ORG_MANAGE)
    return administering.filter(role__in=[pk for pk in role_ids if pk is not None]).exists()


def all_roles(organization: Organization) -> Roles:
    statement = f"""
        SELECT r.id, r.name, r.scope, r.scheme,
               (SELECT {joined("p.permission")} FROM workspaces_rolepermission p WHERE p.role_id = r.id)
        FROM workspaces_role r WHERE r.organization_id = %(organization)s OR r.organization_id IS NULL ORDER BY r.id
    """  # noqa: S608  names only
    roles = Roles({}, {}, {}, {})
    for pk, name, scope, scheme, codes in prepared(statement, {"organization": organization.pk}):
        facts = RoleFacts(pk, split_codes(codes))
        roles.names[pk] = role_label(pk, name)
        roles.ranks[pk] = len(facts.permissions)
        if scope == Scope.ORGANIZATION:
            roles.organization[pk] = facts
        elif scheme in ("", organization.scheme):
            roles.workspace[pk] = facts
    return roles


@dataclass(frozen=True, slots=True)
class Use:
    """What speaks of a role in an organization. people: members by organization role, or by a direct grant."""

    people: int = 0
    waiting: int = 0
    groups: int = 0
    everyone: int = 0
    requests: int = 0

    @property
    def is_any(self) -> bool:
        return bool(self.people or self.waiting or self.groups or self.everyone or self.requests)


OPEN_REQUEST = Q(
    request__approved_at__isnull=True, request__declined_at__isnull=True, request__withdrawn_at__isnull=True
)


def use_of(organization: Organization, role: Role) -> Use:
    """Grants past their end count: they still name the role."""
    requests = RequestedPlacement.objects.filter(OPEN_REQUEST, role=role, request__organization=organization).count()
    if role.scope == Scope.ORGANIZATION:
        members = Member.objects.filter(organization=organization, role=role)
        waiting = members.filter(joined_at__isnull=True).count()
        return Use(people=members.count() - waiting, waiting=waiting, requests=requests)
    return replace(role_uses(organization, [role.pk])[role.pk], requests=requests)


def role_uses(organization: Organization, role_ids: Iterable[int]) -> dict[int, Use]:
    """The same of workspace roles, requests aside; one query."""
    uses = dict.fromkeys(role_ids, Use())
    grants = Grant.objects.filter(role__in=list(uses), workspace__organization=organization)
    rows = grants.values_list("role_id").annotate(
        people=Count("pk", filter=Q(member__joined_at__isnull=False)),
        waiting=Count("pk", filter=Q(member__isnull=False, member__joined_at__isnull=True)),
        groups=Count("pk", filter=Q(group__isnull=False)),
        everyone=Count("pk", filter=Q(principal_key=0)),
    )
    return uses | {role_id: Use(*counts) for role_id, *counts in rows}


def found_role(organization: Organization, role_id: int) -> Role | None:
    """A role that the organization can give: its own, one of every organization, or one of its scheme."""
    role = Role.objects.filter(Q(organization=organization) | Q(organization__isnull=True), pk=role_id).first()
    if role is None or role.scheme not in ("", organization.scheme):
        return None
    return role


def roles_at(organization: Organization, scope: Scope) -> list[Role]:
    """The roles that the organization can give at a scope: built-in ones rising, then its own by name."""
    roles = Role.objects.filter(Q(organization=organization) | Q(organization__isnull=True), scope=scope)
    fitting = [role for role in roles if role.scheme in ("", organization.scheme)]
    built_in = [role for role in fitting if role.pk < FIRST_CUSTOM_ROLE_ID]
    own = [role for role in fitting if role.pk >= FIRST_CUSTOM_ROLE_ID]
    return sorted(built_in, key=lambda role: role.pk) + sorted(own, key=lambda role: fold(role.name))


def held_at(permissions: frozenset[str], everything: frozenset[str], scope: Scope) -> frozenset[str]:
    """What somebody with these organization permissions may put into a role of a scope: for workspace roles, which
    count in all workspaces, that takes access to every one of them.
    """
    if scope == Scope.ORGANIZATION:
        return permissions
    return everything if Code.WORKSPACES_ACCESS_ALL in permissions else frozenset()
