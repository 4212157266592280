"""The outbox through real workers, beats, a private broker and an SMTP server, each a process (`bin/chaos`)."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(1500)

CHAOS = Path(__file__).resolve().parent.parent / "bin" / "chaos"


def run_chaos(*, number: int, faults: str) -> dict[str, int]:
    environment = {**os.environ, "N": str(number), "FAULTS": faults}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    finished = subprocess.run(
        [sys.executable, str(CHAOS)], env=environment, capture_output=True, text=True, timeout=1400, check=False
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    *_, last = finished.stdout.splitlines()
    return {name: int(count) for name, count in re.findall(r"(sent|lost|doubled|unconfirmed) (\d+)", last)}


@pytest.mark.claim("P19a", "P19")
def test_without_faults_each_of_sixty_invitations_is_delivered_exactly_once_with_two_beats() -> None:
    assert run_chaos(number=60, faults="0") == {"sent": 60, "lost": 0, "doubled": 0, "unconfirmed": 0}


@pytest.mark.claim("P19a", "P19")
def test_with_workers_killed_and_the_broker_restarted_nothing_is_lost_and_nothing_sent_more_than_twice() -> None:
    tally = run_chaos(number=150, faults="kills")

    assert tally["lost"] == 0
    assert tally["sent"] + tally["unconfirmed"] == 150


@pytest.mark.claim("P19", "P20")
def test_with_the_broker_stopped_hung_and_emptied_each_is_delivered_exactly_once_and_no_request_waits() -> None:
    assert run_chaos(number=80, faults="broker") == {"sent": 80, "lost": 0, "doubled": 0, "unconfirmed": 0}


@pytest.mark.claim("P19", "P19a")
def test_a_broken_mail_server_costs_only_those_whom_it_refuses() -> None:
    tally = run_chaos(number=120, faults="smtp")

    assert tally["lost"] == 0
    assert tally["sent"] + tally["unconfirmed"] == 120 - 2 - 1  # one address is unknown, one unwanted, one is poison
