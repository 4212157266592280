"""What a worker does with jobs: claim one, do chunk after chunk, note. Safe in any number, and to be killed.

A chunk, its results and the job's position are one transaction under the organization's lock: whatever kills a worker
takes back the chunk in progress and no other. Each change of a claim is one conditional UPDATE by the database's clock.
"""

import time
import uuid
from collections.abc import Sequence
from datetime import timedelta

import structlog
from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import Case, When
from django.db.models.fields import PositiveSmallIntegerField
from django.db.models.functions import Coalesce, Now
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.actors import Actor, Source
from config import hints
from config.refusals import Refusal
from config.sentences import Sentence
from workspaces.actions.locking import Locked, locked
from workspaces.jobs import RowResult, kind_of
from workspaces.models import Job, JobRow, Member
from workspaces.place import Place
from workspaces.sql import update_rows

log = structlog.get_logger(__name__)

WORK_TASK = "workspaces.tasks.work_off_jobs"

# A worker that says nothing for so long is lost. It has to outlast a chunk that waits for the lock.
LEASE = timedelta(seconds=30)
# Seconds; below the worker's soft shutdown, so that a worker that is asked to stop gives its claim back.
WORK_SECONDS = 15.0
MAX_FAILURES = 6
FIRST_DELAY = timedelta(seconds=2)  # doubled with each failure


class Lost(Exception):
    """The job is somebody else's by now, or over: what was done of this chunk is taken back."""


def hint() -> None:
    """After this transaction's commit, tells a worker once that there is a job. A lost hint costs seconds, no job."""
    hints.hint(WORK_TASK)


def work_off(seconds: float = WORK_SECONDS) -> int:
    """Does what is due until nothing is, or hints the next worker when its time is up. Returns the number of chunks."""
    claimer, until, chunks = uuid.uuid4(), time.monotonic() + seconds, 0
    while (job_id := claim(claimer)) is not None:
        while continue_with(job_id, claimer):
            chunks += 1
            if time.monotonic() >= until:
                _release(job_id, claimer)
                hint()
                return chunks
    return chunks


def claim(claimer: uuid.UUID) -> uuid.UUID | None:
    """The oldest job that is due, now this worker's until the lease ends. None when there is none, or another worker
    was quicker with all of them. A claim that lapsed counts as a failure: perhaps the job is what kills its workers.
    """
    free = Q(claimed_until__isnull=True) | Q(claimed_until__lte=Now())
    due = Job.objects.filter(free, queued_at__isnull=False, finished_at__isnull=True)
    for job_id in list(due.order_by("queued_at").values_list("pk", flat=True)[:10]):
        lapsed = Case(When(claimed_by__isnull=False, then=1), default=0, output_field=PositiveSmallIntegerField())
        mine = {"claimed_by": claimer, "claimed_until": Now() + LEASE, "failures": F("failures") + lapsed}
        if due.filter(pk=job_id).update(**mine):
            return job_id
    return None


def continue_with(job_id: uuid.UUID, claimer: uuid.UUID) -> bool:
    """One chunk; False when the job is over, lost or put off. A refusal ends it; an error is tried again, a few
    times.
    """
    try:
        with override("en"):  # what is kept of it is translated where it is read
            return _next_chunk(job_id, claimer)
    except Lost:
        log.warning("jobs.claim_lost", job=str(job_id))
    except Refusal as refusal:
        said = refusal.sentence
        _end(job_id, claimer, said if isinstance(said, Sentence) else Sentence(str(said)))
    except Http404:
        _end(job_id, claimer, Sentence("What this was about is not there any more."))
    except Exception:
        log.exception("jobs.chunk_failed", job=str(job_id))
        _put_off(job_id, claimer)
    return False


def _next_chunk(job_id: uuid.UUID, claimer: uuid.UUID) -> bool:
    if not _held(job_id, claimer).update(claimed_until=Now() + LEASE):
        raise Lost
    job = Job.objects.get(pk=job_id)
    if job.failures >= MAX_FAILURES:
        _end(job_id, claimer, Sentence("It stopped with an error each time it was tried. What is done stays done."))
        return False
    with locked(actor=actor_of(job), organization_id=job.organization_id) as held:
        job.refresh_from_db()
        if job.claimed_by != claimer or job.finished_at is not None:
            raise Lost
        if job.cancelled_at is not None:
            _end(job_id, claimer)
            return False
        do_chunk(held, job, claimer)
    return job.finished_at is None


def actor_of(job: Job) -> Actor:
    """Whoever confirmed it, from where they did, as fresh as they were then."""
    return Actor(
        user_id=job.created_by_id,
        source=Source(job.source),
        ip=job.ip,
        request_id=job.request_id,
        authenticated_at=timezone.now() if job.was_fresh else None,
    )


def do_chunk(held: Locked, job: Job, claimer: uuid.UUID) -> None:
    """The next rows and what became of them, under the lock held. Sets position, changed and finished_at on the job.

    Raises Refusal for whoever has no place here any more, and what the kind raises; Lost when the job changed hands.
    """
    kind, place = kind_of(job), _place(held)
    if kind is None:
        raise Refusal(_("Roster does not know this kind of job any more."), 409, "unknown_kind")
    if job.started_at is None and job.undoes_id is None:
        job.parameters = dict(kind.begin(place, job.parameters))
    size = min(kind.chunk, job.total - job.position)
    rows = job.rows.filter(number__gt=job.position, number__lte=job.position + size).order_by("number")
    do = kind.apply if job.undoes_id is None else kind.undo
    results = do(place, job.parameters, rows) if size else []
    if not len(results) == size == _note(rows, results):
        raise RuntimeError(f"{kind.name} has not said of every row what became of it.")
    _advance(job, claimer, size, sum(each.result == JobRow.CHANGED for each in results))


def _place(held: Locked) -> Place:
    if held.facts.member_id is None or not held.facts.is_active:
        raise Refusal(_("Whoever started it is not an active member any more."), 403, "not_active")
    member = Member.objects.select_related("role", "user").get(pk=held.facts.member_id)
    return Place(held.organization, member, held.actor, held.facts)


def _note(rows: "models.QuerySet[JobRow]", results: Sequence[RowResult]) -> int:
    """The results into their rows, by one statement. Returns how many rows that were."""
    noted = [(each.number, each.result, each.note, each.member_id, dict(each.before)) for each in results]
    return update_rows(rows, "number", ["result", "note", "member_id", "before"], noted)


def _advance(job: Job, claimer: uuid.UUID, size: int, changed: int) -> None:
    former, position = job.position, job.position + size
    is_last = position >= job.total
    moved = Job.objects.filter(pk=job.pk, claimed_by=claimer, finished_at__isnull=True, position=former).update(
        parameters=job.parameters,
        position=position,
        changed=F("changed") + changed,
        started_at=Coalesce("started_at", Now()),
        finished_at=Now() if is_last else None,
        claimed_by=None if is_last else claimer,
        claimed_until=None if is_last else Now() + LEASE,
        failures=0,
    )
    if not moved:
        raise Lost
    job.refresh_from_db()


def _held(job_id: uuid.UUID, claimer: uuid.UUID) -> models.QuerySet[Job]:
    return Job.objects.filter(pk=job_id, claimed_by=claimer, finished_at__isnull=True)


def _end(job_id: uuid.UUID, claimer: uuid.UUID, problem: Sentence | str = "") -> None:
    """Before its last row: cancelled, refused or given up."""
    _held(job_id, claimer).update(finished_at=Now(), claimed_by=None, claimed_until=None, problem=problem)


def _release(job_id: uuid.UUID, claimer: uuid.UUID) -> None:
    _held(job_id, claimer).update(claimed_by=None, claimed_until=None)


def _put_off(job_id: uuid.UUID, claimer: uuid.UUID) -> None:
    """Gives it back, to be tried again after a while."""
    failures = _held(job_id, claimer).values_list("failures", flat=True).first() or 0
    later = Now() + FIRST_DELAY * 2**failures
    _held(job_id, claimer).update(failures=F("failures") + 1, claimed_by=None, claimed_until=later)
