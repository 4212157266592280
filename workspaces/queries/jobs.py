"""Reads of jobs: whose they are to see, and what became of their rows."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Now

from workspaces.jobs import kind_of
from workspaces.models import Job, JobRow, Organization
from workspaces.models.jobs import UNDO_LIFE
from workspaces.policy import ActorFacts, Verb, decide

PAGE = 50
"""Jobs of one page of the list, rows of one page of a job."""


def visible_jobs(organization: Organization, facts: ActorFacts) -> "QuerySet[Job]":
    """The person's own, and all of them for whoever manages the organization's members; none for who is not active."""
    jobs = Job.objects.filter(organization=organization)
    if not facts.is_active:
        return jobs.none()
    return jobs if decide(facts, Verb.VIEW_JOBS) else jobs.filter(created_by=facts.user_id)


def with_people(jobs: "QuerySet[Job]") -> "QuerySet[Job]":
    """With what pages say about each beside its own row: who started it, what it undoes, what undid it."""
    return jobs.select_related("created_by", "undoes", "undone_by")


def jobs_page(jobs: "QuerySet[Job]", before: datetime | None) -> list[Job]:
    """Newest first, one more than a page. before: when the last one of the page before was made."""
    older = Q() if before is None else Q(created_at__lt=before)
    return list(with_people(jobs).filter(older).order_by("-created_at", "-pk")[: PAGE + 1])


def undoable(jobs: "QuerySet[Job]") -> "QuerySet[Job]":
    """Those that changed something, less than a day ago, and were not undone yet, or by a job that came to its end
    without a change; what their kind says comes on top.
    """
    in_vain = Q(undone_by__finished_at__isnull=False, undone_by__changed=0)
    standing = jobs.filter(finished_at__gt=Now() - UNDO_LIFE, changed__gt=0, undoes__isnull=True)
    return standing.filter(in_vain | Q(undone_by__isnull=True))


def can_be_undone(job: Job) -> bool:
    kind = kind_of(job)
    return kind is not None and kind.can_be_undone and undoable(Job.objects.filter(pk=job.pk)).exists()


def results_of(job: Job) -> Mapping[str, int]:
    """How many rows ended how, most first; those that are not done yet are left out."""
    done = job.rows.exclude(result="").order_by().values_list("result").annotate(rows=Count("number"))
    return dict(done.order_by("-rows", "result"))


def rows_of(job: Job, *, unchanged: bool) -> "QuerySet[JobRow]":
    """In their order; unchanged: those that are done and did not change."""
    rows = job.rows.order_by("number")
    return rows.exclude(result__in=["", JobRow.CHANGED]) if unchanged else rows


def unchanged_rows(job: Job) -> Iterator[JobRow]:
    return rows_of(job, unchanged=True).iterator(chunk_size=2000)
