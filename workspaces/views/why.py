"""Access with its reasons, as pages draw it: one person in one workspace, every way, what remains without each."""

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from config.http import Request
from config.ui.templatetags.ui import relative
from workspaces.access import member_of
from workspaces.catalogue import Permission
from workspaces.filters import with_query
from workspaces.models import Member
from workspaces.place import Place
from workspaces.policy import Verb, WorkspaceFacts, decide
from workspaces.queries.catalogue import permissions
from workspaces.queries.effective import Kind, paths_in
from workspaces.queries.explaining import Explained, Way, abilities_in, explain
from workspaces.queries.roles import Roles, all_roles
from workspaces.reasons import Reason
from workspaces.views.base import WorkspaceView
from workspaces.views.frame import badge
from workspaces.views.member import person
from workspaces.views.workspaces import kind_of

ICONS = {
    Kind.ORGANIZATION: "building",
    Kind.DIRECT: "user-check",
    Kind.GROUP: "users-group",
    Kind.EVERYONE: "world",
}


def explained_row(
    place: Place, explained: Explained, member_id: int, facts: WorkspaceFacts | None = None
) -> dict[str, Any]:
    """One workspace of one person, as templates draw it. facts: what the person who looks holds there, for the way to
    take it away.
    """
    workspace = explained.workspace
    args = [place.organization.slug, workspace.slug]
    ends_at = explained.decisive.path.ends_at
    return {
        **badge(workspace.name, workspace.pk),
        "id": workspace.pk,
        "kind": kind_of(workspace),
        "is_archived": explained.is_archived,
        "role": explained.role,
        "has_more": explained.has_more,
        "until": ends_at,
        "ends_in": relative(ends_at) if ends_at else "",
        "ways": [way_row(place, way) for way in explained.ways],
        "why_url": reverse("workspace_why", args=[*args, member_id]),
        "removal_url": reverse("workspace_member_remove", args=[*args, member_id])
        if facts is not None and explained.removable and decide(place.facts, Verb.REMOVE_GRANT, workspace=facts)
        else "",
    }


def way_row(place: Place, way: Way) -> dict[str, Any]:
    path = way.path
    links_group = path.group_id is not None and decide(place.facts, Verb.VIEW_GROUPS, organization=place.policies)
    return {
        "icon": ICONS[path.kind],
        "through": path.group,
        "through_url": reverse("group", args=[place.organization.slug, path.group_id]) if links_group else "",
        "kind": path.kind.value,
        "role": way.role,
        "role_url": reverse("role", args=[place.organization.slug, path.role_id])
        if decide(place.facts, Verb.VIEW_ROLES)
        else "",
        "decides": way.decides,
        "extras": list(way.extras),
        "until": path.ends_at,
        "granted_at": path.granted_at,
        "granted_by": path.granted_by,
        "reason": path.reason,
        "without": way.without,
    }


class WorkspaceWhy(WorkspaceView):
    """Why one person may do what they may do in a workspace; for whoever sees its people, and for oneself."""

    def get(self, request: Request, member_id: int) -> HttpResponse:
        member = member_of(self.place, member_id)
        is_self = member.pk == self.place.member.pk
        if not is_self:
            self.insist_on(Verb.VIEW_WORKSPACE_MEMBERS)
        roles, catalogue = all_roles(self.place.organization), permissions()
        paths = paths_in(self.place.organization, self.inside.workspace.pk, [member.pk])[member.pk]
        if not paths:
            raise Http404
        explained = explain(self.place.organization, roles, paths, catalogue)[0]
        sees_person = is_self or decide(self.place.facts, Verb.VIEW_MEMBERS, organization=self.place.policies)
        context = {
            "person": {**person(member), "url": self.url("member", member.pk) if sees_person else ""},
            "where": {"name": self.inside.workspace.name},
            "standing": standing_of(member),
            "place": explained_row(self.place, explained, member.pk, self.inside.facts),
            "areas": areas_of(explained, roles, catalogue),
            "explore_url": with_query(self.url("access"), QueryDict(), ask="what", person=str(member.pk))
            if self.decide(Verb.EXPLORE_ACCESS)
            else "",
            "back_url": self.here("workspace_members"),
        }
        return self.region("access/person.html", context, "workspace_members", partial="dialog")


def areas_of(explained: Explained, roles: Roles, catalogue: Mapping[str, Permission]) -> list[dict[str, Any]]:
    """What they can do there, by area, as templates/access/abilities.html draws it."""
    return [
        {
            "name": area,
            "abilities": [
                {"text": each.ability, "high_risk": each.high_risk, "sources": ", ".join(each.sources)}
                for each in abilities
            ],
        }
        for area, abilities in abilities_in(explained, roles, catalogue)
    ]


def standing_of(member: Member) -> str:
    """Why none of it counts at present; "" where it does."""
    if member.joined_at is None:
        return _("This counts once they have accepted their invitation.")
    if member.suspended_at is not None:
        return str(Reason.SUSPENDED.sentence)
    if member.user is None or not member.user.is_active:
        return _("Their account is blocked: none of this counts until an operator unblocks it.")
    return ""
