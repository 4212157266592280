"""The mails about an invitation. Links and codes are computed when they are sent; no user's words become a link."""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import ClassVar, Self

from django.conf import settings
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override

from accounts.models import OutgoingMail, User
from accounts.outbox import Letter, Reader, Stale, one_line, readers_of, register, without_links
from invitations import tokens
from invitations.models import Invitation
from invitations.policy import CODE_LIFE
from invitations.queries import invitations as queries
from invitations.queries.invitations import (
    CODE_MAIL,
    DECLINED_MAIL,
    FRESH_MAIL,
    INVITATION_MAIL,
    REMINDER_MAIL,
    Offer,
    reminders_stopped,
)
from workspaces.emails import Notice, OrganizationWording
from workspaces.models import Organization

_FIELDS = (
    "uuid", "organization_id", "inviter_id", "inviter_name", "address", "message", "language", "generation",
    "expires_at",
)  # fmt: skip
_TOKEN = "TOKEN"  # noqa: S105 - where it goes
PLACES = 5  # workspaces and groups that are named; the rest is counted


@dataclass(frozen=True)
class InvitationWording(OrganizationWording):
    """One for everybody whom the same person asks to the same places with the same words."""

    template: ClassVar[str] = "mail/invitation"
    slots: ClassVar[frozenset[str]] = frozenset({"link", "until"})

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
    def first_workspaces(self) -> tuple[tuple[str, str], ...]:
        return self.workspaces[:PLACES]

    @property
    def first_groups(self) -> tuple[str, ...]:
        return self.groups[:PLACES]

    @property
    def more_places(self) -> int:
        return max(0, len(self.workspaces) - PLACES) + max(0, len(self.groups) - PLACES)


@dataclass(frozen=True)
class ReminderWording(InvitationWording):
    """The same once more, with a way to hear no more of it."""

    template: ClassVar[str] = "mail/reminder"
    slots: ClassVar[frozenset[str]] = InvitationWording.slots | {"unsubscribe"}
    unsubscribe_slot: ClassVar[str] = "unsubscribe"

    @property
    def subject(self) -> str:
        return _("Reminder: %(subject)s") % {"subject": super().subject}


class InvitationMail:
    name = INVITATION_MAIL

    def letters(self, mails: Sequence[OutgoingMail]) -> Mapping[int, Letter | Stale]:
        return _Batch.of({mail.subject_id for mail in mails if mail.subject_id}).letters(mails)


class ReminderMail:
    """Of the same generation, so with the same link; not once they were stopped."""

    name = REMINDER_MAIL

    def letters(self, mails: Sequence[OutgoingMail]) -> Mapping[int, Letter | Stale]:
        batch = _Batch.of({mail.subject_id for mail in mails if mail.subject_id}, reminds=True)
        stopped = reminders_stopped(batch.invitations)
        letters = batch.letters(mails)
        quiet = Stale(gettext_noop("Reminders were stopped."))
        return {mail.pk: quiet if mail.subject_id in stopped else letters[mail.pk] for mail in mails}


@dataclass(frozen=True, slots=True)
class _Batch:
    """What the mails of one batch speak of. Most were asked in together, so what they share is read and worded once."""

    invitations: Mapping[int, Invitation]
    offers: Mapping[int, Offer]
    organizations: Mapping[int, Organization]
    inviters: Mapping[int, User]
    reminds: bool = False
    wordings: dict[Hashable, InvitationWording] = field(default_factory=dict)

    @classmethod
    def of(cls, ids: set[int], *, reminds: bool = False) -> Self:
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
            _offers(pending),
            Organization.objects.in_bulk({row.organization_id for row in rows}),
            User.objects.in_bulk({row.inviter_id for row in rows if row.inviter_id}),
            reminds,
        )

    def letters(self, mails: Sequence[OutgoingMail]) -> dict[int, Letter | Stale]:
        letters: dict[int, Letter | Stale] = {}
        for mail in mails:
            invitation = self.invitations.get(mail.subject_id or 0)
            if invitation is None or invitation.pk not in self.offers:
                letters[mail.pk] = Stale(gettext_noop("The invitation was answered, revoked or has expired."))
            elif mail.generation != invitation.generation or mail.recipient != invitation.address:
                letters[mail.pk] = Stale(gettext_noop("A newer mail has taken its place."))
            else:
                values = {"link": link_of(invitation), "until": _until(invitation.expires_at, invitation.language)}
                if self.reminds:
                    values["unsubscribe"] = unsubscribe_link_of(invitation)
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
            invitation.language,
            places,
        )
        if common not in self.wordings:
            inviter = self.inviters.get(invitation.inviter_id or 0)
            wording = ReminderWording if self.reminds else InvitationWording
            self.wordings[common] = wording(
                organization=one_line(self.organizations[invitation.organization_id].name),
                inviter=one_line(invitation.inviter_name or (inviter.display_name if inviter else "")),
                inviter_address=inviter.email if inviter else "",
                role=one_line(offer.role_name),
                workspaces=tuple((one_line(role), one_line(workspace)) for role, workspace in offer.workspaces),
                groups=tuple(one_line(group) for group in offer.groups),
                message=without_links(invitation.message).strip(),
                language=invitation.language,
            )
        return self.wordings[common]


def _offers(invitations: Mapping[int, Invitation]) -> dict[int, Offer]:
    """What each gives, with the roles named in its own language: three queries for each language."""
    found: dict[int, Offer] = {}
    for language in {invitation.language for invitation in invitations.values()}:
        with override(language):
            found |= queries.offers(pk for pk, invitation in invitations.items() if invitation.language == language)
    return found


def link_of(invitation: Invitation) -> str:
    """The link of the present generation, for its mail only: it proves the address."""
    subject = tokens.Subject(invitation.organization_id, invitation.uuid, invitation.generation)
    return f"{settings.PUBLIC_URL}{_path()}".replace(_TOKEN, tokens.issue(subject))


def unsubscribe_link_of(invitation: Invitation) -> str:
    subject, purpose = tokens.unsubscribing(invitation.organization_id, invitation.uuid, invitation.address)
    return f"{settings.PUBLIC_URL}{reverse('reminders_stop', args=[tokens.issue(subject, purpose)])}"


@lru_cache(maxsize=1)
def _path() -> str:
    return reverse("invitation_link", args=[_TOKEN])  # costs more than all else about a link


@lru_cache(maxsize=256)
def _until(moment: datetime, language: str) -> str:
    with override(language):
        text: str = _("%(moment)s UTC") % {"moment": date_format(moment, _("l j F Y, H:i"))}
        return text


@dataclass(frozen=True)
class CodeWording(OrganizationWording):
    """For whoever came by a copied link: the code shows that this mailbox is theirs."""

    template: ClassVar[str] = "mail/code"
    slots: ClassVar[frozenset[str]] = frozenset({"code"})

    @property
    def subject(self) -> str:
        return _("Your code for joining %(organization)s") % {"organization": self.organization}


class CodeMail:
    """generation is the code's number; the code itself is computed here and where it is entered."""

    name = CODE_MAIL

    def letters(self, mails: Sequence[OutgoingMail]) -> Mapping[int, Letter | Stale]:
        rows = Invitation.objects.filter(pk__in={mail.subject_id for mail in mails}, code_sent_at__gt=Now() - CODE_LIFE)
        invitations = rows.select_related("organization").in_bulk()
        return {mail.pk: self._letter(mail, invitations.get(mail.subject_id or 0)) for mail in mails}

    def _letter(self, mail: OutgoingMail, invitation: Invitation | None) -> Letter | Stale:
        if invitation is None or invitation.code_number != mail.generation or invitation.address != mail.recipient:
            return Stale(gettext_noop("This code has ended."))
        subject = tokens.Subject(invitation.organization_id, invitation.uuid, invitation.generation)
        wording = CodeWording(one_line(invitation.organization.name), language=invitation.language)
        return Letter(wording, {"code": tokens.code(subject, invitation.code_number)})


class _ToInviter(ABC):
    """About an invitation that is open still and has its waiting member."""

    over: ClassVar[str]  # why there is nothing to say any more

    def letters(self, mails: Sequence[OutgoingMail]) -> Mapping[int, Letter | Stale]:
        invitations, readers = _in_batch(mails), readers_of(mails)
        return {mail.pk: self._letter(invitations.get(mail.subject_id or 0), readers[mail.pk]) for mail in mails}

    def _letter(self, invitation: Invitation | None, reader: Reader) -> Letter | Stale:
        if invitation is None or not self._is_so(invitation):
            return Stale(self.over)
        organization = one_line(invitation.organization.name)
        names = {"address": one_line(invitation.address), "organization": organization}
        with reader.addressed(invitation.organization.language) as language:
            notice = Notice(organization, *self._words(invitation, names), language=language)
        return Letter(notice, {"link": _page_of(invitation)})

    @abstractmethod
    def _is_so(self, invitation: Invitation) -> bool: ...

    @abstractmethod
    def _words(self, invitation: Invitation, names: Mapping[str, str]) -> tuple[str, str, str, str]:
        """Title, sentence, button and quote."""


class InvitationDeclined(_ToInviter):
    """With the word of the invitee if there is one."""

    name = DECLINED_MAIL
    over = gettext_noop("The person was asked again.")

    def _is_so(self, invitation: Invitation) -> bool:
        return invitation.declined_at is not None

    def _words(self, invitation: Invitation, names: Mapping[str, str]) -> tuple[str, str, str, str]:
        return (
            _("%(address)s declined your invitation") % names,
            _("%(address)s does not want to join %(organization)s.") % names,
            _("Look at the invitation"),
            without_links(invitation.decline_word).strip(),
        )


class FreshLinkAsked(_ToInviter):
    """The holder of a dead link would like another one."""

    name = FRESH_MAIL
    over = gettext_noop("A fresh link was sent, or the invitation is closed.")

    def _is_so(self, invitation: Invitation) -> bool:
        return invitation.fresh_asked_at is not None

    def _words(self, invitation: Invitation, names: Mapping[str, str]) -> tuple[str, str, str, str]:
        return (
            _("%(address)s asks for a fresh link") % names,
            _("The link to %(organization)s that was sent to %(address)s opens nothing any more.") % names,
            _("Send a fresh link"),
            "",
        )


def _in_batch(mails: Sequence[OutgoingMail]) -> dict[int, Invitation]:
    """Those that are still open, and have their waiting member."""
    rows = Invitation.objects.filter(
        pk__in={mail.subject_id for mail in mails}, accepted_at=None, revoked_at=None, member__isnull=False
    )
    return rows.select_related("organization").in_bulk()


def _page_of(invitation: Invitation) -> str:
    return f"{settings.PUBLIC_URL}{reverse('member', args=[invitation.organization.slug, invitation.member_id])}"


for _kind in (InvitationMail(), ReminderMail(), CodeMail(), InvitationDeclined(), FreshLinkAsked()):
    register(_kind)
