"""The code that shows that the invited address is theirs, for whoever came by a copied link and has no account yet.

It is computed when its mail is written and when it is entered; nothing that opens a door is stored (P5).
"""

from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.actors import Actor
from accounts.models import OutgoingMail
from accounts.outbox import queue_mail
from config.refusals import Refusal
from invitations import tokens
from invitations.actions.answering import current, insist_open, organization_of
from invitations.models import Invitation
from invitations.policy import CODE_LIFE, CODE_TRIES, CODES_PER_DAY
from invitations.queries.invitations import CODE_MAIL, Clocked
from invitations.queries.limits import DAY, mailed_out, seconds_until_mail
from workspaces.actions.locking import locked
from workspaces.history import CODE_ASKED
from workspaces.reasons import Reason


def send_code(*, actor: Actor, invitation_id: int, generation: int, is_another: bool = False) -> None:
    """Queues a code to the invited address; while one can be entered, only where another one is asked for.

    Raises Refusal 409 by state, 429 beyond CODES_PER_DAY or the day's mails to the address (P18). Locks the
    organization.
    """
    with locked(actor=actor, organization_id=organization_of(invitation_id)) as held:
        invitation = current(invitation_id, generation)
        insist_open(invitation)
        if _is_good(invitation) and not is_another:
            return
        recent = OutgoingMail.objects.filter(kind=CODE_MAIL, subject_id=invitation.pk, queued_at__gt=Now() - DAY)
        if recent.count() >= CODES_PER_DAY or mailed_out(held.organization, [invitation.address]):
            seconds = seconds_until_mail(held.organization, [invitation.address])
            raise Refusal(
                _("This address has had its codes for today. Try again tomorrow."),
                429,
                Reason.OVER_LIMIT,
                retry_after=seconds,
            )
        Invitation.objects.filter(pk=invitation.pk).update(
            code_number=F("code_number") + 1, code_sent_at=Now(), code_failures=0
        )
        held.record(CODE_ASKED, subject=invitation.member_id)
        queue_mail(
            CODE_MAIL,
            invitation.address,
            subject_id=invitation.pk,
            generation=invitation.code_number + 1,
            organization_id=held.organization.pk,
        )


def enter_code(*, actor: Actor, invitation_id: int, generation: int, text: str) -> bool:
    """Is it the code? Each is good once, for CODE_LIFE and CODE_TRIES wrong entries. Raises Refusal 409 by state and
    when there is no code that could be entered. Locks the organization.
    """
    with locked(actor=actor, organization_id=organization_of(invitation_id)):
        invitation = current(invitation_id, generation)
        insist_open(invitation)
        if not _is_good(invitation):
            raise Refusal(_("This code has ended. Ask for another one."), 409, "code_ended")
        subject = tokens.Subject(invitation.organization_id, invitation.uuid, invitation.generation)
        is_right = tokens.verify_code(text, subject, invitation.code_number)
        mine = Invitation.objects.filter(pk=invitation.pk)
        if is_right:
            mine.update(code_sent_at=None)
        else:
            mine.update(code_failures=F("code_failures") + 1)
        return is_right


def _is_good(invitation: Clocked) -> bool:
    sent_at = invitation.code_sent_at
    return sent_at is not None and invitation.now < sent_at + CODE_LIFE and invitation.code_failures < CODE_TRIES
