"""The two commands: what they find, start, print and end. Each test starts real processes."""

import json
import os
import secrets
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.product import STARTED, Product, free_port, running_product, start

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent


# --- finding a Python


def program(folder: Path, name: str, body: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def find_python(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {"PATH": f"{folder}:/usr/bin:/bin", "HOME": str(folder), **environment}
    return subprocess.run(
        [ROOT / "bin/find-python"], env=clean, cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.fixture
def only_old(tmp_path: Path) -> Path:
    """A machine on which every Python that PATH names is too old or a shim that fails."""
    for name in ("python3.13", "python3.14", "python3.12"):
        program(tmp_path, name, "echo 'pyenv: command not found' >&2; exit 127")
    for name in ("python3", "python"):
        program(tmp_path, name, "echo 3.9 >&2; exit 1")
    return tmp_path


def test_a_machine_with_old_pythons_only_is_told_what_to_install(only_old: Path) -> None:
    found = find_python(only_old)
    if found.returncode == 0:
        # This machine keeps a good one where the finder looks without PATH.
        assert found.stdout.startswith(("/usr/local/bin/", "/opt/"))
        return
    assert "Roster needs Python 3.12, 3.13 or 3.14" in found.stderr
    assert "python3 is 3.9" in found.stderr
    assert "make run PYTHON=" in found.stderr


def test_a_newer_python_beside_an_old_default_is_found(only_old: Path) -> None:
    program(only_old, "python3.12", f'exec {sys.executable} "$@"')
    assert find_python(only_old).stdout.strip() == sys.executable


def test_a_python_that_only_pyenv_has_is_found(only_old: Path) -> None:
    versions = only_old / ".pyenv/versions/3.13.1/bin"
    versions.mkdir(parents=True)
    program(versions, "python3", f'exec {sys.executable} "$@"')
    assert find_python(only_old).stdout.strip() == sys.executable


def test_a_python_that_was_named_and_is_too_old_is_refused(only_old: Path) -> None:
    refused = find_python(only_old, PYTHON="python3")
    assert refused.returncode == 1
    assert "python3 is 3.9" in refused.stderr


# --- production settings


@pytest.mark.claim("P1")
def test_the_production_settings_pass_the_deployment_check(tmp_path: Path) -> None:
    production = {
        "PATH": os.environ["PATH"],
        "SECRET_KEY": secrets.token_urlsafe(60),
        "PUBLIC_URL": "https://roster.example.com",
        "ALLOWED_HOSTS": "roster.example.com",
        "TRUSTED_PROXIES": "1",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'roster.sqlite3'}",
        "DATA_DIR": str(tmp_path),
    }
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    checked = subprocess.run(command, cwd=ROOT, env=production, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    without_key = {name: value for name, value in production.items() if name != "SECRET_KEY"}
    assert subprocess.run(command, cwd=ROOT, env=without_key, capture_output=True, check=False).returncode != 0


# --- make run


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with running_product(tmp_path_factory.mktemp("product")) as product:
        yield product


def failing_parts(product: Product) -> list[str]:
    with urllib.request.urlopen(f"{product.url}/readyz") as answer:
        return [name for name, report in json.load(answer)["checks"].items() if not report["ok"]]


def process_ids(product: Product) -> list[int]:
    return [int(pid) for pid in json.loads((product.data / "run.pid").read_text())["processes"]]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_all_parts_run_and_answer(product: Product) -> None:
    assert f"{STARTED} {product.url}/" in product.said
    assert len(process_ids(product)) == 5
    deadline = time.monotonic() + 150
    while (failing := failing_parts(product)) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert failing == []
    with urllib.request.urlopen(f"{product.url}/mailbox/") as page:
        assert b"No mail yet" in page.read()


def test_a_second_run_in_the_same_folder_is_refused_with_the_way_out(product: Product) -> None:
    second = start(product.data)
    assert second.process.wait(90) == 1
    assert "It runs already" in second.said
    assert f"kill {product.process.pid}" in second.said
    assert product.process.poll() is None


def test_a_busy_port_is_said_with_the_way_out(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        refused = start(tmp_path, PORT=str(port))
        assert refused.process.wait(90) == 1
    assert f"Port {port} is in use by another program" in refused.said
    assert f"make run PORT={port + 1}" in refused.said


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"REDIS_URL": "redis://:hidden@127.0.0.1:1/0"}, "nothing answers there"),
        ({"DATABASE_URL": "postgres://nobody:hidden@127.0.0.1:1/none"}, "does not let Roster in"),
    ],
)
def test_a_server_that_was_named_and_is_not_there_is_said(
    tmp_path: Path, environment: dict[str, str], sentence: str
) -> None:
    refused = start(tmp_path, **environment)
    assert refused.process.wait(90) == 1
    assert sentence in refused.said
    assert "Traceback" not in refused.said
    assert "hidden" not in refused.said


def test_ctrl_c_ends_everything_and_the_next_start_cleans_up_after_a_kill(tmp_path: Path) -> None:
    port = free_port()
    with running_product(tmp_path, PORT=str(port)) as first:
        ids = process_ids(first)
        assert all(is_running(pid) for pid in ids)
        assert first.stop(signal.SIGINT) == 0
    assert not any(is_running(pid) for pid in ids)
    assert (tmp_path / "run.pid").read_text() == ""

    with running_product(tmp_path, PORT=str(port)) as second:
        ids = process_ids(second)
        second.stop(signal.SIGKILL)
        assert any(is_running(pid) for pid in ids)

    with running_product(tmp_path, PORT=str(port)) as third:
        assert "Found the stale pid file" in third.said
        assert "Ended the 5 processes" in third.said
        assert not any(is_running(pid) for pid in ids)
