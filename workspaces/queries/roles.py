"""Roles as the screens name and order them."""

from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from django.db.models import Q

from workspaces.catalogue import Scope
from workspaces.models import Organization, Role
from workspaces.policy import RoleFacts


@dataclass(frozen=True, slots=True)
class Roles:
    """All roles that exist for an organization, read by one query: what they hold, what they are called, how much they
    hold.
    """

    organization: dict[int, RoleFacts]
    workspace: dict[int, RoleFacts]
    names: dict[int, str]
    ranks: dict[int, int]


def all_roles(organization: Organization) -> Roles:
    rows = (
        Role.objects.filter(Q(organization=organization) | Q(organization__isnull=True))
        .order_by("pk")
        .values_list("pk", "name", "scope", "scheme", "permissions__permission")
    )
    roles = Roles({}, {}, {}, {})
    for (pk, name, scope, scheme), held in groupby(rows, itemgetter(0, 1, 2, 3)):
        facts = RoleFacts(pk, frozenset(code for *_, code in held if code))
        roles.names[pk] = name
        roles.ranks[pk] = len(facts.permissions)
        if scope == Scope.ORGANIZATION:
            roles.organization[pk] = facts
        elif scheme in ("", organization.scheme):
            roles.workspace[pk] = facts
    return roles
