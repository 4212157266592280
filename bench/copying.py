"""COPY of made-up rows: text lines in, no conversion on the way. Values must hold no tab, newline or backslash."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import batched

from django.db import connection

LINES = 5_000
NULL = r"\N"


def line(*values: object) -> str:
    """One row; None is NULL."""
    return "\t".join([NULL if value is None else str(value) for value in values]) + "\n"


def copy_lines(table: str, columns: str, lines: Iterable[str]) -> None:
    """columns as in SQL; each line ends with a newline and holds its values between tabs."""
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        for chunk in batched(lines, LINES):
            copy.write("".join(chunk))


def next_id(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT coalesce(max(id), 0) + 1 FROM {table}")
        return int(cursor.fetchone()[0])


def move_sequences(tables: Iterable[str]) -> None:
    """After ids were given by hand: the next row gets the next one."""
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), coalesce(max(id), 1)) FROM {table}")


def moments(newest: datetime) -> Iterator[str]:
    """Endless text forms of moments before `newest`, a minute apart, over and over within 400 days."""
    stamp = newest.timestamp()
    times = [
        datetime.fromtimestamp(stamp - 60 * (minutes * 7919 % 576_000), newest.tzinfo).isoformat(" ", "seconds")
        for minutes in range(9973)
    ]
    while True:
        yield from times
