"""Finding people across all organizations, for support staff. Capped, and served by the directory's index.

Never for an organization's own pages: those see their own members only.
"""

from accounts.models import User
from accounts.queries import MOST_FOUND, users_by_address
from workspaces.models import Directory, Member
from workspaces.names import fold

SHORT = 2
"""Letters that a trigram index finds only where a word begins."""


def members_matching(text: str) -> list[int]:
    """Members by a part of their name or address, and by any other address of the person."""
    pattern = fold(text)
    if not pattern:
        return []
    pattern = f" {pattern}" if len(pattern) <= SHORT else pattern
    named = Directory.objects.filter(search_text__contains=pattern).order_by()
    ids = set(named.values_list("member_id", flat=True)[:MOST_FOUND])
    persons = Member.objects.filter(user__in=users_by_address(text))
    return sorted(ids.union(persons.values_list("pk", flat=True)[:MOST_FOUND]))


def users_matching(text: str) -> list[int]:
    """People by the name or address that they have in any organization."""
    joined = Member.objects.filter(pk__in=members_matching(text)).exclude(user=None)
    return list(User.objects.filter(memberships__in=joined).values_list("pk", flat=True))
