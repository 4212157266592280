"""Telling the workers that there is mail: once for each transaction, at nobody's expense who waits for an answer."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from django.db import transaction

from accounts import outbox
from accounts.models import OutgoingMail
from tests.limits import keeps_within
from tests.mails import queue_many, queue_notes

QUEUE = "celery"
ROOT = Path(__file__).resolve().parent.parent

# Publishes, does to the broker what its first argument says, publishes again and says how long that took.
PUBLISHER = """
import os, signal, sys, time
import django
django.setup()
from accounts.outbox import hint
hint()
if sys.argv[1:]:
    os.kill(int(sys.argv[1]), signal.SIGSTOP)
for _ in range(2):
    begun = time.monotonic()
    hint()
    print(time.monotonic() - begun)
"""


@pytest.fixture
def broker(settings: Any) -> Iterator["redis.Redis[bytes]"]:
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.delete(QUEUE)
        yield client
        client.delete(QUEUE)


@pytest.mark.claim("P19")
@pytest.mark.django_db(transaction=True)
def test_a_transaction_with_many_mails_sends_one_hint_and_no_secret(broker: "redis.Redis[bytes]") -> None:
    with transaction.atomic():
        queue_notes("mia@example.org")
        with transaction.atomic():
            queue_many(10)
        assert broker.llen(QUEUE) == 0  # not before the commit

    [message] = broker.lrange(QUEUE, 0, -1)
    assert b"accounts.tasks.drain_outbox" in message
    assert b"mia@example.org" not in message


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_hints_at_nothing(broker: "redis.Redis[bytes]") -> None:
    with transaction.atomic():
        queue_notes("mia@example.org")
        transaction.set_rollback(True)

    assert broker.llen(QUEUE) == 0
    assert not OutgoingMail.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_hint_outlives_the_rollback_of_a_savepoint_that_hinted_first(broker: "redis.Redis[bytes]") -> None:
    with transaction.atomic():
        with transaction.atomic():
            queue_notes("nobody@example.org")
            transaction.set_rollback(True)
        queue_notes("mia@example.org")

    assert broker.llen(QUEUE) == 1


@pytest.mark.django_db(transaction=True)
def test_queueing_nothing_hints_at_nothing(broker: "redis.Redis[bytes]") -> None:
    outbox.queue([])

    assert broker.llen(QUEUE) == 0


def publish(redis_url: str, tmp_path: Path, *arguments: str) -> float:
    """Seconds that the slower of two hints took."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "REDIS_URL": redis_url,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'hints.sqlite3'}",
    }
    command = [sys.executable, "-c", PUBLISHER, *arguments]
    finished = subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )
    seconds = [float(line) for line in finished.stdout.splitlines() if line[:1].isdigit() and ":" not in line]
    assert len(seconds) == 2, finished.stdout
    assert "hint_lost" in finished.stdout + finished.stderr
    return max(seconds)


@pytest.mark.once
@pytest.mark.claim("P20")
def test_a_redis_that_accepts_and_hangs_delays_nobody_by_two_seconds(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=50) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        assert keeps_within(2, lambda: publish(url, tmp_path))


@pytest.mark.once
@pytest.mark.claim("P20")
def test_a_redis_that_is_gone_delays_nobody(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    assert keeps_within(1, lambda: publish(f"redis://127.0.0.1:{port}/0", tmp_path))


@pytest.mark.once
@pytest.mark.claim("P20")
def test_a_redis_that_freezes_under_an_open_connection_delays_nobody_by_two_seconds(
    tmp_path: Path, valkey_url: str
) -> None:
    with redis.Redis.from_url(valkey_url) as client:
        process = client.info("server")["process_id"]

    def publish_while_it_freezes() -> float:
        try:
            return publish(valkey_url, tmp_path, str(process))
        finally:
            os.kill(process, signal.SIGCONT)

    assert keeps_within(2, publish_while_it_freezes)
