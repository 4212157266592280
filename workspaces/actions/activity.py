"""When members were last seen, and when products last asked. Never takes the organization's lock; at most one write an
hour and member, a minute and product.
"""

from datetime import timedelta

from django.db.models import Q
from django.db.models.functions import Now

from workspaces.models import Activity, Product

RESOLUTION = timedelta(hours=1)
ASKING_RESOLUTION = timedelta(minutes=1)


def seen(member_id: int) -> None:
    """Notes that the member is here now, unless that was noted within the hour."""
    Activity.objects.filter(member_id=member_id, last_active_at__lt=Now() - RESOLUTION).update(last_active_at=Now())


def product_asked(name: str) -> None:
    """Notes that a host product asked just now, unless that was noted within the minute."""
    before = Q(asked_at__isnull=True) | Q(asked_at__lt=Now() - ASKING_RESOLUTION)
    Product.objects.filter(before, name=name).update(asked_at=Now())
