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


def pager(found: Page, cursor: Cursor | None, given: QueryDict, base_url: str) -> dict[str, str]:
    """Keyset pages know no numbers beyond the first: the text says how many there are."""
    if not found.rows:
        text = _("Nobody")
    elif cursor is None:
        text = _("1–%(last)s of %(total)s") % {"last": len(found.rows), "total": capped(found.count)}
    else:
        text = _("%(shown)s of %(total)s") % {"shown": len(found.rows), "total": capped(found.count)}
    return {
        "text": text,
        "previous_url": with_query(base_url, given, page=found.previous.encode()) if found.previous else "",
        "next_url": with_query(base_url, given, page=found.next.encode()) if found.next else "",
    }
