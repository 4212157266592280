"""A role given to a principal (a member, a group, or everyone) in a workspace."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from workspaces.models.groups import Group
from workspaces.models.members import Member
from workspaces.models.roles import Role
from workspaces.models.workspaces import Workspace


class Origin(models.TextChoices):
    MANUAL = "manual", _("Given by hand")
    INVITATION = "invitation", _("By invitation")
    LINK = "link", _("By an invite link")
    DOMAIN = "domain", _("By their domain")
    DEFAULT = "default", _("By default")
    REQUEST = "request", _("On request")
    JOINED = "joined", _("Joined by themselves")


class GrantQuerySet(models.QuerySet["Grant"]):
    def live(self) -> "GrantQuerySet":
        """Not past their end, by the database's clock."""
        return self.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=Now()))


class Grant(models.Model):
    """Neither member nor group means everyone. principal_key makes the three comparable, so that one plain
    unique constraint serves upserts on both databases."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="grants", db_index=False)
    member = models.ForeignKey(
        Member, null=True, blank=True, on_delete=models.CASCADE, related_name="grants", db_index=False
    )
    group = models.ForeignKey(
        Group, null=True, blank=True, on_delete=models.CASCADE, related_name="grants", db_index=False
    )
    principal_key = models.GeneratedField(
        expression=Coalesce(F("member_id"), Value(0) - F("group_id"), Value(0)),
        output_field=models.BigIntegerField(),
        db_persist=True,
    )
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="grants", db_index=False)
    origin = models.CharField(max_length=12, choices=Origin, default=Origin.MANUAL)
    granted_at = models.DateTimeField(db_default=Now())
    # No constraint: whoever is gone has no rights to give, and nobody is looked for by it.
    granted_by = models.ForeignKey(
        "accounts.User", null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False, db_index=False
    )
    ends_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    end_noticed_at = models.DateTimeField(null=True, blank=True, help_text=_("When its holders were told of the end."))

    objects = GrantQuerySet.as_manager()

    class Meta:
        verbose_name = _("grant")
        verbose_name_plural = _("grants")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["workspace", "principal_key", "role"], name="grant_once"),
            models.CheckConstraint(
                condition=Q(member__isnull=True) | Q(group__isnull=True), name="grant_one_principal"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index("workspace", "group", "role", name="grant_workspace_group"),
            models.Index("ends_at", name="grant_ending", condition=Q(ends_at__isnull=False)),
            models.Index("role", "workspace", name="grant_role_workspace"),
            models.Index("member", "role", name="grant_member_role"),
            models.Index("group", name="grant_group", condition=Q(group__isnull=False)),
            # For everyone: a handful of rows, asked for with every page.
            models.Index("workspace", name="grant_everyone", condition=Q(principal_key=0)),
        ]

    def __str__(self) -> str:
        return f"{self.role_id} in {self.workspace_id} to {self.principal_key}"


class GrantPermission(models.Model):
    """An extra permission for this one principal, beyond the grant's role."""

    grant = models.ForeignKey(Grant, on_delete=models.CASCADE, related_name="extra_permissions", db_index=False)
    permission = models.CharField(max_length=80)

    class Meta:
        verbose_name = _("extra permission")
        verbose_name_plural = _("extra permissions")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["grant", "permission"], name="grant_permission_once"),
        ]

    def __str__(self) -> str:
        return self.permission
