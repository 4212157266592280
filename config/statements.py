"""Statements by hand for what is asked so often that planning would cost more than running it."""

from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections


def prepared(statement: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    """The rows that it returns. PostgreSQL keeps its plan for the connection. Parameters by name. A pooler in between
    has to keep prepared statements (PgBouncer does from 1.21 on).
    """
    connection = connections[DEFAULT_DB_ALIAS]  # `django.db.connection` would look it up for each name
    if connection.vendor != "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return list(cursor.fetchall())
    import psycopg

    connection.ensure_connection()
    plain = connection.connection
    # Django's own cursors bind on the client and are never prepared, whatever this says.
    plain.prepare_threshold = 0
    wrap = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    with wrap(psycopg.Cursor(plain)) as cursor:  # type: ignore[arg-type]  # the stubs name what it returns
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())
