"""What is done while invitations are asked for: workers killed, the broker or the mail server taken away."""

import contextlib
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable

import redis
import servers
from ground import BROKER, SINK, Ground, worker_names

KILL_EVERY = 2.0  # seconds
LIFE = 6.0  # seconds that a worker is left before it is killed whole
AWAY = 3.0  # seconds that a server is stopped
HANGING = 5.0  # seconds that the broker hangs
PATIENCE = 60.0  # seconds in which the mail gate has to close, or to open


class Faults(threading.Thread):
    """breaches: what was seen meanwhile and must not be. hung: from when to when the broker hung, by time.monotonic."""

    def __init__(self, ground: Ground, asking: float) -> None:
        super().__init__(daemon=True)
        self.ground = ground
        self.asking = asking  # seconds over which invitations are asked for
        self.stopped = threading.Event()
        self.breaches: list[str] = []
        self.hung: tuple[float, float] | None = None

    def stop(self) -> None:
        self.stopped.set()
        self.join()

    def count(self, what: str) -> None:
        self.ground.counts[what] += 1


class Kills(Faults):
    """Every two seconds kills the worker that has been up longest, or, while none has lived its life, a child of one.

    Restarts the broker at a third and at two thirds of the asking.
    """

    def run(self) -> None:
        begun = time.monotonic()
        broker_at = [self.asking / 3, self.asking * 2 / 3]
        self.up_since: dict[int, float] = {}  # by the worker's process id
        while not self.stopped.wait(KILL_EVERY):
            self._kill_one()
            if broker_at and time.monotonic() - begun > broker_at[0]:
                broker_at.pop(0)
                self.ground.restart(BROKER)
                self.count("broker restarts")

    def _kill_one(self) -> None:
        """Lives are counted from when a worker has children: on a busy machine starting takes longer than a life, and
        a worker whose children die at once ends by itself. Then we start it again, as a process manager would.
        """
        now = time.monotonic()
        workers: list[tuple[float, str, list[int]]] = []
        for name in worker_names():
            worker = self.ground.running[name]
            if worker.poll() is not None:
                self.ground.restart(name)
            elif children := _children(worker.pid):
                workers.append((now - self.up_since.setdefault(worker.pid, now), name, children))
        if not workers:
            return
        age, name, children = max(workers)
        if age >= LIFE:
            self.ground.restart(name)
            self.count("workers killed")
        elif age >= KILL_EVERY:
            with contextlib.suppress(ProcessLookupError):
                os.kill(random.choice(children), signal.SIGKILL)  # noqa: S311 - no secret
                self.count("children killed")


class BrokerFaults(Faults):
    """The broker is stopped, hangs, and is emptied, once each, while people go on asking."""

    def run(self) -> None:
        for what in (self._stop_it, self._hang_it, self._empty_it):
            if self.stopped.wait(self.asking / 6):
                self.breaches.append("the asking was over before all faults had happened")
                return
            what()

    def _stop_it(self) -> None:
        self.ground.stop(BROKER)
        time.sleep(AWAY)
        self.ground.start(BROKER)
        self.count("broker stopped")

    def _hang_it(self) -> None:
        begun = time.monotonic()
        with self.ground.hung(BROKER):
            time.sleep(HANGING)
            self.hung = (begun, time.monotonic())
        self.count("broker hung")

    def _empty_it(self) -> None:
        with redis.Redis(servers.LOOPBACK, self.ground.redis_port) as client:
            client.flushall()
        self.count("broker emptied")


class MailFaults(Faults):
    """The mail server is gone, and later hangs, each until the gate before the outbox has closed; then it is back.

    What it does to single recipients meanwhile is in `moods`.
    """

    def run(self) -> None:
        self.stopped.wait(self.asking / 6)
        self.ground.stop(SINK)
        time.sleep(AWAY)
        self._insist("closed", "gone")
        self.ground.start(SINK)
        self._insist("open", "back")
        with self.ground.hung(SINK):
            self._insist("closed", "hanging")
        self._insist("open", "answering again")

    def _insist(self, passage: str, the_server_is: str) -> None:
        if _comes_true(lambda: _gate() == passage):
            self.count(f"gate {passage}")
        else:
            self.breaches.append(f"the gate was not {passage} {PATIENCE:.0f} s after the server was {the_server_is}")


def _gate() -> str:
    from django.db import close_old_connections

    from accounts.outbox import gates

    passage = gates.read().passage
    close_old_connections()
    return "closed" if passage is gates.Passage.TRIAL else str(passage)


def _comes_true(question: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not question():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def _children(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = (map(int, line.split()) for line in listed.splitlines())
    return [child for child, parent in pairs if parent == pid]
