"""From bytes to rows of texts: CSV in the encodings and separators that people have, spreadsheets, pasted lists.

Everything is bounded before it is read, since whoever uploads may mean harm. Nothing is evaluated.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext as _

from accounts.addresses import split
from invitations.sheets.spreadsheets import MOST_LINES, NotASpreadsheet, rows_of_workbook, too_many_lines
from invitations.sheets.words import HEADERS, header_key

MOST_BYTES = 5 * 1024 * 1024
MOST_ROWS = 10_000
MOST_COLUMNS = 50
MOST_CHARACTERS = 5_000_000  # of all cells together
LOOKED_AT = 20  # rows, to tell a separator by

_SEPARATORS = "\t;,"
_ADDRESS = re.compile(r"[^\s@,;<>]+@[^\s@,;<>]+")
_NEUTRALISED = re.compile(r"'+[=+\-@\t]")


class UnreadableSheet(ValueError):
    """It cannot be read as a table; `str()` is a sentence for whoever gave it."""


@dataclass(frozen=True, slots=True)
class Row:
    """line: as the file counts it, from 1."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """rows without empty ones and without the header, which is empty where there is none."""

    header: tuple[str, ...]
    rows: Sequence[Row]
    is_list: bool = False

    @property
    def width(self) -> int:
        return max([len(self.header), *(len(row.cells) for row in self.rows)])


def read_file(content: bytes) -> Sheet:
    """A CSV or xlsx file, told apart by what is in it, never by its name. Raises UnreadableSheet."""
    if len(content) > MOST_BYTES:
        raise UnreadableSheet(_("The file is larger than %(limit)s MB.") % {"limit": MOST_BYTES // 1024**2})
    if content.startswith(b"PK"):
        try:
            return _sheet(rows_of_workbook(content, MOST_COLUMNS))
        except NotASpreadsheet as error:
            raise UnreadableSheet(str(error)) from error
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableSheet(_("This is a workbook of an old kind (.xls). Save it as .xlsx or CSV, and try again."))
    return _table(_decoded(content))


def read_pasted(text: str) -> Sheet:
    """Rows copied from a spreadsheet, the text of a CSV file, or a plain list of addresses as people write them.

    It is a table if it begins with a header, holds tabs, or has one column of addresses beside others.
    """
    if "\t" in text:
        return _table(text)
    try:
        table = _table(text)
    except UnreadableSheet:
        table = None
    if table is not None and (table.header or _has_one_column_of_addresses(table)):
        return table
    entries = split(text)
    return _sheet(((number, (entry.text, entry.name)) for number, entry in enumerate(entries, 1)), is_list=True)


def _has_one_column_of_addresses(sheet: Sheet) -> bool:
    if sheet.width < 2:
        return False
    counts = [sum(bool(_ADDRESS.fullmatch(cell)) for cell in column) for column in _columns_of(sheet.rows)]
    return [count > 0 for count in counts].count(True) == 1 and max(counts) == len(sheet.rows)


def _columns_of(rows: Sequence[Row]) -> Iterator[list[str]]:
    for index in range(max(len(row.cells) for row in rows)):
        yield [row.cells[index] if index < len(row.cells) else "" for row in rows]


# --- text


def _decoded(content: bytes) -> str:
    """UTF-8 and UTF-16 by their marks, UTF-16 without one by its zeros, UTF-8 if it is valid, else Windows-1252."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return _decode(content, encoding)
    head = content[:1000]
    if head.count(0) > len(head) // 8:
        # Nearly all of what people write has a zero in the upper byte: the second one if the lower comes first. A zero
        # here and there is rubbish in a text of bytes.
        return _decode(content, "utf-16-le" if head[1::2].count(0) >= head[::2].count(0) else "utf-16-be")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return _decode(content, "cp1252")


def _decode(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnreadableSheet(_("This is no text that can be read. Save it as CSV in UTF-8, or as .xlsx.")) from error


def _table(text: str) -> Sheet:
    """By the separator under which the first rows make most sense: known words in the header, then rows with exactly
    one address, then rows of the same length. csv.Sniffer guesses letters for separators, and fails on one column.
    """
    told = re.match(r"\ufeff?sep=([\t;,])\r?\n", text, re.IGNORECASE)
    text = text.removeprefix("\ufeff")
    if told:
        return _sheet(_parsed(text.partition("\n")[2], told[1]), first_line=1)
    best = max(reversed(_SEPARATORS), key=lambda separator: _sense(text, separator))
    return _sheet(_parsed(text, best))


def _sense(text: str, separator: str) -> tuple[int, int, int, int]:
    rows: list[list[str]] = []
    # What does not fit further down is said when all of it is read by this separator.
    with suppress(UnreadableSheet):
        for _number, cells in _parsed(text, separator):
            rows.append(list(cells))
            if len(rows) == LOOKED_AT:
                break
    if not rows:
        return (0, 0, 0, 0)
    known = sum(header_key(cell) in HEADERS for cell in rows[0])
    with_one = sum(sum(bool(_ADDRESS.fullmatch(cell.strip())) for cell in row) == 1 for row in rows)
    lengths = [len(row) for row in rows]
    alike = max(lengths.count(length) for length in set(lengths) if length > 1) if max(lengths) > 1 else 0
    return (known, with_one, alike, max(lengths))


def _parsed(text: str, separator: str) -> Iterator[tuple[int, Sequence[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True, skipinitialspace=True)
    while (line := reader.line_num + 1) <= MOST_LINES:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "field limit" in str(error):
                raise UnreadableSheet(
                    _("From line %(line)s on there is too much text in one cell, or a quotation mark without an end.")
                    % {"line": line}
                ) from error
            raise UnreadableSheet(
                _("From line %(line)s on a quotation mark does not fit: it has no end, or text follows it.")
                % {"line": line}
            ) from error
        yield line, cells[:MOST_COLUMNS]
    raise UnreadableSheet(too_many_lines())


# --- rows


def _sheet(rows: Iterable[tuple[int, Sequence[str]]], *, first_line: int = 0, is_list: bool = False) -> Sheet:
    """Cleans, counts, and takes the header off. Raises UnreadableSheet for nothing at all and for too much."""
    found: list[Row] = []
    characters = 0
    for line, cells in rows:
        cleaned = [clean_cell(cell) for cell in cells]
        while cleaned and not cleaned[-1]:
            cleaned.pop()
        characters += sum(map(len, cleaned))
        if characters > MOST_CHARACTERS:
            raise UnreadableSheet(_("There is too much text in it. Keep the five columns only, and try again."))
        if cleaned:
            found.append(Row(line + first_line, tuple(cleaned)))
        if len(found) > MOST_ROWS + 1:
            break
    header = found.pop(0).cells if found and not is_list and _is_header(found[0].cells) else ()
    if len(found) > MOST_ROWS:
        raise UnreadableSheet(
            _("There are more than %(limit)s rows in it. Split it, and import one part after the other.")
            % {"limit": intcomma(MOST_ROWS)}
        )
    if not found:
        raise UnreadableSheet(_("There is nobody in it."))
    return Sheet(header, found, is_list)


def _is_header(cells: Sequence[str]) -> bool:
    """Words without an address; of a single column only a word that is known, since a list may begin with rubbish."""
    if any("@" in cell for cell in cells):
        return False
    return any(header_key(cell) in HEADERS for cell in cells) or sum(map(bool, cells)) > 1


def clean_cell(text: str) -> str:
    """Without zeros (which no database takes), the edge's blanks, and the apostrophe that `writing` puts before what a
    spreadsheet would take for a formula.
    """
    text = text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n").strip()
    return text[1:] if _NEUTRALISED.match(text) else text
