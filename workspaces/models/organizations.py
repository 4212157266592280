"""The tenant, and the offer to take it over."""

from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts import names
from workspaces.catalogue import Scheme


class AccountState(models.TextChoices):
    """Of an external account or tenant, as the product that keeps it reported it (SYSTEMS R6)."""

    NOT_CHECKED = "not_checked", _("Not checked")
    CHECKED = "checked", _("Checked")
    FAILED = "failed", _("Failed")


class Organization(models.Model):
    name = models.CharField(_("name"), max_length=names.MAX_LENGTH, validators=[names.validate_name])
    slug = models.SlugField(_("address part"), max_length=50, unique=True)
    scheme = models.CharField(_("role scheme"), max_length=20, choices=Scheme, default=Scheme.STANDARD)
    owner = models.ForeignKey("workspaces.Member", null=True, on_delete=models.PROTECT, related_name="owned")
    invitation_days = models.PositiveSmallIntegerField(
        _("invitations expire after"), default=7, validators=[MinValueValidator(1), MaxValueValidator(30)]
    )
    members_see_members = models.BooleanField(_("members see the member list"), default=True)
    workspace_admins_invite = models.BooleanField(_("workspace admins may invite"), default=True)
    members_create_workspaces = models.BooleanField(_("members may create workspaces"), default=False)
    members_create_groups = models.BooleanField(_("members may create groups"), default=False)
    members_propose = models.BooleanField(_("members may propose people"), default=False)
    sends_reminders = models.BooleanField(_("remind people of open invitations"), default=True)
    language = models.CharField(_("language of its mails"), max_length=10, choices=settings.LANGUAGES, default="en")
    seats = models.PositiveIntegerField(
        _("seats"), null=True, blank=True, help_text=_("Members and pending invitations together; empty: no limit.")
    )
    invitations_per_day = models.PositiveIntegerField(
        _("invitations a day"), null=True, blank=True, help_text=_("Empty: the installation's limit.")
    )
    external_account_id = models.CharField(_("external account"), max_length=120, blank=True)
    external_account_state = models.CharField(
        _("state of the external account"), max_length=12, choices=AccountState, default=AccountState.NOT_CHECKED
    )
    default_drive = models.ForeignKey(
        "workspaces.Resource", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(invitation_days__range=(1, 30)), name="organization_invitation_days"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class OwnershipTransfer(models.Model):
    """The owner's offer, open for seven days; accepting it is the successor's act. At most one per organization."""

    organization = models.OneToOneField(Organization, on_delete=models.CASCADE, related_name="transfer")
    successor = models.ForeignKey("workspaces.Member", on_delete=models.CASCADE, related_name="+")
    offered_by = models.ForeignKey("accounts.User", null=True, on_delete=models.SET_NULL, related_name="+")
    offered_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = _("ownership transfer")
        verbose_name_plural = _("ownership transfers")

    def __str__(self) -> str:
        return f"{self.organization_id} to {self.successor_id}"
