"""Which column holds what: guessed from the header, told by a person where that is not enough."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Self

from invitations.sheets.reading import Row, Sheet
from invitations.sheets.words import HEADERS, header_key

FIELDS = ("email", "name", "role", "groups", "workspaces")
"""The columns of the template, in its order."""

COLUMN_FIELDS = ("email", "name", "first_name", "last_name", "role", "groups", "workspaces")
"""What a column may be mapped to: a name may stand in two."""


@dataclass(frozen=True, slots=True)
class Entered:
    """What was entered for one person, as texts. groups and workspaces as `placing` reads them."""

    email: str = ""
    name: str = ""
    role: str = ""
    groups: str = ""
    workspaces: str = ""

    def texts(self) -> dict[str, str]:
        return asdict(self)

    @classmethod
    def of(cls, texts: dict[str, str]) -> Self:
        """Out of what `texts` made, and whatever stands beside it."""
        return cls(**{field.name: texts.get(field.name, "") for field in fields(cls)})


@dataclass(frozen=True, slots=True)
class Columns:
    """The field of each column, "" for those that are left out."""

    fields: tuple[str, ...]

    @property
    def is_enough(self) -> bool:
        """An address is needed, and nothing may be said twice."""
        return "email" in self.fields and not self.repeated

    @property
    def repeated(self) -> tuple[str, ...]:
        return tuple(field for field in COLUMN_FIELDS if self.fields.count(field) > 1)

    def entered(self, cells: Sequence[str]) -> Entered:
        texts = {field: cell for field, cell in zip(self.fields, cells, strict=False) if field}
        first, last = texts.pop("first_name", ""), texts.pop("last_name", "")
        return Entered.of({"name": f"{first} {last}".strip(), **{key: text for key, text in texts.items() if text}})


def guess_columns(sheet: Sheet) -> Columns:
    """By the words of the header. Without one the column with most addresses holds them, and the rest is for a person
    to tell: then `is_certain` says no.
    """
    if sheet.is_list:
        return Columns(("email", "name"))
    guessed = [HEADERS.get(header_key(word), "") for word in sheet.header]
    guessed += [""] * (sheet.width - len(guessed))
    if "email" not in guessed:
        column = _column_of_addresses(sheet.rows, sheet.width)
        if column is not None:
            guessed[column] = "email"
    return Columns(tuple(guessed))


def is_certain(sheet: Sheet, columns: Columns) -> bool:
    """Need nobody be asked? A header named the addresses, or there is nothing beside them."""
    named = any(HEADERS.get(header_key(word)) == "email" for word in sheet.header)
    return columns.is_enough and (named or sheet.is_list or sheet.width == 1)


def _column_of_addresses(rows: Sequence[Row], width: int) -> int | None:
    counts = [sum(index < len(row.cells) and "@" in row.cells[index] for row in rows) for index in range(width)]
    return counts.index(max(counts)) if max(counts, default=0) else None
