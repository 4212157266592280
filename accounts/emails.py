"""What Roster writes to people about their own account: allauth's mails, as rows that are rendered when they are sent.

Links are computed at that moment; no row, broker message or log ever holds one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from allauth.account import app_settings
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts.models import OutgoingMail, User
from accounts.outbox import Letter, Stale, Wording, queue_mail, reader, register

type Text = str | Promise
type FindLink = Callable[[User, EmailAddress | None], str | None]

_NOT_YOU = _("If this was not you, choose a new password and look through your sessions at once.")
_NOT_ASKED = _("If you did not ask for this, ignore this mail: nothing changes.")


@dataclass(frozen=True)
class AccountWording(Wording):
    """Everything that account mails say; only the link differs between people."""

    template: ClassVar[str] = "mail/account"
    slots: ClassVar[frozenset[str]] = frozenset({"link"})

    title: str
    sentence: str
    button: str
    note: str

    @property
    def subject(self) -> str:
        return self.title


def trial(operator: User) -> AccountWording:
    """The test mail that an operator asks for."""
    with reader(operator).addressed() as language:
        return AccountWording(
            str(_("A test mail from Roster")),
            str(_("An operator asked for this mail. That you read it says that Roster's mail gets through.")),
            str(_("Open Roster")),
            str(_("Nothing needs to be done.")),
            language=language,
        )


@dataclass(frozen=True, slots=True)
class AccountMail:
    """A kind of mail about an account. `link` gets the recipient's row; None: there is nothing to say any more."""

    name: str
    title: Text
    sentence: Text
    button: Text
    note: Text
    link: FindLink

    def letters(self, mails: Sequence[OutgoingMail]) -> Mapping[int, Letter | Stale]:
        people = User.objects.filter(is_active=True).in_bulk({mail.user_id for mail in mails if mail.user_id})
        rows = EmailAddress.objects.filter(user__in=people, email__in={mail.recipient for mail in mails})
        addresses = {(row.user_id, row.email): row for row in rows}
        letters: dict[int, Letter | Stale] = {}
        for mail in mails:
            user = people.get(mail.user_id or 0)
            letters[mail.pk] = self._letter(user, addresses.get((mail.user_id or 0, mail.recipient)))
        return letters

    def _letter(self, user: User | None, address: EmailAddress | None) -> Letter | Stale:
        if user is None:
            return Stale(gettext_noop("The account is blocked or deleted."))
        link = self.link(user, address)
        if link is None:
            return Stale(gettext_noop("The address is confirmed already, or no longer belongs to the account."))
        with reader(user).addressed() as language:
            words = (str(self.title), str(self.sentence), str(self.button), str(self.note))
            return Letter(AccountWording(*words, language=language), {"link": settings.PUBLIC_URL + link})


def _confirm(user: User, address: EmailAddress | None) -> str | None:
    if address is None or address.verified:
        return None
    return reverse("account_confirm_email", args=[EmailConfirmationHMAC(address).key])


def _choose_password(user: User, address: EmailAddress | None) -> str | None:
    if address is None:
        return None
    token = app_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(user)
    return reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": token})


def _page(name: str) -> FindLink:
    return lambda _user, _address: reverse(name)


def _notice(name: str, title: Text, sentence: Text) -> AccountMail:
    return AccountMail(name, title, sentence, _("Look at your account"), _NOT_YOU, _page("account_email"))


_CONFIRMATION = AccountMail(
    "address_confirmation",
    _("Confirm your address"),
    _("Confirm that this address is yours, so that Roster can let you in with it and send you mail."),
    _("Confirm this address"),
    _NOT_ASKED,
    _confirm,
)

# By the template prefix under which allauth sends them.
ACCOUNT_MAILS: dict[str, AccountMail] = {
    "account/email/email_confirmation": _CONFIRMATION,
    "account/email/email_confirmation_signup": _CONFIRMATION,
    "account/email/password_reset_key": AccountMail(
        "password_reset",
        _("Choose a new password"),
        _("Somebody, probably you, asked for a new password for the account with this address."),
        _("Choose a new password"),
        _NOT_ASKED,
        _choose_password,
    ),
    "account/email/account_already_exists": AccountMail(
        "account_exists",
        _("You have an account already"),
        _("Somebody, probably you, tried to sign up with this address. It has an account already: sign in instead."),
        _("Sign in"),
        _NOT_ASKED,
        _page("account_login"),
    ),
    "account/email/password_changed": _notice(
        "password_changed", _("Your password was changed"), _("The password of your account was changed.")
    ),
    "account/email/password_reset": _notice(
        "password_was_reset",
        _("Your password was changed"),
        _("A new password was chosen through a link that was mailed to you."),
    ),
    "account/email/password_set": _notice(
        "password_set", _("Your account has a password now"), _("A password was added to your account.")
    ),
    "account/email/email_changed": _notice(
        "address_changed", _("Your main address was changed"), _("Another address is the main one of your account now.")
    ),
    "account/email/email_confirm": _notice(
        "address_confirmed", _("Your address was confirmed"), _("An address of your account was confirmed.")
    ),
    "account/email/email_deleted": _notice(
        "address_removed", _("An address was removed"), _("An address was removed from your account.")
    ),
    "mfa/email/totp_activated": _notice(
        "authenticator_added",
        _("Authenticator app added"),
        _("An authenticator app is needed to sign in to your account now."),
    ),
    "mfa/email/totp_deactivated": _notice(
        "authenticator_removed",
        _("Authenticator app removed"),
        _("The authenticator app was removed from your account."),
    ),
    "mfa/email/recovery_codes_generated": _notice(
        "recovery_codes_made",
        _("New recovery codes"),
        _("New recovery codes were made for your account; the former ones are void."),
    ),
    "mfa/email/webauthn_added": _notice("passkey_added", _("Passkey added"), _("A passkey was added to your account.")),
    "mfa/email/webauthn_removed": _notice(
        "passkey_removed", _("Passkey removed"), _("A passkey was removed from your account.")
    ),
}

for _kind in {mail.name: mail for mail in ACCOUNT_MAILS.values()}.values():
    register(_kind)


def queue_allauth(template_prefix: str, email: str, context: Mapping[str, Any]) -> OutgoingMail:
    """What `AccountAdapter.send_mail` calls. Of the context only the person is kept; the rest is found at sending.

    Raises KeyError for a mail that the settings do not let allauth send.
    """
    owners = User.objects.filter(emailaddress__email=email).order_by("-emailaddress__verified")
    user = context.get("user") or owners.first()
    return queue_mail(ACCOUNT_MAILS[template_prefix].name, email, user=user)
