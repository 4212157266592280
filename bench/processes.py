"""Processes that a goal measures: started, watched and ended here, with the CPU and the memory that they take."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.measuring import cpu_seconds
from bench.web import Wrong

ROOT = Path(__file__).resolve().parent.parent
GRACE = 20.0  # seconds


@contextmanager
def running(*command: str, log: Path, **environment: str) -> Iterator[int]:
    """A process in a session of its own, by its pid; nothing of it is left afterwards."""
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield process.pid
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(GRACE)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_for(what: str, ready: Callable[[], bool], *, seconds: float, log: Path) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise Wrong(f"{what} took longer than {seconds:.0f} seconds:\n{log.read_text()[-2000:]}")
        time.sleep(0.05)


def family(pid: int) -> set[int]:
    """The process and all that descend from it."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # Behind the name's bracket: state, then the parent (proc(5)).
            parents.setdefault(int(stat.read_text().rpartition(")")[2].split()[1]), []).append(int(stat.parent.name))
    found, fresh = {pid}, [pid]
    while fresh:
        fresh = [child for parent in fresh for child in parents.get(parent, [])]
        found.update(fresh)
    return found


def cpu_of(pids: set[int]) -> Mapping[int, float]:
    """CPU seconds so far, of those that still live."""
    taken = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            taken[pid] = cpu_seconds(pid)
    return taken


def resident_mib(pid: int) -> float:
    """Memory of a process: what is in RAM, shared pages by their part (PSS)."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.search(r"^Pss:\s+(\d+) kB$", rollup, re.MULTILINE)
    assert found
    return int(found[1]) / 1024
