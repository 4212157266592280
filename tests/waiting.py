"""Looking at an invitation while it waits: its row, its link as somebody opens it, its mails and what they say."""

from typing import Any
from urllib.parse import urlsplit

from django.test import Client

from accounts.models import OutgoingMail, User
from accounts.outbox import letters
from invitations.actions import keeping
from invitations.models import Invitation
from invitations.policy import State
from invitations.queries.invitations import at_now, state_of
from tests.cast import chosen, web
from tests.visiting import Answer
from workspaces.models import Member
from workspaces.plans import Outcome


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


def state_now(invitation: Invitation) -> State:
    return state_of(at_now(Invitation.objects.filter(pk=invitation.pk)).get())


def resend(by: User, *waiting: Member) -> Outcome:
    return keeping.resend(actor=web(by), organization_id=waiting[0].organization_id, chosen=chosen(*waiting))


def waiting(invitation: Invitation) -> Member:
    return Member.objects.get(invitation=invitation)


def mails(invitation: Invitation) -> list[tuple[str, int]]:
    rows = OutgoingMail.objects.filter(kind="invitation", subject_id=invitation.pk).order_by("pk")
    return list(rows.values_list("recipient", "generation"))
