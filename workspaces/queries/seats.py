"""Seats: how many people an organization may have, where its operator set a number."""

from dataclasses import dataclass

from django.db.models import Q
from django.db.models.functions import Now

from workspaces.models import Member, Organization

HELD = Q(joined_at__isnull=False) | Q(declined_at__isnull=True, invited_until__gt=Now())
"""Members who hold a seat: whoever joined, suspended or not, and whoever can still accept. An expired or a declined
invitation holds none until it is renewed."""


@dataclass(frozen=True, slots=True)
class Seats:
    limit: int
    taken: int

    @property
    def free(self) -> int:
        """None is free while there are more people than seats: a number that was lowered sends nobody away."""
        return max(0, self.limit - self.taken)


def seats_of(organization: Organization) -> Seats | None:
    """None where there is no limit. Writes ask it under the organization's lock (`workspaces.actions.seats`)."""
    if organization.seats is None:
        return None
    return Seats(organization.seats, Member.objects.filter(HELD, organization=organization).count())
