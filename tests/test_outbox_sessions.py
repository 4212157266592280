"""Getting to the mail server: TLS that is verified, signing in, and what a refused sign-in means for the mails."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from accounts import outbox
from accounts.models import OutgoingMail
from tests.mails import queue_notes
from tests.smtp import free_port, mailers

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("note"), pytest.mark.claim("P19")]


class Keeper:
    """Takes every message."""

    def __init__(self) -> None:
        self.taken = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.taken += 1
        return "250 2.0.0 taken"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed one for 127.0.0.1, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.example.com")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@contextmanager
def server(settings: Any, certificate: Path, *, kind: str, password: str = "right") -> Iterator[Keeper]:  # noqa: S107
    keeper, port = Keeper(), free_port()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)

    def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: LoginPassword) -> AuthResult:
        return AuthResult(success=given.password == b"right", handled=False)

    tls: dict[str, Any] = {"tls_context": context, "require_starttls": True} if kind == "starttls" else {}
    controller = Controller(
        keeper,
        hostname="127.0.0.1",
        port=port,
        ssl_context=context if kind == "smtps" else None,
        authenticator=authenticate,
        auth_required=True,
        auth_require_tls=kind == "starttls",
        ready_timeout=60,
        **tls,
    )
    settings.MAIL_TIMEOUT = 20.0
    settings.MAILERS = mailers(port, timeout=settings.MAIL_TIMEOUT)
    settings.MAILERS["default"]["OPTIONS"].update(
        username="roster", password=password, use_tls=kind == "starttls", use_ssl=kind == "smtps"
    )
    controller.start()
    try:
        yield keeper
    finally:
        controller.stop()


@pytest.mark.parametrize("kind", ["starttls", "smtps"])
def test_mail_goes_over_verified_tls_after_signing_in(
    settings: Any, certificate: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    queue_notes("mia@example.org", "olga@example.org")

    with server(settings, certificate, kind=kind) as keeper:
        assert outbox.drain() == {"sent": 2}

    assert keeper.taken == 2


def test_a_server_that_cannot_prove_who_it_is_gets_neither_password_nor_mail(settings: Any, certificate: Path) -> None:
    queue_notes("mia@example.org")

    with server(settings, certificate, kind="starttls") as keeper:
        assert outbox.drain() == {"unreachable": 1}

    assert "CERTIFICATE_VERIFY_FAILED" in OutgoingMail.objects.get().reply
    assert keeper.taken == 0


def test_a_wrong_password_is_the_operators_matter_and_fails_no_mail(
    settings: Any, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    queue_notes("mia@example.org")

    with server(settings, certificate, kind="starttls", password="wrong") as keeper:
        assert outbox.drain() == {"unreachable": 1}

    mail = OutgoingMail.objects.get()
    assert (mail.state, mail.hand_overs) == (OutgoingMail.State.RETRYING, 0)
    assert mail.reply.startswith("535 ")
    assert "wrong" not in mail.reply
    assert keeper.taken == 0
