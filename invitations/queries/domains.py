"""Reads of joining by domain: which domains let people in at this moment, whom, and why one does not."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from allauth.account.models import EmailAddress
from django.db.models import CharField, Count, Exists, F, Func, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Now
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.models import User
from invitations.domains import Kind, domain_of, kind_of, with_parents
from invitations.models import DomainRule, JoinDomain, JoinDomainUse
from invitations.queries.invitations import verified_addresses
from workspaces.catalogue import role_label
from workspaces.models import Departure, Grant, Member, Organization, Workspace
from workspaces.models.workspaces import WorkspaceQuerySet

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.sql.compiler import SQLCompiler

DAY = timedelta(days=1)
MOST_COUNTED = 1_000


class Trouble(StrEnum):
    """Why a domain lets nobody in although it is switched on; stands in the row once it is paused."""

    OWNER = "owner"
    ADDRESS = "address"
    BLOCKED = "blocked"
    LISTED = "listed"
    DNS = "dns"
    BY_HAND = "by_hand"

    @property
    def sentence(self) -> Promise:
        return _TROUBLES[self]


_TROUBLES: dict[Trouble, Promise] = {
    Trouble.OWNER: lazy("Paused since the organization has another owner."),
    Trouble.ADDRESS: lazy("Paused since the owner's address changed."),
    Trouble.BLOCKED: lazy("Paused since the owner's account is blocked."),
    Trouble.LISTED: lazy("Paused since the domain is none any more by which people may join."),
    Trouble.DNS: lazy("Paused since the DNS record could not be found for three days."),
    Trouble.BY_HAND: lazy("Paused by an administrator."),
}


def kind(domain: str) -> Kind:
    """What a canonical domain is, by the operator's rules and the lists."""
    rules = DomainRule.objects.filter(domain__in=list(with_parents(domain)))
    return kind_of(domain, dict(rules.values_list("domain", "kind")))


def owners_address(organization: Organization) -> tuple[User | None, str]:
    """The owner's account and its own verified address; "" where it is not confirmed or the account is blocked."""
    owner = User.objects.filter(memberships__owned=organization).first()
    if owner is None or not owner.is_active:
        return owner, ""
    is_verified = EmailAddress.objects.filter(user=owner, email=owner.email, verified=True).exists()
    return owner, owner.email if is_verified else ""


def _rests_on_owner() -> Q:
    """The same owner with the same address, still theirs, as when it was switched on."""
    confirmed = EmailAddress.objects.filter(user=OuterRef("owner"), email=OuterRef("owner_address"), verified=True)
    return Q(
        Exists(confirmed),
        organization__owner__user=F("owner"),
        owner__email=F("owner_address"),
        owner__is_active=True,
    )


def letting_in() -> "QuerySet[JoinDomain]":
    """Switched on, proven, not paused, and resting on the owner who was the owner then. What kind of domain it is, is
    for `kind` to say.
    """
    proven = Q(proof=JoinDomain.Proof.DNS, proven_at__isnull=False)
    on_owner = Q(_rests_on_owner(), proof=JoinDomain.Proof.OWNER)
    return JoinDomain.objects.filter(proven | on_owner, switched_on_at__isnull=False, paused_at__isnull=True)


def trouble_of(join: JoinDomain) -> Trouble | None:
    """Why it must not let anybody in, apart from being paused; DNS aside, which only a look at it can tell."""
    if kind(join.domain) is not Kind.ORDINARY:
        return Trouble.LISTED
    if join.proof == JoinDomain.Proof.DNS:
        return None if join.proven_at is not None else Trouble.DNS
    owner, address = owners_address(join.organization)
    if owner is None or owner.pk != join.owner_id:
        return Trouble.OWNER
    if not owner.is_active:
        return Trouble.BLOCKED
    return None if address == join.owner_address else Trouble.ADDRESS


def admitting(organization: Organization, addresses: Iterable[str]) -> tuple[JoinDomain, str] | None:
    """The domain of the organization by which somebody with these verified addresses comes in, and the address."""
    by_domain: dict[str, str] = {}
    for address in addresses:
        by_domain.setdefault(domain_of(address), address)
    for join in letting_in().filter(organization=organization, domain__in=list(by_domain)).order_by("pk"):
        if kind(join.domain) is Kind.ORDINARY:
            return join, by_domain[join.domain]
    return None


def lets_in(address: str) -> bool:
    """Does any organization let people at the address's domain join by themselves? Opens the sign-up."""
    domain = domain_of(address)
    return letting_in().filter(domain=domain).exists() and kind(domain) is Kind.ORDINARY


def is_any_open() -> bool:
    return letting_in().exists()


def departed(organization_id: int, user_id: int, addresses: Iterable[str]) -> bool:
    """Were they removed, revoked or gone before? Then they come back by invitation only (P23)."""
    gone = Departure.objects.filter(organization=organization_id)
    return gone.filter(Q(user=user_id) | Q(address__in=list(addresses))).exists()


def may_join(user_id: int) -> list[JoinDomain]:
    """Where the person could join now: not where they are members, are asked in, or were removed."""
    addresses = verified_addresses(user_id)
    domains = {domain_of(address) for address in addresses}
    known = Member.objects.filter(Q(user=user_id) | Q(address__in=addresses), organization=OuterRef("organization"))
    gone = Departure.objects.filter(Q(user=user_id) | Q(address__in=addresses), organization=OuterRef("organization"))
    found = letting_in().filter(~Exists(known), ~Exists(gone), domain__in=domains).select_related("organization")
    kinds = {domain: kind(domain) for domain in domains} if found else {}
    by_organization = {
        join.organization_id: join
        for join in found.order_by("organization__name", "-pk")
        if kinds[join.domain] is Kind.ORDINARY
    }
    return list(by_organization.values())


def places_by(join: JoinDomain) -> list[str]:
    """Names of the workspaces in which whoever joins gets the lowest role now."""
    return list(open_places(join).order_by("name").values_list("name", flat=True))


def open_places(join: JoinDomain) -> WorkspaceQuerySet:
    """Those that still take people: not deleted, not archived."""
    alive = Workspace.objects.alive().filter(archived_at__isnull=True, pk__in=join.workspaces.values("workspace"))
    return alive.exclude(kind=Workspace.Kind.PERSONAL)


def uses_of(join: JoinDomain) -> "QuerySet[JoinDomainUse]":
    return JoinDomainUse.objects.filter(domain=join)


def domains_of(organization: Organization) -> "QuerySet[JoinDomain]":
    uses = JoinDomainUse.objects.filter(domain=OuterRef("pk")).order_by().values("domain").annotate(n=Count("pk"))
    rows = JoinDomain.objects.filter(organization=organization).select_related("organization__owner__user")
    return (
        rows.annotate(joined_count=Subquery(uses.values("n"))).prefetch_related("workspaces__workspace").order_by("pk")
    )


@dataclass(frozen=True, slots=True)
class Everyones:
    """What a newcomer gets in a workspace without being placed in it, since everyone has it."""

    workspace_id: int
    workspace: str
    role: str


def everyones(organization: Organization) -> list[Everyones]:
    rows = Grant.objects.live().filter(
        workspace__organization=organization,
        workspace__deleted_at__isnull=True,
        workspace__archived_at__isnull=True,
        principal_key=0,
    )
    rows = rows.order_by("workspace__name", "role")
    found = rows.values_list("workspace_id", "workspace__name", "role", "role__name")
    return [Everyones(pk, name, role_label(role_id, role)) for pk, name, role_id, role in found]


class DomainOf(Func):
    """The domain of an address, written as in the index that `0002_beyond_models` makes of it."""

    template = "substr(%(expressions)s, strpos(%(expressions)s, '@') + 1)"
    output_field = CharField()

    def as_sqlite(
        self, compiler: "SQLCompiler", connection: "BaseDatabaseWrapper", **extra_context: Any
    ) -> tuple[str, tuple[str | int, ...]]:
        template = "substr(%(expressions)s, instr(%(expressions)s, '@') + 1)"
        sql, parameters = self.as_sql(compiler, connection, template=template, **extra_context)
        return sql, tuple(parameters)


@dataclass(frozen=True, slots=True)
class Newcomers:
    """Accounts that have an address at the domain: those that could join at once, and those that were removed. Counts
    only, up to MOST_COUNTED: their names are other organizations' business.
    """

    ready: int
    stay_out: int


def newcomers(organization: Organization, domain: str) -> Newcomers:
    at_domain = EmailAddress.objects.filter(verified=True).alias(domain=DomainOf("email")).filter(domain=domain)
    accounts = User.objects.filter(pk__in=at_domain.values("user"), is_active=True)
    here = Member.objects.filter(organization=organization)
    outside = accounts.filter(~Exists(here.filter(user=OuterRef("pk"))))
    gone = Departure.objects.filter(organization=organization)
    theirs = EmailAddress.objects.filter(user=OuterRef("pk"), verified=True)
    barred = Exists(gone.filter(user=OuterRef("pk")))
    by_address = Exists(theirs.filter(email__in=gone.values("address")))
    asked = Exists(theirs.filter(email__in=here.filter(joined_at__isnull=True).values("address")))
    ready = outside.filter(~barred, ~by_address, ~asked)
    stay_out = outside.filter(barred | by_address)
    return Newcomers(_count(ready), _count(stay_out))


def _count(accounts: "QuerySet[User]") -> int:
    return accounts.order_by()[:MOST_COUNTED].count()


@dataclass(frozen=True, slots=True)
class Use:
    """Somebody who joined. member_id None: they are no member any more."""

    id: int
    name: str
    address: str
    member_id: int | None
    joined_at: datetime


def who_joined(uses: "QuerySet", *, before: int | None, limit: int) -> list[Use]:  # type: ignore[type-arg]  # of a link's or a domain's
    """Newest first; who is gone by the name in their receipt."""
    rows = list((uses if before is None else uses.filter(pk__lt=before)).order_by("-pk")[:limit])
    ids = [row.member_id for row in rows]
    present = {
        pk: (name, address)
        for pk, name, address in Member.objects.filter(pk__in=ids).values_list("pk", "directory__name", "address")
    }
    gone = dict(Departure.objects.filter(pk__in=ids).values_list("pk", "name"))
    return [
        Use(
            row.pk,
            present[row.member_id][0] or present[row.member_id][1]
            if row.member_id in present
            else gone.get(row.member_id) or _("Somebody who left"),
            present[row.member_id][1] if row.member_id in present else "",
            row.member_id if row.member_id in present else None,
            row.joined_at,
        )
        for row in rows
    ]


def due_for_a_look() -> "QuerySet[JoinDomain]":
    """Not looked at for a day: those that let people in, and those that wait for their record."""
    old = Q(checked_at__isnull=True) | Q(checked_at__lt=Now() - DAY)
    waits = Q(proof=JoinDomain.Proof.DNS)
    lets = Q(switched_on_at__isnull=False, paused_at__isnull=True)
    return JoinDomain.objects.filter(old, waits | lets)
