"""Permissions of host products: into the catalogue, and into the roles that hold them from then on.

A permission in a role changes what people hold: all organizations are locked, and each has it in its history.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from accounts.actors import Actor
from workspaces.actions.locking import Locked
from workspaces.catalogue import BUILT_IN_ROLES, BuiltIn, Scheme, Scope, top_role, top_roles
from workspaces.history import PERMISSION_ENTERED, PERMISSION_WITHDRAWN, EventKind
from workspaces.hosts import Refuse, RegisteredPermission, WithdrawnPermission, role_ids
from workspaces.models import Entry, GrantPermission, HostPermission, Organization, Role, RolePermission
from workspaces.policy import ActorFacts
from workspaces.sql import delete_rows

type Records = Sequence[tuple[int, RegisteredPermission | WithdrawnPermission]]
type InRole = tuple[int, str]
"""A role's id and a code that is in it."""


@dataclass(slots=True)
class Change:
    """What changes in roles, by product; of custom roles it is known whose they are."""

    entered: dict[str, set[InRole]] = field(default_factory=dict)
    withdrawn: dict[str, set[InRole]] = field(default_factory=dict)


def enter_permissions(records: Records, products: dict[str, int], actor: Actor, refuse: Refuse) -> None:
    """The last record about a code counts. Locks every organization, by id."""
    if not records:
        return
    with transaction.atomic():
        organizations = list(Organization.objects.select_for_update(no_key=True).order_by("pk"))
        good = _not_others(records, products, refuse)
        change = Change()
        _withdraw([record for record in good if isinstance(record, WithdrawnPermission)], change)
        _enter([record for record in good if isinstance(record, RegisteredPermission)], products, change)
        _record(organizations, change, actor)


def _not_others(
    records: Records, products: dict[str, int], refuse: Refuse
) -> list[RegisteredPermission | WithdrawnPermission]:
    """Without codes that another product registered, and without changes of scope."""
    last = {record.code: (number, record) for number, record in records}
    known = {
        code: (product_id, scope)
        for code, product_id, scope in HostPermission.objects.filter(code__in=list(last)).values_list(
            "code", "product_id", "scope"
        )
    }
    good = []
    for code, (number, record) in last.items():
        product_id, scope = known.get(code, (products[record.product], getattr(record, "scope", "")))
        if product_id != products[record.product]:
            refuse(number, f"{code} belongs to another product.")
        elif isinstance(record, RegisteredPermission) and scope != record.scope:
            refuse(number, f"{code} has the scope {scope}. Withdraw it first, or use another code.")
        else:
            good.append(record)
    return good


def _withdraw(records: Sequence[WithdrawnPermission], change: Change) -> None:
    if not records:
        return
    codes = [record.code for record in records]
    product_of = {record.code: record.product for record in records}
    rows = RolePermission.objects.filter(permission__in=codes)
    for role_id, code in rows.values_list("role_id", "permission"):
        change.withdrawn.setdefault(product_of[code], set()).add((role_id, code))
    delete_rows(rows)
    delete_rows(GrantPermission.objects.filter(permission__in=codes))
    delete_rows(HostPermission.objects.filter(code__in=codes))


def _enter(records: Sequence[RegisteredPermission], products: dict[str, int], change: Change) -> None:
    """Built-in roles become what the registrations say; custom roles that hold all of a top role stay as high as it."""
    if not records:
        return
    # Told before the top roles grow.
    whole = {scope: _roles_that_hold_all(scope) for scope in (Scope.ORGANIZATION, Scope.WORKSPACE)}
    wanted: set[InRole] = set()
    for record in records:
        scope = Scope.ORGANIZATION if record.scope == Scope.ORGANIZATION else Scope.WORKSPACE
        wanted |= {(role_id, record.code) for role_id in (*_built_in(record, scope), *whole[scope])}
    codes, product_of = [record.code for record in records], {record.code: record.product for record in records}
    present = set(RolePermission.objects.filter(permission__in=codes).values_list("role_id", "permission"))
    superfluous = {(role_id, code) for role_id, code in present - wanted if role_id in BUILT_IN_ROLES}
    for role_id, code in superfluous:
        change.withdrawn.setdefault(product_of[code], set()).add((role_id, code))
        RolePermission.objects.filter(role=role_id, permission=code).delete()
    for role_id, code in wanted - present:
        change.entered.setdefault(product_of[code], set()).add((role_id, code))
    RolePermission.objects.bulk_create(
        [RolePermission(role_id=role_id, permission=code) for role_id, code in sorted(wanted - present)]
    )
    _upsert(records, products)


def _upsert(records: Sequence[RegisteredPermission], products: dict[str, int]) -> None:
    words = ("scope", "area", "ability", "explanation", "high_risk", "viewing")
    HostPermission.objects.bulk_create(
        [
            HostPermission(
                code=record.code,
                product_id=products[record.product],
                **{word: getattr(record, word) for word in words},
            )
            for record in records
        ],
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=words,
    )


def _built_in(record: RegisteredPermission, scope: Scope) -> set[int]:
    """The top roles, the named ones, and in each scheme those above them."""
    ids = role_ids(scope)
    named = [BUILT_IN_ROLES[ids[name]] for name in record.roles]
    above = {
        role.id.value
        for role in BUILT_IN_ROLES.values()
        for lower in named
        if role.scope == lower.scope and role.scheme == lower.scheme and role.id >= lower.id
    }
    return above | set(top_roles(scope))


def _roles_that_hold_all(scope: Scope) -> list[int]:
    """Custom roles that hold everything that the top role of their organization holds."""
    if scope == Scope.ORGANIZATION:
        return _containing(Role.objects.filter(scope=scope), BuiltIn.ADMIN)
    return [
        role_id
        for scheme in Scheme.values
        for role_id in _containing(Role.objects.filter(scope=scope, organization__scheme=scheme), top_role(scheme).id)
    ]


def _containing(roles: "QuerySet[Role]", top: int) -> list[int]:
    codes = list(RolePermission.objects.filter(role=top).values_list("permission", flat=True))
    held = Count("permissions", filter=Q(permissions__permission__in=codes))
    found = roles.filter(organization__isnull=False).annotate(held=held).filter(held=len(codes))
    return list(found.values_list("pk", flat=True))


# --- the history of each organization


def _record(organizations: Iterable[Organization], change: Change, actor: Actor) -> None:
    custom = dict(
        Role.objects.filter(
            organization__isnull=False,
            pk__in={role_id for rows in (*change.entered.values(), *change.withdrawn.values()) for role_id, _ in rows},
        ).values_list("pk", "organization_id")
    )
    entries: list[Entry] = []
    for organization in organizations:
        held = Locked(organization, actor, ActorFacts())
        for kind, changes in ((PERMISSION_WITHDRAWN, change.withdrawn), (PERMISSION_ENTERED, change.entered)):
            for product, rows in changes.items():
                here = sorted(row for row in rows if _concerns(organization, row[0], custom))
                entries += _entries(held, kind, product, here)
    Entry.objects.bulk_create(entries)


def _concerns(organization: Organization, role_id: int, custom: Mapping[int, int | None]) -> bool:
    role = BUILT_IN_ROLES.get(role_id)
    if role is None:
        return custom.get(role_id) == organization.pk
    return role.scheme in ("", organization.scheme)


def _entries(held: Locked, kind: EventKind, product: str, rows: Sequence[InRole]) -> list[Entry]:
    if not rows:
        return []
    act = held.record(kind, payload={"product": product})
    is_new = kind is PERMISSION_ENTERED
    return [
        Entry(act=act, subject_id=role_id, before="" if is_new else code, after=code if is_new else "")
        for role_id, code in rows
    ]
