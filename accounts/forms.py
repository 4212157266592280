"""The shapes of what a person types about themselves: words and widgets. What it leads to is the actions' to say."""

import json
import struct
import zoneinfo
from functools import cache
from typing import Any

from allauth.account import forms as allauth_forms
from allauth.account.adapter import get_adapter
from allauth.mfa.base import forms as factor_forms
from allauth.mfa.totp import forms as app_forms
from allauth.mfa.webauthn import forms as passkey_forms
from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import password_validators_help_texts
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.functional import lazy
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from fido2.webauthn import AuthenticationResponse, RegistrationResponse

from accounts import actions, addresses, names, queries
from accounts.models import User
from accounts.registry import Door

REGIONS = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
MAX_CREDENTIAL = 20_000  # characters of JSON; an attested key has about 2,000

password_advice = lazy(lambda: " ".join(password_validators_help_texts()), str)()


class AddressField(forms.CharField):
    """A mail address in its canonical form. allauth's field would fold look-alikes before they could be refused."""

    def __init__(self, *, autocomplete: str = "email", **options: Any) -> None:
        super().__init__(**{"label": _("Address"), **options})
        # Not type="email": browsers rewrite or refuse what they do not know as an address, without our sentence.
        attributes = {
            "autocomplete": autocomplete,
            "inputmode": "email",
            "autocapitalize": "none",
            "spellcheck": "false",
        }
        self.widget.attrs.update(attributes)

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        try:
            return addresses.canonical(text) if text else ""
        except addresses.AddressError as error:
            raise ValidationError(str(error), code="address") from None


class NameField(forms.CharField):
    """A person's name: one line of plain text."""

    def __init__(self, **options: Any) -> None:
        # The length is clean_name's to say, which counts after it has tidied up.
        super().__init__(**{"label": _("Name"), "strip": False, **options})
        self.widget.attrs.update({"autocomplete": "name"})

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        return names.clean_name(text) if text else ""


def password_field(label: Any, *, is_new: bool = False) -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": "new-password" if is_new else "current-password"})
    return forms.CharField(label=label, strip=False, widget=widget, help_text=password_advice if is_new else "")


def code_field(help_text: Any = "") -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autocapitalize": "none"})
    return forms.CharField(label=_("Code"), max_length=20, widget=widget, help_text=help_text)


class SignInForm(allauth_forms.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = AddressField(autocomplete="username")
        self.fields["password"] = password_field(_("Password"))
        self.order_fields(["login", "password"])


class SignUpForm(allauth_forms.SignupForm):
    """Name and password; the address only where the door leaves it open."""

    def __init__(self, *args: Any, door: Door, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.door = door
        self.fields["name"] = NameField()
        self.fields["password1"] = password_field(_("Password"), is_new=True)
        if door.address:
            del self.fields["email"]
        else:
            self.fields["email"] = AddressField()
        self.order_fields(["name", "email", "password1"])

    def clean_email(self) -> str:
        address: str = self.cleaned_data["email"]
        if objection := self.door.refusal_of(address):
            raise ValidationError(objection, code="address")
        # Whoever has an account is told by mail; the page looks the same to everybody.
        self.account_already_exists = queries.is_taken(address)
        return address

    def clean(self) -> dict[str, Any]:
        if self.door.address:
            self.cleaned_data["email"] = self.door.address
        password = self.cleaned_data.get("password1")
        if password:
            person = User(email=self.cleaned_data.get("email", ""), name=self.cleaned_data.get("name", ""))
            try:
                get_adapter().clean_password(password, user=person)
            except ValidationError as error:
                self.add_error("password1", error)
        typed: dict[str, Any] = self.cleaned_data
        return typed

    def save(self, request: HttpRequest) -> User:
        data = self.cleaned_data
        return actions.sign_up(
            door=self.door,
            address=data["email"],
            name=data["name"],
            password=data["password1"],
            language=get_language() or "",
        )


class ForgottenPasswordForm(allauth_forms.ResetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"] = AddressField()

    def clean_email(self) -> str:
        address: str = self.cleaned_data["email"]
        self.users = queries.may_reset_password(address)
        return address


class _NewPassword(forms.Form):
    """One new password; typed once, since every browser can show it."""

    user: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"] = password_field(_("New password"), is_new=True)
        self.fields.pop("password2")

    def clean_password1(self) -> str:
        password: str = self.cleaned_data["password1"]
        get_adapter().clean_password(password, user=self.user)
        return password


class ResetPasswordForm(_NewPassword, allauth_forms.ResetPasswordKeyForm):
    """The end of a password reset."""


class ChangePasswordForm(_NewPassword, allauth_forms.ChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"] = password_field(_("Present password"))
        self.order_fields(["oldpassword", "password1"])


class AddAddressForm(forms.Form):
    address = AddressField(
        help_text=_("We mail a link to it. Follow the link while you are signed in here; then the address is yours.")
    )


class ConfirmAddressForm(forms.Form):
    """The password that was chosen at sign-up: whoever only owns the mailbox did not ask for this account."""

    password = password_field(_("The password you chose"))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not get_adapter().reauthenticate(self.user, password):
            raise get_adapter().validation_error("incorrect_password")
        return password


class ConfirmPasswordForm(allauth_forms.ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"] = password_field(_("Password"))


class ConfirmCodeForm(factor_forms.ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"] = code_field(_("From your authenticator app, or one of your recovery codes."))


class CredentialField(forms.JSONField):
    """What the browser's passkey dialog answered. A new one is stored as it comes, so size and shape are checked."""

    widget = forms.HiddenInput

    def __init__(self, shape: type[RegistrationResponse] | type[AuthenticationResponse]) -> None:
        super().__init__()
        self.shape = shape

    def clean(self, value: Any) -> Any:
        # PostgreSQL's JSON holds no NUL, no half of a surrogate pair, and no number without end.
        if len(value or "") > MAX_CREDENTIAL or "\\u0000" in (value or ""):
            raise get_adapter().validation_error("incorrect_code")
        try:
            credential = super().clean(value)
            json.dumps(credential, ensure_ascii=False, allow_nan=False).encode()
            self.shape.from_dict(credential)
        except (LookupError, TypeError, ValueError, AttributeError, struct.error, RecursionError):
            # Its parsers say in all these ways that it is no credential.
            raise get_adapter().validation_error("incorrect_code") from None
        return credential


class _SignedByPasskey(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["credential"] = CredentialField(AuthenticationResponse)


class ConfirmPasskeyForm(_SignedByPasskey, passkey_forms.ReauthenticateWebAuthnForm):
    """Filled by the browser."""


class PasskeySignInForm(_SignedByPasskey, passkey_forms.LoginWebAuthnForm):
    """Filled by the browser; the credential says who signs in."""


class SecondFactorPasskeyForm(_SignedByPasskey, passkey_forms.AuthenticateWebAuthnForm):
    """Filled by the browser."""


class SecondFactorForm(factor_forms.AuthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"] = code_field(_("From your authenticator app, or one of your recovery codes."))


class ActivateAppForm(app_forms.ActivateTOTPForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"] = code_field(_("The six digits that the app shows now."))


class _KeyName(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        help_text = _("So that you can tell it from others: the device or the password manager that holds it.")
        self.fields["name"] = NameField(required=self.fields["name"].required, help_text=help_text)
        self.fields["name"].widget.attrs["autocomplete"] = "off"
        self.order_fields(["name"])


class AddPasskeyForm(_KeyName, passkey_forms.SignupWebAuthnForm):
    """A name, and the credential that the browser fills in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["credential"] = CredentialField(RegistrationResponse)


class RenamePasskeyForm(_KeyName, passkey_forms.EditWebAuthnForm):
    pass


@cache
def time_zones() -> list[tuple[str, list[tuple[str, str]]]]:
    """The places that this machine's zone data know, by region."""
    known = sorted(zoneinfo.available_timezones())
    groups = [
        (
            region,
            [
                (zone, zone.partition("/")[2].replace("_", " ").replace("/", ", "))
                for zone in known
                if zone.startswith(f"{region}/")
            ],
        )
        for region in REGIONS
    ]
    return [("UTC", [("UTC", "UTC")]), *[group for group in groups if group[1]]]


class ProfileForm(forms.Form):
    name = NameField(help_text=_("As the people of your organizations see it."))
    time_zone = forms.ChoiceField(
        label=_("Time zone"), help_text=_("Dates are shown in it; the exact UTC time shows on hover.")
    )
    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=[("", _("As my browser says")), *settings.LANGUAGES],
        help_text=_("Of the pages, and of the mails to you."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones: list[Any] = list(time_zones())
        present = self.get_initial_for_field(self.fields["time_zone"], "time_zone")
        if present and all(present != zone for _region, places in zones for zone, _label in places):
            # Zone data differ between machines; what was chosen elsewhere stays choosable.
            zones.append((present, present))
        self.fields["time_zone"].choices = zones  # type: ignore[attr-defined]
