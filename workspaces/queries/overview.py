"""The figures and hints of the overview: a fixed number of counts, none of which expands a group or everyone."""

from dataclasses import dataclass
from datetime import timedelta

from allauth.mfa.models import Authenticator
from django.db.models import Count, Exists, Min, OuterRef, Q
from django.db.models.functions import Now

from accounts.models import OutgoingMail
from accounts.models.mails import REPORTED
from workspaces.catalogue import role_label, scheme_roles
from workspaces.models import AccessRequest, Activity, Grant, Member, Organization, Workspace
from workspaces.queries.admins import organization_admins, workspace_admins
from workspaces.queries.requests import OPEN

STALE = timedelta(days=90)
OLD = timedelta(days=14)
FEW = 5
"""Admins of an organization beyond which the overview suggests fewer."""
NAMED = 5


@dataclass(frozen=True, slots=True)
class States:
    joined: int
    suspended: int
    invited: int
    expired: int
    declined: int

    @property
    def total(self) -> int:
        return self.joined + self.suspended + self.invited + self.expired + self.declined


def states_of(organization: Organization) -> States:
    waiting = Q(joined_at__isnull=True, declined_at__isnull=True)
    counts = Member.objects.filter(organization=organization).aggregate(
        joined=Count("pk", filter=Q(joined_at__isnull=False, suspended_at__isnull=True)),
        suspended=Count("pk", filter=Q(suspended_at__isnull=False)),
        invited=Count("pk", filter=waiting & Q(invited_until__gt=Now())),
        expired=Count("pk", filter=waiting & Q(invited_until__lte=Now())),
        declined=Count("pk", filter=Q(joined_at__isnull=True, declined_at__isnull=False)),
    )
    return States(**counts)


def failing_mails(organization: Organization) -> int:
    """Waiting members whose mail was refused, never confirmed, sent back or called spam."""
    failed = (OutgoingMail.State.FAILED, OutgoingMail.State.UNCONFIRMED, *REPORTED)
    waiting = Member.objects.filter(organization=organization, joined_at__isnull=True)
    return waiting.filter(mail__state__in=failed).count()


def old_invitations(organization: Organization) -> int:
    """Invitations that nobody answered for two weeks."""
    waiting = Member.objects.filter(organization=organization, joined_at__isnull=True, declined_at__isnull=True)
    return waiting.filter(created_at__lt=Now() - OLD).count()


def open_requests(organization: Organization) -> int:
    return AccessRequest.objects.filter(OPEN, organization=organization).count()


@dataclass(frozen=True, slots=True)
class Admins:
    """named: id and name of the first ones. unprotected: how many sign in without a second factor."""

    count: int
    named: list[tuple[int, str]]
    unprotected: int


def admins_of(organization: Organization) -> Admins:
    admins = organization_admins(organization)
    factor = Authenticator.objects.filter(user=OuterRef("user")).exclude(type=Authenticator.Type.RECOVERY_CODES)
    counts = admins.aggregate(count=Count("pk"), unprotected=Count("pk", filter=~Q(Exists(factor))))
    named = admins.order_by("directory__sort_name").values_list("pk", "directory__name", "address")[:NAMED]
    return Admins(counts["count"], [(pk, name or address) for pk, name, address in named], counts["unprotected"])


def stale_members(organization: Organization) -> int:
    """Joined members who were not here for three months."""
    away = Activity.objects.filter(organization=organization, last_active_at__lt=Now() - STALE)
    joined = away.filter(member__joined_at__lt=Now() - STALE, member__suspended_at__isnull=True)
    return joined.count()


def single_admin_workspaces(organization: Organization) -> list[tuple[str, str]]:
    """Slug and name of shared workspaces with only one admin: if that person goes, somebody has to follow."""
    everybody = Member.objects.filter(organization=organization)
    direct, through = workspace_admins(organization, everybody)
    admins: dict[int, tuple[int, set[int]]] = {}
    for rows, place in ((direct, "workspace"), (through, "group__grants__workspace")):
        counted = rows.values(place).annotate(people=Count("member", distinct=True), first=Min("member")).order_by()
        for row in counted:
            people, known = admins.get(row[place], (0, set()))
            admins[row[place]] = (max(people, row["people"]), known | {row["first"]})
    single = [workspace for workspace, (people, known) in admins.items() if people == 1 and len(known) == 1]
    named = Workspace.objects.alive().filter(pk__in=single, archived_at__isnull=True).order_by("name")
    return list(named.values_list("slug", "name"))


def wide_grants(organization: Organization) -> list[tuple[str, str, str]]:
    """Slug and name of workspaces where everyone may do more than view, with the role."""
    lowest = scheme_roles(organization.scheme)[0].id
    rows = (
        Grant.objects.live()
        .filter(
            workspace__organization=organization,
            workspace__deleted_at__isnull=True,
            workspace__archived_at__isnull=True,
            principal_key=0,
        )
        .exclude(role=lowest)
        .order_by("workspace__name")
    )
    found = rows.values_list("workspace__slug", "workspace__name", "role", "role__name")
    return [(slug, workspace, role_label(pk, role)) for slug, workspace, pk, role in found]


def ending_grants(organization: Organization) -> int:
    """Direct grants that end within a week."""
    soon = Grant.objects.live().filter(ends_at__lt=Now() + timedelta(days=7), member__isnull=False)
    return soon.filter(workspace__organization=organization, workspace__deleted_at__isnull=True).count()
