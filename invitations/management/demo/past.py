"""Lets real actions have happened at another time, as far as the database's clock stands in the way.

An act takes its moment while it is inserted, since nobody can change the history afterwards. Everything else that the
actions wrote keeps the clock's time until `settle` puts each time back to the moment that was being played then. Play
events in the order of time: the history is read by id.
"""

import time
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Model
from django.db.models.functions import Now
from django.db.models.signals import post_init

from accounts.models import OutgoingMail, User
from accounts.models.mails import MailState
from invitations.models import Invitation
from workspaces.models import (
    AccessRequest,
    Act,
    Departure,
    Directory,
    Grant,
    Group,
    GroupMember,
    Job,
    Member,
    Organization,
    OwnershipTransfer,
    Workspace,
)

MOMENTS: tuple[tuple[type[Model], tuple[str, ...]], ...] = (
    (Organization, ("created_at",)),
    (Workspace, ("created_at",)),
    (Group, ("created_at",)),
    (Member, ("created_at", "joined_at", "suspended_at", "declined_at")),
    (Directory, ("since",)),
    (GroupMember, ("added_at",)),
    (Grant, ("granted_at",)),
    (Departure, ("departed_at",)),
    (Invitation, ("created_at", "sent_at", "accepted_at", "declined_at", "revoked_at", "expiry_recorded_at")),
    (OwnershipTransfer, ("offered_at",)),
    (Job, ("created_at", "queued_at", "started_at", "finished_at")),
    (AccessRequest, ("asked_at", "approved_at", "declined_at")),
)
CLOCK_STEP = 0.0015
"""Seconds. SQLite's clock counts milliseconds: no two events may share one."""


class Past:
    """Needs one person at least in the database, whose row it asks for the clock."""

    def __init__(self) -> None:
        self.began = _clock()
        self._ends: list[datetime] = []
        self._moments: list[datetime] = []

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """What happens inside happened then."""

        def date(sender: type[Act], instance: Act, **_: Any) -> None:
            if not instance.pk:  # one that is being made, maybe as one of many; all others came from the database
                instance.at = moment

        post_init.connect(date, sender=Act, weak=False)
        try:
            yield
        finally:
            post_init.disconnect(date, sender=Act)
        self._ends.append(_clock())
        self._moments.append(moment)
        time.sleep(CLOCK_STEP)

    def settle(self) -> None:
        """Puts all times back, and lets every mail have been sent. Expiries come first: they count from the asking."""
        self._settle_expiries()
        for model, fields in MOMENTS:
            changed = [row for row in model._default_manager.all() if self._put_back(row, fields)]
            model._default_manager.bulk_update(changed, fields)
        mails = list(OutgoingMail.objects.filter(queued_at__gte=self.began))
        for mail in mails:
            mail.queued_at = self._moment(mail.queued_at)
            mail.finished_at = mail.queued_at + timedelta(seconds=2 + mail.pk % 7)
            mail.reply = f"250 2.0.0 Ok: queued as {mail.message_uuid.hex[:10].upper()}"
            mail.state, mail.next_attempt_at, mail.attempts, mail.hand_overs = MailState.SENT, None, 1, 1
        fields = ("queued_at", "finished_at", "reply", "state", "next_attempt_at", "attempts", "hand_overs")
        OutgoingMail.objects.bulk_update(mails, fields)

    def _put_back(self, row: Model, fields: tuple[str, ...]) -> bool:
        fresh = [field for field in fields if (at := getattr(row, field)) is not None and at >= self.began]
        for field in fresh:
            setattr(row, field, self._moment(getattr(row, field)))
        return bool(fresh)

    def _moment(self, written: datetime) -> datetime:
        """The moment that was being played when the clock showed this."""
        return self._moments[bisect_left(self._ends, written)]

    def _settle_expiries(self) -> None:
        """Offers live as long from their moment as they were given; what expired in the play is dated already."""
        invitations = list(Invitation.objects.filter(expires_at__gte=self.began))
        for invitation in invitations:
            invitation.expires_at += self._moment(invitation.sent_at) - invitation.sent_at
        Invitation.objects.bulk_update(invitations, ["expires_at"])
        until = {invitation.member_id: invitation.expires_at for invitation in invitations}
        waiting = list(Member.objects.filter(pk__in=[pk for pk in until if pk], joined_at__isnull=True))
        for member in waiting:
            member.invited_until = until[member.pk]
        Member.objects.bulk_update(waiting, ["invited_until"])
        for transfer in OwnershipTransfer.objects.all():
            transfer.expires_at += self._moment(transfer.offered_at) - transfer.offered_at
            transfer.save(update_fields=["expires_at"])


def _clock() -> datetime:
    """The database's, which all actions write by."""
    now: datetime = User.objects.annotate(now=Now()).values_list("now", flat=True)[0]
    return now
