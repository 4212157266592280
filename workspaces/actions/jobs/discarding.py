"""Jobs are kept for as long as somebody may want to look a change up; the history says for good what changed."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from workspaces.models import Job, JobRow
from workspaces.sql import delete_rows

LIFE = timedelta(days=90)


def discard_old_jobs() -> int:
    """Deletes jobs with their rows, LIFE after they were planned, and what undid them along with them. Returns how
    many. Safe to run any number of times at once.
    """
    old = Job.objects.filter(Q(created_at__lt=Now() - LIFE) | Q(undoes__created_at__lt=Now() - LIFE))
    with transaction.atomic():
        return delete_jobs(Job.objects.filter(pk__in=list(old.values_list("pk", flat=True))))


def delete_jobs(jobs: QuerySet[Job]) -> int:
    """With their rows, by two statements. What undoes one of them has to be among them. Returns how many."""
    delete_rows(JobRow.objects.filter(job__in=jobs.values("pk")))
    return delete_rows(jobs)
