"""Looking at an invitation while it waits: its row, its link as somebody opens it, its mails and what they say."""

from typing import Any
from urllib.parse import urlsplit

from django.test import Client

from accounts.models import OutgoingMail
from accounts.outbox import letters
from invitations.models import Invitation
from tests.visiting import Answer


def fresh(invitation: Invitation) -> Invitation:
    return Invitation.objects.get(pk=invitation.pk)


def opened(link: str, client: Client | None = None) -> tuple[Client, Answer]:
    client = client or Client()
    return client, client.get(urlsplit(link).path, follow=True)


def mails_of(kind: str, recipient: str = "") -> int:
    mails = OutgoingMail.objects.filter(kind=kind)
    return (mails.filter(recipient=recipient) if recipient else mails).count()


def wording(kind: str) -> Any:
    mail = OutgoingMail.objects.filter(kind=kind).latest("pk")
    letter = letters.kinds[kind].letters([mail])[mail.pk]
    assert isinstance(letter, letters.Letter), letter
    return letter
