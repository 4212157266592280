"""Asking unknown addresses into a workspace: an invitation each, with the role that they will have."""

from collections.abc import Sequence
from datetime import datetime

from accounts.actors import Actor
from workspaces.actions.grants.changing import change_grants
from workspaces.actions.grants.giving import insist_on_future
from workspaces.actions.locking import locked
from workspaces.models import Grant
from workspaces.registry import Asked, Asking, Resending, workspace_inviters, workspace_resenders


def ask_into_workspace(
    *,
    actor: Actor,
    organization_id: int,
    workspace_id: int,
    role_id: int,
    addresses: Sequence[str],
    ends_at: datetime | None = None,
    reason: str = "",
) -> list[Asked]:
    """Invites the addresses, or renews their open invitations, and says what became of each. Locks the organization."""
    insist_on_future(ends_at)
    with locked(actor=actor, organization_id=organization_id):
        asking = Asking(actor, organization_id, addresses, workspace_id, role_id)
        asked = [each for ask in workspace_inviters for each in ask(asking)]
        good = [each.address for each in asked if each.is_good]
        if good and (ends_at is not None or reason):
            grants = Grant.objects.filter(
                workspace=workspace_id,
                role=role_id,
                member__organization=organization_id,
                member__address__in=good,
                member__joined_at__isnull=True,
            )
            change_grants(
                actor=actor,
                organization_id=organization_id,
                workspace_id=workspace_id,
                grant_ids=list(grants.values_list("pk", flat=True)),
                ends_at=ends_at,
                reason=reason,
            )
    return asked


def resend_in_workspace(*, actor: Actor, organization_id: int, workspace_id: int, member_id: int) -> None:
    """A new link to somebody who waits, who gets nothing more by it. Raises what whoever resends it raises."""
    for resend in workspace_resenders:
        resend(Resending(actor, organization_id, workspace_id, member_id))
