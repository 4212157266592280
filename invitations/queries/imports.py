"""Reads of import plans: whose they are to see, and the rows of a page."""

from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from invitations.asking import IMPORTABLE
from workspaces.models import Job, JobRow
from workspaces.place import Place

PAGE = 100
REJECTED = "rejected"
"""The filter for all rows that cannot be imported as they are."""


def plan_of(place: Place, job_id: UUID, kind: str) -> Job:
    """The person's own, also after it was confirmed. Raises Http404 for every other."""
    jobs = Job.objects.filter(organization=place.organization, created_by=place.actor.user_id or 0)
    job = jobs.filter(pk=job_id, kind=kind, undoes__isnull=True).first()
    if job is None:
        raise Http404
    return job


def rows_of(job: Job, show: str) -> "QuerySet[JobRow]":
    """In their order. show: a result, REJECTED, or empty for all."""
    rows = job.rows.order_by("number")
    if show == REJECTED:
        return rows.exclude(result__in=IMPORTABLE)
    return rows.filter(result=show) if show else rows


def row_of(job: Job, number: int) -> JobRow:
    row = job.rows.filter(number=number).first()
    if row is None:
        raise Http404
    return row
