"""xlsx workbooks: the first sheet that holds something, row by row, without evaluating anything.

A workbook is a ZIP of XML files: what it claims to unpack to, how many parts and how many rows it has is counted before
and while it is read. Entities are refused, since they multiply.
"""

import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time

from django.utils.translation import gettext as _
from openpyxl import load_workbook

MOST_UNPACKED = 25 * 1024 * 1024  # bytes: ten thousand rows take about five million
MOST_PARTS = 500
MOST_LINES = 50_000  # empty ones included: a sheet with one cell in its last line claims a million


class NotASpreadsheet(ValueError):
    """`str()` is a sentence for whoever uploaded it."""


def rows_of_workbook(content: bytes, columns: int) -> Iterator[tuple[int, Sequence[str]]]:
    """Line numbers and texts, at most so many columns of them. Raises NotASpreadsheet, also while it is read."""
    try:
        _insist_on_harmless(content)
        workbook = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    except NotASpreadsheet:
        raise
    except Exception as error:  # the library raises whatever it stumbles over in a broken file
        raise NotASpreadsheet(_unreadable()) from error
    for sheet in workbook.worksheets:
        empty = True
        try:
            sheet.reset_dimensions()  # what it says of its own size may be a lie
            for number, values in enumerate(sheet.iter_rows(max_col=columns, values_only=True), 1):
                if number > MOST_LINES:
                    raise NotASpreadsheet(too_many_lines())
                cells = [_text(value) for value in values]
                if any(cells):
                    empty = False
                    yield number, cells
        except NotASpreadsheet:
            raise
        except Exception as error:  # as above
            raise NotASpreadsheet(_unreadable()) from error
        if not empty:
            return


def too_many_lines() -> str:
    return _("The sheet has too many lines. Delete the empty ones, and try again.")


def _unreadable() -> str:
    return _("This is no workbook that can be read. Save it as .xlsx or CSV, and try again.")


def _insist_on_harmless(content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
        if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
            raise NotASpreadsheet(_("The workbook unpacks to too much. Copy the people into a new one, and try again."))
        for part in parts:
            if part.filename.endswith((".xml", ".rels")):
                text = archive.read(part).replace(b"\0", b"")  # UTF-16 has zeros between
                if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
                    raise NotASpreadsheet(_unreadable())


def _text(value: object) -> str:
    """As the cell would be typed: whole numbers without a point, dates as ISO 8601."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return (value.date() if value.time() == time() else value).isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)
