"""Reads about one person for their own pages and for the doors: addresses, sessions, factors. Nothing here writes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from accounts.addresses import searched
from accounts.models import User

if TYPE_CHECKING:
    from django.db.models import QuerySet

_HAS_NO_CONFIRMED_ADDRESS = Q(~Exists(EmailAddress.objects.filter(user=OuterRef("pk"), verified=True)))


def is_empty_installation() -> bool:
    return not User.objects.exists()


def addresses_of(user_id: int) -> "QuerySet[EmailAddress]":
    rows: QuerySet[EmailAddress] = EmailAddress.objects.filter(user_id=user_id)
    return rows.order_by("-primary", "-verified", "email")


def is_taken(address: str) -> bool:
    """Does the canonical address already belong to an account that somebody may use?

    An unconfirmed extra address of somebody else takes nothing, and neither does a sign-up that nobody ever confirmed.
    """
    has_account = User.objects.filter(Q(email=address) | Q(emailaddress__email=address, emailaddress__verified=True))
    return has_account.exclude(pk__in=unconfirmed_signups(address).values("pk")).exists()


def unconfirmed_signups(address: str) -> "QuerySet[User]":
    """Accounts for this address that were asked for and never confirmed: nobody could sign in to them."""
    return User.objects.filter(
        _HAS_NO_CONFIRMED_ADDRESS, email=address, is_active=True, is_staff=False, last_login=None
    )


def may_reset_password(address: str) -> list[User]:
    """Whoever a forgotten password at this address concerns: an unconfirmed extra address opens no account."""
    owners = Q(emailaddress__email=address, emailaddress__verified=True)
    return list(User.objects.filter(owners | Q(_HAS_NO_CONFIRMED_ADDRESS, email=address), is_active=True).distinct())


def open_sessions(user_id: int) -> "QuerySet[UserSession]":
    """The person's sessions that still work, the newest first."""
    alive = Session.objects.filter(session_key=OuterRef("session_key"), expire_date__gt=Now())
    rows: QuerySet[UserSession] = UserSession.objects.filter(Exists(alive), user_id=user_id)
    return rows.order_by("-created_at", "-id")


def passkeys_of(user_id: int) -> "QuerySet[Authenticator]":
    rows: QuerySet[Authenticator] = Authenticator.objects.filter(user_id=user_id, type=Authenticator.Type.WEBAUTHN)
    return rows.order_by("created_at", "id")


def recovery_codes_of(user_id: int) -> list[str] | None:
    """The codes that are not used yet; None where the person has no set of codes."""
    stored = Authenticator.objects.filter(user_id=user_id, type=Authenticator.Type.RECOVERY_CODES).first()
    unused: list[str] | None = stored.wrap().get_unused_codes() if stored else None
    return unused


@dataclass(frozen=True, slots=True)
class Security:
    """What the person signs in with."""

    has_password: bool
    app: Authenticator | None
    passkeys: list[Authenticator]
    recovery_codes_left: int | None

    @property
    def has_code(self) -> bool:
        """Can they type a code, from the app or from the recovery codes?"""
        return self.app is not None or bool(self.recovery_codes_left)

    @property
    def can_confirm(self) -> bool:
        return self.has_password or self.has_code or bool(self.passkeys)


def security_of(user: User) -> Security:
    by_type: dict[str, list[Authenticator]] = {}
    for authenticator in Authenticator.objects.filter(user=user).order_by("created_at", "id"):
        by_type.setdefault(authenticator.type, []).append(authenticator)
    app = by_type.get(Authenticator.Type.TOTP, [])
    codes = by_type.get(Authenticator.Type.RECOVERY_CODES, [])
    return Security(
        has_password=user.has_usable_password(),
        app=app[0] if app else None,
        passkeys=by_type.get(Authenticator.Type.WEBAUTHN, []),
        recovery_codes_left=len(codes[0].wrap().get_unused_codes()) if codes else None,
    )


MOST_FOUND = 200


def users_by_address(text: str) -> list[int]:
    """People one of whose addresses, confirmed or not, begins like this."""
    addresses = EmailAddress.objects.filter(email__startswith=searched(text))
    return list(addresses.order_by("email").values_list("user_id", flat=True)[:MOST_FOUND])
