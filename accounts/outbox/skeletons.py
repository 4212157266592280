"""A MIME message that is built once for a wording; per mail only bytes are put into its holes.

Rendering, MJML and MIME cost milliseconds, filling a skeleton costs microseconds (PERFORMANCE.md, goal 11).
"""

import re
import secrets
from binascii import b2a_qp
from collections.abc import Callable, Mapping
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import parseaddr
from html import escape

import mrml
from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import override

from accounts.outbox.letters import Wording
from config.providers import PROVIDERS

type Encoder = Callable[[str], bytes]

LINE = 76  # characters, at most
_SOFT_BREAK = b"=\r\n"
_NO_WEB_FONTS = mrml.RenderOptions(fonts={})


def sender_address() -> str:
    """The address of MAIL_FROM: envelope sender and From of every mail."""
    return parseaddr(settings.MAIL_FROM)[1]


def _id_headers() -> list[str]:
    provider = PROVIDERS.get(settings.ANYMAIL_PROVIDER)
    return [provider.id_header] if provider and provider.id_header else []


class Skeleton:
    def __init__(self, wording: Wording) -> None:
        with override(wording.language):
            self._build(wording)

    def _build(self, wording: Wording) -> None:
        nonce = secrets.token_hex(8)  # nobody's words can contain a placeholder
        self._slot_pattern = re.compile(f"q{nonce}q([a-z_]+)q")
        placeholders = {name: f"q{nonce}q{name}q" for name in (*wording.slots, "recipient")}
        context = {"mail": wording, "site": settings.PUBLIC_URL, **placeholders}
        text = render_to_string(f"{wording.template}.txt", context)
        html = mrml.to_html(render_to_string(f"{wording.template}.mjml", context), render_options=_NO_WEB_FONTS).content
        missing = [name for name in wording.slots for part in (text, html) if placeholders[name] not in part]
        if missing:
            raise ValueError(f"{wording.template} does not print {missing[0]} in both of its parts.")

        self._pieces: list[bytes] = []
        self._holes: dict[tuple[str, Encoder], list[int]] = {}
        boundary = f"=_{nonce}".encode()
        self._add(self._headers(wording))
        domain = sender_address().rpartition("@")[2].encode()
        for before, name, after in (
            (b"To: ", "recipient", b""),
            (b"Date: ", "date", b""),
            (b"Message-ID: <", "message_id", b"@" + domain + b">"),
            *((id_header.encode() + b": ", "message_id", b"@" + domain) for id_header in _id_headers()),
        ):
            self._add(before)
            self._add_hole(name, str.encode)
            self._add(after + b"\r\n")
        if wording.unsubscribe_slot:
            self._add(b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nList-Unsubscribe: <")
            self._add_hole(wording.unsubscribe_slot, str.encode)
            self._add(b">\r\n")
        self._add(b'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="' + boundary + b'"\r\n')
        for subtype, part, encoder in ((b"plain", text, _quoted), (b"html", html, _quoted_html)):
            self._add(b"\r\n--" + boundary + b"\r\nContent-Type: text/" + subtype + b'; charset="utf-8"\r\n')
            self._add(b"Content-Transfer-Encoding: quoted-printable\r\n\r\n")
            self._add_part(part.strip() + "\n", encoder)
        self._add(b"\r\n--" + boundary + b"--\r\n")

    def fill(self, values: Mapping[str, str]) -> bytes:
        """The message. Raises ValueError for a value that is not one printable line, KeyError for a missing one."""
        pieces = self._pieces.copy()
        for (name, encode), positions in self._holes.items():
            value = values[name]
            if not value.isprintable():
                raise ValueError(f"The value of {name} is not one line of printable text.")
            encoded = encode(value)
            for position in positions:
                pieces[position] = encoded
        return b"".join(pieces)

    def _headers(self, wording: Wording) -> bytes:
        name, address = parseaddr(settings.MAIL_FROM)
        headers = EmailMessage(policy=policy.SMTP)
        headers["From"] = Address(display_name=wording.sender_name or name, addr_spec=address)
        headers["Subject"] = wording.subject
        headers["Content-Language"] = wording.language
        headers["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday notice answers it
        return bytes(headers).removesuffix(b"\r\n")

    def _add_part(self, part: str, encode: Encoder) -> None:
        """Encodes what stands between slots; soft line breaks around a slot keep it out of quoted-printable's folds."""
        for number, piece in enumerate(self._slot_pattern.split(part)):
            if number % 2:
                self._add_hole(piece, encode)
            else:
                self._add(_quoted(piece))

    def _add(self, piece: bytes) -> None:
        self._pieces.append(piece)

    def _add_hole(self, name: str, encode: Encoder) -> None:
        self._holes.setdefault((name, encode), []).append(len(self._pieces))
        self._pieces.append(b"")


def _quoted(text: str) -> bytes:
    """Quoted-printable (RFC 2045, 6.7) in whole lines: where the text goes on, the last one ends in a soft break."""
    encoded = b2a_qp(text.encode(), istext=True).replace(b"\n", b"\r\n")
    last = len(encoded) - encoded.rfind(b"\n") - 1
    if not last:
        return encoded
    if last > LINE - len("="):
        cut = -3 if encoded[-3:-2] == b"=" else -1  # not inside of =3D
        encoded = encoded[:cut] + _SOFT_BREAK + encoded[cut:]
    return encoded + _SOFT_BREAK


def _quoted_html(text: str) -> bytes:
    return _quoted(escape(text))
