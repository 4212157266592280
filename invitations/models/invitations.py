"""The asking: one row per invitation from the moment of saving. The person's place is the waiting Member beside it."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts import names


class Invitation(models.Model):
    """State comes from timestamps and is computed by `invitations.policy.state`; the newest answer wins.

    At most one open (pending, declined, expired) invitation per organization and address: while it is open it has its
    waiting member, whose address is unique. generation rises when the link must change; the mail of a former one is
    dead. Nothing usable is stored: tokens are computed from uuid and generation (`invitations.tokens`).
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(
        "workspaces.Organization", on_delete=models.CASCADE, related_name="invitations", db_index=False
    )
    member = models.OneToOneField("workspaces.Member", null=True, on_delete=models.SET_NULL, related_name="invitation")
    address = models.CharField(_("address"), max_length=254)
    inviter = models.ForeignKey(
        "accounts.User", null=True, on_delete=models.SET_NULL, related_name="invitations_sent", db_index=False
    )
    inviter_name = models.CharField(max_length=names.MAX_LENGTH, blank=True)
    message = models.CharField(_("message"), max_length=1000, blank=True)
    language = models.CharField(_("language of its mail"), max_length=10, choices=settings.LANGUAGES, db_default="en")
    generation = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(db_default=Now(), help_text=_("When asked last: at inviting or resending."))
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        "accounts.User", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    declined_at = models.DateTimeField(null=True, blank=True)
    decline_word = models.CharField(_("word to the inviter"), max_length=500, blank=True, db_default="")
    revoked_at = models.DateTimeField(null=True, blank=True)
    expiry_recorded_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When the history said so; validity never depends on it.")
    )

    reminders = models.PositiveSmallIntegerField(
        db_default=0, help_text=_("Since it was asked last: 1 after the first, 2 after the one before its end.")
    )
    reminders_stopped_at = models.DateTimeField(null=True, blank=True)
    fresh_asked_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When the holder of a dead link asked for a fresh one.")
    )
    # Of the code that proves the address to whoever came by a copied link; the code itself is computed.
    code_number = models.PositiveIntegerField(db_default=0)
    code_sent_at = models.DateTimeField(null=True, blank=True)
    code_failures = models.PositiveSmallIntegerField(db_default=0)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True) | Q(revoked_at__isnull=True),
                name="invitation_accepted_or_revoked",
            ),
            models.UniqueConstraint(
                fields=["organization", "address"],
                condition=Q(accepted_at__isnull=True, revoked_at__isnull=True),
                name="invitation_open_once",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index("inviter", "sent_at", name="invitation_inviter_day"),
            models.Index("organization", "sent_at", name="invitation_organization_day"),
            models.Index("accepted_by", name="invitation_accepted_by", condition=Q(accepted_by__isnull=False)),
            models.Index(
                "expires_at",
                name="invitation_expiring",
                condition=Q(
                    accepted_at__isnull=True,
                    revoked_at__isnull=True,
                    declined_at__isnull=True,
                    expiry_recorded_at__isnull=True,
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.address


class Unsubscribed(models.Model):
    """An address that wants no reminders from an organization; outlives the invitation."""

    organization = models.ForeignKey(
        "workspaces.Organization", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    address = models.CharField(_("address"), max_length=254)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("unsubscribed address")
        verbose_name_plural = _("unsubscribed addresses")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organization", "address"], name="unsubscribed_once"),
        ]

    def __str__(self) -> str:
        return self.address
