"""What host products keep in workspaces, as they registered it. Roster lists it, guards deletions by it, and keeps who
may reach it; it never opens or edits it.
"""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from workspaces.models.hosts import Product
from workspaces.models.members import Member
from workspaces.models.organizations import Organization
from workspaces.models.workspaces import Workspace


class Resource(models.Model):
    """Without a workspace it belongs to the organization as a whole (a drive, say)."""

    class Access(models.TextChoices):
        FULL = "full", _("Full: by workspace role")
        VIEW = "view", _("Locked: members view")
        PRIVATE = "private", _("Private: owner and collaborators")

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="resources", db_index=False)
    workspace = models.ForeignKey(Workspace, null=True, blank=True, on_delete=models.CASCADE, related_name="resources")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="resources", db_index=False)
    kind = models.CharField(_("kind"), max_length=40)
    name = models.CharField(_("name"), max_length=200)
    external_id = models.CharField(_("external id"), max_length=200)
    owner = models.ForeignKey(Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="resources")
    url = models.URLField(_("link"), max_length=500, blank=True)
    access = models.CharField(_("access"), max_length=8, choices=Access, default=Access.FULL)
    synced_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("resource")
        verbose_name_plural = _("resources")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organization", "product", "external_id"], name="resource_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index("workspace", "kind", name="resource_workspace_kind")]

    def __str__(self) -> str:
        return self.name


class Collaborator(models.Model):
    """Somebody asked in to one resource; guests reach nothing else."""

    class Level(models.TextChoices):
        VIEW = "view", _("Can view")
        EDIT = "edit", _("Can edit")

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="collaborators", db_index=False)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="collaborations")
    level = models.CharField(max_length=4, choices=Level, default=Level.EDIT)
    added_at = models.DateTimeField(db_default=Now())
    added_by = models.ForeignKey(
        "accounts.User", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )

    class Meta:
        verbose_name = _("collaborator")
        verbose_name_plural = _("collaborators")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["resource", "member"], name="collaborator_once"),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} on {self.resource_id}"
