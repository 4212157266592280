"""Mails about one's own account: each that allauth can send is a row, and its link works although no row holds it."""

import re
from pathlib import Path

import allauth
import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.test import Client

from accounts import outbox
from accounts.emails import ACCOUNT_MAILS, queue_allauth
from accounts.models import OutgoingMail, User
from tests.people import person
from tests.smtp import Post

pytestmark = pytest.mark.django_db(transaction=True)

State = OutgoingMail.State

# What the settings do not let allauth send: codes instead of links, and mail to addresses that nobody has.
NEVER_SENT = {"login_code", "password_reset_code", "unknown_account", "base"}


def link_in(post: Post, address: str) -> str:
    """The path of the one link in the newest mail, the same in text and HTML."""
    text, html = (part.get_content() for part in post.messages_to(address)[-1].iter_parts())
    [link] = set(re.findall(r"https?://\S+", text))
    assert set(re.findall(r'href="([^"]+)"', html)) == {link}
    return "/" + link.split("/", 3)[3]


def test_every_mail_that_allauth_can_send_has_a_kind() -> None:
    folder = Path(allauth.__file__).parent / "templates"
    prefixes = {
        str(path.relative_to(folder)).removesuffix("_message.txt")
        for app in ("account", "mfa")
        for path in (folder / app / "email").glob("*_message.txt")
    }

    assert {prefix for prefix in prefixes if prefix.rpartition("/")[2] not in NEVER_SENT} == set(ACCOUNT_MAILS)


def test_each_kind_can_be_written(post: Post) -> None:
    mia = person("mia@example.org")
    EmailAddress.objects.update(verified=False)
    for prefix in ACCOUNT_MAILS:
        queue_allauth(prefix, mia.email, {"user": mia})

    assert outbox.drain() == {"sent": len(ACCOUNT_MAILS)}

    for message in post.messages_to(mia.email):
        assert message["Subject"]
        assert message["From"] == "Roster <roster@mail.example.com>"


@pytest.mark.claim("P5")
def test_the_link_to_confirm_an_address_is_genuine_and_stands_in_no_row(post: Post) -> None:
    mia = person("mia@example.org")
    address = EmailAddress.objects.create(user=mia, email="mia@second.example")
    queue_allauth("account/email/email_confirmation", address.email, {"user": mia})
    row = OutgoingMail.objects.get()
    outbox.drain()

    path = link_in(post, "mia@second.example")
    assert path.startswith("/accounts/confirm-email/")
    assert all(path.split("/")[-2] not in str(value) for value in vars(row).values())

    confirmation = EmailConfirmationHMAC.from_key(path.split("/")[-2])
    assert confirmation is not None
    assert confirmation.email_address == address


@pytest.mark.claim("P5")
def test_the_link_to_a_new_password_works_although_only_the_sending_worker_knew_it(post: Post) -> None:
    person("mia@example.org")
    browser = Client()
    browser.post("/accounts/password/reset/", {"email": "mia@example.org"})
    assert OutgoingMail.objects.get().kind == "password_reset"
    outbox.drain()

    answer = browser.get(link_in(post, "mia@example.org"), follow=True)
    assert answer.status_code == 200
    new = "an entirely new password"
    browser.post(answer.request["PATH_INFO"], {"password1": new, "password2": new})

    assert User.objects.get().check_password(new)


@pytest.mark.claim("P19")
def test_what_is_settled_before_it_is_sent_is_not_sent(post: Post) -> None:
    mia, olga = person("mia@example.org"), person("olga@example.org", "Olga Rossi")
    queue_allauth("account/email/email_confirmation", mia.email, {"user": mia})  # confirmed already
    queue_allauth("account/email/password_reset_key", olga.email, {"user": olga})
    User.objects.filter(pk=olga.pk).update(is_active=False)

    assert outbox.drain() == {"stale": 2}

    assert set(OutgoingMail.objects.values_list("state", flat=True)) == {State.CANCELLED}
    assert post.copies == []


def test_a_notice_without_a_person_in_its_context_finds_the_owner_of_the_address() -> None:
    mia = person("mia@example.org")

    assert queue_allauth("account/email/password_changed", "mia@example.org", {}).user == mia
