"""Named sets of permissions. Rows of built-in roles are made from the catalogue; custom ones belong to an
organization.
"""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts import names
from workspaces.catalogue import Scheme, Scope, role_label


class Role(models.Model):
    """Built in when it has no organization (id from catalogue.BuiltIn, below 1000)."""

    organization = models.ForeignKey(
        "workspaces.Organization", null=True, blank=True, on_delete=models.CASCADE, related_name="custom_roles"
    )
    scope = models.CharField(max_length=12, choices=Scope)
    scheme = models.CharField(max_length=20, choices=Scheme, blank=True)
    name = models.CharField(_("name"), max_length=names.MAX_LENGTH, validators=[names.validate_name])
    audience = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organization", "scope", "name"], name="role_name_once"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        """What it is called on screen."""
        return role_label(self.pk, self.name)


class RolePermission(models.Model):
    role = models.ForeignKey(Role, on_delete=models.CASCADE, related_name="permissions")
    permission = models.CharField(max_length=80)

    class Meta:
        verbose_name = _("permission of a role")
        verbose_name_plural = _("permissions of roles")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["role", "permission"], name="role_permission_once"),
        ]

    def __str__(self) -> str:
        return self.permission
