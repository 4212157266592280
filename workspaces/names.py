"""How names are compared and sorted. The only place that folds them; no model, no query."""

import unicodedata
from datetime import UTC, datetime

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Last active of somebody who was never seen: sorts first, is never null."""


def fold(text: str) -> str:
    """The form in which names are compared: no case, no accents, single spaces."""
    decomposed = unicodedata.normalize("NFKD", text)
    plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(plain.casefold().split())


def folded(name: str, address: str) -> tuple[str, str]:
    """sort_name and search_text of a person. Whoever has no name sorts by address; each word of the text has a space
    before it.
    """
    short = fold(name)[:254]
    return short or address, f" {short} {address}"[:400]
