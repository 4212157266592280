"""What a thing costs: CPU of this process and of its database backend, taken turn by turn with its reference.

Machines are noisy, so a cost alone says little: `compare` alternates the two and takes the median of the ratios.
"""

import gc
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection, transaction

type Act = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU milliseconds of one call."""

    web: float
    database: float

    @property
    def total(self) -> float:
        return self.web + self.database

    def __str__(self) -> str:
        return f"{self.total:,.1f} ms" if self.total < 100 else f"{self.total:,.0f} ms"


@dataclass(frozen=True, slots=True)
class Comparison:
    """ratio: what the subject costs, as a multiple of its reference."""

    subject: Cost
    reference: Cost
    ratio: float


def cpu_seconds(pid: int) -> float:
    """CPU that all threads of a process have taken so far.

    Its CPU clock (clock_getcpuclockid(3): the inverted pid, shifted, and a 2) counts nanoseconds where /proc counts
    ticks of ten milliseconds. Raises OSError for a process that is none of this machine's.
    """
    return time.clock_gettime(((~pid) << 3) | 2)


class Meter:
    """Reads both clocks. A database elsewhere has none that we see: then the time that its statements took counts."""

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_backend_pid(), inet_server_addr() IS NULL OR inet_server_addr() IN ('127.0.0.1', '::1')"
            )
            self._pid, is_local = cursor.fetchone()
        self.sees_database = bool(is_local) and _is_readable(self._pid)
        self._waited = 0.0

    def cost(self, act: Act, repeat: int = 1) -> Cost:
        """The mean of some calls."""
        with self._watched():
            web, database = self._read()
            for _ in range(repeat):
                act()
            web_after, database_after = self._read()
        return Cost((web_after - web) / repeat * 1000, (database_after - database) / repeat * 1000)

    def compare(self, subject: Act, reference: Act, *, rounds: int = 5, repeat: int = 10) -> Comparison:
        """Alternates; the first round warms caches and plans and does not count. What goals before this one left in
        memory is looked through by nobody's garbage collection.
        """
        gc.collect()
        gc.freeze()
        pairs = [(self.cost(subject, repeat), self.cost(reference, repeat)) for _ in range(rounds + 1)][1:]
        return comparison(pairs)

    def _read(self) -> tuple[float, float]:
        return time.process_time(), cpu_seconds(self._pid) if self.sees_database else self._waited

    @contextmanager
    def _watched(self) -> Iterator[None]:
        if self.sees_database:
            yield
            return
        with connection.execute_wrapper(self._time):
            yield

    def _time(self, execute: Callable[..., object], *arguments: object) -> object:
        started = time.perf_counter()
        try:
            return execute(*arguments)
        finally:
            self._waited += time.perf_counter() - started


def comparison(pairs: list[tuple[Cost, Cost]]) -> Comparison:
    """The medians of measurements that were taken side by side."""
    subjects, references = zip(*pairs, strict=True)
    return Comparison(_median(subjects), _median(references), statistics.median(s.total / r.total for s, r in pairs))


def _median(costs: tuple[Cost, ...]) -> Cost:
    return sorted(costs, key=lambda cost: cost.total)[len(costs) // 2]


def _is_readable(pid: int) -> bool:
    try:
        cpu_seconds(pid)
    except OSError:
        return False
    return pid != os.getpid()


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is written inside is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def settle() -> None:
    """Makes deferred constraints check now what they would check at the commit, which never comes here."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
