"""Trying given-up mails again. How mails travel is the outbox's matter; here it is decided and recorded."""

from collections.abc import Collection

from django.db import transaction

from accounts import outbox
from accounts.actors import Actor
from accounts.models import OutgoingMail
from accounts.models.mails import GIVEN_UP
from workspaces.actions.locking import insist, locked
from workspaces.history import MAIL_RETRIED
from workspaces.models import Organization
from workspaces.policy import Verb, decide


def retry_mails(*, actor: Actor, mail_ids: Collection[int]) -> int:
    """Has refused, unconfirmed and cancelled mails tried once more; how many. Locks their organizations, by id.

    It asks for the right to resend, which does more. Mails about accounts belong to no organization's history.
    """
    with transaction.atomic():
        mails = OutgoingMail.objects.filter(pk__in=mail_ids, state__in=GIVEN_UP)
        places = Organization.objects.filter(pk__in=mails.values("organization_id")).order_by("pk")
        for organization_id in places.values_list("pk", flat=True):
            with locked(actor=actor, organization_id=organization_id) as held:
                insist(decide(held.facts, Verb.RESEND))
                held.record_set(MAIL_RETRIED, held.organization.members.filter(mail__in=mails.values("pk")))
        return outbox.retry(mail_ids)
