"""How a name becomes an avatar and an address is cut, the same in Python rows and in templates. Knows no model."""

import unicodedata
import uuid
import zlib

HUES = 10
SHORTEST = 3
"""Letters of a mailbox that a page always shows (static/app.css)."""


def initials(name: str) -> str:
    """One or two capitals: of the first and the last word, or the one first sign of scripts without capitals.

    An address gives its first letter; an empty name gives "?".
    """
    words = [word for word in name.split("@", maxsplit=1)[0].replace(".", " ").split() if word[0].isalnum()]
    if not words:
        return "?"
    first = words[0][0].upper()[0]
    if len(words) == 1 or unicodedata.category(words[0][0]) == "Lo":
        return first
    # The particles of "Maximiliana von Hohenstein" are no initials.
    last = next((word for word in reversed(words[1:]) if word[0].isupper()), words[-1])
    return first + last[0].upper()[0]


def hue(key: int | str | uuid.UUID) -> int:
    """The one of ten colours that this id always has."""
    if isinstance(key, int):
        return key % HUES
    return zlib.crc32(str(key).encode()) % HUES


def cut_points(text: str) -> tuple[str, str]:
    """An address in its two parts, of which the page may shorten the first only: ("mia.chen", "@acme.example").

    Anything that is no address stays whole: (text, ""), and so does a mailbox of which nothing could be spared.
    """
    mailbox, at, domain = text.rpartition("@")
    return (mailbox, at + domain) if len(mailbox) > SHORTEST else (text, "")
