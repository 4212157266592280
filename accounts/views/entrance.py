"""Signing in, up and out. allauth's flows with our forms, doors and words."""

from http import HTTPStatus
from typing import Any

from allauth.account import views as allauth_views
from allauth.account.internal.flows.login import perform_password_login
from allauth.account.internal.stagekit import clear_login
from allauth.account.models import EmailAddress, EmailConfirmationHMAC, Login
from allauth.account.stages import EmailVerificationStage, LoginStage, LoginStageController
from allauth.mfa.base import views as factor_views
from allauth.mfa.webauthn import views as passkey_views
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.generic import TemplateView, View

from accounts import access, actions, forms, queries
from accounts.models import User
from accounts.registry import Door
from accounts.views.frames import FormPage, LinkPage, WrongInputIs422, onward


class SignIn(WrongInputIs422, allauth_views.LoginView):
    form_class = forms.SignInForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "door": access.open_door(self.request)}


class PasskeySignIn(passkey_views.LoginWebAuthnView):
    """GET with Accept: application/json answers with a challenge, POST takes what the browser signed."""

    form_class = forms.PasskeySignInForm

    def form_invalid(self, form: Any) -> HttpResponse:
        messages.error(
            self.request, _("This passkey does not open an account here. Sign in another way, or try again.")
        )
        query = urlencode({"next": onward(self.request, reverse("home"))})
        return HttpResponseRedirect(f"{reverse('account_login')}?{query}", status=HTTPStatus.SEE_OTHER)


class SecondFactor(factor_views.AuthenticateView):
    form_class = forms.SecondFactorForm
    webauthn_form_class = forms.SecondFactorPasskeyForm

    def form_invalid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)
        response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "security": queries.security_of(self.stage.login.user)}


class SignOut(allauth_views.LogoutView):
    """Asks first (GET), then does it (POST)."""


class SignUp(WrongInputIs422, allauth_views.SignupView):
    """For whom a door is open. The door is asked again on every request; what it fixes is never read from the form."""

    form_class = forms.SignUpForm
    door: Door | None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.door = access.open_door(request)
        if (
            self.door
            and self.door.address
            and not request.user.is_authenticated
            and queries.is_taken(self.door.address)
        ):
            messages.info(
                request, _("%(address)s has an account already: sign in to it.") % {"address": self.door.address}
            )
            query = urlencode({"next": onward(request, reverse("home"))})
            return HttpResponseRedirect(f"{reverse('account_login')}?{query}")
        answer: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return answer

    def is_open(self) -> bool:
        return self.door is not None

    def closed(self) -> HttpResponse:
        return TemplateResponse(self.request, self.template_name_signup_closed, status=HTTPStatus.FORBIDDEN)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "door": self.door}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "door": self.door}


class SignUpAgain(View):
    """For whoever mistyped their address: what they asked for in this browser is taken back."""

    def post(self, request: HttpRequest) -> HttpResponse:
        stage = _unconfirmed_sign_up(request)
        if stage:
            if stage.login.user:
                actions.withdraw_sign_up(user_id=stage.login.user.pk)
            clear_login(request)
        return HttpResponseRedirect(reverse("account_signup"), status=HTTPStatus.SEE_OTHER)


class AddressToConfirm(TemplateView):
    """What to do now: follow the link in the mail."""

    template_name = "account/verification_sent.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        stage = _unconfirmed_sign_up(self.request)
        # The same for an address that has an account already: only its mailbox learns that.
        address = (stage.login.email or stage.login.user.email) if stage else ""
        return {
            **super().get_context_data(**kwargs),
            "address": address,
            "is_signup": bool(stage and stage.login.signup),
        }


class ConfirmAddress(LinkPage, WrongInputIs422, FormPage):
    """The mailed link. Owning the mailbox is half of the proof; the other half is being the account's person.

    Without it, whoever enters a stranger's address into their own account could have the stranger confirm it by a
    click, and then accept what was sent to the stranger (P7).
    """

    template_name = "account/email_confirm.html"
    form_class = forms.ConfirmAddressForm
    address: EmailAddress

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        confirmation = EmailConfirmationHMAC.from_key(kwargs["key"])
        if confirmation is None:
            return TemplateResponse(request, self.template_name, {"address": None}, status=HTTPStatus.NOT_FOUND)
        self.address = confirmation.email_address
        self.sign_up = _unconfirmed_sign_up(request)
        return super().dispatch(request, *args, **kwargs)

    @property
    def owner(self) -> User:
        owner: User = self.address.user
        return owner

    @property
    def proof(self) -> str:
        """How this visitor shows that they are the person: `here`, by `password`, or only after they `sign_in`."""
        started_here = self.sign_up is not None and self.sign_up.login.user == self.owner
        if self.request.user == self.owner or started_here:
            return "here"
        has_account = queries.addresses_of(self.owner.pk).filter(verified=True).exists()
        return "sign_in" if has_account or self.request.user.is_authenticated else "password"

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.owner}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "address": self.address, "proof": self.proof}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.proof == "here":
            return self._confirm()
        if self.proof == "password":
            return super().post(request, *args, **kwargs)
        return self.get(request, *args, **kwargs)

    def form_valid(self, form: forms.ConfirmAddressForm) -> HttpResponse:
        return self._confirm()

    def _confirm(self) -> HttpResponse:
        request = self.request
        actions.confirm_address(address_id=self.address.pk, keep=request.session.session_key)
        messages.success(request, _("%(address)s is confirmed.") % {"address": self.address.email})
        if request.user == self.owner:
            return HttpResponseRedirect(reverse("account_email"), status=HTTPStatus.SEE_OTHER)
        if self.sign_up is not None and self.sign_up.login.user == self.owner:
            answer: HttpResponse = self.sign_up.exit()
        else:
            login = Login(user=self.owner, email=self.address.email, signup=True)
            answer = perform_password_login(request, {"email": self.address.email}, login)
        return answer


class Inactive(allauth_views.AccountInactiveView):
    """For whoever was blocked."""


def _unconfirmed_sign_up(request: HttpRequest) -> LoginStage | None:
    """The sign-up or sign-in of this browser that waits for its address to be confirmed."""
    if request.user.is_authenticated:
        return None
    return LoginStageController.enter(request, EmailVerificationStage.key)
