"""What people may call themselves and their things (ACCEPTANCE P17): one validator, used at every door."""

import unicodedata
from typing import Any, cast

from django.core.exceptions import ValidationError

from config.sentences import Sentence

MAX_LENGTH = 80

# Control, surrogate, line and paragraph separators, and the bidi marks, overrides and isolates of Unicode TR 9: they
# hide what a name says.
_FORBIDDEN_CATEGORIES = {"Cc", "Cs", "Zl", "Zp"}
_BIDI = {"\u061c", "\u200e", "\u200f", *map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))}
# Letters, numbers, punctuation, symbols: a name of nothing else (zero-width space, soft hyphen) would be an empty cell.
_VISIBLE = {"L", "N", "P", "S"}


class UnfitName(ValidationError):
    """No name; the sentence is for the person who typed it."""

    def __init__(self, sentence: Sentence, code: str) -> None:
        super().__init__(cast(Any, sentence), code)
        self.sentence = sentence


def clean_name(text: str, limit: int = MAX_LENGTH) -> str:
    """The name in NFC with single spaces. Raises UnfitName with a sentence for the person who typed it."""
    text = unicodedata.normalize("NFC", text.strip(" "))
    categories = [unicodedata.category(character) for character in text]
    if not _FORBIDDEN_CATEGORIES.isdisjoint(categories) or not _BIDI.isdisjoint(text):
        raise UnfitName(
            Sentence("A name is one line of plain text: it cannot hold control or text-direction characters."),
            code="name_characters",
        )
    text = " ".join(text.split())
    if len(text) > limit:
        raise UnfitName(
            Sentence("A name has at most %(limit)s characters; this one has %(given)s.", limit=limit, given=len(text)),
            code="name_length",
        )
    if not any(category[0] in _VISIBLE for category in categories):
        raise UnfitName(Sentence("Enter a name."), code="name_empty")
    return text


def validate_name(text: str) -> None:
    """The model and form validator of every name field: `clean_name` without its result."""
    clean_name(text)
