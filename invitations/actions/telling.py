"""Telling the inviter what became of an invitation: a mail, written when it is sent (`invitations.emails`)."""

from accounts.models import OutgoingMail
from accounts.outbox import queue_mail
from invitations.models import Invitation
from workspaces.actions.locking import Locked


def tell_inviter(held: Locked, kind: str, invitation: Invitation) -> None:
    """Whoever has no rights here any more is told nothing."""
    inviter = held.organization.members.effective().filter(user=invitation.inviter_id).select_related("user").first()
    if inviter is not None and inviter.user is not None:
        user = inviter.user
        queue_mail(kind, user.email, user=user, subject_id=invitation.pk, organization_id=held.organization.pk)


def mails_waiting(kind: str, invitation_id: int) -> bool:
    """Is one of this kind still to be written?"""
    mails = OutgoingMail.objects.filter(kind=kind, subject_id=invitation_id)
    return mails.filter(next_attempt_at__isnull=False, handed_over_at__isnull=True).exists()
