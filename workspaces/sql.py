"""What the ORM has no word for: INSERT ... SELECT from a queryset, DELETE without loading rows, both at once. Works
alike on both databases.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection, models
from django.db.models.expressions import RawSQL
from django.db.models.sql import DeleteQuery
from django.utils.dateparse import parse_datetime


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
    return int(rows.order_by()._raw_delete(rows.db) or 0)  # None: the queryset can match nothing


def move_rows(rows: models.QuerySet[Any], to: type[models.Model], fields: Mapping[str, str]) -> int:
    """Deletes the rows and leaves one of `to` for each; fields: attname there -> attname here. Dependants as for
    `delete_rows`. Returns the number of rows.

    One statement on PostgreSQL; SQLite has no DELETE inside another.
    """
    if connection.vendor != "postgresql":
        insert_select(to, list(fields), rows.order_by().values_list(*fields.values()))
        return delete_rows(rows)
    quote = connection.ops.quote_name
    query = rows.order_by().query.chain(DeleteQuery)
    delete, parameters = query.get_compiler(connection=connection).as_sql()
    left = ", ".join(quote(_column(rows.model._meta, name)) for name in fields.values())
    made = ", ".join(quote(_column(to._meta, name)) for name in fields)
    insert = f"INSERT INTO {quote(to._meta.db_table)} ({made}) SELECT * FROM gone"
    with connection.cursor() as cursor:
        cursor.execute(f"WITH gone AS ({delete} RETURNING {left}) {insert}", parameters)
        return int(cursor.rowcount)


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


def update_rows(rows: models.QuerySet[Any], key: str, fields: Sequence[str], values: Iterable[Sequence[Any]]) -> int:
    """Gives each of the rows values of its own, by one UPDATE. values: the key, then in the order of `fields`
    (attnames): texts, numbers and JSON; None leaves what is there. Returns the number of rows.
    """
    quote, meta = connection.ops.quote_name, rows.model._meta
    table, columns = quote(meta.db_table), [_field(meta, name) for name in (key, *fields)]
    names, prepare = [quote(str(column.column)) for column in columns], [column.get_prep_value for column in columns]
    given = [[made(value) for made, value in zip(prepare, row, strict=True)] for row in values]
    taken = ", ".join(f"{_taken(column, place)} AS {names[place]}" for place, column in enumerate(columns))
    items = "json_array_elements(%s)" if connection.vendor == "postgresql" else "json_each(%s)"
    changes = ", ".join(f"{name} = coalesce(given.{name}, {table}.{name})" for name in names[1:])
    which, parameters = rows.query.where.as_sql(rows.query.get_compiler(connection=connection), connection)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {changes} FROM (SELECT {taken} FROM {items} AS items) AS given"
            f" WHERE {table}.{names[0]} = given.{names[0]} AND {which}",
            [json.dumps(given), *parameters],
        )
        return int(cursor.rowcount)


def _taken(field: "models.Field[Any, Any]", place: int) -> str:
    """Out of a row of values; -> leaves JSON what it is."""
    arrow = "->" if isinstance(field, models.JSONField) else "->>"
    value = f"items.value {arrow} {place}"
    return f"({value})::{field.rel_db_type(connection)}" if connection.vendor == "postgresql" else value


def of_ids(ids: Collection[int]) -> RawSQL:
    """For `field__in=`: many ids as one parameter, like `among`."""
    if connection.vendor == "postgresql":
        return RawSQL("SELECT unnest(%s::bigint[])", [listed(ids)])
    return RawSQL("SELECT value FROM json_each(%s)", [listed(ids)])


def among(texts: Collection[str]) -> RawSQL:
    """For `field__in=`: many texts as one parameter, since thousands of them cost more to parse than to look up."""
    if connection.vendor == "postgresql":
        return RawSQL("SELECT unnest(%s::text[])", [list(texts)])
    return RawSQL("SELECT value FROM json_each(%s)", [json.dumps(list(texts))])


def among_ids(column: str, name: str) -> str:
    """A condition for `prepared`: the column is one of the ids of a parameter, which `listed` makes."""
    if connection.vendor == "postgresql":
        return f"{column} = ANY(%({name})s::bigint[])"
    return f"{column} IN (SELECT value FROM json_each(%({name})s))"


def in_list(column: str, select: str) -> str:
    """column IN (select), such that PostgreSQL reads it as a list and looks each one up by an index, where it might
    take a few for reason enough to walk the whole index beside them.
    """
    return f"{column} = ANY(ARRAY({select}))" if connection.vendor == "postgresql" else f"{column} IN ({select})"


def joined(expression: str) -> str:
    """The aggregate that makes a comma-separated list of texts."""
    name = "string_agg" if connection.vendor == "postgresql" else "group_concat"
    return f"{name}({expression}, ',')"


def listed(ids: Collection[int]) -> str:
    """As text, which costs the driver less than a list whose items it has to look at."""
    text = ",".join(map(str, ids))
    return f"{{{text}}}" if connection.vendor == "postgresql" else f"[{text}]"


def reserve_ids(model: type[models.Model], count: int) -> list[int]:
    """Ids that nobody else gets, for rows that refer to each other before they exist. On SQLite call it inside the
    write transaction.
    """
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Without a query of its own the sequence is looked for once for each id.
            sequence = "(SELECT pg_get_serial_sequence(%s, 'id')::regclass)"
            cursor.execute(f"SELECT nextval({sequence}) FROM generate_series(1, %s)", [table, count])
            return [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = %s", [table])
        first = cursor.fetchone()[0] + 1
        return list(range(first, first + count))


def moment(value: Any) -> datetime | None:
    """A time out of a statement of ours: SQLite hands it out without a zone, as text where it computed it; all are
    UTC.
    """
    found = parse_datetime(value) if isinstance(value, str) else value
    return found.replace(tzinfo=UTC) if found is not None and found.tzinfo is None else found


def _column(meta: Any, name: str) -> str:
    return str(_field(meta, name).column)


def _field(meta: Any, name: str) -> "models.Field[Any, Any]":
    for field in meta.concrete_fields:
        if name in (field.attname, field.name):
            assert isinstance(field, models.Field)
            return field
    raise ValueError(f"{meta.label} has no column for {name}")
