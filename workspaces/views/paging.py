"""What a list says of its length, and where its pages lead."""

from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import QueryDict
from django.utils.translation import gettext as _

from workspaces.filters import with_query
from workspaces.queries.member_sql import COUNT_CAP, Cursor
from workspaces.queries.members import Page


def capped(count: int) -> str:
    """ "1,284", and "10,000+" for what is counted no further."""
    return f"{intcomma(COUNT_CAP)}+" if count > COUNT_CAP else intcomma(count)


def extent(shown: int, count: int, *, first: int | None = 1) -> str:
    """Which rows of a list a page shows: 51 to 100 of 1,284; nothing for an empty page. first: the number of its first
    row; None on a keyset page beyond the first, which knows none: "50 of 1,284".
    """
    if not shown:
        return ""
    numbers = intcomma(shown) if first is None else f"{intcomma(first)}–{intcomma(first + shown - 1)}"
    return _("%(shown)s of %(total)s") % {"shown": numbers, "total": capped(count)}


def pager(found: Page, cursor: Cursor | None, given: QueryDict, base_url: str) -> dict[str, str]:
    """The foot of a table of people (templates/ui/pager.html)."""
    return {
        "text": extent(len(found.rows), found.count, first=None if cursor else 1),
        "previous_url": with_query(base_url, given, page=found.previous.encode()) if found.previous else "",
        "next_url": with_query(base_url, given, page=found.next.encode()) if found.next else "",
    }
