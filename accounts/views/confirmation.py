"""The confirmation page: "is it you?", by password, code or passkey (ACCEPTANCE P15).

It is reached by GET, and nothing is replayed afterwards.
"""

from http import HTTPStatus
from typing import Any

from allauth.core import ratelimit
from allauth.mfa.webauthn.internal import auth as webauthn
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.generic import TemplateView

from accounts import access, forms, queries
from accounts.views.frames import FormPage, WrongInputIs422, onward


class _ConfirmationPage(LoginRequiredMixin, TemplateView):
    template_name = "account/confirm.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = access.person(self.request)
        security = queries.security_of(user)
        context = {
            "security": security,
            "next": onward(self.request, reverse("account_profile")),
            "password_form": forms.ConfirmPasswordForm(user=user),
            "code_form": forms.ConfirmCodeForm(user=user),
            "passkey_form": forms.ConfirmPasskeyForm(user=user),
            **super().get_context_data(**kwargs),
        }
        if security.passkeys:
            context["passkey_options"] = webauthn.begin_authentication(user)
        return context


class Confirm(_ConfirmationPage):
    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if access.is_recent(request):
            return HttpResponseRedirect(onward(request, reverse("account_profile")))
        return super().get(request, *args, **kwargs)


class _ConfirmBy(WrongInputIs422, _ConfirmationPage, FormPage):
    """One way to show who one is. `form_name` is where the page shows this form again, with what was wrong."""

    http_method_names = ["post"]  # noqa: RUF012  declared so by Django
    form_name = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return self.handle_no_permission()
        return ratelimit.consume_or_429(request, action="reauthenticate") or super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": access.person(self.request)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**{**kwargs, self.form_name: kwargs.get("form")})

    def form_valid(self, form: Any) -> HttpResponse:
        access.mark_authenticated(self.request)
        return HttpResponseRedirect(onward(self.request, reverse("account_profile")), status=HTTPStatus.SEE_OTHER)


class ConfirmByPassword(_ConfirmBy):
    form_class = forms.ConfirmPasswordForm
    form_name = "password_form"


class ConfirmByCode(_ConfirmBy):
    form_class = forms.ConfirmCodeForm
    form_name = "code_form"

    def form_valid(self, form: forms.ConfirmCodeForm) -> HttpResponse:
        form.save()
        return super().form_valid(form)


class ConfirmByPasskey(_ConfirmBy):
    form_class = forms.ConfirmPasskeyForm
    form_name = "passkey_form"

    def form_valid(self, form: forms.ConfirmPasskeyForm) -> HttpResponse:
        form.save()
        return super().form_valid(form)
