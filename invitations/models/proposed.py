"""Somebody whom a member would like to have asked in, until an administrator decides."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts import names


class ProposedPerson(models.Model):
    """Open until approved (an invitation goes out), declined or withdrawn. At most one open one per member and address:
    who else proposed somebody, or whether they are here already, is not for the proposer to learn.
    """

    organization = models.ForeignKey(
        "workspaces.Organization", on_delete=models.CASCADE, related_name="proposed_people", db_index=False
    )
    proposed_by = models.ForeignKey("workspaces.Member", on_delete=models.CASCADE, related_name="proposed_people")
    address = models.CharField(_("address"), max_length=254)
    name = models.CharField(_("name"), max_length=names.MAX_LENGTH, blank=True)
    workspace = models.ForeignKey("workspaces.Workspace", null=True, on_delete=models.CASCADE, related_name="+")
    message = models.CharField(_("why"), max_length=500, blank=True)
    proposed_at = models.DateTimeField(db_default=Now())
    approved_at = models.DateTimeField(null=True, blank=True)
    declined_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey("accounts.User", null=True, on_delete=models.SET_NULL, related_name="+")
    reply = models.CharField(_("answer"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("proposed person")
        verbose_name_plural = _("proposed people")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["proposed_by", "address"],
                condition=Q(approved_at__isnull=True, declined_at__isnull=True, withdrawn_at__isnull=True),
                name="proposed_person_open_once",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index("organization", "proposed_at", name="proposed_person_day"),
        ]

    def __str__(self) -> str:
        return self.address
