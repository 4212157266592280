"""Goal 11: twenty thousand invitation mails through real workers, a real broker and a real SMTP server.

In a database of its own, since here rows have to be committed. Counted is the CPU of the worker's processes and of
their database backends, read until just before each ends: what is missed of short-lived ones is the reference's gain.
"""

import json
import smtplib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db import connection

from accounts.actors import Actor, Source
from accounts.addresses import Pasted
from accounts.models import OutgoingMail, User
from accounts.outbox.queueing import DRAIN_TASK
from accounts.outbox.skeletons import sender_address
from accounts.outbox.writing import write
from bench.databases import beside
from bench.people import Cast
from bench.processes import cpu_of, family, running, wait_for
from bench.references import mail_tasks
from bench.results import Result, times_less, told
from bench.web import Wrong
from config.celery import app
from invitations.actions.inviting import invite
from invitations.asking import Ask
from workspaces.actions.organizations import create_organization
from workspaces.catalogue import BuiltIn

MAILS = 20_000
FEW = 1_000
BAR = 8
MINUTES = 15
WORKER = ("-m", "celery", "--app", "config", "worker", "--concurrency", "2", "--include", "bench.references.mail_tasks")
SINK_PORT = 25_825


def measure(url: str) -> Iterator[Result]:
    folder = Path(settings.DATA_DIR)
    with beside(url, "_mails") as mail_url:
        environment = {"DATABASE_URL": mail_url, "SMTP_URL": f"smtp://127.0.0.1:{SINK_PORT}"}
        received = folder / "received.jsonl"
        received.write_text("")
        with running("bin/sink.py", str(SINK_PORT), str(received), "0", log=folder / "sink.log"):
            single = _sent(FEW, _one_task_each, folder, environment)
            _insist(received, FEW)
            received.write_text("")
            ours = _sent(MAILS, _hint, folder, environment)
            _insist(received, MAILS)
            received.write_text("")
            raw = _handed_over(FEW)
            _insist(received, FEW)
    at, costs = f"{MAILS:,}", str(ours)
    reference = f"a task each {single} (from {FEW:,})"
    yield times_less(11, "invitation mail", at, costs, reference, measured=single.cost / ours.cost, bar=BAR)
    reference = f"ready bytes by smtplib {raw} (from {FEW:,})"
    yield told(11, "invitation mail", at, costs, reference, measured=ours.cost / raw.cost)


@dataclass(frozen=True, slots=True)
class Pace:
    """Of one mail: CPU milliseconds, and how many came a second by the clock on the wall."""

    cost: float
    per_second: float

    def __str__(self) -> str:
        return f"{self.cost:.2f} ms, {self.per_second:,.0f}/s"


def _handed_over(count: int) -> Pace:
    """The floor: messages that are written already, one connection, no row that says what became of them."""
    _queue(count)
    mails = list(OutgoingMail.objects.filter(state=OutgoingMail.State.QUEUED))
    ready = [(mail.recipient, written) for mail, written in write(mails) if isinstance(written, bytes)]
    with smtplib.SMTP("127.0.0.1", SINK_PORT) as server:
        server.ehlo()
        begun, cpu = time.perf_counter(), time.process_time()
        for recipient, message in ready:
            server.sendmail(sender_address(), [recipient], message)
        seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    return Pace(cpu / count * 1000, count / seconds)


def _sent(count: int, begin: Callable[[], object], folder: Path, environment: dict[str, str]) -> Pace:
    """What sending takes a fresh worker. It starts when mails are queued and their hints are forgotten."""
    _queue(count)
    app.control.purge()
    log = folder / "worker.log"
    with running(*WORKER, log=log, **environment) as worker:
        wait_for("The worker", lambda: bool(app.control.ping(timeout=0.5)), seconds=60, log=log)
        return Usage(worker).of(begin, _all_sent, count, log)


def _hint() -> None:
    app.send_task(DRAIN_TASK)


@dataclass(slots=True)
class Usage:
    """CPU of a worker's processes and of their database backends, which come and go."""

    worker: int
    backends: dict[int, float] = field(default_factory=dict)
    before: dict[int, float] = field(default_factory=dict)

    def of(self, begin: Callable[[], object], is_done: Callable[[], bool], mails: int, log: Path) -> Pace:
        processes = family(self.worker)
        start, begun = cpu_of(processes), time.perf_counter()
        self.backends, self.before = {}, dict(cpu_of(_backends()))
        begin()

        def done() -> bool:
            self.backends |= cpu_of(_backends())
            return is_done()

        wait_for(f"Sending {mails:,} mails", done, seconds=60 * MINUTES, log=log)
        end, seconds = cpu_of(processes), time.perf_counter() - begun
        if set(end) != processes:
            raise Wrong("A worker's process ended while it was measured.")
        web = sum(end[pid] - start[pid] for pid in processes)
        database = sum(taken - self.before.get(pid, 0) for pid, taken in self.backends.items())
        return Pace((web + database) / mails * 1000, mails / seconds)


def _backends() -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return {pid for (pid,) in cursor.fetchall()}


def _queue(count: int) -> None:
    """Through the product's own action, ten thousand at a time; each time in an organization that asks nobody twice."""
    user, _ = User.objects.get_or_create(email=f"owner{count}@acme.example", defaults={"name": "Olivia Owner"})
    actor = Actor(user.pk, Source.WEB)
    organization = create_organization(actor=actor, name=f"Acme {count}")
    people = [Pasted(each.address, each.name) for each in Cast(f"mail{count}").people(count, waiting=0)]
    for start in range(0, count, 10_000):
        entries = people[start : start + 10_000]
        invite(
            actor=actor, organization_id=organization.pk, entries=entries, ask=Ask(BuiltIn.MEMBER, message="Welcome.")
        )


def _one_task_each() -> None:
    for mail in OutgoingMail.objects.filter(state=OutgoingMail.State.QUEUED).values_list("pk", "subject_id"):
        app.send_task(mail_tasks.NAME, mail)


def _all_sent() -> bool:
    time.sleep(0.02)
    return not OutgoingMail.objects.exclude(state=OutgoingMail.State.SENT).exists()


def _insist(received: Path, count: int) -> None:
    copies = [json.loads(line) for line in received.read_text().splitlines()]
    kinds = (
        {copy["to"] for copy in copies},
        {copy["message_id"] for copy in copies},
        {tuple(copy["links"]) for copy in copies},
    )
    if len(copies) != count or any(len(kind) != count for kind in kinds):
        raise Wrong(f"{len(copies)} mails arrived where {count} were sent, to {len(kinds[0])} people.")
