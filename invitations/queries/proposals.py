"""Reads of proposals: those that wait for an administrator, and a member's own. No write."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from accounts.models import OutgoingMail, User
from invitations.models import ProposedPerson
from invitations.queries.invitations import Known, known_addresses
from workspaces.models import Organization
from workspaces.queries.admins import organization_admins
from workspaces.queries.requests import MOST_APPROVERS
from workspaces.registry import MyProposal

PAGE = 50
PER_DAY = 20
"""People whom one member proposes within a day."""
MOST_WAITING = 100
SHOWN = 20
DAY = timedelta(days=1)
MADE_MAIL, DECIDED_MAIL = "people.proposed", "people.decided"
QUIET = timedelta(hours=1)
"""An approver gets one mail about proposals within it."""
OPEN = Q(approved_at__isnull=True, declined_at__isnull=True, withdrawn_at__isnull=True)


@dataclass(frozen=True, slots=True)
class ProposalPage:
    """known: which of the addresses are here already, for whoever decides."""

    people: list[ProposedPerson]
    known: dict[str, Known]
    next_before: int | None


def proposals_in(organization: Organization, *, is_open: bool, before: int | None = None) -> ProposalPage:
    """Newest first; keyset by id."""
    rows = with_names(ProposedPerson.objects.filter(organization=organization))
    rows = rows.filter(OPEN) if is_open else rows.exclude(OPEN)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: PAGE + 1])
    people = found[:PAGE]
    known = known_addresses(organization, [person.address for person in people]) if is_open and people else {}
    return ProposalPage(people, known, people[-1].pk if len(found) > PAGE else None)


def with_names(rows: "QuerySet[ProposedPerson]") -> "QuerySet[ProposedPerson]":
    return rows.select_related("proposed_by__directory", "workspace", "decided_by")


def open_proposals(organization: Organization, ids: Collection[int]) -> list[ProposedPerson]:
    """Those of them that nobody has decided."""
    mine = ProposedPerson.objects.filter(OPEN, organization=organization, pk__in=ids)
    return list(with_names(mine).order_by("pk"))


def waiting(organization: Organization) -> int:
    """For the badge; registered with `workspaces`. Nothing is asked where nobody may propose."""
    if not organization.members_propose:
        return 0
    return ProposedPerson.objects.filter(OPEN, organization=organization)[:MOST_WAITING].count()


def proposed_today(member_id: int) -> "QuerySet[ProposedPerson]":
    return ProposedPerson.objects.filter(proposed_by=member_id, proposed_at__gt=Now() - DAY)


def seconds_until_next(member_id: int) -> int:
    """Until the member may propose one more."""
    newest = proposed_today(member_id).order_by("-proposed_at").values_list("proposed_at", flat=True)
    filling: datetime | None = newest[PER_DAY - 1 : PER_DAY].first()
    return 1 if filling is None else max(1, int((filling + DAY - timezone.now()).total_seconds()) + 1)


def state_of(person: ProposedPerson) -> str:
    if person.approved_at:
        return "approved"
    if person.declined_at:
        return "declined"
    return "withdrawn" if person.withdrawn_at else "waiting"


def my_proposals(user_id: int) -> Iterable[MyProposal]:
    """Registered with `workspaces`, for My access."""
    mine = ProposedPerson.objects.filter(proposed_by__user=user_id).select_related("organization").order_by("-pk")
    for person in mine[:SHOWN]:
        state = state_of(person)
        withdraw = reverse("proposal_withdraw", args=[person.organization.slug, person.pk])
        yield MyProposal(
            organization_id=person.organization_id,
            address=person.address,
            state=state,
            at=person.proposed_at,
            reply=person.reply,
            withdraw_url=withdraw if state == "waiting" else "",
        )


def approvers_to_tell(organization: Organization) -> list[User]:
    """Admins who have had no mail about proposals of this organization within the last hour."""
    told = OutgoingMail.objects.filter(
        kind=MADE_MAIL, organization_id=organization.pk, user__isnull=False, queued_at__gt=Now() - QUIET
    ).values("user")
    admins = organization_admins(organization).exclude(user__in=told).values("user")
    return list(User.objects.filter(pk__in=admins).order_by("pk")[:MOST_APPROVERS])


def open_by_proposer(people: Iterable[ProposedPerson]) -> dict[int, int]:
    """How many proposals each of the proposers has open."""
    mine = ProposedPerson.objects.filter(OPEN, proposed_by__in={person.proposed_by_id for person in people})
    return dict(mine.order_by().values_list("proposed_by").annotate(number=Count("pk")))


type Decision = tuple[int, int | None, datetime | None, datetime | None]
"""By which one knows what was decided together: proposer, who decided, and when."""


def decision_of(person: ProposedPerson) -> Decision:
    return (person.proposed_by_id, person.decided_by_id, person.approved_at, person.declined_at)


def decided_together(people: Iterable[ProposedPerson]) -> dict[Decision, list[str]]:
    """The addresses that the same member proposed and that the same act decided."""
    people = list(people)
    moments = [moment for person in people if (moment := person.approved_at or person.declined_at)]
    if not moments:
        return {}
    since = min(moments) - timedelta(seconds=1)  # SQLite compares texts, and keeps fewer digits than it is asked with
    same = ProposedPerson.objects.filter(
        Q(approved_at__gte=since) | Q(declined_at__gte=since),
        proposed_by__in={person.proposed_by_id for person in people},
    )
    found: dict[Decision, list[str]] = {}
    for person in same.order_by("pk"):
        found.setdefault(decision_of(person), []).append(person.address)
    return found
