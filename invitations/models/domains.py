"""Joining by the domain of one's address (ACCEPTANCE P23)."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class JoinDomain(models.Model):
    """An exact domain whose people may join by themselves, as Member, and with the lowest role in chosen workspaces.

    OWNER: the domain of the owner's own verified address. DNS: proven by a TXT record; the challenge is computed.
    It lets people in while it is switched on, proven and not paused. pause_reason: the sentence's code.
    owner and owner_address: on whose address it was switched on; any other owner or address pauses it.
    """

    class Proof(models.TextChoices):
        OWNER = "owner", _("The owner's own domain")
        DNS = "dns", _("Proven by DNS")

    organization = models.ForeignKey(
        "workspaces.Organization", on_delete=models.CASCADE, related_name="join_domains", db_index=False
    )
    domain = models.CharField(_("domain"), max_length=253, help_text=_("Lower case, in ASCII (IDNA)."))
    proof = models.CharField(max_length=5, choices=Proof)
    proven_at = models.DateTimeField(null=True, blank=True, help_text=_("When DNS was last seen to prove it."))
    checked_at = models.DateTimeField(null=True, blank=True, help_text=_("When it was looked at last."))
    switched_on_at = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    pause_reason = models.CharField(max_length=30, blank=True)
    owner = models.ForeignKey("accounts.User", null=True, on_delete=models.SET_NULL, related_name="+")
    owner_address = models.CharField(max_length=254, blank=True)
    switched_on_by = models.ForeignKey("accounts.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("domain to join by")
        verbose_name_plural = _("domains to join by")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organization", "domain"], name="join_domain_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index("domain", name="join_domain")]

    def __str__(self) -> str:
        return self.domain


class JoinDomainWorkspace(models.Model):
    domain = models.ForeignKey(JoinDomain, on_delete=models.CASCADE, related_name="workspaces", db_index=False)
    workspace = models.ForeignKey("workspaces.Workspace", on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name = _("workspace of a domain")
        verbose_name_plural = _("workspaces of domains")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["domain", "workspace"], name="join_domain_workspace_once"),
        ]

    def __str__(self) -> str:
        return f"{self.domain_id}: {self.workspace_id}"


class JoinDomainUse(models.Model):
    """Who joined by it. A plain id, since the member may go and the record stays."""

    domain = models.ForeignKey(JoinDomain, on_delete=models.CASCADE, related_name="joined")
    member_id = models.BigIntegerField()
    joined_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("use of a domain")
        verbose_name_plural = _("uses of domains")

    def __str__(self) -> str:
        return f"{self.domain_id}: {self.member_id}"


class DomainRule(models.Model):
    """The operator's supplement to the lists that Roster ships: what a domain is, whatever the lists say."""

    class Kind(models.TextChoices):
        PUBLIC = "public", _("Public mail service")
        DISPOSABLE = "disposable", _("Disposable addresses")
        EDUCATIONAL = "educational", _("Educational")
        ORDINARY = "ordinary", _("Ordinary: may be joined by")

    domain = models.CharField(_("domain"), max_length=253, unique=True)
    kind = models.CharField(_("what it is"), max_length=11, choices=Kind)

    class Meta:
        verbose_name = _("domain rule")
        verbose_name_plural = _("domain rules")

    def __str__(self) -> str:
        return self.domain
