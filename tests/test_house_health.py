"""/healthz and /readyz: each part is reported on its own, and none can keep the answer waiting."""

import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from django.db.models.functions import Now
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import Heartbeat, OutgoingMail
from accounts.models.heartbeats import HeartbeatName
from config import health
from tests.limits import keeps_within, took

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.claim("P20")]


@pytest.fixture(autouse=True)
def _addresses(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.house_urls"


@pytest.fixture
def silent_server() -> Iterator[int]:
    """Takes connections and never says a word, as a hung Redis or mail server does."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def smtp_at(port: int) -> dict[str, Any]:
    options = {"host": "127.0.0.1", "port": port, "use_ssl": False}
    return {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}}


def check(client: Client, name: str) -> tuple[int, dict[str, Any]]:
    answer = client.get("/readyz", {"check": name})
    return answer.status_code, answer.json()["checks"][name]


def test_a_process_is_alive_whatever_is_around_it(client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        answer = client.get("/healthz")
    assert answer.json() == {"status": "alive"}


def test_only_the_database_makes_a_process_not_ready(client: Client, settings: Settings, closed_port: int) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{closed_port}/0"
    settings.MAILERS = smtp_at(closed_port)
    answer = client.get("/readyz")
    assert answer.status_code == 200
    body = answer.json()
    assert body["status"] == "degraded"
    assert body["checks"]["database"] == {"ok": True}
    assert set(body["checks"]) == {"database", "broker", "mail", "queued_mail", "mail_gate", "worker", "beat"}
    assert not body["checks"]["broker"]["ok"]
    assert not body["checks"]["mail"]["ok"]


def test_a_database_that_does_not_answer_makes_it_not_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> health.Report:
        raise DatabaseError("the server closed the connection")

    monkeypatch.setitem(health.CHECKS, "database", gone)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["status"] == "not ready"
    assert "closed the connection" not in answer.content.decode()


def test_servers_that_hang_cost_two_seconds_and_no_more(client: Client, settings: Settings, silent_server: int) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{silent_server}/0"
    settings.MAILERS = smtp_at(silent_server)

    def ask_twice() -> None:
        for _ in range(2):
            checks = client.get("/readyz").json()["checks"]
            assert not checks["broker"]["ok"]
            assert not checks["mail"]["ok"]
            assert checks["database"]["ok"]

    assert keeps_within(2 * health.CHECK_TIMEOUT + 1, took(ask_twice))


def test_one_part_can_be_asked_for_alone(client: Client, settings: Settings, closed_port: int) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{closed_port}/0"
    assert check(client, "database") == (200, {"ok": True})
    assert check(client, "broker") == (503, {"ok": False, "reason": "ConnectionError"})
    assert client.get("/readyz", {"check": "weather"}).status_code == 404


def test_the_oldest_mail_that_waits_is_told(client: Client) -> None:
    assert check(client, "queued_mail") == (200, {"ok": True, "oldest_seconds": 0})
    mail = OutgoingMail.objects.create(kind="note", recipient="pat@example.org")
    OutgoingMail.objects.create(kind="note", recipient="later@example.org", next_attempt_at=Now() + timedelta(hours=1))
    OutgoingMail.objects.filter(pk=mail.pk).update(next_attempt_at=Now() - timedelta(minutes=10))
    status, report = check(client, "queued_mail")
    assert status == 503
    assert 600 <= report["oldest_seconds"] < 700


@pytest.mark.parametrize("name", list(HeartbeatName))
def test_silence_of_worker_and_beat_is_told_apart(client: Client, name: HeartbeatName) -> None:
    assert check(client, name) == (503, {"ok": False, "reason": "never seen"})
    Heartbeat.record(name)
    status, report = check(client, name)
    assert (status, report["ok"]) == (200, True)
    Heartbeat.objects.filter(name=name).update(at=Now() - timedelta(minutes=2))
    status, report = check(client, name)
    assert status == 503
    assert report["age_seconds"] >= 120


def test_a_sign_of_life_is_one_row(client: Client) -> None:
    Heartbeat.record(Heartbeat.Name.WORKER)
    Heartbeat.record(Heartbeat.Name.WORKER)
    assert Heartbeat.objects.count() == 1
