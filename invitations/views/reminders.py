"""Ending reminders: an administrator for one invitation, and the recipient by the link in each of them."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from accounts.access import actor_of
from config.http import Request, done
from invitations.actions import reminding
from invitations.models import Invitation
from invitations.queries.invitations import invitation_of, invitation_to_unsubscribe, wants_no_reminders
from invitations.views.private import PrivateView
from workspaces.access import member_of
from workspaces.models import Member
from workspaces.policy import Verb
from workspaces.views.base import OrganizationView
from workspaces.views.frame import badge
from workspaces.views.member import person


class Reminders(OrganizationView):
    """Stops the reminders of one invitation, or lets them go on: a GET that says so, and a POST that does it."""

    verb = Verb.RESEND

    def get(self, request: Request, member_id: int) -> HttpResponse:
        member = member_of(self.place, member_id)
        context: dict[str, Any] = {
            "person": person(member),
            "stops": not self.are_stopped(member),
            "action_url": request.path,
            "back_url": self.url("members"),
        }
        return self.region("members/reminders.html", context, "members", partial="dialog")

    def post(self, request: Request, member_id: int) -> HttpResponse:
        member = member_of(self.place, member_id)
        stops = request.POST.get("stops", "1") == "1"
        reminding.stop_reminders(
            actor=self.place.actor, organization_id=self.place.organization.pk, member_id=member.pk, stops=stops
        )
        said = _("%(name)s gets no more reminders.") if stops else _("%(name)s gets reminders again.")
        return done(request, said % {"name": person(member)["name"]}, to=self.url("member", member.pk))

    def are_stopped(self, member: Member) -> bool:
        return invitation_of(member).reminders_stopped_at is not None


@method_decorator(csrf_exempt, name="dispatch")
class StopReminders(PrivateView):
    """The recipient's own way: GET shows, POST does it. Mail programs post without a session or a token (RFC 8058): the
    link is the proof. All other unsafe requests need the token as everywhere.
    """

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST" and request.POST.get("List-Unsubscribe") == "One-Click":
            return super().dispatch(request, *args, **kwargs)
        protected: HttpResponseBase = csrf_protect(super().dispatch)(request, *args, **kwargs)
        return protected

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        invitation = invitation_to_unsubscribe(token)
        if invitation is None:
            return render(request, "invitation/unknown.html", status=404)
        return self.draw(request, invitation)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        invitation = invitation_to_unsubscribe(token)
        if invitation is None:
            return render(request, "invitation/unknown.html", status=404)
        reminding.unsubscribe(actor=actor_of(request), invitation_id=invitation.pk)
        return self.draw(request, invitation)

    def draw(self, request: HttpRequest, invitation: Invitation) -> HttpResponse:
        context = {
            "organization": badge(invitation.organization.name, invitation.organization_id),
            "address": invitation.address,
            "is_done": wants_no_reminders(invitation.organization_id, invitation.address),
            "action_url": request.path,
        }
        return render(request, "invitation/reminders.html", context)
