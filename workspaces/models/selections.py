"""A stored set of members: the only way in which a set enters a write. Newcomers never slip in after it was made."""

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from workspaces.models.members import Member
from workspaces.models.organizations import Organization


class Selection(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    created_by = models.ForeignKey("accounts.User", null=True, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    count = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("selection")
        verbose_name_plural = _("selections")

    def __str__(self) -> str:
        return f"{self.count} members"


class SelectionItem(models.Model):
    pk = models.CompositePrimaryKey("selection_id", "member_id")
    # No constraints: a selection goes after its items, and a member may be gone by the time the selection is used, and
    # then simply matches nothing.
    selection = models.ForeignKey(
        Selection, on_delete=models.CASCADE, db_constraint=False, related_name="items", db_index=False
    )
    member = models.ForeignKey(
        Member, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False
    )

    class Meta:
        verbose_name = _("selected member")
        verbose_name_plural = _("selected members")

    def __str__(self) -> str:
        return f"{self.member_id}"
