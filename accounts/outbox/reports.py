"""What became of mails after the server had taken them, as the mail service reports it later."""

import re
import uuid

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce, Now

from accounts.addresses import AddressError, canonical
from accounts.models import OutgoingMail
from accounts.models.mails import MailState
from accounts.registry import mail_complained

State = MailState

OURS = re.compile(r"<?(?P<id>[0-9]{1,18})\.(?P<uuid>[0-9a-f-]{36})@")
SHORTEST_ID = 8  # characters of a service's own id; less could stand in any reply
WINDOW = 100_000  # of the newest mails: how far back a service's own id is looked for

# A complaint is the last word; nothing is moved back by a report that comes late or twice.
_TAKEN = Q(state__in=(State.SENT, State.UNCONFIRMED)) | Q(state__in=(State.SENDING, State.RETRYING), hand_overs__gt=0)
_BEFORE = {State.BOUNCED: _TAKEN, State.COMPLAINED: _TAKEN | Q(state=State.BOUNCED)}


def report(message_id: str, recipient: str, state: MailState, words: str) -> OutgoingMail | None:
    """Notes that a mail BOUNCED or that its reader COMPLAINED; the mail, or None where it is none of ours.

    message_id: our Message-ID, or the service's own id, which then stands in the server's recorded reply to a mail to
    this recipient. A report that was heard before changes nothing.
    """
    mail = _mails_of(message_id, recipient).first()
    if mail is None:
        return None
    reply = " ".join("".join(each if each.isprintable() else " " for each in words).split())[:500]
    with transaction.atomic():
        changed = OutgoingMail.objects.filter(_BEFORE[state], pk=mail.pk).update(
            state=state, reply=reply, next_attempt_at=None, claimed_by=None, finished_at=Coalesce("finished_at", Now())
        )
        if changed and state == State.COMPLAINED:
            for hook in mail_complained:
                hook(mail)
    return mail


def _mails_of(message_id: str, recipient: str) -> QuerySet[OutgoingMail]:
    ours = OURS.match(message_id)
    if ours is not None:
        try:
            return OutgoingMail.objects.filter(pk=ours["id"], message_uuid=uuid.UUID(ours["uuid"]))
        except ValueError:
            return OutgoingMail.objects.none()
    if len(message_id) < SHORTEST_ID:
        return OutgoingMail.objects.none()
    try:
        address = canonical(recipient)
    except AddressError:
        return OutgoingMail.objects.none()
    last = OutgoingMail.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    newest = OutgoingMail.objects.filter(pk__gt=last - WINDOW, recipient=address)
    return newest.filter(reply__contains=message_id).order_by("-pk")
