"""How names are compared, sorted and made parts of addresses. The only place that folds them; no model, no query."""

import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime

from django.utils.text import slugify

RESERVED_SLUGS = {"new"}

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Last active of somebody who was never seen: sorts first, is never null."""


def fold(text: str) -> str:
    """The form in which names are compared: no case, no accents, single spaces."""
    if text.isascii():  # which has no accents: ten thousand pasted addresses are folded at once
        return " ".join(text.lower().split())
    decomposed = unicodedata.normalize("NFKD", text)
    plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(plain.casefold().split())


def folded(name: str, address: str) -> tuple[str, str]:
    """sort_name and search_text of a person. Whoever has no name sorts by address; each word of the text has a space
    before it.
    """
    short = fold(name)[:254]
    return short or address, f" {short} {fold(address)}"[:400]


def folded_place(name: str, description: str = "") -> tuple[str, str]:
    """sort_name and search_text of a workspace: its name, and after it what it says of itself."""
    short = fold(name)[:254]
    return short, f"{short} {fold(description)}"[:800]


def slug_stem(name: str, fallback: str) -> str:
    """What the part of an address begins with that stands for a name."""
    return slugify(name)[:40].strip("-") or fallback


def free_slug(stem: str, taken: Iterable[str]) -> str:
    """The stem, or the stem with the first number that is free."""
    used = RESERVED_SLUGS.union(taken)
    number = 1
    slug = stem
    while slug in used:
        number += 1
        slug = f"{stem}-{number}"
    return slug
