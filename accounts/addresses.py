"""The one canonical form of a mail address. Every door (forms, sign-up, lists, imports) goes through `canonical`.

Two spellings that a mail server would deliver alike, or that a person cannot tell apart, must not become two people:
case variants are folded; look-alikes are refused. Plus-tags stay, since only the receiving server knows what they mean.
"""

import re
import unicodedata
from dataclasses import dataclass

from django.utils.translation import gettext as _
from email_validator import EmailNotValidError, validate_email

MAX_LENGTH = 254  # RFC 5321, 4.5.3.1.3: the path of 256 less its two brackets
MAX_LOCAL_LENGTH = 64  # RFC 5321, 4.5.3.1.1

_EASY = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
)

# The pieces of a pasted list. None can match the same text in two ways: hostile input costs linear time, too.
_PIECES = re.compile(
    r"""
    <(?P<bracketed>[^<>\r\n]*)>
    | (?P<word>(?:"[^"\r\n]{0,200}"|[^\s,;<>])+)
    | (?P<end>[,;\r\n\v\f\x1c-\x1e\x85\u2028\u2029])
    """,
    re.VERBOSE,
)


class AddressError(ValueError):
    """The text is no address; `str()` is a sentence for the person who typed it."""


@dataclass(frozen=True, slots=True)
class Pasted:
    """One entry of a pasted list: the text as given, the display name beside it if there was one (of any length)."""

    text: str
    name: str = ""


def canonical(text: str) -> str:
    """The one form in which an address is stored and compared.

    Lower case; the domain in IDNA ASCII (RFC 5891); the local part in NFC.
    Raises AddressError for what is no address and for characters that pass for ASCII ones.
    """
    text = text.strip()
    if len(text) > MAX_LENGTH:
        raise AddressError(_("An address has at most %(limit)s characters.") % {"limit": MAX_LENGTH})
    if not text:
        raise AddressError(_("Enter an address."))
    folded = text.lower()
    # email-validator is exact but slow (50 microseconds); what is plainly plain need not wait for it.
    if text.isascii() and _EASY.fullmatch(folded):
        local, _at, domain = folded.partition("@")
        if len(local) <= MAX_LOCAL_LENGTH and "--" not in domain:
            return folded
    if "@" not in text:
        raise AddressError(_("There is no @ in it."))
    for character in text:
        if passes_for_ascii(character):
            raise AddressError(
                _("It contains “%(character)s”, which only looks like a plain letter.") % {"character": character}
            )
    try:
        parsed = validate_email(text, check_deliverability=False, test_environment=True, strict=True)
    except EmailNotValidError as error:
        raise AddressError(_reason(text, error)) from None
    return f"{_lower(parsed.local_part)}@{parsed.ascii_domain.lower()}"


def passes_for_ascii(character: str) -> bool:
    """Does a non-ASCII character fold into an ASCII one by case, width or compatibility, as the Kelvin sign does?

    The German ß is a letter of its own although its capital form is "SS".
    """
    if character.isascii():
        return False
    cases = (character.lower()[:1], character.upper(), character.casefold())
    return unicodedata.normalize("NFKC", character).isascii() or any(
        len(case) == 1 and case.isascii() for case in cases
    )


def split(text: str) -> list[Pasted]:
    """The entries of a pasted list, in its order; comma, semicolon, space or newline end one, `Name <a@b>` is one.

    What is no address comes back too, so that nothing typed is lost: `canonical` says what is wrong with it.
    """
    entries: list[Pasted] = []
    words: list[str] = []
    for piece in _PIECES.finditer(text):
        if piece["bracketed"] is not None:
            entries.extend(_named(words, piece["bracketed"].strip()))
            words = []
        elif piece["end"]:
            entries.extend(Pasted(word) for word in words)
            words = []
        else:
            words.append(piece[0])
    entries.extend(Pasted(word) for word in words)
    return entries


def _named(words: list[str], address: str) -> list[Pasted]:
    """The entries of `words <address>`: in `a@b Mia Chen <m@c>` the first word is an entry of its own."""
    if not address:
        return [Pasted(word) for word in (*words, "<>")]
    start = max((index for index, word in enumerate(words, 1) if "@" in word and not word.startswith('"')), default=0)
    before = [Pasted(word) for word in words[:start]]
    if before and before[-1].text.lower() == address.lower():
        # Some mail programs write `m@c <m@c>`.
        before.pop()
    return [*before, Pasted(address, " ".join(word.strip('"') for word in words[start:]).strip())]


def _lower(local: str) -> str:
    # Greek has two small sigmas for one capital: from the capital, lower() picks the same one for every spelling.
    return unicodedata.normalize("NFC", re.sub("[ςσ]", "Σ", local).lower())


def _reason(text: str, error: EmailNotValidError) -> str:
    domain = text.rpartition("@")[2]
    if domain and "." not in domain and domain.replace("-", "").isalnum():
        return _("It has no ending after “%(domain)s”.") % {"domain": domain}
    return str(error)
