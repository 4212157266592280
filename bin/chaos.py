"""`make chaos`: N invitations through real workers, a private broker and a real SMTP server (ACCEPTANCE P19a).

Once without faults: exactly one copy each. Once while every two seconds a worker or one of its children is killed and
the broker, which keeps nothing, is restarted twice: none lost, none delivered more than twice, copies alike. Two beats
run. The last line sums up; the exit status is 1 on a breach. `N=200` and `FAULTS=0` or `FAULTS=1` make it shorter.

Uses a database of its own: an SQLite file, or one beside the database of DATABASE_URL on its PostgreSQL.
"""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import servers
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT))

WORKERS = 3
CHILDREN = 2  # of each worker
BEATS = 2
KILL_EVERY = 2.0  # seconds
LIFE = 6.0  # seconds that a worker is left before it is killed whole
MAIL_TIMEOUT = 1.0  # seconds, under faults; a claim then lapses after six
PATIENT_TIMEOUT = 20.0  # without them a late answer is the machine's fault, and would look like a lost one
SINK_DELAY = 0.06  # seconds, twice for each mail
ASKING = 20.0  # seconds over which 2,000 invitations are asked for
PATIENCE = 600.0  # seconds until the last mail must be settled


@dataclass
class Ground:
    """Where one run happens: its folder, environment and processes."""

    folder: Path
    environment: dict[str, str]
    smtp_port: int
    redis_port: int
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def restart(self, name: str, start: Callable[[], None]) -> None:
        with self.lock:
            self.kill(name)
            start()

    def insist_all_run(self, *, with_faults: bool) -> None:
        """What ended by itself is broken, and the run proves nothing. Under faults, workers are the faults' matter."""
        with self.lock:
            ended = [name for name, process in self.running.items() if process.poll() is not None]
        ended = [name for name in ended if not (with_faults and name.startswith("worker"))]
        for name in ended:
            print(f"{name} ended by itself:", *_tail(self.folder / f"{name}.log"), sep="\n")
        if ended:
            raise SystemExit(1)

    @property
    def copies_file(self) -> Path:
        return self.folder / "copies.jsonl"

    def start(self, name: str, *command: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                command, env=self.environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self, name: str) -> None:
        """With everything that it started, and without a word of warning."""
        process = self.running[name]
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def start_broker(self) -> None:
        binary = servers.installed_redis_binary() or servers.bundled_redis_binary()
        if binary is None:
            raise SystemExit("There is no Redis: install valkey-server or redis-server.")
        port = str(self.redis_port)
        keep_nothing = ["--save", "", "--appendonly", "no"]
        self.start(
            "broker", binary, "--port", port, "--bind", servers.LOOPBACK, "--dir", str(self.folder), *keep_nothing
        )
        _wait_for(self.redis_port)

    def start_worker(self, number: int) -> None:
        options = ["--concurrency", str(CHILDREN), "--loglevel", "WARNING", "--without-gossip", "--without-mingle"]
        self._celery(f"worker{number}", "worker", "--hostname", f"chaos{number}@%h", *options)

    def start_beat(self, number: int) -> None:
        schedule = str(self.folder / f"beat{number}")
        self._celery(f"beat{number}", "beat", "--loglevel", "WARNING", "--pidfile=", "--schedule", schedule)

    def start_sink(self) -> None:
        sink = str(ROOT / "bin" / "sink.py")
        self.start("sink", sys.executable, sink, str(self.smtp_port), str(self.copies_file), str(SINK_DELAY))
        _wait_for(self.smtp_port)

    def _celery(self, name: str, *arguments: str) -> None:
        self.start(name, sys.executable, "-m", "celery", "--app", "config", *arguments)

    def __enter__(self) -> "Ground":
        self.start_broker()
        self.start_sink()
        for number in range(WORKERS):
            self.start_worker(number)
        for number in range(BEATS):
            self.start_beat(number)
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self.running):
            self.kill(name)


class Faults(threading.Thread):
    """Every two seconds kills the worker that has been up longest, or, while none has lived its life, a child of one.

    Restarts the broker at a third and at two thirds of the asking.
    """

    def __init__(self, ground: Ground, asking: float) -> None:
        super().__init__(daemon=True)
        self.ground = ground
        self.broker_at = [asking / 3, asking * 2 / 3]
        self.up_since: dict[int, float] = {}  # by the worker's process id
        self.stopped = threading.Event()

    def run(self) -> None:
        begun = time.monotonic()
        while not self.stopped.wait(KILL_EVERY):
            self._kill_one()
            if self.broker_at and time.monotonic() - begun > self.broker_at[0]:
                self.broker_at.pop(0)
                self.ground.restart("broker", self.ground.start_broker)
                self.ground.counts["broker restarts"] += 1

    def _kill_one(self) -> None:
        """Lives are counted from when a worker has children: on a busy machine starting takes longer than a life, and
        a worker whose children die at once ends by itself. Then we start it again, as a process manager would.
        """
        now = time.monotonic()
        workers: list[tuple[float, int, list[int]]] = []
        for number in range(WORKERS):
            worker = self.ground.running[f"worker{number}"]
            if worker.poll() is not None:
                self._restart(number)
            elif children := _children(worker.pid):
                workers.append((now - self.up_since.setdefault(worker.pid, now), number, children))
        if not workers:
            return
        age, number, children = max(workers)
        if age >= LIFE:
            self._restart(number)
            self.ground.counts["workers killed"] += 1
        elif age >= KILL_EVERY:
            with contextlib.suppress(ProcessLookupError):
                os.kill(random.choice(children), signal.SIGKILL)  # noqa: S311 - no secret
                self.ground.counts["children killed"] += 1

    def _restart(self, number: int) -> None:
        self.ground.restart(f"worker{number}", partial(self.ground.start_worker, number))

    def stop(self) -> None:
        self.stopped.set()
        self.join()


@dataclass(frozen=True)
class Outcome:
    sent: int
    lost: int
    doubled: int
    unconfirmed: int
    breaches: list[str]

    def __str__(self) -> str:
        return f"sent {self.sent}, lost {self.lost}, doubled {self.doubled}, unconfirmed {self.unconfirmed}"


def main() -> int:
    number = int(os.environ.get("N", "2000"))
    kinds = {"0": [False], "1": [True]}.get(os.environ.get("FAULTS", ""), [False, True])
    outcomes = []
    for with_faults in kinds:
        with tempfile.TemporaryDirectory(prefix="roster-chaos-") as folder, _database(Path(folder)) as url:
            # In a process of its own, since Django is set up once for one database.
            command = [sys.executable, __file__, "--run", folder, str(number), str(int(with_faults))]
            status = subprocess.run(command, env={**os.environ, "DATABASE_URL": url}, cwd=ROOT, check=False).returncode
        outcomes.append(status)
    return max(outcomes)


@contextlib.contextmanager
def _database(folder: Path) -> Iterator[str]:
    given = os.environ.get("DATABASE_URL", "")
    if not given.startswith("postgres"):
        yield f"sqlite:///{folder / 'chaos.sqlite3'}"
        return
    name = f"roster_chaos_{os.getpid()}"
    # From the server's own database: the given one need not exist, as under pytest.
    with psycopg.connect(urlsplit(given)._replace(path="/postgres").geturl(), autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield urlsplit(given)._replace(path=f"/{name}").geturl()
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def run(folder: Path, number: int, *, with_faults: bool) -> int:
    smtp_port, redis_port = servers.free_port(), servers.free_port()
    os.environ.update(
        DEBUG="1",
        DATA_DIR=str(folder),
        REDIS_URL=f"redis://{servers.LOOPBACK}:{redis_port}/0",
        SMTP_URL=f"smtp://{servers.LOOPBACK}:{smtp_port}",
        MAIL_TIMEOUT=str(MAIL_TIMEOUT if with_faults else PATIENT_TIMEOUT),
        LOG_LEVEL="ERROR",
    )
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    begun = time.monotonic()
    ground = Ground(folder, dict(os.environ), smtp_port, redis_port)
    with ground:
        asking = ASKING * number / 2000
        faults = Faults(ground, asking)
        if with_faults:
            faults.start()
        _ask(number, asking)
        deadline = begun + asking + PATIENCE
        while _is_in_motion() and time.monotonic() < deadline:
            ground.insist_all_run(with_faults=with_faults)
            time.sleep(0.5)
        if with_faults:
            faults.stop()
    outcome = _judge(ground, number, with_faults=with_faults)
    done = ", ".join(f"{count} {what}" for what, count in sorted(ground.counts.items())) or "no faults"
    for breach in outcome.breaches[:20]:
        print(f"BREACH: {breach}")
    if outcome.breaches:
        _show_logs(folder)
    print(f"{number} invitations in {time.monotonic() - begun:.0f} s, {done}: {outcome}", flush=True)
    return 1 if outcome.breaches else 0


def _ask(number: int, seconds: float) -> None:
    """As the web process does it, a few addresses at a time; the broker may be away just then."""
    from accounts.actors import Actor, Source
    from accounts.addresses import Pasted
    from accounts.models import User
    from invitations.actions.inviting import invite
    from invitations.asking import Ask
    from workspaces.actions.organizations import create_organization
    from workspaces.catalogue import BuiltIn

    olga = User.objects.create_user("olga@example.org", name="Olga Rossi")
    actor = Actor(user_id=olga.pk, source=Source.COMMAND)
    organization = create_organization(actor=actor, name="Chaos Research")
    addresses = [Pasted(f"person{one}@example.org") for one in range(number)]
    step = max(1, number // 40)
    for first in range(0, number, step):
        invite(
            actor=actor,
            organization_id=organization.pk,
            entries=addresses[first : first + step],
            ask=Ask(role_id=BuiltIn.MEMBER, message="Welcome to the study."),
        )
        time.sleep(seconds * step / number)


def _is_in_motion() -> bool:
    from accounts.models import OutgoingMail

    return OutgoingMail.objects.filter(next_attempt_at__isnull=False).exists()


def _judge(ground: Ground, number: int, *, with_faults: bool) -> Outcome:
    """Rows against what the SMTP server took."""
    from accounts.models import OutgoingMail

    copies = defaultdict(list)
    for line in ground.copies_file.read_text().splitlines():
        copy = json.loads(line)
        copies[copy["to"]].append((copy["message_id"], tuple(copy["links"])))
    states = dict(OutgoingMail.objects.values_list("recipient", "state"))
    unconfirmed = [address for address, state in states.items() if state == OutgoingMail.State.UNCONFIRMED]
    lost = [
        address
        for address, state in states.items()
        if state != OutgoingMail.State.UNCONFIRMED and (state != OutgoingMail.State.SENT or not copies[address])
    ]
    breaches = [f"{address} is {states[address]} with {len(copies[address])} copies" for address in lost]
    for address, taken in copies.items():
        if len(taken) > (2 if with_faults else 1):
            breaches.append(f"{address} got {len(taken)} copies")
        if len(set(taken)) > 1:
            breaches.append(f"{address} got copies that differ: {set(taken)}")
        if any(len(links) != 1 for _, links in taken):
            breaches.append(f"{address} got a message without its link")
    if len(states) != number:
        breaches.append(f"there are {len(states)} rows for {number} invitations")
    if unconfirmed and not with_faults:
        breaches.append(f"{len(unconfirmed)} unconfirmed without a fault")
    return Outcome(
        sent=sum(state == OutgoingMail.State.SENT for state in states.values()),
        lost=len(lost),
        doubled=sum(len(taken) > 1 for taken in copies.values()),
        unconfirmed=len(unconfirmed),
        breaches=breaches,
    )


def _children(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = (map(int, line.split()) for line in listed.splitlines())
    return [child for child, parent in pairs if parent == pid]


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while not servers.answers(port):
        if time.monotonic() > deadline:
            raise SystemExit(f"Nothing answers on port {port}.")
        time.sleep(0.05)


def _show_logs(folder: Path) -> None:
    for log in sorted(folder.glob("*.log")):
        print(f"--- {log.name}", *_tail(log), sep="\n")


def _tail(log: Path) -> list[str]:
    return log.read_text(errors="replace").splitlines()[-20:]


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        raise SystemExit(run(Path(sys.argv[2]), int(sys.argv[3]), with_faults=sys.argv[4] == "1"))
    raise SystemExit(main())
