"""The authorization boundary inside an organization."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts import names
from workspaces.models.organizations import Organization


class Workspace(models.Model):
    class Kind(models.TextChoices):
        SHARED = "shared", _("Shared")
        PERSONAL = "personal", _("Personal")
        SYSTEM = "system", _("System")

    class Label(models.TextChoices):
        TEAM = "team", _("Team")
        ENVIRONMENT = "environment", _("Environment")
        PROJECT = "project", _("Project")

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="workspaces", db_index=False)
    name = models.CharField(_("name"), max_length=names.MAX_LENGTH, validators=[names.validate_name])
    slug = models.SlugField(_("address part"), max_length=50)
    description = models.CharField(_("description"), max_length=500, blank=True)
    label = models.CharField(_("label"), max_length=12, choices=Label, default=Label.TEAM)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.SHARED)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("workspace")
        verbose_name_plural = _("workspaces")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organization", "slug"], name="workspace_slug_once"),
        ]

    def __str__(self) -> str:
        return self.name
