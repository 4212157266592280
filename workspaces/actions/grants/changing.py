"""Changing grants: their role, end, reason and extra permissions. What the holder has on other paths stays."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import EllipsisType
from typing import Any

from django.db.models.functions import Now
from django.http import Http404

from accounts.actors import Actor
from workspaces.actions.grants import words
from workspaces.actions.grants.giving import insist_on_future
from workspaces.actions.grants.removing import delete_grants
from workspaces.actions.grants.standing import (
    GrantPlan,
    Setting,
    Standing,
    decide_each,
    in_turn,
    makes_admin,
    setting_of,
    standing_grants,
)
from workspaces.actions.locking import Locked, locked
from workspaces.history import EVERYONE_GRANT_CHANGED, GRANT_CHANGED, GROUP_GRANT_CHANGED
from workspaces.models import Grant, GrantPermission, Role
from workspaces.plans import Outcome
from workspaces.policy import GrantFacts, Verb, decide
from workspaces.queries.admins import admin_roles, must_keep_grants
from workspaces.reasons import Reason
from workspaces.sql import delete_rows, insert_rows

KEEP = ...
"""Leaves a part of the grant as it is."""


@dataclass(frozen=True, slots=True)
class Change:
    """What grants are changed to; a part that is KEEP (None for the role) stays."""

    role_id: int | None = None
    ends_at: datetime | EllipsisType | None = KEEP
    reason: str | EllipsisType = KEEP
    extras: frozenset[str] | EllipsisType = KEEP

    def of(self, grant: Standing) -> Standing:
        """The grant after it."""
        return replace(
            grant,
            role_id=grant.role_id if self.role_id is None else self.role_id,
            ends_at=grant.ends_at if self.ends_at is KEEP else self.ends_at,
            reason=grant.reason if self.reason is KEEP else self.reason,
            extras=grant.extras if self.extras is KEEP else self.extras,
        )


def change_grants(
    *,
    actor: Actor,
    organization_id: int,
    workspace_id: int,
    grant_ids: Collection[int],
    role_id: int | None = None,
    ends_at: datetime | EllipsisType | None = KEEP,
    reason: str | EllipsisType = KEEP,
    extra_permissions: Collection[str] | EllipsisType = KEEP,
) -> Outcome:
    """Changes live grants of a workspace, one history entry each. Locks the organization.

    A principal who holds the new role there by another grant already keeps one of the two, the longer one. Raises
    Http404 for a workspace or a role that the organization does not have, Refusal 422 for an end in the past.
    """
    if isinstance(ends_at, datetime):
        insist_on_future(ends_at)
    change = Change(
        role_id,
        ends_at,
        reason.strip() if isinstance(reason, str) else KEEP,
        KEEP if extra_permissions is KEEP else frozenset(extra_permissions),
    )
    with locked(actor=actor, organization_id=organization_id) as held:
        setting = setting_of(held.organization, held.facts, workspace_id)
        if setting is None or (role_id is not None and role_id not in setting.roles):
            raise Http404
        plan = plan_change(setting, grant_ids, change)
        _record(held, setting, change, plan.accepted)
        _write(held, setting, change, plan.accepted)
        return plan.outcome()


def plan_change(setting: Setting, grant_ids: Collection[int], change: Change) -> GrantPlan:
    """What the change would do to each of the grants, and why not."""
    grants = standing_grants(setting, grant_ids)
    plan = decide_each(grants, lambda grant: _refusal(setting, grant, change.of(grant)))
    admins = set(admin_roles(setting.organization))
    losing = [
        grant for grant in plan.accepted if makes_admin(grant, admins) and not makes_admin(change.of(grant), admins)
    ]
    plan.keep(must_keep_grants(setting.organization, setting.workspace, in_turn(losing)))
    return plan


def _refusal(setting: Setting, grant: Standing, after: Standing) -> Reason | None:
    if after == grant:
        return Reason.UNCHANGED
    role = setting.role_with(after.role_id, after.extras)
    facts = GrantFacts(
        setting.held_by(grant),
        is_everyone=grant.is_everyone,
        reaches_actor=grant.reaches_actor,
        lengthened=_ends_later(grant, after) or not role.permissions <= setting.held_by(grant),
    )
    return decide(
        setting.actor, Verb.CHANGE_GRANT, grant.member, role=role, workspace=setting.facts, grant=facts
    ).reason


def _ends_later(grant: Standing, after: Standing) -> bool:
    if grant.ends_at is None:
        return False
    return after.ends_at is None or after.ends_at > grant.ends_at


def _record(held: Locked, setting: Setting, change: Change, grants: Collection[Standing]) -> None:
    role = None if change.role_id is None else Role.objects.values_list("name", flat=True).get(pk=change.role_id)
    after = words.in_words(
        role,
        None if change.extras is KEEP else words.extras_words(change.extras),
        None if change.ends_at is KEEP else words.end_words(change.ends_at),
        None if change.reason is KEEP else words.reason_words(change.reason),
    )
    for kind, field, mine in (
        (GRANT_CHANGED, "member_id", lambda grant: grant.member_id is not None),
        (GROUP_GRANT_CHANGED, "group_id", lambda grant: grant.group_id is not None),
        (EVERYONE_GRANT_CHANGED, "workspace_id", lambda grant: grant.is_everyone),
    ):
        ids = [grant.id for grant in grants if mine(grant)]
        if ids:
            scope = None if kind is EVERYONE_GRANT_CHANGED else setting.workspace.pk
            rows = Grant.objects.filter(pk__in=ids)
            held.record_set(kind, rows, subject=field, scope=scope, before=words.as_it_stands(), after=after)


def _write(held: Locked, setting: Setting, change: Change, grants: Collection[Standing]) -> None:
    if not grants:
        return
    ids = {grant.id for grant in grants}
    moved: list[tuple[int, str]] = []
    if change.role_id is not None:
        gone, moved = _merge(setting, change.role_id, [change.of(grant) for grant in grants])
        ids -= gone
    values = _values(held, change)
    if values:
        Grant.objects.filter(pk__in=ids).update(**values)
    if isinstance(change.extras, frozenset):
        delete_rows(GrantPermission.objects.filter(grant__in=ids))
        moved += [(pk, code) for pk in sorted(ids) for code in sorted(change.extras)]
    insert_rows(GrantPermission, ["grant_id", "permission"], moved)


def _values(held: Locked, change: Change) -> dict[str, Any]:
    """Whoever changes what is held, or how long, is the one who gave it from then on."""
    values: dict[str, Any] = {}
    if change != Change(reason=change.reason):
        values |= {"granted_at": Now(), "granted_by": held.actor.user_id}
    if change.role_id is not None:
        values["role_id"] = change.role_id
    if change.ends_at is not KEEP:
        values |= {"ends_at": change.ends_at, "end_noticed_at": None}
    if change.reason is not KEEP:
        values["reason"] = change.reason
    return values


def _merge(setting: Setting, role_id: int, grants: Collection[Standing]) -> tuple[set[int], list[tuple[int, str]]]:
    """Of grants that would come to be the same role of the same principal one remains, the one that lasts longest, with
    the extra permissions of all. Deletes the others; returns them, and the permissions that move.
    """
    others = Grant.objects.filter(
        workspace=setting.workspace, role=role_id, principal_key__in={grant.principal for grant in grants}
    ).exclude(pk__in=[grant.id for grant in grants])
    there = list(others.values_list("pk", flat=True))
    twins = standing_grants(setting, there)
    same: dict[int, list[Standing]] = {}
    for grant in (*twins, *grants):
        same.setdefault(grant.principal, []).append(grant)
    gone = set(there) - {twin.id for twin in twins}  # what has ended counts as not there
    moved: list[tuple[int, str]] = []
    for each in same.values():
        stays = max(each, key=_how_long)
        gone |= {grant.id for grant in each if grant is not stays}
        extras: frozenset[str] = frozenset().union(*(grant.extras for grant in each))
        moved += [(stays.id, code) for code in sorted(extras - stays.extras)]
    delete_grants(gone)
    return gone, moved


def _how_long(grant: Standing) -> tuple[bool, datetime]:
    return grant.ends_at is None, grant.ends_at or datetime.max.replace(tzinfo=UTC)
