"""The database of the benchmark: made when missing, made anew when the product's tables have changed, else kept."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.core.management import call_command
from django.db import connection

from bench.building import build
from bench.shape import SCALES, VERSION, Scale

ROOT = Path(__file__).resolve().parent.parent


class Unusable(Exception):
    """The database cannot be measured; the message says what to do."""


def prepare(url: str, scales: Iterable[Scale]) -> None:
    """Afterwards the database at the URL holds these scales."""
    stamp = _stamp()
    _create(url)
    if not _is_current(stamp):
        print("The stored data are of another shape than the product has now: making them anew.", flush=True)
        _remove(url)
        _create(url)
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS bench_data (scale text PRIMARY KEY, stamp text NOT NULL)")
        cursor.execute("SELECT scale FROM bench_data")
        present = {name for (name,) in cursor.fetchall()}
    for scale in scales:
        if scale.name not in present:
            print(f"Building {scale.name}: {scale.members:,} members ...", flush=True)
            build(scale)
            with connection.cursor() as cursor:
                cursor.execute("INSERT INTO bench_data VALUES (%s, %s)", [scale.name, stamp])
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")  # a former run took back what it wrote, and the planner reads the remains


@contextmanager
def beside(url: str, suffix: str) -> Iterator[str]:
    """Turns the connection to another database, with empty tables, for rows that are committed; it goes afterwards."""
    name = str(connection.settings_dict["NAME"])
    connection.close()
    _remove(url + suffix)
    _create(url + suffix)
    connection.settings_dict["NAME"] = name + suffix
    try:
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        yield url + suffix
    finally:
        connection.close()
        connection.settings_dict["NAME"] = name
        _remove(url + suffix)


def _is_current(stamp: str) -> bool:
    """Is it empty, or made in this shape? Raises Unusable for a database that is somebody else's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('bench_data') IS NOT NULL, to_regclass('django_migrations') IS NOT NULL")
        ours, migrated = cursor.fetchone()
        if not ours:
            if migrated:
                raise Unusable("BENCH_DATABASE_URL names a database that holds other data; name an empty one.")
            return True
        cursor.execute("SELECT count(*) FROM bench_data WHERE stamp <> %s", [stamp])
        return int(cursor.fetchone()[0]) == 0


def _stamp() -> str:
    """Of the tables, and of what is built into them; comments of migrations are dates."""
    digest = hashlib.sha256(repr((VERSION, SCALES)).encode())
    for path in sorted(ROOT.glob("*/migrations/*.py")):
        digest.update("".join(line for line in path.read_text().splitlines() if not line.startswith("#")).encode())
    return digest.hexdigest()[:16]


def _create(url: str) -> None:
    server, name = _parts(url)
    try:
        with psycopg.connect(server, autocommit=True) as control:
            found = control.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
            if not found:
                control.execute(f'CREATE DATABASE "{name}"')
    except psycopg.OperationalError as problem:
        raise Unusable(f"There is no PostgreSQL that lets us in; set BENCH_DATABASE_URL. {problem}") from problem


def _remove(url: str) -> None:
    connection.close()
    server, name = _parts(url)
    with psycopg.connect(server, autocommit=True) as control:
        control.execute(f'DROP DATABASE IF EXISTS "{name}"')


def _parts(url: str) -> tuple[str, str]:
    """The URL of the server's own database, and the name of ours."""
    before, _, name = url.rpartition("/")
    return f"{before}/postgres", name
