"""What host products hand in: their permissions, and figures that Roster only shows. Written by
`workspaces.actions.hosts`.
"""

from typing import ClassVar

from django.db import models
from django.db.models import F, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from workspaces.catalogue import Scope
from workspaces.models.organizations import Organization
from workspaces.models.workspaces import Workspace


class Product(models.Model):
    """A host product of this installation: who enforces its permissions, and when it asked last (SYSTEMS R1)."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    url = models.URLField(_("address"), max_length=500, blank=True)
    asked_at = models.DateTimeField(null=True, blank=True, help_text=_("When it last asked what somebody may do."))
    reported_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")

    def __str__(self) -> str:
        return self.name


class HostPermission(models.Model):
    """A permission beyond those of `workspaces.catalogue`, in the same words."""

    code = models.CharField(max_length=80, unique=True)
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="permissions")
    scope = models.CharField(max_length=12, choices=Scope)
    area = models.CharField(max_length=80, help_text=_("What it stands under in the matrix of roles."))
    ability = models.CharField(max_length=200, help_text=_("Completes “You will be able to …”."))
    explanation = models.CharField(max_length=500, blank=True)
    high_risk = models.BooleanField(default=False)
    viewing = models.BooleanField(default=False, help_text=_("Kept where a resource is locked or archived."))

    class Meta:
        verbose_name = _("permission of a product")
        verbose_name_plural = _("permissions of products")

    def __str__(self) -> str:
        return self.code


class Figure(models.Model):
    """A number that a product reported, with its source and time (SYSTEMS R4): shown, never computed with.

    kind "count" counts resources that the product does not register one by one: deleting a workspace minds them too.
    """

    class Kind(models.TextChoices):
        COUNT = "count", _("Number of resources")
        USAGE = "usage", _("Usage")
        ENTITLEMENT = "entitlement", _("Entitlement")

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="figures", db_index=False)
    workspace = models.ForeignKey(Workspace, null=True, blank=True, on_delete=models.CASCADE, related_name="figures")
    workspace_key = models.GeneratedField(
        expression=Coalesce(F("workspace_id"), Value(0)), output_field=models.BigIntegerField(), db_persist=True
    )
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="figures", db_index=False)
    kind = models.CharField(max_length=12, choices=Kind)
    code = models.CharField(max_length=80, help_text=_("Of the figure; for counts, the kind of resource."))
    label = models.CharField(max_length=120)
    value = models.DecimalField(max_digits=20, decimal_places=4, null=True, blank=True)
    unit = models.CharField(max_length=40, blank=True)
    url = models.URLField(max_length=500, blank=True, help_text=_("Where the product shows it."))
    reported_at = models.DateTimeField()

    class Meta:
        verbose_name = _("figure")
        verbose_name_plural = _("figures")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["organization", "workspace_key", "product", "kind", "code"], name="figure_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label}: {self.value} {self.unit}"
