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
from tests.racing import FEW, ask_in, at_once, newcomer
from tests.test_races_limits import limit
from tests.workers import worker
from workspaces.actions import jobs
from workspaces.actions.jobs import working
from workspaces.bulk.base import BulkJob
from workspaces.catalogue import BuiltIn
from workspaces.jobs import REGISTRY
from workspaces.models import Entry, Job, JobRow
from workspaces.queries.seats import Seats, seats_of
from workspaces.reasons import Reason

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.claim("P26")]

MANY = BulkJob.chunk + 300


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
    finish(job)
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


@pytest.mark.claim("P18", "P23")
def test_the_undo_of_a_removal_and_an_invitation_want_the_last_seat_and_one_of_them_gets_it() -> None:
    acme = cast.acme()
    priya = cast.web(acme.priya)
    for number in range(FEW):
        limit(acme.organization)
        ivy = cast.join(acme.olga, acme.organization, newcomer(number))
        removal = jobs.start_job(
            actor=priya,
            organization_id=acme.id,
            kind="members.remove",
            title="Delete members",
            parameters={},
            rows=acme.organization.members.filter(pk=ivy.pk),
        )
        seats = acme.organization.members.count() + 1
        limit(acme.organization, seats=seats)
        _undone, invited = at_once(
            lambda job=removal: jobs.undo_job(actor=priya, organization_id=acme.id, job_id=job.pk),
            ask_in(acme.olga, acme.organization, f"q{number}@x.example"),
        )
        [row] = removal.undone_by.rows.all()
        assert (row.result, invited) in [(Reason.NO_SEAT, "invited"), (JobRow.CHANGED, "over_seats")]
        assert acme.organization.members.filter(address=ivy.address).exists() == (row.result == JobRow.CHANGED)
        assert seats_of(acme.organization) == Seats(seats, seats)
        if row.result == Reason.NO_SEAT:
            assert "There is no free seat." in REGISTRY[removal.kind].sentence(row.result)


def finish(job: Job) -> None:
    """As beat does it: again and again, since a chunk that waited too long for the lock is put off for seconds."""
    until = time.monotonic() + 60
    while Job.objects.filter(pk=job.pk, finished_at__isnull=True).exists() and time.monotonic() < until:
        jobs.work_off()
        time.sleep(0.1)


def killed_at_work(job: Job, after: float) -> None:
    """A worker comes, and is killed so many seconds after it has begun with the job; its lease ends at once."""
    with worker(seconds=60) as killed:
        until = time.monotonic() + 60
        while unclaimed(job) and time.monotonic() < until and killed.poll() is None:
            time.sleep(0.005)
        time.sleep(after)
        os.kill(killed.pid, signal.SIGKILL)
        killed.wait()
    Job.objects.filter(pk=job.pk, claimed_by__isnull=False).update(claimed_until=Now() - timedelta(seconds=1))


def unclaimed(job: Job) -> bool:
    return Job.objects.filter(pk=job.pk, claimed_by__isnull=True, finished_at__isnull=True).exists()


@pytest.mark.parametrize("after", [0, 0.4])
def test_workers_that_are_killed_in_the_middle_of_a_change_and_of_its_undo_leave_whole_chunks(after: float) -> None:
    acme = cast.acme()
    job = large(acme)
    killed_at_work(job, after)
    job.refresh_from_db()
    assert job.position == job.changed == guests(acme)
    assert job.position in (0, BulkJob.chunk, MANY)
    finish(job)
    insist_on_once(acme, job)
    undoing = jobs.undo_job(actor=cast.web(acme.olga), organization_id=acme.id, job_id=job.pk)
    killed_at_work(undoing, after)
    undoing.refresh_from_db()
    assert undoing.position == undoing.changed == MANY - guests(acme)
    finish(undoing)
    undoing.refresh_from_db()
    assert (undoing.position, undoing.changed, undoing.problem, guests(acme)) == (MANY, MANY, "", 0)


def guests(acme: Acme) -> int:
    """Of the crowd, how many are Guests."""
    return acme.organization.members.filter(joined_at__isnull=True, role=BuiltIn.GUEST).count()
