"""Tables of people as they are pasted and uploaded: read, understood, and written again. No write to the database."""

from invitations.sheets.columns import FIELDS, Columns, Entered, guess_columns
from invitations.sheets.reading import MOST_BYTES, MOST_ROWS, Sheet, UnreadableSheet, read_file, read_pasted
from invitations.sheets.writing import write_spreadsheet

__all__ = [
    "FIELDS",
    "MOST_BYTES",
    "MOST_ROWS",
    "Columns",
    "Entered",
    "Sheet",
    "UnreadableSheet",
    "guess_columns",
    "read_file",
    "read_pasted",
    "write_spreadsheet",
]
