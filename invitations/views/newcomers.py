"""Who came by a link or by a domain, as the page of either lists them, drawn by ui/joined.html."""

from typing import Any

from config.http import plain_number
from config.ui.people import hue, initials
from invitations.queries.domains import Use, who_joined
from workspaces.views.base import OrganizationView

PAGE = 50


def who_came(view: OrganizationView, uses: Any, url: str) -> dict[str, Any]:
    """One page of them, the last ones first. uses: of the link or the domain; url: of its page."""
    people = who_joined(uses, before=plain_number(view.request.GET.get("before")), limit=PAGE + 1)
    return {
        "people": [_person(view, each) for each in people[:PAGE]],
        "next_url": f"{url}?before={people[PAGE - 1].id}" if len(people) > PAGE else "",
    }


def _person(view: OrganizationView, use: Use) -> dict[str, Any]:
    return {
        "name": use.name,
        "initials": initials(use.name),
        "hue": hue(use.member_id or 0),
        "address": use.address,
        "joined_at": use.joined_at,
        "url": view.url("member", use.member_id) if use.member_id is not None else "",
    }
