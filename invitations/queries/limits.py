"""The day's limits on invitations (ACCEPTANCE P18), counted in the database: mails to one address from an organization,
mails of an organization, mails that one person asked for. No write.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, F, QuerySet, Window
from django.db.models.functions import Now, RowNumber
from django.utils import timezone

from accounts.models import OutgoingMail
from invitations.queries.invitations import INVITATION_MAIL
from workspaces.models import Organization
from workspaces.reasons import Reason
from workspaces.sql import among

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Quota:
    """How many invitation mails may still be asked for today: in the organization, and by the person."""

    here: int
    theirs: int

    @property
    def remaining(self) -> int:
        return min(self.here, self.theirs)

    @property
    def reason(self) -> Reason:
        """Which of the two is the one that stops first."""
        return Reason.OVER_LIMIT_HERE if self.here <= self.theirs else Reason.OVER_LIMIT_YOURS


def limit_here(organization: Organization) -> int:
    """The operator's number for this organization, or else that of the installation."""
    default: int = settings.INVITATIONS_PER_DAY
    return default if organization.invitations_per_day is None else organization.invitations_per_day


def limit_of_person(organization: Organization) -> int:
    """The installation's; where an organization may ask for more, one person may ask for all of it."""
    default: int = settings.INVITATIONS_PER_DAY
    return max(default, limit_here(organization))


def quota_of(organization: Organization, user_id: int | None) -> Quota:
    """Under the organization's lock nobody else uses the organization's part up meanwhile."""
    here, theirs = limit_here(organization), limit_of_person(organization)
    return Quota(
        max(0, here - _asked_here(organization)[:here].count()),
        max(0, theirs - _asked_by(user_id)[:theirs].count()),
    )


def mailed_out(organization: Organization, addresses: Collection[str]) -> set[str]:
    """Addresses that have had their mails from this organization within the last day."""
    return set(
        _to(organization, addresses)
        .values("recipient")
        .annotate(mails=Count("pk"))
        .filter(mails__gte=settings.MAILS_PER_RECIPIENT_PER_DAY)
        .values_list("recipient", flat=True)
    )


def seconds_until_quota(organization: Organization, user_id: int | None) -> int:
    """Until one more may be asked for: when the first of the mails that fill the day leaves it."""
    moments = [
        _filling(_asked_here(organization), limit_here(organization)),
        _filling(_asked_by(user_id), limit_of_person(organization)),
    ]
    return _seconds_until(max((moment for moment in moments if moment is not None), default=None))


def seconds_until_mail(organization: Organization, addresses: Collection[str]) -> int:
    """Until the first of the addresses may be mailed again."""
    newest_first = Window(RowNumber(), partition_by="recipient", order_by=[F("queued_at").desc(), F("pk").desc()])
    filling = (
        _to(organization, addresses)
        .annotate(place=newest_first)
        .filter(place=settings.MAILS_PER_RECIPIENT_PER_DAY)
        .order_by("queued_at")
    )
    return _seconds_until(filling.values_list("queued_at", flat=True).first())


def _asked_here(organization: Organization) -> "QuerySet[OutgoingMail]":
    return _recent().filter(kind=INVITATION_MAIL, organization_id=organization.pk)


def _asked_by(user_id: int | None) -> "QuerySet[OutgoingMail]":
    return _recent().filter(kind=INVITATION_MAIL, asked_by_id=user_id)


def _to(organization: Organization, addresses: Collection[str]) -> "QuerySet[OutgoingMail]":
    return _recent().filter(organization_id=organization.pk, recipient__in=among(addresses))


def _recent() -> "QuerySet[OutgoingMail]":
    return OutgoingMail.objects.filter(queued_at__gt=Now() - DAY)


def _filling(mails: "QuerySet[OutgoingMail]", limit: int) -> datetime | None:
    """When the oldest of the newest `limit` mails was queued, if there are so many: it has to leave the day first."""
    if not limit:
        return None
    newest = mails.order_by("-queued_at").values_list("queued_at", flat=True)
    return newest[limit - 1 : limit].first()


def _seconds_until(oldest: datetime | None) -> int:
    """A whole day where nothing will leave it. The clocks of the parts may differ a little: at least one second."""
    if oldest is None:
        return int(DAY.total_seconds())
    return max(1, int((oldest + DAY - timezone.now()).total_seconds()) + 1)
