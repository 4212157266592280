"""Reads of the Invitations screens: the list of all that were ever asked in, and the whole story of one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import FETCH_RAISE, CharField, DateTimeField, Prefetch, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast, Now
from django.utils.dateparse import parse_datetime

from accounts.addresses import searched
from accounts.models import MailAttempt, OutgoingMail
from accounts.models.mails import MailState
from invitations.models import Invitation
from invitations.policy import State
from invitations.queries.invitations import NEVER_ARRIVED, Clocked, at_now, wants_no_reminders
from workspaces.models import Act, Departure, Member, Organization
from workspaces.models.members import MemberQuerySet
from workspaces.queries.history import acts_on_member
from workspaces.queries.support import SHORT
from workspaces.queries.waiting import waiting_of

PAGE = 50
COUNT_CAP = 10_000
MAILS_SHOWN = 50
KINDS_OF_MAIL = "invitation"
"""How the kinds of mail about invitations begin; others about the same numbers speak of other things."""

_OPEN = Q(accepted_at__isnull=True, revoked_at__isnull=True)
STATES: dict[State, Q] = {
    State.PENDING: _OPEN & Q(declined_at__isnull=True, expires_at__gt=Now()),
    State.ACCEPTED: Q(accepted_at__isnull=False),
    State.DECLINED: _OPEN & Q(declined_at__isnull=False),
    State.EXPIRED: _OPEN & Q(declined_at__isnull=True, expires_at__lte=Now()),
    State.REVOKED: Q(revoked_at__isnull=False),
}
DELIVERY: dict[str, tuple[str, ...]] = {
    "waiting": (MailState.QUEUED, MailState.SENDING, MailState.RETRYING),
    "sent": (MailState.SENT,),
    "failing": NEVER_ARRIVED,
}


@dataclass(frozen=True, slots=True)
class Filters:
    """delivery: of the last mail to somebody who waits. inviter: only what this user has asked."""

    search: str = ""
    states: tuple[State, ...] = ()
    delivery: str = ""
    inviter_id: int | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of the page before: when it was asked last, as the database writes it, and its id.

    SQLite compares times as texts, so one that Python has written anew (with more digits) would come before itself.
    """

    sent_at: str
    id: int

    @classmethod
    def decode(cls, text: str | None) -> "Cursor | None":
        when, _comma, pk = (text or "").partition(",")
        try:
            is_time = len(when) <= 40 and parse_datetime(when) is not None
        except ValueError:
            return None
        return cls(when, int(pk)) if is_time and pk.isascii() and pk.isdigit() and len(pk) <= 18 else None

    def encode(self) -> str:
        return f"{self.sent_at},{self.id}"


@dataclass(frozen=True, slots=True)
class Page:
    """mails: the last one to each. count: up to COUNT_CAP + 1."""

    rows: "Sequence[Clocked]"
    mails: dict[int, OutgoingMail]
    next: Cursor | None
    count: int


def invitations_of(organization: Organization, filters: Filters) -> "QuerySet[Invitation]":
    found = Invitation.objects.filter(organization=organization)
    if filters.inviter_id is not None:
        found = found.filter(inviter=filters.inviter_id)
    if filters.search:
        term = searched(filters.search)
        # One or two letters stand in nearly every address: only where it begins. Read without an index, since a trigram
        # one makes asking in a tenth dearer.
        found = found.filter(**{"address__contains" if len(term) > SHORT else "address__startswith": term})
    if filters.states:
        wanted = Q()
        for state in filters.states:
            wanted |= STATES[state]
        found = found.filter(wanted)
    if filters.delivery:
        found = found.filter(_OPEN, member__mail__state__in=DELIVERY[filters.delivery])
    return found


def page_of(organization: Organization, filters: Filters, cursor: Cursor | None) -> Page:
    """Newest first, in three queries."""
    found = invitations_of(organization, filters)
    page = at_now(found.select_related("member__role", "member__directory", "inviter")).order_by("-sent_at", "-pk")
    page = page.annotate(place=Cast("sent_at", CharField()))
    if cursor is not None:
        sent_at = RawSQL("%s", [cursor.sent_at], DateTimeField())
        page = page.filter(Q(sent_at__lt=sent_at) | Q(sent_at=sent_at, pk__lt=cursor.id))
    rows = list(page.fetch_mode(FETCH_RAISE)[: PAGE + 1])
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    count = len(found.order_by().values_list("pk", flat=True)[: COUNT_CAP + 1])
    rows = rows[:PAGE]
    return Page(rows, last_mails(row.pk for row in rows), Cursor(last.place, last.pk) if last else None, count)


def last_mails(invitation_ids: Iterable[int]) -> dict[int, OutgoingMail]:
    """The last mail about each invitation."""
    mails = OutgoingMail.objects.filter(kind__startswith=KINDS_OF_MAIL, subject_id__in=list(invitation_ids))
    return {mail.subject_id or 0: mail for mail in mails.order_by("pk")}


def waiting_members(organization: Organization, filters: Filters) -> MemberQuerySet:
    """Those of the matching invitations who are still waiting: what a bulk action can be about."""
    matching = invitations_of(organization, filters).filter(_OPEN)
    return organization.members.filter(joined_at__isnull=True, invitation__in=matching.values("pk"))


@dataclass(frozen=True, slots=True)
class Story:
    """One invitation with its mails, newest first, each with its attempts that failed; what the history says of it."""

    invitation: Clocked
    mails: list[OutgoingMail]
    acts: "QuerySet[Act]"
    more_mails: bool = field(default=False)


def story_of(organization: Organization, invitation_id: int, inviter_id: int | None) -> Story | None:
    """inviter_id: only if this user has asked. None for ids of other organizations as for unknown ones."""
    found = Invitation.objects.filter(organization=organization, pk=invitation_id)
    if inviter_id is not None:
        found = found.filter(inviter=inviter_id)
    invitation = at_now(found.select_related("member__role", "member__directory", "inviter", "accepted_by")).first()
    if invitation is None:
        return None
    attempts = Prefetch("failed_attempts", MailAttempt.objects.order_by("pk"))
    mails = OutgoingMail.objects.filter(kind__startswith=KINDS_OF_MAIL, subject_id=invitation.pk)
    newest = list(mails.order_by("-pk").prefetch_related(attempts)[: MAILS_SHOWN + 1])
    acts = acts_on_member(organization.pk, _member_of(organization, invitation))
    return Story(invitation, newest[:MAILS_SHOWN], acts, len(newest) > MAILS_SHOWN)


def _member_of(organization: Organization, invitation: Invitation) -> int:
    """The member whom the history speaks of; of a revoked one the receipt still tells. 0: nobody is known."""
    if invitation.member_id is not None:
        return invitation.member_id
    if invitation.accepted_by_id is not None:
        joined = Member.objects.filter(organization=organization, user=invitation.accepted_by_id)
        return joined.values_list("pk", flat=True).first() or 0
    gone = Departure.objects.filter(organization_id=organization.pk, address=invitation.address)
    return gone.order_by("-pk").values_list("pk", flat=True).first() or 0


def reminders_of(invitation: Clocked, organization: Organization) -> dict[str, object]:
    """When the next reminder is due, if there will be one, and whether the address wants none."""
    waiting = waiting_of(organization, [invitation.member_id or 0], invitation.now).get(invitation.member_id or 0)
    return {
        "reminder_at": waiting.reminder_at if waiting is not None else None,
        "unsubscribed": wants_no_reminders(organization.pk, invitation.address),
    }
