"""The one canonical form of a mail address. Every door (forms, sign-up, lists, imports) goes through `canonical`.

Two spellings that a mail server would deliver alike, or that a person cannot tell apart, must not become two people:
case variants are folded; look-alikes are refused. Plus-tags stay, since only the receiving server knows what they mean.
"""

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise

from django.utils.translation import gettext_noop
from email_validator import EmailNotValidError, validate_email

from config.sentences import Sentence

MAX_LENGTH = 254  # RFC 5321, 4.5.3.1.3: the path of 256 less its two brackets
MAX_LOCAL_LENGTH = 64  # RFC 5321, 4.5.3.1.1

_EASY = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
)

# Letters and marks without a look of their own (Unicode's Default_Ignorable_Code_Point), as far as email-validator lets
# them through.
_UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")

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
    """The text is no address; the sentence is for the person who typed it."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(sentence)
        self.sentence = sentence


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
        raise AddressError(Sentence("An address has at most %(limit)s characters.", limit=MAX_LENGTH))
    if not text:
        raise AddressError(Sentence("Enter an address."))
    folded = text.lower()
    # email-validator is exact but slow (50 microseconds); what is plainly plain need not wait for it.
    if text.isascii() and _EASY.fullmatch(folded):
        local, _at, domain = folded.partition("@")
        if len(local) <= MAX_LOCAL_LENGTH and "--" not in domain:
            return folded
    if "@" not in text:
        raise AddressError(Sentence("There is no @ in it."))
    if _UNSEEN.search(text):
        raise AddressError(Sentence("It contains a character that nobody sees."))
    if stranger := _look_alike(text):
        raise AddressError(
            Sentence("It contains “%(character)s”, which only looks like a plain letter.", character=stranger)
        )
    try:
        parsed = validate_email(text, check_deliverability=False, test_environment=True, strict=True)
    except EmailNotValidError as error:
        raise AddressError(_reason(text, error)) from None
    return f"{_lower(parsed.local_part)}@{parsed.ascii_domain.lower()}"


def searched(text: str) -> str:
    """What to look for among canonical addresses: a whole address in its one form, a part of one folded alike."""
    try:
        return canonical(text)
    except AddressError:
        return _lower(text.strip())


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


def _look_alike(text: str) -> str:
    """The first that passes for a plain letter: by itself, or one under a mark that makes no other letter of it, as a
    dot above i does not. Empty for none.
    """
    marked = (
        base + mark
        for base, mark in pairwise(unicodedata.normalize("NFC", text))
        if base.isascii() and unicodedata.category(mark).startswith("M")
    )
    return next(filter(passes_for_ascii, text), "") or next(marked, "")


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


def _reason(text: str, error: EmailNotValidError) -> Sentence:
    domain = text.rpartition("@")[2]
    if domain and "." not in domain and domain.replace("-", "").isalnum():
        return Sentence("It has no ending after “%(domain)s”.", domain=domain)
    words, colon, characters = str(error).partition(": ")
    if colon and (asked := f"{words}: %(characters)s") in _VALIDATORS:
        return Sentence(asked, characters=characters)
    if "too many" in words:
        if words.partition("@-sign")[0].lower().endswith("before the "):
            return Sentence("The part before the @-sign is too long.")
        return Sentence("The part after the @-sign is too long.")
    if str(error) in _VALIDATORS:
        return Sentence(str(error))
    return Sentence("Mail cannot go to an address like this. Look for a typing mistake.")


# What email-validator says of addresses that people type.
_VALIDATORS = [
    gettext_noop("There must be something before the @-sign."),
    gettext_noop("There must be something after the @-sign."),
    gettext_noop("An email address cannot have a period immediately before the @-sign."),
    gettext_noop("An email address cannot start with a period."),
    gettext_noop("An email address cannot have two periods in a row."),
    gettext_noop("An email address cannot have a period immediately after the @-sign."),
    gettext_noop("An email address cannot end with a period."),
    gettext_noop("An email address cannot end with a hyphen."),
    gettext_noop("An email address cannot have a hyphen immediately after the @-sign."),
    gettext_noop("An email address cannot have a period and a hyphen next to each other."),
    gettext_noop("The part after the @-sign is not valid. It should have a period."),
    gettext_noop("The part after the @-sign is not valid. It is not within a valid top-level domain."),
    gettext_noop("A bracketed IP address after the @-sign is not allowed here."),
    gettext_noop("Quoting the part before the @-sign is not allowed here."),
    gettext_noop("A display name and angle brackets around the email address are not permitted here."),
    gettext_noop("The email address contains invalid characters before the @-sign: %(characters)s"),
    gettext_noop("The part after the @-sign contains invalid characters: %(characters)s"),
    gettext_noop("The email address contains unsafe characters: %(characters)s"),
]
