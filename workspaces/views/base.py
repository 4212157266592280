"""What all pages of an organization share: the guard, and the frame. One class per screen or verb; no rule lives
here.
"""

from typing import Any, ClassVar, cast

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views import View

from config.http import Request
from config.refusals import Refusal
from workspaces.access import Place, SuspendedHere, enter
from workspaces.actions.activity import RESOLUTION, seen
from workspaces.policy import Verb, decide
from workspaces.views.frame import badge, frame

LAST_ORGANIZATION = "organization"


class OrganizationView(LoginRequiredMixin, View):
    """A page of one organization for its joined members. verb: what they must be allowed to do to come in at all."""

    verb: ClassVar[Verb | None] = None
    request: Request
    place: Place

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return self.handle_no_permission()
        ours = cast(Request, request)
        try:
            self.place = enter(ours, kwargs.pop("slug"))
        except SuspendedHere as stop:
            return suspended(ours, stop)
        self.insist_on_entry()
        self._note_activity()
        return super().dispatch(request, *args, **kwargs)

    def insist_on_entry(self) -> None:
        """Raises unless the person may come in."""
        if self.verb is not None:
            self.insist_on(self.verb)

    def _note_activity(self) -> None:
        if timezone.now() - self.place.member.activity.last_active_at > RESOLUTION:
            seen(self.place.member.pk)
        if self.request.session.get(LAST_ORGANIZATION) != self.place.organization.slug:
            self.request.session[LAST_ORGANIZATION] = self.place.organization.slug

    def insist_on(self, verb: Verb) -> None:
        """Raises the refusal that fits unless the person may do this here."""
        decision = decide(self.place.facts, verb, organization=self.place.policies)
        if decision.reason is not None:
            raise Refusal(decision.reason.sentence, decision.reason.refused.value, decision.reason)

    def url(self, name: str, *args: object) -> str:
        return reverse(name, args=[self.place.organization.slug, *args])

    def context(self, current: str, **more: object) -> dict[str, Any]:
        return {"shell": frame(self.place, current), **more}


def suspended(request: Request, stop: SuspendedHere) -> HttpResponse:
    """The suspended person's page: nothing of the organization but its name."""
    context = {"organization": badge(stop.organization.name, stop.organization.pk)}
    return render(request, "my/suspended.html", context, status=403)
