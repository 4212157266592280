"""What all tests share: the marks that tie them to claims, the test database's ways, the browser.

The cast and the world of the domain are in tests/cast.py.
"""

import json
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import TransactionTestCase
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from playwright.sync_api import expect
from pytest_django.plugin import DjangoDbBlocker

from tests import chromium, proof, scenes
from tests.browsing import complaints, site  # noqa: F401
from tests.cast import _acme, world  # noqa: F401
from tests.mails import note  # noqa: F401 - fixtures for all tests
from tests.nameserver import name_server  # noqa: F401
from tests.smtp import hasty_post, post  # noqa: F401
from tests.stage import _curtain, _scenery, committed_stage, stage  # noqa: F401
from tests.visiting import ben, mia, olga, priya  # noqa: F401

# Playwright's own loop runs in the main thread while live_server's tests use the ORM there.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

# Three times as slow as alone is still right: what a test waits for has its time, and ends it as soon as it is there.
expect.set_options(timeout=30_000)
hypothesis_settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("patient")

BROWSER_FIXTURES = {"page", "context", "browser"}


# --- which tests run where, and what they prove


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    known = proof.known_ids()
    for item in items:
        for kind in proof.KINDS:
            unknown = set(_ids(item, kind)) - set(known[kind])
            if unknown:
                raise pytest.UsageError(
                    f"{item.nodeid} is marked with the {kind} {', '.join(unknown)}, which proof.toml lacks"
                )
        if BROWSER_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker("browser")
    _leave_out(config, items, {"postgresql": "sqlite", "sqlite": "postgresql"}[_vendor()])


def _vendor() -> str:
    return "sqlite" if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3") else "postgresql"


def _ids(item: pytest.Item, kind: str) -> list[str]:
    return [one for mark in item.iter_markers(kind) for one in mark.args]


def _leave_out(config: pytest.Config, items: list[pytest.Item], mark: str) -> None:
    left_out = [item for item in items if item.get_closest_marker(mark)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


class ProofWriter:
    """Keeps how each test ended, for `make rows` and for the summary of `make test`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.results: dict[str, proof.Result] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        known = self.results.get(item.nodeid)
        if report.when == "call" or report.outcome != "passed":
            outcome = "failed" if known and known["outcome"] == "failed" else report.outcome
            reason = report.longrepr[2] if report.skipped and isinstance(report.longrepr, tuple) else ""
            marks = {kind: _ids(item, kind) for kind in proof.KINDS}
            self.results[item.nodeid] = {"test": item.nodeid, "outcome": outcome, "reason": reason, "marks": marks}
        return report

    def pytest_sessionfinish(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(list(self.results.values()), indent=1))


def pytest_configure(config: pytest.Config) -> None:
    Path(settings.DATA_DIR).mkdir(parents=True, exist_ok=True)
    if path := os.environ.get("PROOF"):
        config.pluginmanager.register(ProofWriter(Path(path)))


# --- the test database


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The test database; after tests that commit, what migrating left is put back in place of Django's flush.

    That truncates all tables and makes roles, permissions and content types anew, and stops at the history's triggers.
    """
    with django_db_blocker.unblock():
        scenes.keep(scenes.AS_MIGRATED)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _test: scenes.begin_anew())
        yield


# --- the browser


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    path = chromium.find()
    if path is None:
        pytest.skip("There is no browser: install Chromium (make test does where it can).")
    return {**browser_type_launch_args, "executable_path": path, "args": chromium.ARGUMENTS}
