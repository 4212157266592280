"""The append-only history. Triggers refuse UPDATE and DELETE of acts and entries on both databases.

Ids are plain: a foreign key would either forbid deleting what the history speaks of or rewrite the history.
"""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Act(models.Model):
    """One call of one action: who, on whose behalf, from where, when, and its typed payload."""

    organization_id = models.BigIntegerField()
    kind = models.CharField(max_length=60)
    actor_id = models.BigIntegerField(null=True, help_text=_("A user; none: Roster itself."))
    on_behalf_of_id = models.BigIntegerField(null=True)
    source = models.CharField(max_length=20)
    ip = models.GenericIPAddressField(null=True)
    request_id = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField(db_default=Now())
    payload = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("act")
        verbose_name_plural = _("acts")
        indexes: ClassVar[list[models.Index]] = [models.Index("organization_id", "id", name="act_organization")]

    def __str__(self) -> str:
        return f"{self.kind} {self.at}"


class Entry(models.Model):
    """One changed item of an act. What kind of thing subject and scope are is the act kind's to say."""

    act = models.ForeignKey(Act, on_delete=models.DO_NOTHING, db_constraint=False, related_name="entries")
    subject_id = models.BigIntegerField()
    scope_id = models.BigIntegerField(null=True)
    before = models.CharField(max_length=300, blank=True)
    after = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = _("history entry")
        verbose_name_plural = _("history entries")
        # Read backwards from either end: the history of one thing costs what its newest acts hold.
        indexes: ClassVar[list[models.Index]] = [
            models.Index("subject_id", "act", name="entry_subject"),
            models.Index("scope_id", "act", name="entry_scope", condition=models.Q(scope_id__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.act_id}: {self.subject_id}"


class Label(models.Model):
    """What to call a thing of the history once it is gone. Personal, so it can be shredded; the history stays."""

    pk = models.CompositePrimaryKey("kind", "object_id")
    kind = models.CharField(max_length=20)
    object_id = models.BigIntegerField()
    text = models.CharField(max_length=500)

    class Meta:
        verbose_name = _("label")
        verbose_name_plural = _("labels")

    def __str__(self) -> str:
        return self.text
