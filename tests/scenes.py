"""Rows that are put back: what migrating left, after tests that commit; and scenes, which are made once in a run.

To make Acme by its own actions takes a second, to copy its rows inside the database some milliseconds.
"""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

AS_MIGRATED = "migrated"
KEPT = "kept_"  # how the copies' names begin

_kept: dict[str, list[str]] = {}  # by scene: the tables of which there is a copy


class Scene[World]:
    """A world that tests find as it was made, whoever changed it before them."""

    def __init__(self, name: str, make: Callable[[], World]) -> None:
        self.name = name
        self.make = make
        self.world: World | None = None

    def prepare(self) -> None:
        """Makes and copies it, on an empty stage and outside of any transaction."""
        if self.world is not None:
            return
        assert not connection.in_atomic_block, "A scene is made before the test's own transaction begins."
        self.world = self.make()
        keep(self.name)
        begin_anew()

    def set_up(self) -> World:
        """Its rows beside those that migrating left; the world as it was when it was made."""
        with transaction.atomic(), connection.cursor() as cursor:
            _bring_back(cursor, self.name)
        assert self.world is not None
        return copy.deepcopy(self.world)


def keep(name: str) -> None:
    """Copies all rows that migrating did not leave."""
    with transaction.atomic(), connection.cursor() as cursor:
        _kept[name] = _filled(cursor)
        for table in _kept[name]:
            own = ""
            if name != AS_MIGRATED and table in _kept[AS_MIGRATED]:
                own = f'WHERE id NOT IN (SELECT id FROM "{_copy_of(AS_MIGRATED, table)}")'
            cursor.execute(f'CREATE TABLE "{_copy_of(name, table)}" AS SELECT {_columns(table)} FROM "{table}" {own}')


def begin_anew() -> None:
    """All rows go, those of the history and of the cache too, where rate limits count; those of migrating come back."""
    with transaction.atomic(), connection.cursor() as cursor:
        with _triggers_aside(cursor):
            for table in _filled(cursor):
                cursor.execute(f'DELETE FROM "{table}"')
        _bring_back(cursor, AS_MIGRATED)


def _bring_back(cursor: CursorWrapper, name: str) -> None:
    for table in _kept[name]:
        columns = _columns(table)
        cursor.execute(f'INSERT INTO "{table}" ({columns}) SELECT {columns} FROM "{_copy_of(name, table)}"')


def _copy_of(name: str, table: str) -> str:
    return f"{KEPT}{name}_{table}"


def _filled(cursor: CursorWrapper) -> list[str]:
    cursor.execute(
        " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM \"{table}\")" for table in _tables())
    )
    return [table for (table,) in cursor.fetchall()]


@cache
def _tables() -> list[str]:
    names = connection.introspection.table_names()
    return [name for name in names if not name.startswith(KEPT) and name != "django_migrations"]


@cache
def _columns(table: str) -> str:
    """Those that can be written: what the database computes is left to it."""
    asking = (
        "SELECT name FROM pragma_table_info(%s)"  # leaves out generated ones
        if connection.vendor == "sqlite"
        else "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_generated = 'NEVER'"
    )
    with connection.cursor() as cursor:
        cursor.execute(asking, [table])
        return ", ".join(f'"{column}"' for (column,) in cursor.fetchall())


@contextmanager
def _triggers_aside(cursor: CursorWrapper) -> Iterator[None]:
    """Nothing can be deleted from the history, except here."""
    if connection.vendor == "sqlite":
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = cursor.fetchall()
        aside, back = [f'DROP TRIGGER "{name}"' for name, _ in triggers], [sql for _, sql in triggers]
    else:
        cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal")
        guarded = [table for (table,) in cursor.fetchall()]
        aside, back = (
            [f"ALTER TABLE {table} {verb} TRIGGER USER" for table in guarded] for verb in ("DISABLE", "ENABLE")
        )
    for statement in aside:
        cursor.execute(statement)
    yield
    for statement in back:
        cursor.execute(statement)
