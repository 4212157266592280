"""Access that was asked for, until somebody decides."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from workspaces.models.groups import Group
from workspaces.models.members import Member
from workspaces.models.organizations import Organization
from workspaces.models.resources import Collaborator, Resource
from workspaces.models.roles import Role
from workspaces.models.workspaces import Workspace


class AccessRequest(models.Model):
    """State comes from timestamps: open until decided or withdrawn. A renewal names the grant by its workspace and
    role.
    """

    class Kind(models.TextChoices):
        ACCESS = "access", _("Access")
        RENEWAL = "renewal", _("Renewal")
        HELD = "held", _("Rest of an invitation")

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="requests", db_index=False)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="requests")
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.ACCESS)
    message = models.CharField(_("message"), max_length=500, blank=True)
    asked_at = models.DateTimeField(db_default=Now())
    approved_at = models.DateTimeField(null=True, blank=True)
    declined_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        "accounts.User", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    reply = models.CharField(_("answer"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("request")
        verbose_name_plural = _("requests")
        indexes: ClassVar[list[models.Index]] = [
            models.Index("organization", "asked_at", name="request_organization"),
            models.Index(
                "organization",
                name="request_open",
                condition=Q(approved_at__isnull=True, declined_at__isnull=True, withdrawn_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} asks"


class RequestedPlacement(models.Model):
    """One thing asked for: a role in a workspace, a place in a group, a collaboration on a resource, or (none of these)
    an organization role.
    """

    request = models.ForeignKey(AccessRequest, on_delete=models.CASCADE, related_name="placements")
    workspace = models.ForeignKey(Workspace, null=True, on_delete=models.CASCADE, related_name="+")
    group = models.ForeignKey(Group, null=True, on_delete=models.CASCADE, related_name="+")
    role = models.ForeignKey(Role, null=True, on_delete=models.CASCADE, related_name="+")
    resource = models.ForeignKey(Resource, null=True, on_delete=models.CASCADE, related_name="+")
    level = models.CharField(max_length=4, choices=Collaborator.Level, blank=True, db_default="")

    class Meta:
        verbose_name = _("requested placement")
        verbose_name_plural = _("requested placements")

    def __str__(self) -> str:
        return f"of {self.request_id}"
