"""A link for many: whoever follows it joins with what it gives, as long as it lives."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts import names


class InviteLink(models.Model):
    """Its token is computed from uuid and generation, like that of an invitation; rotating raises the generation.

    created_by answers for what it gives: their rights are looked at again whenever somebody joins.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey("workspaces.Organization", on_delete=models.CASCADE, related_name="invite_links")
    name = models.CharField(_("name"), max_length=names.MAX_LENGTH, validators=[names.validate_name])
    role = models.ForeignKey("workspaces.Role", on_delete=models.PROTECT, related_name="+")
    generation = models.PositiveIntegerField(default=1)
    allowed_domain = models.CharField(_("only for addresses at"), max_length=253, blank=True)
    most_uses = models.PositiveIntegerField(_("can be used"), null=True, blank=True)
    uses = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey("accounts.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("invite link")
        verbose_name_plural = _("invite links")

    def __str__(self) -> str:
        return self.name


class InviteLinkWorkspace(models.Model):
    link = models.ForeignKey(InviteLink, on_delete=models.CASCADE, related_name="workspaces", db_index=False)
    workspace = models.ForeignKey("workspaces.Workspace", on_delete=models.CASCADE, related_name="+")
    role = models.ForeignKey("workspaces.Role", on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("workspace of an invite link")
        verbose_name_plural = _("workspaces of invite links")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["link", "workspace"], name="invite_link_workspace_once"),
        ]

    def __str__(self) -> str:
        return f"{self.link_id}: {self.workspace_id}"


class InviteLinkGroup(models.Model):
    link = models.ForeignKey(InviteLink, on_delete=models.CASCADE, related_name="groups", db_index=False)
    group = models.ForeignKey("workspaces.Group", on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name = _("group of an invite link")
        verbose_name_plural = _("groups of invite links")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["link", "group"], name="invite_link_group_once"),
        ]

    def __str__(self) -> str:
        return f"{self.link_id}: {self.group_id}"


class InviteLinkUse(models.Model):
    """Who joined by it. A plain id, since the member may go and the record stays."""

    link = models.ForeignKey(InviteLink, on_delete=models.CASCADE, related_name="joined")
    member_id = models.BigIntegerField()
    joined_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("use of an invite link")
        verbose_name_plural = _("uses of invite links")

    def __str__(self) -> str:
        return f"{self.link_id}: {self.member_id}"
