"""Putting another role in the place of one, wherever it is named: in grants, in requests, in receipts of departures.

Called under the organization's lock by those who have decided; one history entry per grant.
"""

from collections.abc import Collection

from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Now

from workspaces.actions.locking import Locked
from workspaces.history import EVERYONE_GRANT_CHANGED, GRANT_CHANGED, GROUP_GRANT_CHANGED
from workspaces.models import DeparturePlacement, Grant, GrantPermission, RequestedPlacement, Role, Workspace
from workspaces.models.grants import GrantQuerySet
from workspaces.registry import roles_replaced
from workspaces.sql import delete_rows, insert_select


def regrant(held: Locked, grants: GrantQuerySet, role: Role) -> int:
    """Puts the role in the place of the one that these grants, all of one other role, give. Returns their number.

    Where the principal holds the role there already, the two grants become one: with the later end, and with the extra
    permissions of both. A grant past its end gives way to the other and brings nothing along.
    """
    _record(held, grants, role)
    standing = Grant.objects.filter(role=role, workspace__organization=held.organization)
    _drop(standing.filter(_ended(), Exists(_beside(grants))))
    dropped = _drop(grants.filter(_ended(), Exists(_beside(standing))))
    merged = _merge(grants, standing)
    return dropped + merged + Grant.objects.filter(pk__in=grants.values("pk")).update(role=role)


def _record(held: Locked, grants: GrantQuerySet, role: Role) -> None:
    place, name = F("workspace_id"), F("role__name")
    direct, through = grants.filter(member__isnull=False), grants.filter(group__isnull=False)
    held.record_set(GRANT_CHANGED, direct, subject="member_id", scope=place, before=name, after=role.name)
    held.record_set(GROUP_GRANT_CHANGED, through, subject="group_id", scope=place, before=name, after=role.name)
    everyone = grants.filter(principal_key=0)
    held.record_set(EVERYONE_GRANT_CHANGED, everyone, subject="workspace_id", before=name, after=role.name)


def _ended() -> Q:
    return Q(ends_at__lte=Now())


def _beside(grants: GrantQuerySet) -> GrantQuerySet:
    """Those of the grants that are for the outer grant's principal in its workspace."""
    return grants.filter(workspace=OuterRef("workspace"), principal_key=OuterRef("principal_key"))


def _merge(grants: GrantQuerySet, standing: GrantQuerySet) -> int:
    merged = grants.filter(Exists(_beside(standing)))
    survivor = Subquery(
        standing.filter(workspace=OuterRef("grant__workspace"), principal_key=OuterRef("grant__principal_key")).values(
            "pk"
        )[:1]
    )
    extras = GrantPermission.objects.filter(grant__in=merged.values("pk")).values_list(survivor, "permission")
    insert_select(GrantPermission, ["grant_id", "permission"], extras, ignore_conflicts=True)
    longer = _beside(grants).filter(Q(ends_at__isnull=True) | Q(ends_at__gt=OuterRef("ends_at")))
    shorter = standing.filter(Exists(longer), ends_at__isnull=False)
    Grant.objects.filter(pk__in=shorter.values("pk")).update(
        ends_at=Subquery(longer.values("ends_at")[:1]), end_noticed_at=Subquery(longer.values("end_noticed_at")[:1])
    )
    return _drop(merged)


def _drop(grants: GrantQuerySet) -> int:
    delete_rows(GrantPermission.objects.filter(grant__in=grants.values("pk")))
    return delete_rows(Grant.objects.filter(pk__in=grants.values("pk")))


def rename_in_papers(held: Locked, former: Collection[int], role: Role) -> None:
    """In what people asked for, in what a new invitation proposes to those who left, in what those get who join by
    themselves, and in what other apps plan.
    """
    asked = RequestedPlacement.objects.filter(request__organization=held.organization, role__in=former)
    RequestedPlacement.objects.filter(pk__in=asked.values("pk")).update(role=role)
    left = DeparturePlacement.objects.filter(departure__organization=held.organization, role__in=former)
    DeparturePlacement.objects.filter(pk__in=left.values("pk")).update(role=role)
    Workspace.objects.filter(organization=held.organization, joining_role__in=former).update(joining_role=role)
    for hook in roles_replaced:
        hook(held, former, role)
