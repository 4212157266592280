"""Taking out of requests what is about to go: a request that asked for nothing else goes too.

Called under the organization's lock, before the rows go.
"""

from django.db.models import Q

from workspaces.models import AccessRequest, RequestedPlacement
from workspaces.sql import delete_rows


def drop_from_requests(going: Q) -> None:
    """going: which of the placements."""
    placements = RequestedPlacement.objects.filter(going)
    asked = list(placements.values_list("request_id", flat=True).distinct())
    delete_rows(placements)
    delete_rows(AccessRequest.objects.filter(pk__in=asked, placements__isnull=True))
