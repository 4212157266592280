"""What Roster writes to members about their access: one sentence, one button; written when it is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import OutgoingMail
from accounts.outbox import (
    Letter,
    Reader,
    Stale,
    Wording,
    moment_words,
    one_line,
    readers_of,
    register,
    without_links,
)
from workspaces.models import AccessRequest, Collaborator, Grant, Resource
from workspaces.queries.grants import ENDING_MAIL, ending_grants
from workspaces.queries.requests import DECIDED_MAIL, MADE_MAIL, in_batch


@dataclass(frozen=True)
class OrganizationWording(Wording):
    """A mail in the name of one organization."""

    organization: str

    @property
    def sender_name(self) -> str:
        return self.organization

    @property
    def initial(self) -> str:
        return self.organization[:1].upper()


@dataclass(frozen=True)
class Notice(OrganizationWording):
    """One sentence. quote: what a person wrote, never with a link."""

    template: ClassVar[str] = "mail/notice"
    slots: ClassVar[frozenset[str]] = frozenset({"link"})

    title: str
    sentence: str
    button: str
    quote: str = ""

    @property
    def subject(self) -> str:
        return self.title


class RequestMade:
    """To whoever may decide it, while it is open."""

    name = MADE_MAIL

    def letters(self, mails: Sequence[OutgoingMail]) -> Mapping[int, Letter | Stale]:
        requests = in_batch(mail.subject_id for mail in mails if mail.subject_id)
        readers = readers_of(mails)
        return {mail.pk: self._letter(requests.get(mail.subject_id or 0), mail, readers[mail.pk]) for mail in mails}

    def _letter(self, request: AccessRequest | None, mail: OutgoingMail, reader: Reader) -> Letter | Stale:
        if request is None or request.approved_at or request.declined_at or request.withdrawn_at:
            return Stale(gettext_noop("The request was decided or withdrawn."))
        with reader.addressed(request.organization.language) as language:
            name = one_line(str(request.member.user or request.member.address))
            names = {"name": name, "what": what_of(request, mail.user_id)}
            notice = Notice(
                one_line(request.organization.name),
                _("%(name)s asks for access") % names,
                _("%(name)s asks for %(what)s.") % names,
                _("Look at the request"),
                without_links(message_of(request)).strip(),
                language=language,
            )
        return Letter(notice, {"link": settings.PUBLIC_URL + reverse("requests", args=[request.organization.slug])})


class RequestDecided:
    """To whoever asked."""

    name = DECIDED_MAIL

    def letters(self, mails: Sequence[OutgoingMail]) -> Mapping[int, Letter | Stale]:
        requests = in_batch(mail.subject_id for mail in mails if mail.subject_id)
        readers = readers_of(mails)
        return {mail.pk: self._letter(requests.get(mail.subject_id or 0), readers[mail.pk]) for mail in mails}

    def _letter(self, request: AccessRequest | None, reader: Reader) -> Letter | Stale:
        if request is None:
            return Stale(gettext_noop("The request is gone."))
        approved = request.approved_at is not None
        with reader.addressed(request.organization.language) as language:
            names = {"what": what_of(request)}
            notice = Notice(
                one_line(request.organization.name),
                _("Your request was approved") if approved else _("Your request was declined"),
                (_("You have %(what)s now.") if approved else _("You asked for %(what)s.")) % names,
                _("Look at your access"),
                without_links(request.reply).strip(),
                language=language,
            )
        return Letter(notice, {"link": settings.PUBLIC_URL + reverse("my_access")})


class GrantEnding:
    """To whoever holds a role that ends soon, or manages the group that does."""

    name = ENDING_MAIL

    def letters(self, mails: Sequence[OutgoingMail]) -> Mapping[int, Letter | Stale]:
        grants = ending_grants({mail.subject_id for mail in mails if mail.subject_id})
        readers = readers_of(mails)
        return {mail.pk: self._letter(grants.get(mail.subject_id or 0), readers[mail.pk]) for mail in mails}

    def _letter(self, grant: Grant | None, reader: Reader) -> Letter | Stale:
        if grant is None or grant.ends_at is None:
            return Stale(gettext_noop("The role was renewed, taken away, or has ended."))
        organization = grant.workspace.organization
        with reader.addressed(organization.language) as language:
            names = {
                "role": one_line(grant.role.label),
                "workspace": one_line(grant.workspace.name),
                "group": one_line(grant.group.name) if grant.group else "",
                "moment": moment_words(grant.ends_at),
            }
            sentence = (
                _("%(group)s is %(role)s in %(workspace)s until %(moment)s.")
                if grant.group
                else _("You are %(role)s in %(workspace)s until %(moment)s.")
            )
            notice = Notice(
                one_line(organization.name),
                _("Access to %(workspace)s ends soon") % names,
                sentence % names,
                _("Look at your access"),
                language=language,
            )
        return Letter(notice, {"link": settings.PUBLIC_URL + reverse("my_access")})


def message_of(request: AccessRequest) -> str:
    """What the asker wrote beside it; of the rest of an invitation, why it has to be asked for."""
    if request.kind != AccessRequest.Kind.HELD:
        return request.message
    if not request.message:
        return _("Part of an invitation whose sender may no longer give it.")
    return _("Part of the invitation from %(inviter)s, who may no longer give it.") % {"inviter": request.message}


def what_of(request: AccessRequest, reader: int | None = None) -> str:
    """What is asked for, in words: "Editor in Research, the group Data team". reader: the user who reads it, since what
    is private is named to its owner only.
    """
    words = []
    for placement in request.placements.all():
        role = placement.role.label if placement.role else ""
        if placement.workspace is not None:
            words.append(_("%(role)s in %(workspace)s") % {"role": role, "workspace": placement.workspace.name})
        elif placement.group is not None:
            words.append(_("the group %(group)s") % {"group": placement.group.name})
        elif placement.resource is not None:
            edits = placement.level == Collaborator.Level.EDIT
            text = _("access to edit %(resource)s") if edits else _("access to view %(resource)s")
            words.append(text % {"resource": _called(placement.resource, reader)})
        else:
            words.append(_("the role %(role)s") % {"role": role})
    return one_line(", ".join(words))


def _called(resource: Resource, reader: int | None) -> str:
    owns = resource.owner is not None and reader is not None and resource.owner.user_id == reader
    if resource.access == Resource.Access.PRIVATE and not owns:
        return _("a private %(kind)s") % {"kind": resource.kind}
    return resource.name


register(RequestMade())
register(RequestDecided())
register(GrantEnding())
