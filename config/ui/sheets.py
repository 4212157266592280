"""Tables that people open in a spreadsheet. No text in them becomes a formula."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def neutral(text: str) -> str:
    """What a spreadsheet would take for a formula gets an apostrophe (OWASP, CSV injection); reading takes it off."""
    return f"'{text}" if _FORMULA.match(text) else text


def write_csv(rows: Iterable[Sequence[str]]) -> str:
    """With commas and quotes where they are needed (RFC 4180), and the mark by which spreadsheets know UTF-8."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerows([neutral(text) for text in row] for row in rows)
    return f"\ufeff{out.getvalue()}"
