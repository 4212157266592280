"""Trying given-up mails again, and taking waiting ones back. How mails travel is the outbox's matter; here it is
decided and recorded.
"""

from collections.abc import Collection

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_noop

from accounts import outbox
from accounts.actions import insist_on_operator
from accounts.actors import Actor
from accounts.models import OutgoingMail
from accounts.models.mails import GIVEN_UP
from invitations.models import Unsubscribed
from workspaces.actions.locking import insist, locked
from workspaces.history import MAIL_CANCELLED, MAIL_RETRIED, EventKind
from workspaces.models import Organization
from workspaces.policy import Verb, decide


def unsubscribe_complainer(mail: OutgoingMail) -> None:
    """Whoever marked a mail as spam gets no reminders from that organization; registered with `accounts`."""
    if mail.organization_id is not None:
        Unsubscribed.objects.bulk_create(
            [Unsubscribed(organization_id=mail.organization_id, address=mail.recipient)], ignore_conflicts=True
        )


def retry_mails(*, actor: Actor, mail_ids: Collection[int]) -> int:
    """Has refused, unconfirmed and cancelled mails tried once more; how many. Locks their organizations, by id.

    It asks for the right to resend, which does more. Mails about accounts belong to no organization's history.
    """
    with transaction.atomic():
        _record(actor, OutgoingMail.objects.filter(pk__in=mail_ids, state__in=GIVEN_UP), MAIL_RETRIED)
        return outbox.retry(mail_ids)


def cancel_mails(*, actor: Actor, mail_ids: Collection[int]) -> int:
    """Takes back mails that wait to be sent; how many. For operators alone (403). Locks their organizations, by id."""
    with transaction.atomic():
        insist_on_operator(actor)
        waiting = OutgoingMail.objects.filter(
            pk__in=mail_ids, next_attempt_at__isnull=False, handed_over_at__isnull=True
        )
        _record(actor, waiting, MAIL_CANCELLED)
        return outbox.cancel_mails(mail_ids, reason=gettext_noop("Taken back by an operator."))


def _record(actor: Actor, mails: "QuerySet[OutgoingMail]", kind: EventKind) -> None:
    """In the history of each organization whose members these are the last mails of."""
    places = Organization.objects.filter(pk__in=mails.values("organization_id")).order_by("pk")
    for organization_id in places.values_list("pk", flat=True):
        with locked(actor=actor, organization_id=organization_id) as held:
            insist(decide(held.facts, Verb.RESEND))
            held.record_set(kind, held.organization.members.filter(mail__in=mails.values("pk")))
