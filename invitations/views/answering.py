"""The invitee's pages. A link shows a card and uses nothing up; the token leaves the URL at once (ACCEPTANCE P6).

The session keeps (invitation, generation), never the token (`invitations.access.invitations`).
"""

from typing import Any
from urllib.parse import urlencode

from allauth.core import ratelimit
from django.contrib.auth import logout
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.access import actor_of, person
from config.http import go
from config.refusals import Refusal
from config.ui.people import hue, initials
from config.ui.templatetags.ui import relative
from invitations.access.invitations import held_invitation, hold, holds_proof, let_go, own_invitation
from invitations.actions import answering
from invitations.actions.asking_again import ask_for_fresh_link
from invitations.forms.inviting import WordForm
from invitations.policy import State
from invitations.queries.invitations import (
    Clocked,
    abilities,
    has_account,
    invitation_by_token,
    offers,
    state_of,
    verified_addresses,
)
from invitations.tokens import COPY
from invitations.views import proving
from invitations.views.private import PrivateView
from workspaces.catalogue import BuiltIn
from workspaces.queries.shell import my_memberships
from workspaces.views.frame import badge


class Link(PrivateView):
    """The link of a mail, or one that was copied: remembered in the session, then out of the URL. Opening it any number
    of times changes nothing.
    """

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        mailed = invitation_by_token(token)
        found = mailed or invitation_by_token(token, COPY)
        if found is None:
            return render(request, "invitation/unknown.html", status=404)
        invitation, generation = found
        hold(request, invitation, generation, is_proven=mailed is not None)
        return HttpResponseRedirect(reverse("invitation"))


class OpenOwn(LoginRequiredMixin, PrivateView):
    """From My access: an invitation to one of one's own verified addresses needs no link."""

    def get(self, request: HttpRequest, invitation_id: int) -> HttpResponse:
        hold(request, own_invitation(request, invitation_id))
        return HttpResponseRedirect(reverse("invitation"))


class Offer(PrivateView):
    """Accept or decline, or the card that says why that is not possible."""

    def get(self, request: HttpRequest) -> HttpResponse:
        held = held_invitation(request)
        if held is None:
            return render(request, "invitation/unknown.html", status=404)
        return show(request, *held)


def show(request: HttpRequest, invitation: Clocked, generation: int, *, word: WordForm | None = None) -> HttpResponse:
    """word: why they declined, as it was entered, where it could not be taken."""
    context = {**_card(request, invitation), "form": word or WordForm()}
    found = state_of(invitation)
    if found is State.ACCEPTED:
        belongs = my_memberships(request.user.pk or 0).filter(organization=invitation.organization).exists()
        home = reverse("organization", args=[invitation.organization.slug]) if belongs else ""
        return render(
            request, "invitation/used.html", {**context, "home_url": home, "sign_in_url": reverse("account_login")}
        )
    if found is not State.REVOKED and generation != invitation.generation:
        return render(request, "invitation/superseded.html", context)
    if found is not State.PENDING:
        more = {"expired_at": invitation.expires_at, "word": invitation.decline_word}
        return render(request, f"invitation/{found}.html", {**context, **more})
    if request.user.is_authenticated and invitation.address not in verified_addresses(request.user.pk):
        return wrong_account(request, invitation, context)
    return offer(request, invitation, context)


def offer(request: HttpRequest, invitation: Clocked, context: dict[str, Any]) -> HttpResponse:
    given = offers([invitation.pk]).get(invitation.pk)
    signed_in = request.user.is_authenticated
    context |= {
        "placements": [{"role": role, "workspace": workspace} for role, workspace in given.workspaces] if given else [],
        "groups": given.groups if given else [],
        "role": given.role_name if given and given.role_id != BuiltIn.MEMBER else "",
        "message": invitation.message,
        "expires_in": relative(invitation.expires_at),
        "abilities": abilities(invitation),
        "accept_url": reverse("invitation_accept"),
        "decline_url": reverse("invitation_decline"),
        "sign_in_url": _sign_in_url(),
        "account": {"address": person(request).email, "name": person(request).name} if signed_in else None,
        "new_account": not signed_in and not has_account(invitation.address),
    }
    return render(request, "invitation/offer.html", context)


def wrong_account(
    request: HttpRequest, invitation: Clocked, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    user = person(request)
    context |= {
        "account": {"address": user.email, "initials": initials(user.display_name), "hue": hue(user.pk)},
        "switch_url": reverse("invitation_switch"),
        "add_url": "" if has_account(invitation.address) else reverse("account_add_email"),
    }
    return render(request, "invitation/wrong_account.html", context, status=status)


class Accept(PrivateView):
    """Signed in with the invited address: join. Else to sign-in or sign-up, and back here to decide once more."""

    def post(self, request: HttpRequest) -> HttpResponse:
        held = held_invitation(request)
        if held is None:
            return render(request, "invitation/unknown.html", status=404)
        invitation, generation = held
        if not request.user.is_authenticated:
            return self.to_account(request, invitation, generation)
        try:
            joined = answering.accept(actor=actor_of(request), invitation_id=invitation.pk, generation=generation)
        except Refusal as refusal:
            if refusal.code == "suspended":
                raise
            if refusal.code == "wrong_account":
                return wrong_account(request, invitation, _card(request, invitation), status=403)
            return _with_status(show(request, *(held_invitation(request) or held)), refusal.status)
        let_go(request)
        welcome = _("Welcome to %(organization)s.") % {"organization": joined.organization.name}
        if joined.dropped:
            welcome = (
                f"{welcome} {_('Part of what was offered could no longer be given; the admins were asked for it.')}"
            )
        return go(request, reverse("organization", args=[joined.organization.slug]), welcome)

    def to_account(self, request: HttpRequest, invitation: Clocked, generation: int) -> HttpResponse:
        """Only what can still be accepted asks for an account."""
        open_now = state_of(invitation) is State.PENDING
        if not open_now or generation != invitation.generation:
            return _with_status(show(request, invitation, generation), 409)
        if has_account(invitation.address):
            return HttpResponseRedirect(_sign_in_url(), status=303)
        if not holds_proof(request):
            return proving.to_code(request, invitation, generation)
        query = urlencode({"next": reverse("invitation")})
        return HttpResponseRedirect(f"{reverse('account_signup')}?{query}", status=303)


class Decline(PrivateView):
    """Needs the link only: whoever holds it may say no. A page asks first, since programs that look into links before
    their readers do press a button, too.
    """

    def get(self, request: HttpRequest) -> HttpResponse:
        held = held_invitation(request)
        if held is None:
            return render(request, "invitation/unknown.html", status=404)
        invitation, generation = held
        if state_of(invitation) is not State.PENDING or generation != invitation.generation:
            return show(request, invitation, generation)
        return self.ask(request, held, WordForm())

    def ask(self, request: HttpRequest, held: tuple[Clocked, int], form: WordForm) -> HttpResponse:
        urls = {"decline_url": reverse("invitation_decline"), "offer_url": reverse("invitation")}
        return render(request, "invitation/decline.html", {**_card(request, held[0]), **urls, "form": form})

    def post(self, request: HttpRequest) -> HttpResponse:
        held = held_invitation(request)
        if held is None:
            return render(request, "invitation/unknown.html", status=404)
        return self.answer(request, held, WordForm(request.POST))

    def answer(self, request: HttpRequest, held: tuple[Clocked, int], form: WordForm) -> HttpResponse:
        invitation, generation = held
        if not form.is_valid():
            return _with_status(self.ask(request, held, form), 422)
        what = {"actor": actor_of(request), "invitation_id": invitation.pk, "generation": generation}
        try:
            self.perform(word=form.cleaned_data["word"], **what)
        except Refusal as refusal:
            return _with_status(show(request, *(held_invitation(request) or held)), refusal.status)
        return HttpResponseRedirect(reverse("invitation"), status=303)

    def perform(self, **what: Any) -> None:
        answering.decline(**what)


class Explain(Decline):
    """The word to the inviter, for whoever has declined without one."""

    http_method_names = ("post", "options")

    def ask(self, request: HttpRequest, held: tuple[Clocked, int], form: WordForm) -> HttpResponse:
        return show(request, *held, word=form)

    def answer(self, request: HttpRequest, held: tuple[Clocked, int], form: WordForm) -> HttpResponse:
        form.fields["word"].required = True
        return super().answer(request, held, form)

    def perform(self, **what: Any) -> None:
        answering.explain_decline(**what)


class AskForFreshLink(PrivateView):
    """For the holder of a link that opens nothing any more. Always the same answer, whatever comes of it."""

    def post(self, request: HttpRequest) -> HttpResponse:
        if limited := ratelimit.consume_or_429(request, action="fresh_link"):
            answer: HttpResponse = limited
            return answer
        held = held_invitation(request)
        if held is not None:
            ask_for_fresh_link(actor=actor_of(request), invitation_id=held[0].pk)
        return render(request, "invitation/fresh_asked.html")


class SwitchAccount(PrivateView):
    """Signs out and comes back to the same invitation."""

    def post(self, request: HttpRequest) -> HttpResponse:
        held, is_proven = held_invitation(request), holds_proof(request)
        logout(request)
        if held is not None:
            hold(request, *held, is_proven=is_proven)
        return HttpResponseRedirect(reverse("invitation"), status=303)


def _card(request: HttpRequest, invitation: Clocked) -> dict[str, Any]:
    name = invitation.inviter.display_name if invitation.inviter else invitation.inviter_name
    return {
        "organization": badge(invitation.organization.name, invitation.organization_id),
        "inviter": {
            "name": name or invitation.organization.name,
            "first_name": name.split()[0] if name else invitation.organization.name,
            "initials": initials(name) if name else "",
            "hue": hue(invitation.inviter_id or 0),
        },
        "address": invitation.address,
        "expires_at": invitation.expires_at,
        "word_url": reverse("invitation_explain"),
        "fresh_url": reverse("invitation_fresh"),
    }


def _sign_in_url() -> str:
    return f"{reverse('account_login')}?{urlencode({'next': reverse('invitation')})}"


def _with_status(response: HttpResponse, status: int) -> HttpResponse:
    response.status_code = status
    return response
