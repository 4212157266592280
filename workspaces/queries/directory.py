"""People by what they are called, for short lists that are drawn while somebody types."""

from typing import TYPE_CHECKING

from workspaces.models import Directory, Organization
from workspaces.models.members import MemberQuerySet
from workspaces.names import fold
from workspaces.queries.member_sql import CANDIDATES, LAST

if TYPE_CHECKING:
    from django.db.models import QuerySet


def by_name(organization: Organization, members: MemberQuerySet) -> MemberQuerySet:
    """Members of the organization in the order of their names. Named, it is walked in the directory's index for a first
    few, where a million would be sorted.
    """
    return members.filter(directory__organization=organization).order_by("directory__sort_name", "pk")


def people_called(people: "QuerySet[Directory]", text: str, limit: int) -> list[Directory]:
    """Names that begin so first; where they are few, whoever else has it in name or address.

    The latter are cut off before they are sorted, or the planner walks the whole name order (PERFORMANCE.md).
    """
    term = fold(text)
    if not term:
        return []
    named = people.filter(sort_name__gte=term, sort_name__lt=term + LAST)
    found = list(named.order_by("sort_name", "member")[:limit])
    if len(found) < limit:
        # A trigram index finds fewer than three letters only where a word begins.
        part = term if len(term) > 2 else f" {term}"
        holding = people.filter(search_text__contains=part).values("member")[:CANDIDATES]
        others = people.filter(member__in=holding).exclude(member__in=[each.member_id for each in found])
        found += others.order_by("sort_name", "member")[: limit - len(found)]
    return found
