"""Where one round happens: a folder, an environment, and the processes in it, which can be ended without warning."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import servers

ROOT = Path(__file__).resolve().parent.parent.parent
BROKER, SINK = "broker", "sink"
WORKERS = 3
CHILDREN = 2  # of each worker
BEATS = 2
SINK_DELAY = 0.06  # seconds, twice for each mail


@dataclass
class Ground:
    """Private servers, three workers and two beats. counts: what was done to them."""

    folder: Path
    environment: dict[str, str]
    smtp_port: int
    redis_port: int
    sink_program: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def journal(self) -> Path:
        """What the SMTP server took, a line for each copy."""
        return self.folder / "copies.jsonl"

    # --- starting

    def start(self, name: str) -> None:
        """A broker, sink, worker or beat by its name; returns when a server answers."""
        command, port = self._command(name)
        with self.lock, (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                command, env=self.environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )
        if port:
            _wait_for(port)

    def _command(self, name: str) -> tuple[list[str], int]:
        if name == BROKER:
            return self._broker_command(), self.redis_port
        if name == SINK:
            arguments = [str(self.smtp_port), str(self.journal), str(SINK_DELAY)]
            return [sys.executable, str(self.sink_program), *arguments], self.smtp_port
        if name.startswith("worker"):
            options = ["--concurrency", str(CHILDREN), "--loglevel", "WARNING", "--without-gossip", "--without-mingle"]
            return _celery("worker", "--hostname", f"{name}@%h", *options), 0
        schedule = str(self.folder / name)
        return _celery("beat", "--loglevel", "WARNING", "--pidfile=", "--schedule", schedule), 0

    def _broker_command(self) -> list[str]:
        binary = servers.installed_redis_binary() or servers.bundled_redis_binary()
        if binary is None:
            raise SystemExit("There is no Redis: install valkey-server or redis-server.")
        keep_nothing = ["--save", "", "--appendonly", "no", "--dir", str(self.folder)]
        return [binary, "--port", str(self.redis_port), "--bind", servers.LOOPBACK, *keep_nothing]

    def __enter__(self) -> Self:
        for name in (BROKER, SINK, *worker_names(), *(f"beat{number}" for number in range(BEATS))):
            self.start(name)
        return self

    # --- ending

    def stop(self, name: str) -> None:
        """With everything that it started, and without a word of warning."""
        with self.lock:
            process = self.running.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def restart(self, name: str) -> None:
        with self.lock:
            self.stop(name)
            self.start(name)

    @contextlib.contextmanager
    def hung(self, name: str) -> Iterator[None]:
        """Connections are taken (the kernel does that), and nothing is ever answered."""
        process = self.running[name]
        os.killpg(process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGCONT)

    def __exit__(self, *_: object) -> None:
        for name in list(self.running):
            self.stop(name)

    # --- looking

    def insist_all_run(self, *, workers_too: bool) -> None:
        """What ended by itself is broken, and the round proves nothing. Where workers are killed, they may end."""
        with self.lock:
            ended = [name for name, process in self.running.items() if process.poll() is not None]
        ended = [name for name in ended if workers_too or not name.startswith("worker")]
        for name in ended:
            print(f"{name} ended by itself:", *_tail(self.folder / f"{name}.log"), sep="\n")
        if ended:
            raise SystemExit(1)

    def show_logs(self) -> None:
        for log in sorted(self.folder.glob("*.log")):
            print(f"--- {log.name}", *_tail(log), sep="\n")


def worker_names() -> list[str]:
    return [f"worker{number}" for number in range(WORKERS)]


def _celery(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "celery", "--app", "config", *arguments]


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while not servers.answers(port):
        if time.monotonic() > deadline:
            raise SystemExit(f"Nothing answers on port {port}.")
        time.sleep(0.05)


def _tail(log: Path) -> list[str]:
    return log.read_text(errors="replace").splitlines()[-20:]
