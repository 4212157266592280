"""Where an invite link leads. Its address shows a card and uses nothing up; the token leaves the URL at once (P6).

The session keeps (link, generation), never the token (`invitations.access.links`).
"""

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.access import actor_of, person
from config.http import go
from config.refusals import Refusal
from config.ui.people import hue, initials
from config.ui.templatetags.ui import relative
from invitations.access.links import held_link, hold, let_go
from invitations.actions import links
from invitations.domains import domain_of
from invitations.queries.invitations import verified_addresses
from invitations.queries.links import Clocked, State, gift_of, link_by_token, state_of
from invitations.views.private import PrivateView
from workspaces.catalogue import BuiltIn
from workspaces.views.frame import badge


class Address(PrivateView):
    """Remembered in the session, then out of the URL. Opening it any number of times changes nothing."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        found = link_by_token(token)
        if found is None:
            return render(request, "invitation/unknown.html", status=404)
        hold(request, *found)
        return HttpResponseRedirect(reverse("landing"))


class Landing(PrivateView):
    """What the link gives and to whom, with the button; or why it cannot be used."""

    def get(self, request: HttpRequest) -> HttpResponse:
        held = held_link(request)
        if held is None:
            return render(request, "invitation/unknown.html", status=404)
        return show(request, *held)


def show(request: HttpRequest, link: Clocked, generation: int) -> HttpResponse:
    state = state_of(link, generation)
    if state is not State.LIVING:
        return over(request, link, str(state.sentence))
    gift = gift_of(link)
    context = card(request, link) | {
        "role": gift.role if gift.role_id != BuiltIn.MEMBER else "",
        "placements": [{"role": role, "workspace": workspace} for role, workspace in gift.workspaces],
        "groups": gift.groups,
        "expires_at": link.expires_at,
        "expires_in": relative(link.expires_at) if link.expires_at else "",
        "domain": link.allowed_domain,
        "join_url": reverse("landing_join"),
        "sign_up_url": _with_way_back("account_signup"),
        "sign_in_url": _with_way_back("account_login"),
    }
    return render(request, "links/landing.html", context)


def over(request: HttpRequest, link: Clocked, sentence: str, *, status: int = 200) -> HttpResponse:
    """The same card with why nothing can be done, and the next step."""
    context = card(request, link) | {"sentence": sentence, "home_url": reverse("home")}
    return render(request, "links/over.html", context, status=status)


def card(request: HttpRequest, link: Clocked) -> dict[str, Any]:
    name = link.created_by.display_name if link.created_by else ""
    signed_in = request.user.is_authenticated
    addresses = verified_addresses(request.user.pk or 0)
    fits = any(link.allowed_domain in {"", domain_of(address)} for address in addresses)
    return {
        "organization": badge(link.organization.name, link.organization_id),
        "inviter": {"name": name, "initials": initials(name) if name else "", "hue": hue(link.created_by_id or 0)},
        "account": {"address": person(request).email, "fits": fits} if signed_in else None,
        "switch_url": reverse("landing_switch"),
        "add_url": reverse("account_add_email"),
    }


class JoinByLink(PrivateView):
    """Signed in with a confirmed address that fits: join. Else to sign-up, and back here to decide once more."""

    def post(self, request: HttpRequest) -> HttpResponse:
        held = held_link(request)
        if held is None:
            return render(request, "invitation/unknown.html", status=404)
        link, generation = held
        if not request.user.is_authenticated:
            if state_of(link, generation) is not State.LIVING:
                return over(request, link, str(state_of(link, generation).sentence), status=409)
            return HttpResponseRedirect(_with_way_back("account_signup"), status=303)
        try:
            joined = links.join_by_link(actor=actor_of(request), link_id=link.pk, generation=generation)
        except Refusal as refusal:
            return over(request, link, str(refusal.sentence), status=refusal.status)
        let_go(request)
        organization = joined.organization
        said = (
            _("Welcome to %(organization)s.") if joined.is_new else _("You have more access in %(organization)s now.")
        )
        said %= {"organization": organization.name}
        if joined.dropped:
            said = f"{said} {_('Part of what was offered could no longer be given; the admins were asked for it.')}"
        return go(request, reverse("organization", args=[organization.slug]), said)


class SwitchAccount(PrivateView):
    """Signs out and comes back to the same link."""

    def post(self, request: HttpRequest) -> HttpResponse:
        held = held_link(request)
        logout(request)
        if held is not None:
            hold(request, *held)
        return HttpResponseRedirect(reverse("landing"), status=303)


def _with_way_back(name: str) -> str:
    return f"{reverse(name)}?{urlencode({'next': reverse('landing')})}"
