"""The catalogue in full: what ships with Roster, and what host products registered beyond it."""

from dataclasses import dataclass
from datetime import datetime

from workspaces.catalogue import PERMISSIONS, Permission, Scope, top_role
from workspaces.models import HostPermission, Organization, Product
from workspaces.policy.resources import Vocabulary
from workspaces.queries.facts import roles_of


@dataclass(frozen=True, slots=True)
class Enforcer:
    """Who enforces permissions: Roster itself, or a host product; when it last asked and last handed something in."""

    name: str
    url: str = ""
    asked_at: datetime | None = None
    reported_at: datetime | None = None


def permissions() -> dict[str, Permission]:
    """Every permission by code, Roster's own first, then the registered ones by product and area; one query."""
    rows = HostPermission.objects.select_related("product").order_by("product__name", "area", "pk")
    registered = (
        Permission(
            code=row.code,
            scope=Scope(row.scope),
            ability=row.ability,
            enforced_by=row.product.name,
            high_risk=row.high_risk,
            area=row.area,
            explanation=row.explanation,
            viewing=row.viewing,
        )
        for row in rows
    )
    return {**PERMISSIONS, **{permission.code: permission for permission in registered}}


def products() -> dict[str, Enforcer]:
    """Everybody who enforces a permission, by name. Those that never made themselves known have no address and no
    times.
    """
    named = {permission.enforced_by: Enforcer(permission.enforced_by) for permission in PERMISSIONS.values()}
    known = Product.objects.order_by("name").values_list("name", "url", "asked_at", "reported_at")
    return named | {row[0]: Enforcer(*row) for row in known}


def vocabulary_of(organization: Organization) -> Vocabulary:
    """What the rights on resources are told from; two queries."""
    known = permissions()
    by_product: dict[str, list[Permission]] = {}
    for permission in known.values():
        by_product.setdefault(permission.enforced_by, []).append(permission)
    return Vocabulary(
        viewing=frozenset(code for code, permission in known.items() if permission.viewing),
        top=roles_of(organization, Scope.WORKSPACE)[top_role(organization.scheme).id].permissions,
        by_product={name: tuple(each) for name, each in by_product.items()},
    )
