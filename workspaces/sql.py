"""What the ORM has no word for: INSERT ... SELECT from a queryset, and DELETE without loading rows. Works alike on both
databases.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db import connection, models
from django.db.models.expressions import RawSQL


def insert_select(
    model: type[models.Model], fields: list[str], rows: models.QuerySet[Any, Any], *, ignore_conflicts: bool = False
) -> int:
    """Inserts what the queryset selects, column by column in the order of `fields` (attnames). Returns the number of
    rows.
    """
    quote = connection.ops.quote_name
    meta = model._meta
    columns = ", ".join(quote(_column(meta, name)) for name in fields)
    # Not elided: a queryset that can match nothing is a SELECT without rows, not an exception.
    select, parameters = rows.query.get_compiler(connection=connection, elide_empty=False).as_sql()
    conflict = " ON CONFLICT DO NOTHING" if ignore_conflicts else ""
    # SQLite cannot tell ON CONFLICT from a join's ON unless the SELECT has a WHERE.
    source = f"SELECT * FROM ({select}) AS source WHERE true" if ignore_conflicts else select
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {quote(meta.db_table)} ({columns}) {source}{conflict}", parameters)
        return int(cursor.rowcount)


def delete_rows(rows: models.QuerySet[Any]) -> int:
    """One DELETE, without collecting dependants: the caller has removed those. Model.delete would load every row
    first.
    """
    return int(rows.order_by()._raw_delete(rows.db))


def insert_rows(model: type[models.Model], fields: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Inserts many rows at once: COPY on PostgreSQL, executemany on SQLite. Values in the order of `fields`
    (attnames).
    """
    quote = connection.ops.quote_name
    meta = model._meta
    target = f"{quote(meta.db_table)} ({', '.join(quote(_column(meta, name)) for name in fields)})"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {target} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        converters = [_field(meta, name).get_db_prep_save for name in fields]
        cursor.executemany(
            f"INSERT INTO {target} VALUES ({', '.join(['%s'] * len(fields))})",
            [[prepare(value, connection) for prepare, value in zip(converters, row, strict=True)] for row in rows],
        )


def among(texts: Collection[str]) -> RawSQL:
    """For `field__in=`: many texts as one parameter, since thousands of them cost more to parse than to look up."""
    if connection.vendor == "postgresql":
        return RawSQL("SELECT unnest(%s::text[])", [list(texts)])
    return RawSQL("SELECT value FROM json_each(%s)", [json.dumps(list(texts))])


def reserve_ids(model: type[models.Model], count: int) -> list[int]:
    """Ids that nobody else gets, for rows that refer to each other before they exist. On SQLite call it inside the
    write transaction.
    """
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, count]
            )
            return [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = %s", [table])
        first = cursor.fetchone()[0] + 1
        return list(range(first, first + count))


def _column(meta: Any, name: str) -> str:
    return str(_field(meta, name).column)


def _field(meta: Any, name: str) -> "models.Field[Any, Any]":
    for field in meta.concrete_fields:
        if name in (field.attname, field.name):
            assert isinstance(field, models.Field)
            return field
    raise ValueError(f"{meta.label} has no column for {name}")
