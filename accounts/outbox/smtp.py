"""One SMTP session for many ready messages. Tells apart what the server refused for certain and what nobody can know.

Knows no rows. Every call has the time-out MAIL_TIMEOUT, and so has every answer as a whole.
"""

import smtplib
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from typing import Any, Self, cast

from django.conf import settings
from django.core.mail.utils import DNS_NAME
from django.utils.translation import gettext_noop

_WORDS = 500  # of a reply that are kept
_CHUNK = 4096  # bytes
NO_SUCH_LETTERS = gettext_noop("The mail server cannot send to addresses with such letters (it lacks SMTPUTF8).")
_AGREED = ((250,), (250, 251), (354,))  # answers to MAIL, RCPT and DATA that let a mail go on


class Unreachable(Exception):
    """No session: no connection, no greeting, no TLS, or the sign-in was refused. Says nothing about any mail."""


class Refused(Exception):
    """The server's sure answer to one mail: not taken. The session goes on."""

    def __init__(self, words: str, *, permanent: bool) -> None:
        super().__init__(words)
        self.permanent = permanent


class Unanswered(Exception):
    """The connection ended after the message had been handed over: it may have been taken."""


class Session:
    """Opens when first needed and again after the server has closed it; to be closed by whoever made it."""

    def __init__(self, sender: str, lines: list[str] | None = None) -> None:
        """lines: takes down the conversation, without what signs Roster in."""
        self._sender = sender
        self._lines = lines
        self._smtp: _Prompt | None = None
        self._is_used = False  # has the server answered to a mail on the present connection?

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._smtp is not None:
            try:
                self._smtp.quit()
            except (OSError, smtplib.SMTPException):
                self._drop()

    def open(self) -> None:
        """Raises Unreachable."""
        if self._smtp is None:
            options = cast("Mapping[str, Any]", settings.MAILERS["default"]["OPTIONS"])
            try:
                self._smtp = _connect(options, self._lines)
                self._is_used = False
            except smtplib.SMTPResponseException as refusal:
                raise Unreachable(_words(refusal.smtp_code, refusal.smtp_error)) from refusal
            except (OSError, smtplib.SMTPException) as problem:
                raise Unreachable(_plain(f"{options['host']}:{options['port']}: {problem}")) from problem

    def send(self, recipient: str, message: bytes) -> str:
        """The server's words when it took the message. Raises Refused, Unanswered, or Unreachable (surely not taken).

        A server may close a session between mails, after so many or when idle: one new session is tried for it.
        """
        try:
            return self._transact(recipient, message)
        except Unreachable:
            if not self._is_used:
                raise
            self._is_used = False
            return self._transact(recipient, message)

    def _transact(self, recipient: str, message: bytes) -> str:
        self.open()
        assert self._smtp is not None
        options = ""
        if not recipient.isascii():
            if not self._smtp.has_extn("smtputf8"):
                raise Refused(NO_SUCH_LETTERS, permanent=True)
            options = " SMTPUTF8 BODY=8BITMIME"
        commands = (f"MAIL FROM:<{self._sender}>{options}", f"RCPT TO:<{recipient}>", "DATA")
        if self._smtp.has_extn("pipelining"):
            self._command(commands, _AGREED)
        else:
            for command, agreed in zip(commands, _AGREED, strict=True):
                self._command([command], [agreed])
        try:
            self._smtp.send(message.replace(b"\r\n.", b"\r\n..") + b".\r\n")
            code, reply = self._smtp.getreply()
        except (OSError, smtplib.SMTPException) as problem:
            self._drop()
            raise Unanswered(_plain(str(problem))) from problem
        if code != 250:
            raise self._refusal(code, reply)
        self._is_used = True
        return _words(code, reply)

    def _command(self, lines: Sequence[str], agreed: Sequence[tuple[int, ...]]) -> None:
        """Says the lines at once (RFC 2920) and hears the answer to each. The first that does not agree counts,
        whatever becomes of the session behind it.
        """
        assert self._smtp is not None
        answers: list[tuple[int, bytes]] = []
        problem: Exception | None = None
        try:
            self._smtp.put_together(lines)
            while len(answers) < len(lines):
                answers.append(self._smtp.getreply())
        except (OSError, smtplib.SMTPException) as broken:
            problem = broken
            self._drop()
        for (code, reply), codes in zip(answers, agreed, strict=False):
            if code not in codes:
                if answers[-1][0] == 354:  # it waits for a message all the same, and might take even an empty one
                    self._drop()
                raise self._refusal(code, reply)
        if problem:
            raise Unreachable(_plain(str(problem))) from problem

    def _refusal(self, code: int, reply: bytes) -> Exception:
        words = _words(code, reply)
        if code == 421:  # RFC 5321, 3.8: the server closes the session, whatever the command was
            self._drop()
            return Unreachable(words)
        self._is_used = True
        self._reset()
        return Refused(words, permanent=500 <= code < 600)

    def _reset(self) -> None:
        if self._smtp is not None:
            try:
                self._smtp.rset()
            except (OSError, smtplib.SMTPException):
                self._drop()

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None


def converse(sender: str, recipient: str, message: bytes, lines: list[str]) -> bool:
    """Sends one message over a connection of its own, and takes down who said what. Was it taken?"""
    with Session(sender, lines) as session:
        try:
            session.open()
            session.send(recipient, message)
        except (Unreachable, Refused, Unanswered) as problem:
            lines.append(f"! {problem}")
            return False
    return True


class _Prompt(smtplib.SMTP):
    """An answer has the time-out once. smtplib's own begins anew with each byte, so that a server that drips could hold
    a worker for hours.
    """

    def getreply(self) -> tuple[int, bytes]:
        if self.sock is not None and self.file is None:
            self.file = _Answers(self.sock)
        if self.file is not None:
            self.file.begin()
        return super().getreply()

    def put_together(self, lines: Sequence[str]) -> None:
        """In one write."""
        if not all(map(str.isprintable, lines)):
            raise ValueError("A command holds a line break or another hidden character.")
        self.send("".join(f"{line}\r\n" for line in lines).encode(self.command_encoding))


class _PromptOverTLS(_Prompt, smtplib.SMTP_SSL):
    pass


class _Answers:
    """The lines that come over a socket."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._waiting = b""
        self.begin()

    def begin(self) -> None:
        self._until = time.monotonic() + settings.MAIL_TIMEOUT
        self._is_in_pieces = False

    def readline(self, limit: int) -> bytes:
        """Empty when the connection has ended; at most so many bytes. Raises TimeoutError."""
        is_hurried = False
        try:
            while b"\n" not in self._waiting and len(self._waiting) < limit:
                if self._is_in_pieces:
                    is_hurried = True
                    self._sock.settimeout(max(self._until - time.monotonic(), 0.001))
                chunk = self._sock.recv(_CHUNK)
                if not chunk:
                    return b""
                self._waiting += chunk
                self._is_in_pieces = True
        finally:
            if is_hurried:
                self._sock.settimeout(settings.MAIL_TIMEOUT)  # for what is sent next
        end = self._waiting.find(b"\n") + 1 or limit
        line, self._waiting = self._waiting[:end], self._waiting[end:]
        return line

    def close(self) -> None:
        """The socket is closed by whoever made it."""


class _Recorded(_Prompt):
    """Takes down each line; the class attribute `lines` is given by `_recorded`, since connecting begins at once."""

    lines: list[str]
    _last_code = 0

    def putcmd(self, cmd: str, args: str = "") -> None:
        said = f"{cmd} {args}".strip()
        if self._last_code == 334 or cmd.upper() == "AUTH":  # what signs in is nobody's to read
            said = "AUTH …"
        self.lines.append(f"> {said}")
        super().putcmd(cmd, args)

    def put_together(self, lines: Sequence[str]) -> None:
        self.lines.extend(f"> {line}" for line in lines)
        super().put_together(lines)

    def getreply(self) -> tuple[int, bytes]:
        code, reply = super().getreply()
        self._last_code = code
        self.lines.extend(f"< {_words(code, line)}" for line in reply.splitlines() or [b""])
        return code, reply


class _RecordedOverTLS(_Recorded, smtplib.SMTP_SSL):
    pass


def _classes(lines: list[str] | None) -> tuple[type[_Prompt], type[_PromptOverTLS] | type[_RecordedOverTLS]]:
    if lines is None:
        return _Prompt, _PromptOverTLS
    return type("Recorded", (_Recorded,), {"lines": lines}), type("OverTLS", (_RecordedOverTLS,), {"lines": lines})


def _connect(options: Mapping[str, Any], lines: list[str] | None = None) -> _Prompt:
    server = (options["host"], options["port"], DNS_NAME.get_fqdn())
    plain, over_tls = _classes(lines)
    smtp: _Prompt
    if options["use_ssl"]:
        smtp = over_tls(*server, timeout=settings.MAIL_TIMEOUT, context=ssl.create_default_context())
    else:
        smtp = plain(*server, timeout=settings.MAIL_TIMEOUT)
    try:
        # Else the last segment of a message waits for the acknowledgement of the others.
        assert smtp.sock is not None
        smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        smtp.command_encoding = "utf-8"  # for addresses under SMTPUTF8; ASCII is the same in it
        if options["use_tls"]:
            smtp.starttls(context=ssl.create_default_context())
        smtp.ehlo_or_helo_if_needed()
        if options["username"]:
            smtp.login(options["username"], options["password"])
    except BaseException:
        smtp.close()
        raise
    return smtp


def _words(code: int, reply: bytes | str) -> str:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return _plain(f"{code} {text}")


def _plain(text: str) -> str:
    """A server's words as one printable line."""
    if not text.isprintable():
        text = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(text.split())[:_WORDS]
