"""What Roster writes to members about their access: one sentence, one button; written when it is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import ClassVar
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import OutgoingMail
from accounts.outbox import Letter, Stale, Wording, one_line, register, without_links
from workspaces.models import AccessRequest, Grant
from workspaces.queries.grants import ENDING_MAIL, ending_grants
from workspaces.queries.requests import DECIDED_MAIL, MADE_MAIL, in_batch


@dataclass(frozen=True)
class Notice(Wording):
    """A mail of one sentence about one organization. quote: what a person wrote, never with a link."""

    template: ClassVar[str] = "mail/notice"
    slots: ClassVar[frozenset[str]] = frozenset({"link"})

    organization: str
    title: str
    sentence: str
    button: str
    quote: str = ""

    @property
    def subject(self) -> str:
        return self.title

    @property
    def sender_name(self) -> str:
        return self.organization

    @property
    def initial(self) -> str:
        return self.organization[:1].upper()

    @property
    def host(self) -> str:
        return str(urlsplit(settings.PUBLIC_URL).netloc)


class RequestMade:
    """To whoever may decide it, while it is open."""

    name = MADE_MAIL

    def letters(self, mails: Sequence[OutgoingMail]) -> Mapping[int, Letter | Stale]:
        requests = in_batch(mail.subject_id for mail in mails if mail.subject_id)
        return {mail.pk: self._letter(requests.get(mail.subject_id or 0)) for mail in mails}

    def _letter(self, request: AccessRequest | None) -> Letter | Stale:
        if request is None or request.approved_at or request.declined_at or request.withdrawn_at:
            return Stale(_("The request was decided or withdrawn."))
        names = {"name": one_line(str(request.member.user or request.member.address)), "what": what_of(request)}
        notice = Notice(
            one_line(request.organization.name),
            _("%(name)s asks for access") % names,
            _("%(name)s asks for %(what)s.") % names,
            _("Look at the request"),
            without_links(request.message).strip(),
        )
        return Letter(notice, {"link": settings.PUBLIC_URL + reverse("requests", args=[request.organization.slug])})


class RequestDecided:
    """To whoever asked."""

    name = DECIDED_MAIL

    def letters(self, mails: Sequence[OutgoingMail]) -> Mapping[int, Letter | Stale]:
        requests = in_batch(mail.subject_id for mail in mails if mail.subject_id)
        return {mail.pk: self._letter(requests.get(mail.subject_id or 0)) for mail in mails}

    def _letter(self, request: AccessRequest | None) -> Letter | Stale:
        if request is None:
            return Stale(_("The request is gone."))
        names = {"what": what_of(request)}
        approved = request.approved_at is not None
        notice = Notice(
            one_line(request.organization.name),
            _("Your request was approved") if approved else _("Your request was declined"),
            (_("You have %(what)s now.") if approved else _("You asked for %(what)s.")) % names,
            _("Look at your access"),
            without_links(request.reply).strip(),
        )
        return Letter(notice, {"link": settings.PUBLIC_URL + reverse("my_access")})


class GrantEnding:
    """To whoever holds a role that ends soon, or manages the group that does."""

    name = ENDING_MAIL

    def letters(self, mails: Sequence[OutgoingMail]) -> Mapping[int, Letter | Stale]:
        grants = ending_grants({mail.subject_id for mail in mails if mail.subject_id})
        return {mail.pk: self._letter(grants.get(mail.subject_id or 0)) for mail in mails}

    def _letter(self, grant: Grant | None) -> Letter | Stale:
        if grant is None or grant.ends_at is None:
            return Stale(_("The role was renewed, taken away, or has ended."))
        names = {
            "role": one_line(grant.role.label),
            "workspace": one_line(grant.workspace.name),
            "group": one_line(grant.group.name) if grant.group else "",
            "moment": date_format(grant.ends_at.astimezone(UTC), _("l j F Y, H:i")),
        }
        sentence = (
            _("%(group)s is %(role)s in %(workspace)s until %(moment)s UTC.")
            if grant.group
            else _("You are %(role)s in %(workspace)s until %(moment)s UTC.")
        )
        organization = grant.workspace.organization
        notice = Notice(
            one_line(organization.name),
            _("Access to %(workspace)s ends soon") % names,
            sentence % names,
            _("Look at your access"),
        )
        return Letter(notice, {"link": settings.PUBLIC_URL + reverse("my_access")})


def what_of(request: AccessRequest) -> str:
    """What is asked for, in words: "Editor in Research, the group Data team"."""
    words = []
    for placement in request.placements.all():
        role = placement.role.label if placement.role else ""
        if placement.workspace is not None:
            words.append(_("%(role)s in %(workspace)s") % {"role": role, "workspace": placement.workspace.name})
        elif placement.group is not None:
            words.append(_("the group %(group)s") % {"group": placement.group.name})
        else:
            words.append(_("the role %(role)s") % {"role": role})
    return one_line(", ".join(words))


register(RequestMade())
register(RequestDecided())
register(GrantEnding())
