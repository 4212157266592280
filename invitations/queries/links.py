"""Reads of invite links: which one a token or a session leads to, what it gives, whether it still lives."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, TypedDict

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from invitations.asking import Ask
from invitations.models import InviteLink, InviteLinkUse
from invitations.tokens import LINK, Subject, generation_of, issue, uuid_of
from workspaces.models import Organization

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations


class AtNow(TypedDict):
    now: datetime


type Clocked = "WithAnnotations[InviteLink, AtNow]"


class State(StrEnum):
    """Computed from the row and the database's clock; nothing but living lets anybody in."""

    LIVING = "living"
    REVOKED = "revoked"
    EXPIRED = "expired"
    USED_UP = "used_up"
    REPLACED = "replaced"

    @property
    def sentence(self) -> Promise:
        return _SENTENCES[self]


_SENTENCES: dict[State, Promise] = {
    State.LIVING: _("This link can be used."),
    State.REVOKED: _("This link was withdrawn. Ask whoever gave it to you for another one."),
    State.EXPIRED: _("This link has expired. Ask whoever gave it to you for another one."),
    State.USED_UP: _("This link has been used as often as it may be. Ask whoever gave it to you for another one."),
    State.REPLACED: _("This link was replaced by a newer one. Ask whoever gave it to you for that."),
}


def clocked(links: "QuerySet[InviteLink]") -> "QuerySet[Clocked]":
    return links.annotate(now=Now())


def state_of(link: Clocked, generation: int | None = None) -> State:
    """Of the link when it was read; generation: of the address at hand."""
    if link.revoked_at is not None:
        return State.REVOKED
    if generation is not None and generation != link.generation:
        return State.REPLACED
    if link.expires_at is not None and link.expires_at <= link.now:
        return State.EXPIRED
    if link.most_uses is not None and link.uses >= link.most_uses:
        return State.USED_UP
    return State.LIVING


def token_of(link: InviteLink) -> str:
    """What its address ends with; computed, never stored."""
    return issue(Subject(link.organization_id, link.uuid, link.generation), LINK)


def link_by_token(token: str) -> tuple[InviteLink, int] | None:
    """The link of an address that is or once was genuine, and its generation."""
    uuid = uuid_of(token)
    link = InviteLink.objects.filter(uuid=uuid).first() if uuid is not None else None
    if link is None:
        return None
    generation = generation_of(token, Subject(link.organization_id, link.uuid, link.generation), LINK)
    return (link, generation) if generation is not None else None


def links_of(organization: Organization, *, made_by: int | None) -> "QuerySet[Clocked]":
    """Those that nobody has ended first, then the newest; made_by: only those of one person."""
    links = InviteLink.objects.filter(organization=organization)
    if made_by is not None:
        links = links.filter(created_by=made_by)
    return clocked(links).select_related("role", "created_by").order_by(F("revoked_at").desc(nulls_first=True), "-pk")


def uses_of(link: InviteLink) -> "QuerySet[InviteLinkUse]":
    return InviteLinkUse.objects.filter(link=link)


def ask_of(link: InviteLink) -> Ask:
    """What whoever makes such a link asks for: the same as for an invitation."""
    return Ask(
        link.role_id,
        list(link.groups.order_by("group").values_list("group", flat=True)),
        dict(link.workspaces.filter(workspace__deleted_at__isnull=True).values_list("workspace", "role")),
    )


@dataclass(slots=True)
class Gift:
    """What a link gives, in names."""

    role: str
    role_id: int
    workspaces: list[tuple[str, str]] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)


def gift_of(link: InviteLink) -> Gift:
    places = link.workspaces.filter(workspace__deleted_at__isnull=True).order_by("workspace__name")
    return Gift(
        link.role.label,
        link.role_id,
        [(each.role.label, each.workspace.name) for each in places.select_related("role", "workspace")],
        list(link.groups.order_by("group__sort_name").values_list("group__name", flat=True)),
    )


def living() -> Q:
    """What the one UPDATE that uses a link asks for."""
    return (
        Q(revoked_at__isnull=True)
        & (Q(expires_at__isnull=True) | Q(expires_at__gt=Now()))
        & (Q(most_uses__isnull=True) | Q(uses__lt=F("most_uses")))
    )
