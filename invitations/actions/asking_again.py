"""The holder of a dead link asks for a fresh one. That sends them nothing: the inviter decides, by one click."""

from datetime import timedelta

from django.db.models import Q
from django.db.models.functions import Now

from accounts.actors import Actor
from invitations.actions.answering import organization_of
from invitations.actions.telling import tell_inviter
from invitations.models import Invitation
from invitations.queries.invitations import FRESH_MAIL
from workspaces.actions.locking import locked
from workspaces.history import FRESH_LINK_ASKED

ONCE_IN = timedelta(days=1)


def ask_for_fresh_link(*, actor: Actor, invitation_id: int) -> None:
    """Marks the invitation and tells the inviter, once a day. For what was accepted or revoked nothing happens; the
    caller says the same in every case. Locks the organization.
    """
    with locked(actor=actor, organization_id=organization_of(invitation_id)) as held:
        due = Invitation.objects.filter(
            Q(fresh_asked_at__isnull=True) | Q(fresh_asked_at__lte=Now() - ONCE_IN),
            pk=invitation_id,
            accepted_at__isnull=True,
            revoked_at__isnull=True,
        )
        if due.update(fresh_asked_at=Now()):
            invitation = Invitation.objects.get(pk=invitation_id)
            held.record(FRESH_LINK_ASKED, subject=invitation.member_id)
            tell_inviter(held, FRESH_MAIL, invitation)
