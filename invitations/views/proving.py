"""The code for whoever came by a copied link and has no account: asked for, and entered."""

from allauth.core import ratelimit
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts.access import actor_of
from config.refusals import Refusal
from invitations.access.invitations import held_invitation, hold, holds_proof
from invitations.actions import proving
from invitations.forms.inviting import CodeForm
from invitations.queries.invitations import Clocked
from invitations.views.private import PrivateView
from workspaces.views.frame import badge


def to_code(request: HttpRequest, invitation: Clocked, generation: int, *, is_another: bool = False) -> HttpResponse:
    """Has a code mailed, and leads to where it is entered."""
    try:
        proving.send_code(
            actor=actor_of(request), invitation_id=invitation.pk, generation=generation, is_another=is_another
        )
    except Refusal as refusal:
        return ask(request, invitation, CodeForm(), refusal=refusal)
    return HttpResponseRedirect(reverse("invitation_code"), status=303)


def ask(
    request: HttpRequest, invitation: Clocked, form: CodeForm, *, status: int = 200, refusal: Refusal | None = None
) -> HttpResponse:
    context = {
        "organization": badge(invitation.organization.name, invitation.organization_id),
        "address": invitation.address,
        "form": form,
        "refusal": str(refusal.sentence) if refusal else "",
        "action_url": reverse("invitation_code"),
        "another_url": reverse("invitation_code_again"),
    }
    response = render(request, "invitation/code.html", context, status=refusal.status if refusal else status)
    if refusal is not None and refusal.retry_after is not None:
        response["Retry-After"] = str(refusal.retry_after)
    return response


class Code(PrivateView):
    """Entering it opens the sign-up, and nothing else."""

    def get(self, request: HttpRequest) -> HttpResponse:
        held = held_invitation(request)
        if held is None or holds_proof(request):
            return HttpResponseRedirect(reverse("invitation"))
        return ask(request, held[0], CodeForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        held, form = held_invitation(request), CodeForm(request.POST)
        if held is None or holds_proof(request):
            return HttpResponseRedirect(reverse("invitation"), status=303)
        if limited := ratelimit.consume_or_429(request, action="enter_code"):
            answer: HttpResponse = limited
            return answer
        if not form.is_valid():
            return ask(request, held[0], form, status=422)
        return self.enter(request, *held, form)

    def enter(self, request: HttpRequest, invitation: Clocked, generation: int, form: CodeForm) -> HttpResponse:
        text = form.cleaned_data["code"]
        try:
            is_right = proving.enter_code(
                actor=actor_of(request), invitation_id=invitation.pk, generation=generation, text=text
            )
        except Refusal as refusal:
            return ask(request, invitation, form, refusal=refusal)
        if not is_right:
            form.add_error("code", _("This code is not right. Look into the newest mail."))
            return ask(request, invitation, form, status=422)
        hold(request, invitation, generation)
        query = urlencode({"next": reverse("invitation")})
        return HttpResponseRedirect(f"{reverse('account_signup')}?{query}", status=303)


class AnotherCode(PrivateView):
    """A new code; the one before ends."""

    def post(self, request: HttpRequest) -> HttpResponse:
        held = held_invitation(request)
        if held is None or holds_proof(request):
            return HttpResponseRedirect(reverse("invitation"), status=303)
        if limited := ratelimit.consume_or_429(request, action="enter_code"):
            answer: HttpResponse = limited
            return answer
        return to_code(request, *held, is_another=True)
