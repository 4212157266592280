"""Bounces and complaints that the mail service reports: proven, found, noted once, and shown where people look."""

import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.utils.module_loading import import_string

from accounts import outbox
from accounts.models import OutgoingMail
from config.providers import PROVIDERS, anymail_settings
from invitations.models import Unsubscribed
from tests import cast
from tests.mails import queue_notes
from tests.people import signed_in
from tests.smtp import Post
from workspaces.queries.overview import failing_mails

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("note"), pytest.mark.claim("P19")]

State = OutgoingMail.State
KEY = "key-0123456789abcdef"
PASSWORD = "reports:0123456789abcdef"
REPORTS = "/mail/reports/"
OF_TESTS = {"DEBUG", "DJANGO_SETTINGS_MODULE", "DJANGO_ALLOW_ASYNC_UNSAFE"}  # settings that production has not


@pytest.fixture
def mailgun(settings: Any) -> None:
    """It signs its reports."""
    name_provider(settings, "mailgun", KEY)


@pytest.fixture
def postmark(settings: Any) -> None:
    """It sends a user and a password."""
    name_provider(settings, "postmark", PASSWORD)


def name_provider(settings: Any, name: str, secret: str) -> None:
    settings.ROOT_URLCONF = "tests.report_urls"
    settings.ANYMAIL_PROVIDER = name
    settings.ANYMAIL = anymail_settings(name, secret)


def by_mailgun(kind: str, message_id: str, *, key: str = KEY, **fields: object) -> int:
    token, timestamp = "a" * 50, "1795305600"
    signature = hmac.new(key.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    event = {
        "event": kind,
        "timestamp": 1795305600.0,
        "id": "report-1",
        "message": {"headers": {"message-id": message_id}},
        "recipient": "mia@example.org",
        **fields,
    }
    body = {"signature": {"token": token, "timestamp": timestamp, "signature": signature}, "event-data": event}
    return Client(enforce_csrf_checks=True).post(REPORTS, json.dumps(body), content_type="application/json").status_code


def by_postmark(*, auth: str = PASSWORD, **report: object) -> int:
    headers = {"Authorization": f"Basic {base64.b64encode(auth.encode()).decode()}"} if auth else {}
    client = Client(enforce_csrf_checks=True)
    return client.post(REPORTS, json.dumps(report), content_type="application/json", headers=headers).status_code


def sent(post: Post, address: str = "mia@example.org", **fields: object) -> tuple[OutgoingMail, str]:
    """A mail that was sent, and the Message-ID that it left with."""
    [mail] = queue_notes(address, **fields)
    assert outbox.drain() == {"sent": 1}
    [message] = post.messages_to(address)[-1:]
    return mail, message["Message-ID"].strip("<>")


def state_of(mail: OutgoingMail) -> tuple[str, str]:
    return OutgoingMail.objects.values_list("state", "reply").get(pk=mail.pk)


BOUNCE = {"severity": "permanent", "delivery-status": {"code": 550, "message": "550 5.1.1 No such person"}}


@pytest.mark.usefixtures("mailgun")
def test_a_signed_report_of_a_bounce_is_noted_once_and_nothing_is_moved_back(post: Post) -> None:
    mail, message_id = sent(post)

    assert by_mailgun("failed", message_id, **BOUNCE) == 200
    assert state_of(mail) == (State.BOUNCED, "550 5.1.1 No such person")
    assert by_mailgun("delivered", message_id) == 200  # late, and says nothing final
    assert by_mailgun("failed", message_id, **{**BOUNCE, "severity": "temporary"}) == 200
    assert state_of(mail)[0] == State.BOUNCED
    assert by_mailgun("complained", message_id) == 200
    assert by_mailgun("failed", message_id, **BOUNCE) == 200
    assert state_of(mail)[0] == State.COMPLAINED


@pytest.mark.usefixtures("mailgun")
def test_forged_and_unsigned_reports_are_refused_and_change_nothing(post: Post) -> None:
    mail, message_id = sent(post)

    assert by_mailgun("failed", message_id, key="somebody else's key", **BOUNCE) == 400
    client = Client()
    assert client.post(REPORTS, {"event": "failed", "Message-Id": message_id}).status_code == 400
    assert client.post(REPORTS, "no json", content_type="application/json").status_code == 400
    assert client.get(REPORTS).status_code == 405
    assert state_of(mail)[0] == State.SENT


@pytest.mark.usefixtures("mailgun")
def test_reports_about_mails_that_are_not_ours_are_taken_and_left(post: Post) -> None:
    mail, message_id = sent(post)
    foreign = message_id.replace(str(mail.message_uuid), "00000000-0000-4000-8000-000000000000")

    for unknown in (foreign, "20261122.1.ABCDEF@elsewhere.example", "", "1.x@"):
        assert by_mailgun("failed", unknown, **BOUNCE) == 200
    assert state_of(mail)[0] == State.SENT


@pytest.mark.usefixtures("mailgun")
def test_a_report_that_overtakes_the_confirmation_stands(post: Post) -> None:
    from accounts.outbox import claims

    [mail] = queue_notes("mia@example.org")
    worker = mail.message_uuid
    [claimed] = claims.claim(worker).mails
    claims.advance(worker, None, claimed)
    assert by_mailgun("failed", f"{mail.pk}.{mail.message_uuid}@mail.example.com", **BOUNCE) == 200

    claims.advance(worker, claims.Delivered(mail.pk, "250 taken"), None)

    assert state_of(mail)[0] == State.BOUNCED
    assert outbox.drain() == {}


@pytest.mark.usefixtures("postmark")
def test_reports_by_password_are_found_by_our_id_that_travels_in_the_message(post: Post) -> None:
    mail, message_id = sent(post)
    [message] = post.messages_to("mia@example.org")
    ours = message["X-PM-Metadata-anymail_id"]
    assert ours == message_id
    report = {"RecordType": "Bounce", "Type": "HardBounce", "Email": "mia@example.org", "Details": "smtp;550 5.1.1"}

    assert by_postmark(auth="", **report, Metadata={"anymail_id": ours}) == 400
    assert by_postmark(auth="reports:guessed", **report, Metadata={"anymail_id": ours}) == 400
    assert state_of(mail)[0] == State.SENT
    assert by_postmark(**report, Metadata={"anymail_id": ours}) == 200
    assert state_of(mail) == (State.BOUNCED, "smtp;550 5.1.1")


@pytest.mark.usefixtures("postmark")
def test_without_our_id_the_services_own_in_the_servers_reply_finds_the_mail_to_that_recipient(post: Post) -> None:
    post.script("mia@example.org", "250 2.0.0 Ok: queued as 4F1A-22C0-9D")
    mail, _ = sent(post)
    report = {"RecordType": "SpamComplaint", "Type": "SpamComplaint", "MessageID": "4F1A-22C0-9D"}

    assert by_postmark(**report, Email="somebody@example.org") == 200
    assert state_of(mail)[0] == State.SENT
    assert by_postmark(**report, Email="Mia@example.org") == 200
    assert state_of(mail)[0] == State.COMPLAINED
    assert by_postmark(RecordType="Bounce", Email=["no", "address"]) in (200, 400)


@pytest.mark.usefixtures("postmark")
@pytest.mark.row("A20")
def test_the_administrator_sees_it_and_whoever_complained_gets_no_reminders(world: cast.Acme, post: Post) -> None:
    invitation = cast.invite(world.olga, world.organization, "nora@example.org")
    OutgoingMail.objects.exclude(recipient="nora@example.org").delete()
    outbox.drain()
    mail = OutgoingMail.objects.get()
    ours = f"{mail.pk}.{mail.message_uuid}@mail.example.com"
    pages = signed_in(world.olga.email)

    assert by_postmark(RecordType="Bounce", Type="HardBounce", Details="gone", Metadata={"anymail_id": ours}) == 200
    assert "bounced" in pages.get("/o/acme/members/").content.decode()
    assert failing_mails(world.organization) == 1
    assert not Unsubscribed.objects.exists()
    assert by_postmark(RecordType="SpamComplaint", Type="SpamComplaint", Metadata={"anymail_id": ours}) == 200
    assert "marked as spam" in pages.get("/o/acme/members/").content.decode()
    assert list(Unsubscribed.objects.values_list("organization", "address")) == [(world.id, "nora@example.org")]
    assert invitation.member_id is not None


# --- what is mounted, and what refuses to start


def test_without_a_provider_there_is_no_such_address() -> None:
    assert Client().post(REPORTS).status_code == 404


@pytest.mark.parametrize("name", PROVIDERS)
def test_every_provider_that_is_offered_refuses_what_nothing_proves(settings: Any, name: str) -> None:
    import_string(f"anymail.webhooks.{PROVIDERS[name].view}")
    name_provider(settings, name, PASSWORD)

    assert Client().post(REPORTS, "{}", content_type="application/json").status_code == 400


@pytest.mark.parametrize(("name", "secret"), [("pigeons", KEY), ("mailgun", ""), ("postmark", "onlyaverylongusername")])
def test_a_provider_without_proof_is_refused(name: str, secret: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="ANYMAIL_"):
        anymail_settings(name, secret)


@pytest.mark.once
@pytest.mark.claim("P1")
@pytest.mark.parametrize(("secret", "starts"), [(KEY, True), ("", False)])
def test_production_starts_with_a_proven_provider_only(tmp_path: Path, secret: str, starts: bool) -> None:
    environment = {
        **{
            name: value
            for name, value in os.environ.items()
            if name not in {"DEBUG", "DJANGO_SETTINGS_MODULE", "DJANGO_ALLOW_ASYNC_UNSAFE"}
        },
        "SECRET_KEY": "0123456789" * 6,
        "ALLOWED_HOSTS": "roster.example.com",
        "PUBLIC_URL": "https://roster.example.com",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'check.sqlite3'}",
        "ANYMAIL_PROVIDER": "mailgun",
        "ANYMAIL_SECRET": secret,
    }
    root = Path(__file__).resolve().parent.parent
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=120, check=False)

    assert (done.returncode == 0) is starts, done.stderr
    assert starts or "ANYMAIL_SECRET" in done.stderr
