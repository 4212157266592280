"""Starts processes, shows what they say, and ends every one of them however the start ends. Knows nothing of Roster."""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO, Self

GRACE = 10.0  # seconds that a process has to end by itself


class CannotStart(Exception):
    """Something stands in the way; the message is a sentence that says what to do."""


@dataclass
class Process:
    """One child in a session of its own, so that Ctrl-C in the terminal reaches only us and we choose the order."""

    name: str
    popen: subprocess.Popen[str]
    is_server: bool = False  # others talk to it: it is ended after them
    log: Path | None = None  # where its lines are; none: they were shown
    echo: threading.Thread | None = None

    def end(self) -> None:
        """Makes sure that nothing of it is left, children included."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()
        if self.echo:
            self.echo.join(1.0)


@dataclass
class Supervisor:
    """A context in which processes run: entering takes the pid file, leaving ends all that was started in it.

    The pid file is locked while we live, so whether another run is alive is the kernel's word. After a `kill -9` it
    still names the processes that were left behind; the next run ends those that are still the same (pid and birth).
    """

    pid_file: Path
    note: str = ""
    processes: list[Process] = field(default_factory=list)
    _lock: IO[str] | None = None
    _impatient: bool = False

    def __enter__(self) -> Self:
        self.pid_file.parent.mkdir(parents=True, exist_ok=True)
        self._lock = self.pid_file.open("a+")
        self._lock.seek(0)
        former = self._lock.read()
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(_already_running(former, self.pid_file)) from None
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._interrupt)
        if former:
            found = f"Found the stale pid file {self.pid_file}: the last run was not ended properly."
            say(f"{found} {_end_leftovers(former)}")
        self._write()
        return self

    def __exit__(self, *_exception: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._hurry)
        for wave in (False, True):
            running = [process for process in self.processes if process.is_server is wave]
            for process in running:
                process.popen.terminate()
            deadline = time.monotonic() + GRACE
            while any(process.popen.poll() is None for process in running) and time.monotonic() < deadline:
                if self._impatient:
                    break
                time.sleep(0.05)
            for process in running:
                process.end()
        assert self._lock is not None
        self._lock.truncate(0)
        self._lock.close()

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        directory: Path,
        is_server: bool = False,
        log: Path | None = None,
        user: str | None = None,
    ) -> Process:
        """Starts it. Its lines are shown under its name, or go to the file `log`."""
        with log.open("w") if log else contextlib.nullcontext(subprocess.PIPE) as output:
            popen = subprocess.Popen(
                list(command),
                env=dict(environment),
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
                user=user,
            )
        process = Process(name, popen, is_server, log)
        self.processes.append(process)
        self._write()
        if log is None:
            process.echo = threading.Thread(target=_echo, args=(process,), daemon=True)
            process.echo.start()
        return process

    def wait_until(self, process: Process, ready: Callable[[], bool], *, seconds: float, what: str) -> None:
        """Waits for a started process to answer; one that ends or stays silent is a reason not to start."""
        deadline = time.monotonic() + seconds
        while not ready():
            if process.popen.poll() is not None:
                raise CannotStart(f"{what} ended at once ({_exit(process)}). {_where_it_says_why(process)}")
            if time.monotonic() > deadline:
                raise CannotStart(f"{what} did not answer within {seconds:.0f} seconds. {_where_it_says_why(process)}")
            time.sleep(0.05)

    def watch(self) -> int:
        """Until Ctrl-C (0), or until a process ends that should not (1)."""
        try:
            while True:
                for process in self.processes:
                    if process.popen.poll() is not None:
                        say(f"{process.name} ended by itself ({_exit(process)}); so do all.")
                        say(_where_it_says_why(process))
                        return 1
                time.sleep(0.2)
        except KeyboardInterrupt:
            say("Stopping ...")
            return 0

    def _write(self) -> None:
        assert self._lock is not None
        left_behind = {process.popen.pid: birth(process.popen.pid) for process in self.processes}
        self._lock.truncate(0)
        self._lock.write(json.dumps({"pid": os.getpid(), "note": self.note, "processes": left_behind}))
        self._lock.flush()

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    def _hurry(self, _number: int, _frame: FrameType | None) -> None:
        self._impatient = True


def say(text: str) -> None:
    print(text, flush=True)


def birth(pid: int) -> str | None:
    """When the process began, in the system's words: with the pid it names one process for good. None: no process."""
    if Path("/proc/self/stat").exists():
        # Field 22 of proc(5)'s stat; the name in field 2 may hold blanks, so count from behind its bracket.
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
        except OSError:
            return None
    listed = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return listed.stdout.strip() or None


def _already_running(pid_file_text: str, pid_file: Path) -> str:
    try:
        running = json.loads(pid_file_text)
        who, kill = f"process {running['pid']}, {running['note']}", f", or by: kill {running['pid']}"
    except (ValueError, KeyError, TypeError):
        who, kill = "another process", ""
    return f"It runs already ({who}) and holds {pid_file}. Stop it with Ctrl-C where it runs{kill}"


def _end_leftovers(pid_file_text: str) -> str:
    try:
        recorded: dict[str, str] = json.loads(pid_file_text)["processes"]
    except (ValueError, KeyError, TypeError):
        return "It names no processes; nothing to do."
    left = [int(pid) for pid, born in recorded.items() if born and birth(int(pid)) == born]
    for number, seconds in ((signal.SIGTERM, GRACE), (signal.SIGKILL, 1.0)):
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, number)
        deadline = time.monotonic() + seconds
        while any(birth(pid) == recorded[str(pid)] for pid in left) and time.monotonic() < deadline:
            time.sleep(0.05)
    return (
        f"Ended the {len(left)} processes that it left behind."
        if left
        else "None of its processes is left; nothing to do."
    )


def _echo(process: Process) -> None:
    assert process.popen.stdout is not None
    for line in process.popen.stdout:
        print(f"{process.name:<8}| {line}", end="", flush=True)


def _where_it_says_why(process: Process) -> str:
    return f"See {process.log}:\n{process.log.read_text()[-2000:]}" if process.log else "Its lines above say why."


def _exit(process: Process) -> str:
    code = process.popen.returncode
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
