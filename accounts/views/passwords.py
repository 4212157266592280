"""Passwords: changed by whoever knows the present one, reset by whoever reads the account's mail."""

from http import HTTPStatus
from typing import Any

from allauth.account import views as allauth_views
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext as _

from accounts import forms
from accounts.views.frames import LinkPage, PersonPage, WrongInputIs422


class ChangePassword(PersonPage, WrongInputIs422, allauth_views.PasswordChangeView):
    """Asks for the present password, so it needs no further proof of identity."""

    tab = "mfa_index"
    form_class = forms.ChangePasswordForm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not request.user.has_usable_password():
            messages.info(request, _("You have no password yet. Have a link mailed to you that sets one."))
            return HttpResponseRedirect(reverse("mfa_index"))
        return super().dispatch(request, *args, **kwargs)

    def get_default_success_url(self) -> str:
        return reverse("mfa_index")


class ForgottenPassword(WrongInputIs422, allauth_views.PasswordResetView):
    """Answers alike for every address; only an account's own mailbox gets a link."""

    form_class = forms.ForgottenPasswordForm


class ForgottenPasswordDone(allauth_views.PasswordResetDoneView):
    pass


class ResetPassword(LinkPage, WrongInputIs422, allauth_views.PasswordResetFromKeyView):
    """The mailed link: its secret moves from the address to the session at once, and works until a password is set."""

    form_class = forms.ResetPasswordForm
    success_url = reverse_lazy("account_login")

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().render_to_response(context, **kwargs)
        if context.get("token_fail"):
            response.status_code = HTTPStatus.NOT_FOUND
        return response
