"""Whom somebody chose on a table, as a stored selection of theirs: so that newcomers never slip in."""

from django.http import Http404, QueryDict
from django.utils.translation import gettext as _

from config.http import plain_number
from config.refusals import Refusal
from workspaces.models import Selection
from workspaces.models.members import MemberQuerySet
from workspaces.place import Place
from workspaces.policy import BULK_LIMIT
from workspaces.reasons import Reason
from workspaces.selections import own, store


def ticked(place: Place, given: QueryDict) -> MemberQuerySet:
    """The members whose boxes were sent; whatever else stands there means nothing."""
    ids = [number for text in given.getlist("member") if (number := plain_number(text))]
    return place.organization.members.filter(pk__in=ids[:BULK_LIMIT])


def select(place: Place, members: MemberQuerySet) -> Selection:
    """Raises Refusal 422 for nobody, and as TOO_MANY for more than BULK_LIMIT."""
    selection = store(place.organization, members, place.actor.user_id)
    if not selection.count:
        raise Refusal(_("Nobody is selected. Tick the people first."), 422, "nobody")
    if selection.count > BULK_LIMIT:
        raise Reason.TOO_MANY.refusal()
    return selection


def own_selection(place: Place, key: str) -> Selection:
    """Raises Http404 for a selection that is not this person's, or not of this organization."""
    selection = own(place.organization, place.actor.user_id, key)
    if selection is None:
        raise Http404
    return selection
