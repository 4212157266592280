"""How allauth's flows meet the house: canonical addresses, our doors, outbox and proof of identity. Holds no rule."""

from typing import Any, ClassVar

import qrcode
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.utils import get_login_redirect_url
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from qrcode.image.svg import SvgPathFillImage

from accounts import access, actions, addresses, emails, queries
from config.http import safe_url

NO_ADDRESS = "0.0.0.0"  # noqa: S104  the unspecified address (RFC 1122, 3.2.1.3): behind a socket that names no client


class AccountAdapter(DefaultAccountAdapter):
    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("Address and password do not go together."),
        "incorrect_code": _("This code is not right, or it has been used already."),
        "incorrect_password": _("This password is not right."),
        "enter_current_password": _("This is not your present password."),
        "too_many_login_attempts": _("Too many attempts. Wait five minutes, then try again."),
        "rate_limited": _("Too many attempts. Wait a minute, then try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return access.open_door(request) is not None

    def is_safe_url(self, url: str | None) -> bool:
        """Only this very host: allauth would also follow to every ALLOWED_HOST and trusted origin."""
        return bool(url) and safe_url(context.request, url, default="") != ""

    def clean_email(self, email: str) -> str:
        try:
            return addresses.canonical(email)
        except addresses.AddressError as error:
            raise ValidationError(str(error), code="address") from None

    def get_client_ip(self, request: HttpRequest) -> str:
        return getattr(request, "client_ip", None) or NO_ADDRESS

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Never by allauth's own count: it lets people without password and factor pass, and keeps posted bodies.

        Our views ask `access.require_recent` instead, before allauth's code runs.
        """
        return False

    def get_reauthentication_methods(self, user: AbstractBaseUser | AnonymousUser) -> list[dict[str, Any]]:
        return []

    def set_password(self, user: AbstractBaseUser, password: str) -> None:
        request = context.request
        keep = request.session.session_key if request.user.pk == user.pk else None
        actions.change_password(user_id=user.pk, password=password, keep=keep)
        user.refresh_from_db(fields=["password"])

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        super().login(request, user)
        access.mark_authenticated(request)

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **hooks: Any) -> HttpResponse:
        """Whoever has just signed up is offered a passkey on their way."""
        if hooks["signup"]:
            onward = get_login_redirect_url(request, hooks["redirect_url"], signup=True)
            hooks["redirect_url"] = f"{reverse('account_passkey_offer')}?{urlencode({'next': onward})}"
        response: HttpResponse = super().post_login(request, user, **hooks)
        return response

    def send_notification_mail(
        self,
        template_prefix: str,
        user: AbstractBaseUser,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        super().send_notification_mail(template_prefix, user, {"user": user, **(context or {})}, email)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        emails.queue_allauth(template_prefix, email, context)


class SecondFactorAdapter(DefaultMFAAdapter):
    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": AccountAdapter.error_messages["incorrect_code"],
        "cannot_generate_recovery_codes": _(
            "Recovery codes go with an authenticator app or a passkey. Add one of them first."
        ),
    }

    def get_totp_issuer(self) -> str:
        return f"Roster ({context.request.get_host()})" if settings.DEBUG else "Roster"

    def build_totp_svg(self, url: str) -> str:
        """On white, whatever the theme: cameras read nothing from black on dark."""
        image: bytes = qrcode.make(url, image_factory=SvgPathFillImage).to_string()
        return image.decode()

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Authenticator.Type) -> str:  # noqa: A002  allauth's name
        number = queries.passkeys_of(user.pk).count() + 1
        return ngettext("Passkey", "Passkey %(number)s", number) % {"number": number}
