"""Tokens of invitation links (ACCEPTANCE P5). Computed, never stored: whoever reads the database holds none.

`base64url(uuid (16 bytes) + MAC (20 bytes))`, with MAC the first 160 bits of HMAC-SHA256 (RFC 2104) over purpose,
organization, uuid and
generation, under settings.INVITATION_KEYS: the first key signs, all verify, so keys rotate without breaking links.
"""

import base64
import binascii
import hmac
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

MAIL = "mail"
"""Purpose of a link that was mailed to the invited address, and so proves that address."""

COPY = "copy"
"""Purpose of a link that somebody copied by hand: it may have gone anywhere, and proves no address."""

LINK = "link"
"""Purpose of an invite link for many: its uuids are those of links, and it never verifies as an invitation's."""

MAC_BYTES = 20
TOKEN_LENGTH = 48
# A link of a former generation is told from a made-up one by trying; nobody renews an invitation more often.
MAX_GENERATIONS = 1000


@dataclass(frozen=True, slots=True)
class Subject:
    """What a token is bound to, besides its purpose."""

    organization_id: int
    uuid: UUID
    generation: int


def issue(subject: Subject, purpose: str = MAIL) -> str:
    """The token of this generation, by the newest key."""
    return _encode(subject.uuid.bytes + _mac(settings.INVITATION_KEYS[0], subject, purpose))


def uuid_of(token: str) -> UUID | None:
    """Which invitation a token claims to be of; None for what has not the form of a token. Proves nothing."""
    raw = _decode(token)
    return UUID(bytes=raw[:16]) if raw is not None else None


def verify(token: str, subject: Subject, purpose: str = MAIL) -> bool:
    """Is this the token of this generation, under any key? In constant time per key."""
    raw = _decode(token)
    if raw is None or raw[:16] != subject.uuid.bytes:
        return False
    return any(hmac.compare_digest(raw[16:], _mac(key, subject, purpose)) for key in settings.INVITATION_KEYS)


def generation_of(token: str, subject: Subject, purpose: str = MAIL) -> int | None:
    """Of which generation up to the subject's the token is; None when it was never genuine."""
    for generation in range(subject.generation, max(0, subject.generation - MAX_GENERATIONS), -1):
        if verify(token, Subject(subject.organization_id, subject.uuid, generation), purpose):
            return generation
    return None


def unsubscribing(organization_id: int, uuid: UUID, address: str) -> tuple[Subject, str]:
    """Subject and purpose of the link that ends reminders to one address. It outlives generations, since people keep
    old mails; for a corrected address it is another one.
    """
    return Subject(organization_id, uuid, 0), f"unsubscribe {address}"


CODE_DIGITS = 6


def code(subject: Subject, number: int) -> str:
    """The code with this number, by the newest key. It is short: whoever is asked for it has few tries."""
    return _code(settings.INVITATION_KEYS[0], subject, number)


def verify_code(text: str, subject: Subject, number: int) -> bool:
    return any(
        hmac.compare_digest(text.encode(), _code(key, subject, number).encode()) for key in settings.INVITATION_KEYS
    )


def _code(key: str, subject: Subject, number: int) -> str:
    value = int.from_bytes(_mac(key, subject, f"code {number}")) % 10**CODE_DIGITS
    return f"{value:0{CODE_DIGITS}}"


def _mac(key: str, subject: Subject, purpose: str) -> bytes:
    text = f"roster invitation|{purpose}|{subject.organization_id}|{subject.uuid.hex}|{subject.generation}"
    return hmac.digest(key.encode(), text.encode(), "sha256")[:MAC_BYTES]


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode()


def _decode(token: str) -> bytes | None:
    # b64decode takes the standard alphabet beside altchars: one token would have several spellings.
    if len(token) != TOKEN_LENGTH or not token.isascii() or not {"+", "/"}.isdisjoint(token):
        return None
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if len(raw) == 16 + MAC_BYTES else None
