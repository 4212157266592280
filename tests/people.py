"""People for the tests of accounts: made through the product's own actions, signed in through its own pages."""

import time
from urllib.parse import urlsplit

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.test import Client

from accounts import actions
from accounts.models import OutgoingMail, User
from accounts.outbox import Letter, letters
from accounts.registry import Door

TOTP_PERIOD = 30  # seconds
PASSWORD = "correct horse battery"


def person(address: str, name: str = "Mia Chen") -> User:
    """Somebody with a confirmed address and PASSWORD."""
    return actions.sign_up(door=Door(address, is_proven=True), address=address, name=name, password=PASSWORD)


def change_address(user: User, address: str) -> None:
    """One more, confirmed, is the primary one from now on."""
    added = actions.add_address(user_id=user.pk, address=address)
    actions.confirm_address(address_id=added.pk, keep=None)
    actions.set_primary_address(user_id=user.pk, address_id=added.pk, keep=None)


def sign_in(client: Client, address: str, password: str = PASSWORD) -> Client:
    answer = client.post("/accounts/login/", {"login": address, "password": password})
    assert answer.status_code == 302, answer.content.decode()
    return client


def signed_in(address: str) -> Client:
    """Another browser of the person."""
    return sign_in(Client(), address)


def is_signed_in(client: Client) -> bool:
    return client.get("/accounts/profile/").status_code == 200


def make_stale(client: Client, seconds: float = 301) -> None:
    """The session's last proof of identity moves into the past; the session itself lives on."""
    session = client.session
    session["authenticated_at"] -= seconds
    session.save()


def mailed_link(address: str, kind: str) -> str:
    """The path of the link in the latest mail of that kind, rendered as a worker would."""
    mail = OutgoingMail.objects.filter(recipient=address, kind=kind).latest("id")
    letter = letters.kinds[kind].letters([mail])[mail.pk]
    assert isinstance(letter, Letter), letter
    return urlsplit(letter.values["link"]).path


def mails_to(address: str) -> list[str]:
    return list(OutgoingMail.objects.filter(recipient=address).order_by("id").values_list("kind", flat=True))


def code_for(secret: str) -> str:
    """What an authenticator app shows now; like a person, not one that is about to go."""
    left = TOTP_PERIOD - time.time() % TOTP_PERIOD
    if left < 5:
        time.sleep(left)
    code: str = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    return code
