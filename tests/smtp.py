"""A real SMTP server on loopback that follows a script: what tests of the outbox talk to."""

import asyncio
import socket
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

ACCEPTED = "250 2.0.0 taken"
HANG = "hang"  # takes the message and never answers
DROP = "drop"  # takes the message and closes the connection
CLOSE = "close"  # closes the connection when it hears of the recipient
HANG_EARLY = "hang early"  # never answers to the recipient
DRIP_EARLY = "drip early"  # answers to the recipient byte by byte
DRIP = "drip"  # takes the message and answers byte by byte
HANGING = 60  # seconds
DRIPPING = 0.5  # seconds for each byte


@dataclass
class Post:
    """What the server was told, in order. `answers[recipient]` are used up one by one, then everything is accepted.

    An answer that begins with "rcpt " is given to RCPT TO, another to the message.
    """

    port: int = 0
    answers: defaultdict[str, deque[str]] = field(default_factory=lambda: defaultdict(deque))
    copies: list[tuple[str, bytes]] = field(
        default_factory=list
    )  # everything that arrived whole, whatever was answered
    connections: int = 0
    delay: float = 0.0  # seconds before each answer to a message

    def script(self, recipient: str, *answers: str) -> None:
        self.answers[recipient].extend(answers)

    def messages_to(self, recipient: str) -> list[EmailMessage]:
        return [parse(content) for address, content in self.copies if address == recipient]

    @property
    def recipients(self) -> list[str]:
        return [address for address, _ in self.copies]


def parse(content: bytes) -> EmailMessage:
    return message_from_bytes(content, policy=policy.SMTP)


class _Handler:
    def __init__(self, post: Post) -> None:
        self.post = post

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.post.connections += 1
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answers = self.post.answers[address]
        if answers and answers[0] in (CLOSE, HANG_EARLY, DRIP_EARLY):
            await _misbehave(server, answers.popleft())
        if answers and answers[0].startswith("rcpt "):
            return answers.popleft().removeprefix("rcpt ")
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        [recipient] = envelope.rcpt_tos
        content = envelope.original_content
        assert content is not None
        await asyncio.sleep(self.post.delay)
        self.post.copies.append((recipient, content))
        answers = self.post.answers[recipient]
        answer = answers.popleft() if answers else ACCEPTED
        if answer in (HANG, DROP, DRIP):
            await _misbehave(server, answer)
        return answer


async def _misbehave(server: SMTP, how: str) -> None:
    if how in (DRIP, DRIP_EARLY):
        for byte in (ACCEPTED + " in the end" * 20).encode():
            server._writer.write(bytes([byte]))
            await asyncio.sleep(DRIPPING)
    if how in (HANG, HANG_EARLY):
        await asyncio.sleep(HANGING)
    assert isinstance(server.transport, asyncio.Transport)
    server.transport.abort()
    await asyncio.sleep(HANGING)  # nothing is answered any more


class _Controller(Controller):
    def factory(self) -> SMTP:
        return SMTP(self.handler, enable_SMTPUTF8=True, decode_data=False, ident="a scripted server")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serve() -> Iterator[Post]:
    post = Post(port=free_port())
    controller = _Controller(_Handler(post), hostname="127.0.0.1", port=post.port, ready_timeout=60)
    controller.start()
    try:
        yield post
    finally:
        controller.stop()


def mailers(port: int, *, timeout: float) -> dict[str, Any]:
    """The MAILERS setting for a server without TLS on loopback."""
    return {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {
                "host": "127.0.0.1",
                "port": port,
                "username": "",
                "password": "",
                "use_tls": False,
                "use_ssl": False,
                "timeout": timeout,
            },
        }
    }


@pytest.fixture
def post(settings: Any) -> Iterator[Post]:
    """The server, with the settings that lead to it. However busy the machine is, what answers is waited for."""
    with serve() as running:
        settings.MAIL_TIMEOUT = 20.0
        settings.MAIL_FROM = "Roster <roster@mail.example.com>"
        settings.MAILERS = mailers(running.port, timeout=settings.MAIL_TIMEOUT)
        yield running


@pytest.fixture
def hasty_post(post: Post, settings: Any) -> Post:
    """For servers that hang: nobody waits for them as long as they do."""
    settings.MAIL_TIMEOUT = 2.0
    return post
