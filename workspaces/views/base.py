"""What all pages of an organization share: the guard, and the frame. One class per screen or verb; no rule lives
here.
"""

from typing import Any, ClassVar, cast

from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as lazy
from django.views import View

from config.http import Request, back_url, page
from workspaces.access import SuspendedHere, enter, enter_workspace
from workspaces.actions.activity import RESOLUTION, seen
from workspaces.actions.locking import insist
from workspaces.place import Inside, Place
from workspaces.policy import Decision, Verb, decide
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

    def handle_no_permission(self) -> HttpResponseRedirect:
        """To the sign-in page, and from there back to the page they were on: what they sent is not kept."""
        return redirect_to_login(back_url(self.request))

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
        insist(decide(self.place.facts, verb, organization=self.place.policies))

    def url(self, name: str, *args: object) -> str:
        return reverse(name, args=[self.place.organization.slug, *args])

    def context(self, current: str, **more: object) -> dict[str, Any]:
        return {"shell": frame(self.place, current), **more}

    def region(
        self, template: str, context: dict[str, Any], current: str, *, partial: str, status: int = 200
    ) -> HttpResponse:
        """The named region alone where htmx asks for it, else the page around it; the frame costs a statement."""
        if not self.request.htmx:
            context |= self.context(current)
        return page(self.request, template, context, partial=partial, status=status)


class WorkspaceView(OrganizationView):
    """A page inside a workspace, for whoever may see it; its address has the workspace's slug after the organization's.

    workspace_verb: what they must be allowed to do in it.
    """

    workspace_verb: ClassVar[Verb] = Verb.VIEW_WORKSPACE
    inside: Inside

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self._slug: str = kwargs.pop("workspace")
        return super().dispatch(request, *args, **kwargs)

    def insist_on_entry(self) -> None:
        self.inside = enter_workspace(self.place, self._slug)
        self.insist_on(self.workspace_verb)

    def decide(self, verb: Verb, **facts: Any) -> Decision:
        """Of this workspace and this person; facts: what else `policy.decide` is told."""
        return decide(self.place.facts, verb, workspace=self.inside.facts, organization=self.place.policies, **facts)

    def insist_on(self, verb: Verb) -> None:
        insist(self.decide(verb))

    def here(self, name: str, *args: object) -> str:
        """The address of a page of this workspace."""
        return self.url(name, self.inside.workspace.slug, *args)

    def context(self, current: str, **more: object) -> dict[str, Any]:
        """current: the tab. Templates include workspaces/head.html, which draws name and tabs."""
        workspace = self.inside.workspace
        tabs = [
            {"label": label, "url": self.here(name), "current": name == current}
            for label, name, verb in TABS
            if self.decide(verb)
        ]
        about = {
            **badge(workspace.name, workspace.pk),
            "slug": workspace.slug,
            "description": workspace.description,
            "label": workspace.get_label_display() if workspace.kind == "shared" else workspace.get_kind_display(),
            "is_archived": workspace.archived_at is not None,
        }
        return super().context(f"workspace {workspace.pk}", workspace=about, tabs=tabs, **more)


TABS = (
    (lazy("Members"), "workspace_members", Verb.VIEW_WORKSPACE_MEMBERS),
    (lazy("Resources"), "workspace_resources", Verb.VIEW_WORKSPACE),
    (lazy("History"), "workspace_history", Verb.VIEW_WORKSPACE_HISTORY),
    (lazy("Settings"), "workspace_settings", Verb.EDIT_WORKSPACE),
)


def suspended(request: Request, stop: SuspendedHere) -> HttpResponse:
    """The suspended person's page: nothing of the organization but its name."""
    context = {"organization": badge(stop.organization.name, stop.organization.pk)}
    return render(request, "my/suspended.html", context, status=403)
