"""Roles as the screens name and order them."""

from dataclasses import dataclass

from django.db.models import Q, Value
from django.db.models.aggregates import StringAgg

from workspaces.catalogue import FIRST_CUSTOM_ROLE_ID, Scope
from workspaces.models import Organization, Role
from workspaces.policy import RoleFacts
from workspaces.queries.facts import split_codes


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


def all_roles(organization: Organization) -> Roles:
    rows = (
        Role.objects.filter(Q(organization=organization) | Q(organization__isnull=True))
        .annotate(codes=StringAgg("permissions__permission", delimiter=Value(",")))
        .order_by("pk")
        .values_list("pk", "name", "scope", "scheme", "codes")
    )
    roles = Roles({}, {}, {}, {})
    for pk, name, scope, scheme, codes in rows:
        facts = RoleFacts(pk, split_codes(codes))
        roles.names[pk] = name
        roles.ranks[pk] = len(facts.permissions)
        if scope == Scope.ORGANIZATION:
            roles.organization[pk] = facts
        elif scheme in ("", organization.scheme):
            roles.workspace[pk] = facts
    return roles
