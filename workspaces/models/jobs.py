"""A large change: planned row by row, applied by a worker chunk by chunk, and undone for a day."""

import uuid
from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.sentences import SentenceField
from workspaces.models.organizations import Organization

UNDO_LIFE = timedelta(days=1)


class Job(models.Model):
    """State comes from timestamps: planned until queued, running until finished. A chunk and its results are one
    transaction, so whatever kills a worker leaves whole chunks behind, and the next worker goes on at `position`.

    kind: registered with `workspaces.jobs`. parameters: what was entered, in the kind's own form. problem: why it
    stopped before its end. authenticated_at and the like are of the person's request: the job acts as they did.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="jobs", db_index=False)
    created_by = models.ForeignKey("accounts.User", null=True, on_delete=models.SET_NULL, related_name="+")
    kind = models.CharField(max_length=40)
    title = SentenceField()
    parameters = models.JSONField(default=dict)
    source = models.CharField(max_length=10)
    ip = models.GenericIPAddressField(null=True)
    request_id = models.CharField(max_length=64, blank=True)
    was_fresh = models.BooleanField(
        default=False, help_text=_("The person had just proven who they are when they confirmed it.")
    )
    total = models.PositiveIntegerField(default=0)
    position = models.PositiveIntegerField(default=0, help_text=_("Number of the last row that is done."))
    changed = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    queued_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True, help_text=_("When somebody asked it to stop."))
    finished_at = models.DateTimeField(null=True, blank=True)
    problem = SentenceField(blank=True)
    claimed_by = models.UUIDField(null=True, blank=True)
    claimed_until = models.DateTimeField(
        null=True, blank=True, help_text=_("The end of a worker's lease; without a worker, when it is tried again.")
    )
    failures = models.PositiveSmallIntegerField(
        default=0, help_text=_("Tries since the last chunk that ended in an error, or in the loss of the worker.")
    )
    undoes = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="undone_by", db_index=False
    )

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        indexes: ClassVar[list[models.Index]] = [
            models.Index("organization", "created_at", name="job_organization"),
            models.Index(
                "queued_at",
                name="job_due",
                condition=models.Q(queued_at__isnull=False, finished_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return str(self.title)


class JobRow(models.Model):
    """One row of a plan, and what became of it. member_id: a plain id, since the member may go.

    result: empty until done, then CHANGED or why not: a code of `workspaces.reasons` or of the kind. note says more.
    data: what was entered for this row, or what its plan says. before: what undoing puts back, in the kind's own form.
    """

    CHANGED = "changed"

    pk = models.CompositePrimaryKey("job_id", "number")
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="rows", db_index=False)
    number = models.PositiveIntegerField()
    member_id = models.BigIntegerField(null=True)
    text = models.CharField(max_length=254, blank=True, help_text=_("The person's name or address, or what was typed."))
    data = models.JSONField(default=dict)
    before = models.JSONField(default=dict)
    result = models.CharField(max_length=40, blank=True)
    note = SentenceField(blank=True)

    class Meta:
        verbose_name = _("row of a job")
        verbose_name_plural = _("rows of jobs")
        indexes: ClassVar[list[models.Index]] = [models.Index("job", "result", "number", name="jobrow_result")]

    def __str__(self) -> str:
        return self.text
