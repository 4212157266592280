"""Workbooks for people to fill in. CSV is written by `config.ui.sheets`."""

import io
from collections.abc import Iterable, Sequence

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from config.ui.sheets import neutral


def write_spreadsheet(sheets: Iterable[tuple[str, Iterable[Sequence[str]]]]) -> bytes:
    """An xlsx workbook; sheets by name. Every cell is a text, whatever it looks like."""
    workbook = Workbook(write_only=True)
    for name, rows in sheets:
        sheet = workbook.create_sheet(name)
        for row in rows:
            cells = []
            for text in row:
                cell = WriteOnlyCell(sheet, neutral(text))
                cell.data_type = "s"
                cells.append(cell)
            sheet.append(cells)
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()
