"""What operators see of the outbox as a whole. Three queries, cheap at any number of mails."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q
from django.db.models.functions import Now

from accounts.models import OutgoingMail

NEWEST = 100_000
"""Of finished mails, how many of the newest are counted."""
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Figures:
    """waiting: unfinished mails by state, all of them; finished: by state, of the NEWEST. sent: within an hour."""

    waiting: dict[str, int]
    finished: dict[str, int]
    sent: int
    oldest: datetime | None

    @property
    def per_minute(self) -> float:
        return self.sent / 60


def figures() -> Figures:
    unfinished = OutgoingMail.objects.filter(next_attempt_at__isnull=False).values("state").order_by("state")
    waiting = list(unfinished.annotate(count=Count("pk"), oldest=Min("queued_at")))
    last = OutgoingMail.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    newest = OutgoingMail.objects.filter(pk__gt=last - NEWEST, next_attempt_at__isnull=True).values("state")
    lately = Count("pk", filter=Q(state=OutgoingMail.State.SENT, finished_at__gt=Now() - HOUR))
    finished = list(newest.order_by("state").annotate(count=Count("pk"), lately=lately))
    return Figures(
        {row["state"]: row["count"] for row in waiting},
        {row["state"]: row["count"] for row in finished},
        sum(row["lately"] for row in finished),
        min((row["oldest"] for row in waiting), default=None),
    )
