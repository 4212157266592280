"""The authorization boundary inside an organization."""

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts import names
from workspaces.models.organizations import Organization
from workspaces.models.roles import Role

RESTORABLE = timedelta(days=30)


class WorkspaceQuerySet(models.QuerySet["Workspace"]):
    def alive(self) -> "WorkspaceQuerySet":
        """Not deleted; archived ones are alive."""
        return self.filter(deleted_at__isnull=True)


class Workspace(models.Model):
    """Archived: nobody but its admins sees it, and rights in it are capped at viewing. Deleted: it gives no rights, and
    can be restored for RESTORABLE.

    sort_name and search_text are name and description, folded by `names.folded_place`.
    """

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
    sort_name = models.CharField(max_length=254, blank=True, editable=False)
    search_text = models.CharField(max_length=800, blank=True, editable=False)
    slug = models.SlugField(_("address part"), max_length=50)
    description = models.CharField(_("description"), max_length=500, blank=True)
    label = models.CharField(_("label"), max_length=12, choices=Label, default=Label.TEAM)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.SHARED)
    is_open = models.BooleanField(_("open to members"), default=False, help_text=_("Members may join by themselves."))
    joining_role = models.ForeignKey(
        Role,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
        help_text=_("Of those who join by themselves; none: the lowest."),
    )
    person = models.ForeignKey(
        "workspaces.Member",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="personal_workspaces",
        help_text=_("Whose personal workspace it is."),
    )
    default_drive = models.ForeignKey(
        "workspaces.Resource", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(db_default=Now())
    archived_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True, help_text=_("Gives no rights since then."))

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        verbose_name = _("workspace")
        verbose_name_plural = _("workspaces")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organization", "slug"], name="workspace_slug_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index("deleted_at", name="workspace_deleted", condition=models.Q(deleted_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.name
