"""e2: the same session, authentication, membership guard and page query; rows by f-strings, and nothing else."""

from html import escape

from django.http import Http404, HttpRequest, HttpResponse

from workspaces.access import enter
from workspaces.catalogue import BUILT_IN_ROLES
from workspaces.queries.member_sql import Cursor, Filters
from workspaces.queries.members import Found, member_page


def members(request: HttpRequest, slug: str) -> HttpResponse:
    if not request.user.is_authenticated:
        raise Http404
    place = enter(request, slug)  # type: ignore[arg-type]  # as the middlewares leave it
    found = member_page(place.organization.pk, Filters(), cursor=Cursor.decode(request.GET.get("page")))
    rows = "".join(_row(row) for row in found.rows)
    return HttpResponse(f"<!doctype html><title>Members</title><p>{found.count}</p><table>{rows}</table>")


def _row(row: Found) -> str:
    state = "Invited" if row.joined_at is None else "Suspended" if row.suspended_at else "Joined"
    groups = "".join(f"<span>{escape(name)}</span>" for name in row.groups)
    return (
        f'<tr id="m{row.id}" data-state="{state}"><td><input type="checkbox" name="member" value="{row.id}"></td>'
        f'<th><a href="{row.id}/">{escape(row.name)}</a><small>{escape(row.address)}</small></th>'
        f"<td>{BUILT_IN_ROLES[row.role_id].name}</td><td>{len(row.grants)}</td><td>{groups}</td>"
        f"<td>{state} {row.mail_state}</td><td>{row.last_active_at:%d %b %Y}</td>"
        f'<td><a href="{row.id}/edit/">Edit</a><a href="{row.id}/remove/">Remove</a></td></tr>'
    )
