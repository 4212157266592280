"""Jobs are kept for as long as somebody may want to look a change up; the history says for good what changed."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from workspaces.models import Job, JobRow
from workspaces.sql import delete_rows

LIFE = timedelta(days=90)


def discard_old_jobs() -> int:
    """Deletes jobs with their rows, LIFE after they were planned, and what undid them along with them. Returns how
    many. Safe to run any number of times at once.
    """
    with transaction.atomic():
        old = Q(created_at__lt=Now() - LIFE)
        ids = list(Job.objects.filter(old | Q(undoes__created_at__lt=Now() - LIFE)).values_list("pk", flat=True))
        delete_rows(JobRow.objects.filter(job__in=ids))
        delete_rows(Job.objects.filter(pk__in=ids, undoes__isnull=False))
        delete_rows(Job.objects.filter(pk__in=ids))
    return len(ids)
