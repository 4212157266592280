"""Second factors: authenticator app, passkeys, recovery codes. Every change ends the person's other sessions (P14)."""

from typing import Any

from allauth.mfa.recovery_codes import views as code_views
from allauth.mfa.totp import views as app_views
from allauth.mfa.webauthn import views as passkey_views
from allauth.mfa.webauthn.internal import auth as webauthn
from django.db import transaction
from django.http import Http404, HttpResponse
from django.urls import reverse, reverse_lazy
from django.utils.http import urlencode
from django.views.generic import TemplateView

from accounts import access, actions, forms, queries
from accounts.views.frames import A_WHILE, PersonPage, RecentlyConfirmed, WrongInputIs422, onward


class _SecurityPage(PersonPage):
    tab = "mfa_index"


class _Change(RecentlyConfirmed, _SecurityPage, WrongInputIs422):
    """A change of a factor and the end of the other sessions are one transaction."""

    def form_valid(self, form: Any) -> HttpResponse:
        with transaction.atomic():
            response = super().form_valid(form)
            actions.end_other_sessions(user_id=access.person(self.request).pk, keep=self.request.session.session_key)
        return response


class Security(_SecurityPage, TemplateView):
    template_name = "mfa/index.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "security": queries.security_of(access.person(self.request))}


class ActivateApp(_Change, app_views.ActivateTOTPView):
    form_class = forms.ActivateAppForm
    post_within = A_WHILE


class DeactivateApp(_Change, app_views.DeactivateTOTPView):
    pass


class AddPasskey(_Change, passkey_views.AddWebAuthnView):
    """A passkey proper: kept by the device, unlocked by its owner, enough to sign in with."""

    form_class = forms.AddPasskeyForm
    post_within = A_WHILE

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        # The latest challenge counts: the one that allauth began is for a key that is no passkey.
        options = webauthn.begin_registration(access.person(self.request), passwordless=True)
        return {**context, "passkey_options": options, "next": onward(self.request, "")}

    def get_success_url(self) -> str:
        then = onward(self.request, "")
        if self.did_generate_recovery_codes:
            query = f"?{urlencode({'next': then})}" if then else ""
            return f"{reverse('mfa_view_recovery_codes')}{query}"
        return then or reverse("mfa_index")


class RenamePasskey(RecentlyConfirmed, _SecurityPage, WrongInputIs422, passkey_views.EditWebAuthnView):
    form_class = forms.RenamePasskeyForm
    success_url = reverse_lazy("mfa_index")


class RemovePasskey(_Change, passkey_views.RemoveWebAuthnView):
    success_url = reverse_lazy("mfa_index")


class GenerateRecoveryCodes(_Change, code_views.GenerateRecoveryCodesView):
    pass


class RecoveryCodes(RecentlyConfirmed, _SecurityPage, TemplateView):
    """allauth's own page would write on GET (P4)."""

    template_name = "mfa/recovery_codes/index.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        codes = queries.recovery_codes_of(access.person(self.request).pk)
        if codes is None:
            raise Http404
        return {**super().get_context_data(**kwargs), "codes": codes, "next": onward(self.request, "")}


class RecoveryCodesFile(RecoveryCodes):
    template_name = "mfa/recovery_codes/download.txt"
    content_type = "text/plain; charset=utf-8"

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        response = super().render_to_response(context, **kwargs)
        response["Content-Disposition"] = 'attachment; filename="roster-recovery-codes.txt"'
        return response
