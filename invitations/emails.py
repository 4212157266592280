"""The mail that asks somebody in. Its link is computed when it is sent; what users wrote in it never becomes a link."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import ClassVar, Self
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import OutgoingMail, User
from accounts.outbox import Letter, Stale, Wording, one_line, register, without_links
from invitations import queries, tokens
from invitations.models import Invitation
from invitations.queries import INVITATION_MAIL, Offer
from workspaces.models import Organization

_FIELDS = (
    "uuid", "organization_id", "inviter_id", "inviter_name", "address", "message", "generation", "expires_at",
)  # fmt: skip
_TOKEN = "TOKEN"  # noqa: S105 - where it goes
PLACES = 5  # workspaces and groups that are named; the rest is counted


@dataclass(frozen=True)
class InvitationWording(Wording):
    """One for everybody whom the same person asks to the same places with the same words."""

    template: ClassVar[str] = "mail/invitation"
    slots: ClassVar[frozenset[str]] = frozenset({"link", "until"})

    organization: str
    inviter: str
    inviter_address: str
    role: str
    workspaces: tuple[tuple[str, str], ...]
    groups: tuple[str, ...]
    message: str

    @property
    def subject(self) -> str:
        names = {"inviter": self.inviter, "organization": self.organization}
        if not self.inviter:
            return _("You are invited to join %(organization)s") % names
        return _("%(inviter)s invites you to join %(organization)s") % names

    @property
    def sender_name(self) -> str:
        if not self.inviter:
            return self.organization
        return _("%(inviter)s via %(organization)s") % {"inviter": self.inviter, "organization": self.organization}

    @property
    def initial(self) -> str:
        return self.organization[:1].upper()

    @property
    def first_workspaces(self) -> tuple[tuple[str, str], ...]:
        return self.workspaces[:PLACES]

    @property
    def first_groups(self) -> tuple[str, ...]:
        return self.groups[:PLACES]

    @property
    def more_places(self) -> int:
        return max(0, len(self.workspaces) - PLACES) + max(0, len(self.groups) - PLACES)

    @property
    def host(self) -> str:
        return str(urlsplit(settings.PUBLIC_URL).netloc)


class InvitationMail:
    name = INVITATION_MAIL

    def letters(self, mails: Sequence[OutgoingMail]) -> Mapping[int, Letter | Stale]:
        return _Batch.of({mail.subject_id for mail in mails if mail.subject_id}).letters(mails)


@dataclass(frozen=True, slots=True)
class _Batch:
    """What the mails of one batch speak of. Most were asked in together, so what they share is read and worded once."""

    invitations: Mapping[int, Invitation]
    offers: Mapping[int, Offer]
    organizations: Mapping[int, Organization]
    inviters: Mapping[int, User]
    wordings: dict[Hashable, InvitationWording] = field(default_factory=dict)

    @classmethod
    def of(cls, ids: set[int]) -> Self:
        """Those that can still be accepted, by the database's clock."""
        pending = (
            Invitation.objects.filter(
                pk__in=ids,
                accepted_at__isnull=True,
                declined_at__isnull=True,
                revoked_at__isnull=True,
                expires_at__gt=Now(),
            )
            .only(*_FIELDS)
            .in_bulk()
        )
        rows = pending.values()
        return cls(
            pending,
            queries.offers(pending),
            Organization.objects.in_bulk({row.organization_id for row in rows}),
            User.objects.in_bulk({row.inviter_id for row in rows if row.inviter_id}),
        )

    def letters(self, mails: Sequence[OutgoingMail]) -> dict[int, Letter | Stale]:
        letters: dict[int, Letter | Stale] = {}
        for mail in mails:
            invitation = self.invitations.get(mail.subject_id or 0)
            if invitation is None or invitation.pk not in self.offers:
                letters[mail.pk] = Stale(_("The invitation was answered, revoked or has expired."))
            elif mail.generation != invitation.generation or mail.recipient != invitation.address:
                letters[mail.pk] = Stale(_("A newer mail has taken its place."))
            else:
                values = {"link": link_of(invitation), "until": _until(invitation.expires_at)}
                letters[mail.pk] = Letter(self._wording(invitation), values)
        return letters

    def _wording(self, invitation: Invitation) -> InvitationWording:
        offer = self.offers[invitation.pk]
        places = (offer.role_name, tuple(offer.workspaces), tuple(offer.groups))
        common = (
            invitation.organization_id,
            invitation.inviter_id,
            invitation.inviter_name,
            invitation.message,
            places,
        )
        if common not in self.wordings:
            inviter = self.inviters.get(invitation.inviter_id or 0)
            self.wordings[common] = InvitationWording(
                organization=one_line(self.organizations[invitation.organization_id].name),
                inviter=one_line(invitation.inviter_name or (inviter.display_name if inviter else "")),
                inviter_address=inviter.email if inviter else "",
                role=one_line(offer.role_name),
                workspaces=tuple((one_line(role), one_line(workspace)) for role, workspace in offer.workspaces),
                groups=tuple(one_line(group) for group in offer.groups),
                message=without_links(invitation.message).strip(),
            )
        return self.wordings[common]


def link_of(invitation: Invitation) -> str:
    """The link of the present generation, for its mail only: it proves the address."""
    subject = tokens.Subject(invitation.organization_id, invitation.uuid, invitation.generation)
    return f"{settings.PUBLIC_URL}{_path()}".replace(_TOKEN, tokens.issue(subject))


@lru_cache(maxsize=1)
def _path() -> str:
    return reverse("invitation_link", args=[_TOKEN])  # costs more than all else about a link


@lru_cache(maxsize=256)
def _until(moment: datetime) -> str:
    return _("%(moment)s UTC") % {"moment": date_format(moment, "l j F Y, H:i")}


register(InvitationMail())
