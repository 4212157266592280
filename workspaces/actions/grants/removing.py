"""Taking grants away. What their holders have on other paths stays."""

from collections.abc import Callable, Collection

from django.http import Http404

from accounts.actors import Actor
from workspaces.actions.grants import words
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
from workspaces.history import EVERYONE_GRANT_REMOVED, GRANT_REMOVED, GROUP_GRANT_REMOVED, EventKind
from workspaces.models import Grant, GrantPermission
from workspaces.plans import Outcome
from workspaces.policy import GrantFacts, Verb, decide
from workspaces.queries.admins import admin_roles, must_keep_grants
from workspaces.reasons import Reason
from workspaces.sql import delete_rows


def remove_grants(*, actor: Actor, organization_id: int, workspace_id: int, grant_ids: Collection[int]) -> Outcome:
    """Ends live grants of a workspace, one history entry each. Locks the organization. Raises Http404 for a workspace
    that the organization does not have.
    """
    with locked(actor=actor, organization_id=organization_id) as held:
        setting = setting_of(held.organization, held.facts, workspace_id)
        if setting is None:
            raise Http404
        plan = plan_removal(setting, grant_ids)
        _record(held, setting, plan.accepted)
        delete_grants({grant.id for grant in plan.accepted})
        return plan.outcome()


def plan_removal(setting: Setting, grant_ids: Collection[int]) -> GrantPlan:
    """What would become of each of the grants, and why not."""
    plan = decide_each(standing_grants(setting, grant_ids), lambda grant: _refusal(setting, grant))
    admins = set(admin_roles(setting.organization))
    losing = [grant for grant in plan.accepted if makes_admin(grant, admins)]
    plan.keep(must_keep_grants(setting.organization, setting.workspace, in_turn(losing)))
    return plan


def delete_grants(ids: Collection[int]) -> None:
    """With their extra permissions."""
    if not ids:
        return
    delete_rows(GrantPermission.objects.filter(grant__in=ids))
    delete_rows(Grant.objects.filter(pk__in=ids))


def _refusal(setting: Setting, grant: Standing) -> Reason | None:
    facts = GrantFacts(
        setting.held_by(grant),
        is_everyone=grant.is_everyone,
        reaches_actor=grant.reaches_actor,
    )
    return decide(setting.actor, Verb.REMOVE_GRANT, grant.member, workspace=setting.facts, grant=facts).reason


_KINDS: tuple[tuple[EventKind, str, Callable[[Standing], bool]], ...] = (
    (GRANT_REMOVED, "member_id", lambda grant: grant.member_id is not None),
    (GROUP_GRANT_REMOVED, "group_id", lambda grant: grant.group_id is not None),
    (EVERYONE_GRANT_REMOVED, "workspace_id", lambda grant: grant.is_everyone),
)


def _record(held: Locked, setting: Setting, grants: Collection[Standing]) -> None:
    for kind, field, mine in _KINDS:
        ids = [grant.id for grant in grants if mine(grant)]
        if ids:
            scope = None if kind is EVERYONE_GRANT_REMOVED else setting.workspace.pk
            rows = Grant.objects.filter(pk__in=ids)
            held.record_set(kind, rows, subject=field, scope=scope, before=words.as_it_stands())
