"""Getting to the mail server: TLS that is verified, signing in, and what a refused sign-in means for the mails."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
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


GREETING = ("220 ready", "250-mail.example.com\r\n250 PIPELINING")


@contextmanager
def in_groups(settings: Any, *answers: str, time_out: float = 20.0) -> Iterator[list[str]]:
    """A server that takes commands in groups and answers by a script: yields what it hears, piece by piece."""
    heard: list[str] = []
    script = iter((*GREETING, *answers))

    def talk(server: socket.socket) -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                caller, _ = server.accept()
                with caller:
                    for answer in script:
                        caller.sendall(f"{answer}\r\n".encode())
                        said = caller.recv(100_000).decode()
                        if not said:
                            break
                        heard.append(said)

    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.MAIL_TIMEOUT = time_out
        settings.MAIL_FROM = "Roster <roster@mail.example.com>"
        settings.MAILERS = mailers(server.getsockname()[1], timeout=settings.MAIL_TIMEOUT)
        thread = Thread(target=talk, args=(server,), daemon=True)
        thread.start()
        yield heard
        server.shutdown(socket.SHUT_RDWR)
        thread.join(20)


ENVELOPE = "MAIL FROM:<roster@mail.example.com>\r\nRCPT TO:<{}>\r\nDATA\r\n"
AGREED = "250 ok\r\n250 ok\r\n354 go on"
REFUSED = "250 ok\r\n550 5.1.1 no such person"


def test_commands_go_out_together_where_the_server_takes_them_in_groups(settings: Any) -> None:
    queue_notes("mia@example.org")

    with in_groups(settings, AGREED, "250 2.0.0 taken") as heard:
        assert outbox.drain() == {"sent": 1}

    assert heard[1] == ENVELOPE.format("mia@example.org")
    assert OutgoingMail.objects.get().reply == "250 2.0.0 taken"


@pytest.mark.parametrize(
    ("answers", "between"),
    [
        ((f"{REFUSED}\r\n503 5.5.1 no recipient", "250 reset"), ["rset\r\n"]),
        ((f"{REFUSED}\r\n354 go on all the same", *GREETING), ["ehlo"]),  # it might take nothing for one
    ],
)
def test_a_refusal_within_a_group_is_the_mails_own_and_nothing_is_handed_over(
    settings: Any, answers: tuple[str, ...], between: list[str]
) -> None:
    queue_notes("gone@example.org", "mia@example.org")

    with in_groups(settings, *answers, AGREED, "250 2.0.0 taken") as heard:
        assert outbox.drain() == {"refused": 1, "sent": 1}

    assert [each[: len(start)] for each, start in zip(heard[2:], between, strict=False)] == between
    assert heard[3] == ENVELOPE.format("mia@example.org")
    gone = OutgoingMail.objects.get(recipient="gone@example.org")
    assert (gone.state, gone.reply, gone.hand_overs) == ("failed", "550 5.1.1 no such person", 0)


def test_a_refusal_counts_though_the_last_answer_to_its_group_never_comes(settings: Any) -> None:
    queue_notes("gone@example.org")

    with in_groups(settings, REFUSED, time_out=2.0):
        assert outbox.drain() == {"refused": 1}

    assert OutgoingMail.objects.get().reply == "550 5.1.1 no such person"
