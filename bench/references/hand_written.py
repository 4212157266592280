"""The same page, with the same controls, in a template by hand for this one table; bytes are held against it."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from config.ui.people import hue, initials
from config.ui.templatetags.ui import relative, sprite_url
from workspaces import bulk
from workspaces.access import enter
from workspaces.catalogue import BUILT_IN_ROLES, Scope
from workspaces.queries.member_sql import Cursor, Filters
from workspaces.queries.members import Found, member_page
from workspaces.tables import MembersTable
from workspaces.views.frame import frame
from workspaces.views.members import SORT_LABELS


def members(request: HttpRequest, slug: str) -> HttpResponse:
    if not request.user.is_authenticated:
        raise Http404
    place = enter(request, slug)  # type: ignore[arg-type]  # as the middlewares leave it
    found = member_page(place.organization.pk, Filters(), cursor=Cursor.decode(request.GET.get("page")))
    context = {
        "shell": frame(place, "members"),
        "base_url": f"/o/{slug}/members/",
        "icons": sprite_url(),
        "sorts": SORT_LABELS.items(),
        "columns": [(name, column.verbose_name) for name, column in MembersTable.base_columns.items()],
        "bulk": bulk.REGISTRY.values(),
        "roles": [(str(role.id), role.name) for role in BUILT_IN_ROLES.values() if role.scope == Scope.ORGANIZATION],
        "rows": [_row(row) for row in found.rows],
        "next": found.next.encode() if found.next else "",
        "previous": found.previous.encode() if found.previous else "",
    }
    return render(request, "bench/members.html", context)


def _row(row: Found) -> dict[str, Any]:
    waits = row.joined_at is None
    return {
        "id": str(row.id),
        "hue": hue(row.id),
        "initials": initials(row.name or row.address),
        "name": row.name or row.address,
        "address": row.address,
        "role": BUILT_IN_ROLES[row.role_id].name,
        "access": f"{len(row.grants)} workspaces",
        "via": "direct, via a group" if row.groups else "direct",
        "groups": row.groups[:2],
        "more": f"+{len(row.groups) - 2}" if len(row.groups) > 2 else "",
        "state": "Invited" if waits else "Suspended" if row.suspended_at else "Joined",
        "detail": row.mail_state,
        "icon": "mail" if waits else "circle-check",
        "tone": "info" if waits else "ok",
        "waits": waits,
        "active": "" if waits else relative(row.last_active_at, timezone.now()),
        "exactly": f"{row.last_active_at:%a %-d %b %Y, %H:%M} UTC",
    }
