"""When members were last seen. Never takes the organization's lock; at most one write an hour and member."""

from datetime import timedelta

from django.db.models.functions import Now

from workspaces.models import Activity

RESOLUTION = timedelta(hours=1)


def seen(member_id: int) -> None:
    """Notes that the member is here now, unless that was noted within the hour."""
    Activity.objects.filter(member_id=member_id, last_active_at__lt=Now() - RESOLUTION).update(last_active_at=Now())
