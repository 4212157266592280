"""Flat sets of members. Managers need not be in a group and gain nothing by managing it."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts import names
from workspaces.models.members import Member
from workspaces.models.organizations import Organization


class Group(models.Model):
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="groups", db_index=False)
    name = models.CharField(_("name"), max_length=names.MAX_LENGTH, validators=[names.validate_name])
    sort_name = models.CharField(max_length=254, help_text=_("Case-folded, for search by prefix."))
    description = models.CharField(_("description"), max_length=500, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("group")
        verbose_name_plural = _("groups")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organization", "sort_name"], name="group_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class GroupMember(models.Model):
    """added_by is who answers for the placement when a waiting member accepts."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="memberships", db_index=False)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="group_memberships", db_index=False)
    added_at = models.DateTimeField(db_default=Now())
    # No constraint: whoever is gone has no rights to give, and nobody is looked for by it.
    added_by = models.ForeignKey(
        "accounts.User", null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False, db_index=False
    )

    class Meta:
        verbose_name = _("group membership")
        verbose_name_plural = _("group memberships")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["member", "group"], name="group_member_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index("group", "member", name="group_member_of_group")]

    def __str__(self) -> str:
        return f"{self.member_id} in {self.group_id}"


class GroupManager(models.Model):
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="managers", db_index=False)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="managed_groups")

    class Meta:
        verbose_name = _("group manager")
        verbose_name_plural = _("group managers")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["group", "member"], name="group_manager_once"),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} manages {self.group_id}"
