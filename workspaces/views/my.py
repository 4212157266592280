"""The person's own pages beyond any organization: where to begin, what they may do and why, where else they belong."""

from typing import Any

from django.conf import settings
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views import View

from accounts.access import open_door
from config.http import Request, back_url, page
from workspaces import registry
from workspaces.models import Member
from workspaces.policy import Verb, decide
from workspaces.queries.organizations import may_create
from workspaces.queries.people import placements_of
from workspaces.queries.shell import my_memberships
from workspaces.reasons import Reason
from workspaces.views.base import LAST_ORGANIZATION, OrganizationView
from workspaces.views.frame import badge, personal_frame
from workspaces.views.person import access_rows


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
            begins = may_create(request.user, open_to_all=settings.OPEN_SIGNUP) and not registry.invitations_to(
                request.user.pk
            )
            return HttpResponseRedirect(reverse("organization_create" if begins else "my_access"))
        last = request.session.get(LAST_ORGANIZATION)
        slugs = [member.organization.slug for member in memberships]
        return HttpResponseRedirect(reverse("organization", args=[last if last in slugs else slugs[0]]))


class OrganizationHome(OrganizationView):
    """The members for whoever manages some, My access for everybody else."""

    def get(self, request: Request) -> HttpResponse:
        manages = decide(self.place.facts, Verb.INVITE)
        return HttpResponseRedirect(self.url("members") if manages else reverse("my_access"))


class MyAccess(LoginRequiredMixin, View):
    """Organizations, workspaces, roles and why; open invitations to any of the person's addresses."""

    def get(self, request: Request) -> HttpResponse:
        memberships = list(my_memberships(request.user.pk))
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
            "organizations": [_membership(request, member) for member in memberships],
            "create_url": reverse("organization_create")
            if may_create(request.user, open_to_all=settings.OPEN_SIGNUP)
            else "",
        }
        return page(request, "my/access.html", context)


def _membership(request: Request, member: Member) -> dict[str, Any]:
    organization = member.organization
    is_owner = organization.owner_id == member.pk
    suspended = member.suspended_at is not None
    args = [organization.slug]
    return {
        **badge(organization.name, organization.pk),
        "url": "" if suspended else reverse("member", args=[*args, member.pk]),
        "role": _("Owner") if is_owner else member.role.name,
        "joined_at": member.joined_at,
        "suspended": suspended,
        "leave_url": "" if is_owner or suspended else reverse("leave", args=args),
        "leave_reason": str(Reason.OWNER.sentence) if is_owner else "",
        "places": [] if suspended else access_rows(organization, member),
        "groups": placements_of(organization, member).groups,
    }


class Switcher(LoginRequiredMixin, View):
    """Where else to go: a page, and the dialog behind the organization's name."""

    def get(self, request: Request) -> HttpResponse:
        here = request.session.get(LAST_ORGANIZATION)
        context: dict[str, Any] = {
            "organizations": [
                {
                    **badge(member.organization.name, member.organization_id),
                    "url": reverse("organization", args=[member.organization.slug]),
                    "role": member.role.name,
                    "current": member.organization.slug == here,
                    "note": _("suspended") if member.suspended_at else "",
                }
                for member in my_memberships(request.user.pk)
            ],
            "create_url": reverse("organization_create")
            if may_create(request.user, open_to_all=settings.OPEN_SIGNUP)
            else "",
            "my_url": reverse("my_access"),
            "back_url": back_url(request) if request.htmx else reverse("home"),
        }
        if not request.htmx:
            context["shell"] = personal_frame(request)
        return page(request, "my/organizations.html", context, partial="dialog")
