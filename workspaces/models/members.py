"""A person's place in one organization, from the moment they are invited, and what remains of it afterwards."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts import names
from workspaces.models.organizations import AccountState, Organization
from workspaces.models.roles import Role


class MemberQuerySet(models.QuerySet["Member"]):
    def effective(self) -> "MemberQuerySet":
        """Joined, not suspended, and the account not blocked: whoever is not here has no rights."""
        return self.filter(joined_at__isnull=False, suspended_at__isnull=True, user__is_active=True)


class Member(models.Model):
    """State comes from timestamps: waiting (no joined_at), joined, suspended.

    invited_until, declined_at, invited_by and mail repeat what the member table shows of the open invitation;
    `invitations.actions` alone writes them.
    """

    # No index of their own: one of Meta begins with each. A role change writes every index of the row anew.
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="members", db_index=False)
    user = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="memberships", db_index=False
    )
    address = models.CharField(_("address"), max_length=254, help_text=_("Canonical; the one that was invited."))
    name = models.CharField(
        _("name"),
        max_length=names.MAX_LENGTH,
        blank=True,
        help_text=_("As given when inviting; the user's own name wins."),
    )
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField(db_default=Now())
    joined_at = models.DateTimeField(null=True, blank=True)
    suspended_at = models.DateTimeField(null=True, blank=True)
    invited_until = models.DateTimeField(null=True, blank=True)
    declined_at = models.DateTimeField(null=True, blank=True)
    invited_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    mail = models.ForeignKey(
        "accounts.OutgoingMail", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    default_workspace = models.ForeignKey(
        "workspaces.Workspace", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )

    objects = MemberQuerySet.as_manager()

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organization", "address"], name="member_address_once"),
            models.UniqueConstraint(fields=["user", "organization"], name="member_user_once"),
            models.CheckConstraint(
                condition=models.Q(joined_at__isnull=True) | models.Q(user__isnull=False), name="member_joined_has_user"
            ),
            models.CheckConstraint(
                condition=models.Q(suspended_at__isnull=True) | models.Q(joined_at__isnull=False),
                name="member_suspended_has_joined",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index("role", "organization", name="member_role"),
            models.Index("invited_by", name="member_invited_by", condition=models.Q(invited_by__isnull=False)),
            models.Index("mail", name="member_mail", condition=models.Q(mail__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.name or self.address


class Directory(models.Model):
    """What members are searched and paged by; kept by `workspaces.actions.directory`, so that the member row stays
    narrow.

    sort_name is the case-folded name (address where there is none), since the time of joining or else of inviting.
    """

    # No constraint: `directory.enter` and removals keep it beside its member, both under the member's row lock.
    member = models.OneToOneField(
        Member, primary_key=True, on_delete=models.CASCADE, related_name="directory", db_constraint=False
    )
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    name = models.CharField(max_length=names.MAX_LENGTH, blank=True)
    sort_name = models.CharField(max_length=254)
    address = models.CharField(max_length=254)
    search_text = models.CharField(max_length=400)
    since = models.DateTimeField()

    class Meta:
        verbose_name = _("directory entry")
        verbose_name_plural = _("directory entries")
        indexes: ClassVar[list[models.Index]] = [
            models.Index("organization", "sort_name", "member", name="directory_name"),
            models.Index("organization", "address", "member", name="directory_address"),
            models.Index("organization", "since", "member", name="directory_since"),
        ]

    def __str__(self) -> str:
        return self.name or self.address


class Activity(models.Model):
    """When a member was last seen; written at most hourly and never under the organization's lock. NEVER sorts
    first.
    """

    # No constraint, for the reason that Directory gives.
    member = models.OneToOneField(
        Member, primary_key=True, on_delete=models.CASCADE, related_name="activity", db_constraint=False
    )
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    last_active_at = models.DateTimeField()

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("activity")
        indexes: ClassVar[list[models.Index]] = [
            models.Index("organization", "last_active_at", "member", name="activity_last")
        ]

    def __str__(self) -> str:
        return f"{self.member_id} at {self.last_active_at}"


class ExternalAccount(models.Model):
    """The account or tenant outside that a member belongs to, and whether its keeper found it right (SYSTEMS R6)."""

    member = models.OneToOneField(Member, primary_key=True, on_delete=models.CASCADE, related_name="external_account")
    account_id = models.CharField(_("external account"), max_length=120, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=AccountState, default=AccountState.NOT_CHECKED)
    reported_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("external account")
        verbose_name_plural = _("external accounts")

    def __str__(self) -> str:
        return self.account_id


class Departure(models.Model):
    """The receipt of a removal: who it was and which placements ended, from which a new invitation can propose them.

    Without database constraints: a receipt outlives what it names, and no id is ever used again.
    """

    class Cause(models.TextChoices):
        REMOVED = "removed", _("Removed")
        LEFT = "left", _("Left")
        REVOKED = "revoked", _("Invitation revoked")
        ACCOUNT_DELETED = "account_deleted", _("Account deleted")
        MERGED = "merged", _("Merged with another")

    member_id = models.BigIntegerField(primary_key=True, help_text=_("Of the deleted member; never used again."))
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="departures", db_constraint=False, db_index=False
    )
    user = models.ForeignKey(
        "accounts.User", null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False
    )
    address = models.CharField(max_length=254)
    name = models.CharField(max_length=names.MAX_LENGTH, blank=True)
    role = models.ForeignKey(
        Role, null=True, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    cause = models.CharField(max_length=20, choices=Cause)
    departed_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("departure")
        verbose_name_plural = _("departures")
        indexes: ClassVar[list[models.Index]] = [models.Index("organization", "address", name="departure_address")]

    def __str__(self) -> str:
        return self.name or self.address


class DeparturePlacement(models.Model):
    """One group membership (group) or grant (workspace and role) that ended with a departure; any of these may be gone
    since.
    """

    departure = models.ForeignKey(Departure, on_delete=models.CASCADE, related_name="placements", db_constraint=False)
    group = models.ForeignKey(
        "workspaces.Group",
        null=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    workspace = models.ForeignKey(
        "workspaces.Workspace",
        null=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    role = models.ForeignKey(
        Role, null=True, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )

    class Meta:
        verbose_name = _("ended placement")
        verbose_name_plural = _("ended placements")

    def __str__(self) -> str:
        return f"{self.departure_id}"


class MergedMember(models.Model):
    """Of a member who was merged into another of the same organization: whose history theirs belongs to since then.

    Plain ids, as in the history: the kept member may go, too, and no id is ever used again.
    """

    former_id = models.BigIntegerField(primary_key=True)
    member_id = models.BigIntegerField()

    class Meta:
        verbose_name = _("merged member")
        verbose_name_plural = _("merged members")
        indexes: ClassVar[list[models.Index]] = [models.Index("member_id", name="merged_member")]

    def __str__(self) -> str:
        return f"{self.former_id} into {self.member_id}"
