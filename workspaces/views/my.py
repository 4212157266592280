"""The person's own pages beyond any organization: where to begin, what they may do and why, where else they belong."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views import View

from accounts.access import open_door
from config.http import Request, back_url, page
from workspaces import registry
from workspaces.access import SuspendedHere, enter, enter_workspace
from workspaces.catalogue import BuiltIn, Code
from workspaces.models import Member, Workspace
from workspaces.policy import ActorFacts, Verb, decide
from workspaces.queries.effective import Kind, Path
from workspaces.queries.facts import policies_of
from workspaces.queries.organizations import may_create
from workspaces.queries.people import placements_of
from workspaces.queries.roles import all_roles
from workspaces.queries.shell import default_slug, managed_groups, my_memberships
from workspaces.queries.workspaces import MyPlace, first_joinable, my_first_workspaces, places_of
from workspaces.reasons import Reason
from workspaces.registry import MyProposal
from workspaces.views.base import LAST_ORGANIZATION, OrganizationView
from workspaces.views.frame import badge, personal_frame
from workspaces.views.proposals import my_rows
from workspaces.views.workspaces import kind_of

ICONS = {Kind.DIRECT: "user-check", Kind.GROUP: "users-group", Kind.EVERYONE: "world"}


class Home(View):
    """Nobody stays here: strangers sign in (or up, where that is open), members go to their organization."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            door = open_door(request)
            first = door is not None and door.only_first
            return HttpResponseRedirect(reverse("account_signup" if first else "account_login"))
        memberships = [member for member in my_memberships(request.user.pk) if member.suspended_at is None]
        if not memberships and request.user.is_staff:
            return HttpResponseRedirect(reverse("admin:index"))
        if not memberships:
            waited_for = registry.invitations_to(request.user.pk) or registry.open_to(request.user.pk)
            begins = may_create(request.user, open_to_all=settings.OPEN_SIGNUP) and not waited_for
            return HttpResponseRedirect(reverse("organization_create" if begins else "my_access"))
        last = request.session.get(LAST_ORGANIZATION)
        slugs = [member.organization.slug for member in memberships]
        return HttpResponseRedirect(reverse("organization", args=[last if last in slugs else slugs[0]]))


class OrganizationHome(OrganizationView):
    """The workspace in which one chose to begin; else Overview for whoever administers, the members for whoever asks
    people in, My access for everybody else.
    """

    def get(self, request: Request) -> HttpResponse:
        if slug := default_slug(self.place.member):
            with suppress(Http404):
                enter_workspace(self.place, slug)
                return HttpResponseRedirect(self.url("workspace", slug))
        if decide(self.place.facts, Verb.VIEW_OVERVIEW):
            return HttpResponseRedirect(self.url("overview"))
        invites = decide(self.place.facts, Verb.INVITE)
        return HttpResponseRedirect(self.url("members") if invites else reverse("my_access"))


class MyAccess(LoginRequiredMixin, View):
    """Organizations, workspaces, roles and why; open invitations to any of the person's addresses."""

    def get(self, request: Request) -> HttpResponse:
        memberships = list(my_memberships(request.user.pk))
        proposed = registry.proposals_of(request.user.pk)
        name = request.user.display_name
        context = {
            "shell": personal_frame(request, "my_access"),
            "person": {"first_name": name.split()[0] if request.user.name else name},
            "invitations": [
                {
                    **badge(each.organization, each.organization_id),
                    "organization": each.organization,
                    "inviter": each.inviter,
                    "until": each.until,
                    "url": each.url,
                }
                for each in registry.invitations_to(request.user.pk)
            ],
            "open_to": _open_to(request),
            "organizations": [_membership(member, proposed.get(member.organization_id, [])) for member in memberships],
            "create_url": reverse("organization_create")
            if may_create(request.user, open_to_all=settings.OPEN_SIGNUP)
            else "",
        }
        return page(request, "my/access.html", context)


def _open_to(request: Request) -> list[dict[str, Any]]:
    """Organizations that the person may join by one of their addresses."""
    return [
        {**badge(each.organization, each.organization_id), "domain": each.domain, "url": each.url}
        for each in registry.open_to(request.user.pk)
    ]


def _membership(member: Member, proposed: Iterable[MyProposal]) -> dict[str, Any]:
    organization = member.organization
    is_owner = organization.owner_id == member.pk
    suspended = member.suspended_at is not None
    args = [organization.slug]
    roles = all_roles(organization)
    opens_all = Code.WORKSPACES_ACCESS_ALL in roles.organization[member.role_id].permissions
    return {
        **badge(organization.name, organization.pk),
        "url": "" if suspended else reverse("member", args=[*args, member.pk]),
        "role": _("Owner") if is_owner else member.role.label,
        "joined_at": member.joined_at,
        "suspended": suspended,
        "opens_all": opens_all and not suspended,
        "leave_url": "" if is_owner or suspended else reverse("leave", args=args),
        "leave_reason": str(Reason.OWNER.sentence) if is_owner else "",
        "places": [] if suspended else [_place(member, each) for each in places_of(organization, member, roles)],
        "places_url": "" if suspended else reverse("workspaces", args=args),
        "groups": placements_of(organization, member).groups,
        "proposed": [] if suspended else my_rows(proposed),
        "propose_url": reverse("propose", args=args) if _proposes(member) else "",
        "managed": []
        if suspended
        else [{"name": name, "url": reverse("group", args=[*args, pk])} for pk, name in managed_groups(member)],
    }


def _proposes(member: Member) -> bool:
    active = member.suspended_at is None
    facts = ActorFacts(member.pk, is_active=active, is_guest=member.role_id == BuiltIn.GUEST)
    return bool(decide(facts, Verb.PROPOSE_PEOPLE, organization=policies_of(member.organization)))


def _place(member: Member, place: MyPlace) -> dict[str, Any]:
    workspace = place.workspace
    args = [member.organization.slug, workspace.slug]
    leaves = place.is_mine and place.sees and workspace.kind != Workspace.Kind.PERSONAL
    return {
        **badge(workspace.name, workspace.pk),
        "url": reverse("workspace", args=args) if place.sees else "",
        "kind": _("Archived") if workspace.archived_at else kind_of(workspace),
        "role": place.shown.role or _("Custom"),
        "has_more": place.shown.has_more and bool(place.shown.role),
        "sources": _sources(place.paths),
        "until": place.until,
        "keep_url": _keep_url(member, place),
        "leave_url": reverse("workspace_leave", args=args) if leaves else "",
        "default_url": reverse("workspace_default", args=args) if place.sees else "",
        "is_default": member.default_workspace_id == workspace.pk,
    }


def _keep_url(member: Member, place: MyPlace) -> str:
    """Where to ask for a later end of the role that was given to them by name."""
    ending = (path.grant_id for path in place.paths if path.kind is Kind.DIRECT and path.ends_at is not None)
    grant_id = next(ending, None)
    return reverse("request_keep", args=[member.organization.slug, grant_id]) if grant_id is not None else ""


def _sources(paths: Iterable[Path]) -> list[dict[str, str]]:
    """Through what they came, each once: by name, by group, as everyone."""
    words = {Kind.DIRECT: _("Direct grant"), Kind.EVERYONE: _("Everyone")}
    found = {path.group or words[path.kind]: ICONS[path.kind] for path in paths}
    return [{"name": name, "icon": icon} for name, icon in found.items()]


class Switcher(LoginRequiredMixin, View):
    """Where else to go: a page, and the dialog behind the organization's name."""

    def get(self, request: Request) -> HttpResponse:
        here = request.session.get(LAST_ORGANIZATION)
        context: dict[str, Any] = {
            "organizations": [
                {
                    **badge(member.organization.name, member.organization_id),
                    "url": reverse("organization", args=[member.organization.slug]),
                    "role": member.role.label,
                    "current": member.organization.slug == here,
                    "note": _("suspended") if member.suspended_at else "",
                }
                for member in my_memberships(request.user.pk)
            ],
            "create_url": reverse("organization_create")
            if may_create(request.user, open_to_all=settings.OPEN_SIGNUP)
            else "",
            "open_to": _open_to(request),
            "here": _workspaces_here(request, here) if here else None,
            "my_url": reverse("my_access"),
            "back_url": back_url(request) if request.htmx else reverse("home"),
        }
        if not request.htmx:
            context["shell"] = personal_frame(request)
        return page(request, "my/organizations.html", context, partial="dialog")


def _workspaces_here(request: Request, slug: str) -> dict[str, Any] | None:
    """The workspaces of the organization where the person was last: their own, and those that they may join."""
    try:
        place = enter(request, slug)
    except (Http404, SuspendedHere):
        return None
    args = [slug]
    mine, more = my_first_workspaces(place.organization, place.facts)
    begins_at = place.member.default_workspace_id
    return {
        "organization": place.organization.name,
        "workspaces": [
            {
                **badge(workspace.name, workspace.pk),
                "url": reverse("workspace", args=[*args, workspace.slug]),
                "default_url": reverse("workspace_default", args=[*args, workspace.slug]),
                "is_default": workspace.pk == begins_at,
            }
            for workspace in mine
        ],
        "joinable": [
            {
                **badge(workspace.name, workspace.pk),
                "about": workspace.description,
                "join_url": reverse("workspace_join", args=[*args, workspace.slug]),
            }
            for workspace in first_joinable(place.organization, place.facts)
        ],
        "all_url": reverse("workspaces", args=args),
        "has_more": more,
        "create_url": reverse("workspace_create", args=args)
        if decide(place.facts, Verb.CREATE_WORKSPACE, organization=place.policies)
        else "",
    }
