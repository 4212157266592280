"""The page from which somebody joins an organization by their address."""

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.access import actor_of
from config.http import Request, go
from invitations.actions import domains
from invitations.models import JoinDomain
from invitations.queries.domains import everyones, may_join, places_by
from invitations.views.private import PrivateView
from workspaces.catalogue import scheme_roles
from workspaces.queries.organizations import found_by_slug
from workspaces.views.frame import badge


class Join(LoginRequiredMixin, PrivateView):
    """What one gets, then the button. Strangers find nothing here, as for an unknown organization."""

    def get(self, request: Request, slug: str) -> HttpResponse:
        join = next((each for each in may_join(request.user.pk) if each.organization.slug == slug), None)
        if join is None:
            raise Http404
        return render(request, "domains/join.html", self.card(join, request.path))

    def post(self, request: Request, slug: str) -> HttpResponse:
        organization = found_by_slug(slug)
        if organization is None:
            raise Http404
        joined = domains.join_by_domain(actor=actor_of(request), organization_id=organization.pk)
        said = _("Welcome to %(organization)s.") % {"organization": joined.organization.name}
        return go(request, reverse("organization", args=[slug]), said)

    def card(self, join: JoinDomain, action_url: str) -> dict[str, object]:
        organization = join.organization
        role = scheme_roles(organization.scheme)[0].label
        return {
            "organization": badge(organization.name, organization.pk),
            "domain": join.domain,
            "places": [
                *({"role": role, "workspace": name} for name in places_by(join)),
                *({"role": each.role, "workspace": each.workspace} for each in everyones(organization)),
            ],
            "action_url": action_url,
            "back_url": reverse("my_access"),
        }
