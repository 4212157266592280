"""Races about jobs, with real commits and real deaths: two workers and one job, a kill in a chunk (P26)."""

import os
import signal
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from tests import cast
from tests.cast import Acme
from tests.test_races import at_once
from tests.workers import worker
from workspaces.actions import jobs
from workspaces.actions.jobs import working
from workspaces.catalogue import BuiltIn
from workspaces.models import Entry, Job

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.claim("P26")]

MANY = 2_300


def large(acme: Acme) -> Job:
    """Waits for a worker: everybody of a crowd becomes Guest."""
    cast.ask_in(acme.olga, acme.organization, *[f"p{number}@crowd.example" for number in range(MANY)])
    return jobs.start_job(
        actor=cast.web(acme.olga),
        organization_id=acme.id,
        kind="members.role",
        title="Update role to Guest",
        parameters={"role": BuiltIn.GUEST},
        rows=acme.organization.members.filter(joined_at__isnull=True),
    )


def insist_on_once(acme: Acme, job: Job) -> None:
    """Every row is done, and done once."""
    job.refresh_from_db()
    assert (job.position, job.changed, job.problem) == (MANY, MANY, "")
    assert job.finished_at is not None
    said = Entry.objects.filter(act__organization_id=acme.id, act__kind="member.role_changed")
    assert said.count() == said.values("subject_id").distinct().count() == MANY


def working_off() -> Callable[[], int]:
    return jobs.work_off


def test_of_two_workers_one_takes_a_job_and_every_row_is_done_once() -> None:
    acme = cast.acme()
    job = large(acme)
    assert at_once(working_off(), working_off(), working_off()) == ["done"] * 3
    insist_on_once(acme, job)


def test_a_worker_that_was_thought_lost_and_its_successor_do_no_row_twice() -> None:
    acme = cast.acme()
    job = large(acme)
    former = working.uuid.uuid4()
    assert working.claim(former) == job.pk
    Job.objects.filter(pk=job.pk).update(claimed_until=Now() - timedelta(seconds=1))
    at_once(lambda: working.continue_with(job.pk, former), working_off(), working_off())
    finish(job)
    insist_on_once(acme, job)


def test_one_undo_of_two_at_once_is_done() -> None:
    acme = cast.acme()
    member = acme.member(acme.ben)
    job = jobs.start_job(
        actor=cast.web(acme.olga),
        organization_id=acme.id,
        kind="members.suspend",
        title="Suspend",
        parameters={},
        rows=acme.organization.members.filter(pk=member.pk),
    )

    def undo() -> Job:
        return jobs.undo_job(actor=cast.web(acme.olga), organization_id=acme.id, job_id=job.pk)

    assert sorted(at_once(undo, undo)) == ["done", "not_undoable"]


def finish(job: Job) -> None:
    """As beat does it: again and again, since a chunk that waited too long for the lock is put off for seconds."""
    until = time.monotonic() + 60
    while Job.objects.filter(pk=job.pk, finished_at__isnull=True).exists() and time.monotonic() < until:
        jobs.work_off()
        time.sleep(0.1)


def position(job: Job) -> int:
    return Job.objects.values_list("position", flat=True).get(pk=job.pk)


def test_a_worker_process_that_is_killed_in_the_middle_leaves_whole_chunks_and_the_next_one_goes_on() -> None:
    acme = cast.acme()
    job = large(acme)
    with worker(seconds=60) as killed:
        until = time.monotonic() + 60
        while position(job) == 0 and time.monotonic() < until and killed.poll() is None:
            time.sleep(0.005)
        os.kill(killed.pid, signal.SIGKILL)
        killed.wait()
    assert position(job) in (1_000, 2_000, MANY)
    Job.objects.filter(pk=job.pk).update(claimed_until=Now() - timedelta(seconds=1))
    finish(job)
    insist_on_once(acme, job)
