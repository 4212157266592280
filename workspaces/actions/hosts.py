"""Taking in what host products hand in, batch by batch: one function for all of it.

What changes who may do what (permissions, resources with their owners) goes through the organization's lock and into
its history; figures and times of activity do not, since nobody gains anything by them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import batched

from django.db import transaction
from django.db.models.functions import Now
from django.http import Http404

from accounts.actors import Actor, Source
from workspaces.actions.entering import enter_permissions
from workspaces.actions.locking import Locked, locked
from workspaces.actions.registering import register_resources
from workspaces.actions.reporting import note_accounts, note_activity, note_figures
from workspaces.hosts import (
    BadRecord,
    KnownProduct,
    MemberAccount,
    OrganizationAccount,
    Record,
    Refuse,
    RegisteredPermission,
    RegisteredResource,
    ReportedCount,
    ReportedFigure,
    SeenMember,
    VanishedResource,
    WithdrawnPermission,
    check,
    read,
)
from workspaces.models import Organization, Product

BATCH = 5_000
"""Records that are committed together."""
PRODUCT_ITSELF = Actor(user_id=None, source=Source.COMMAND)

type Numbered = tuple[int, Record]


@dataclass(frozen=True, slots=True)
class Problem:
    """What was wrong with one record. number: its place, from 1."""

    number: int
    reason: str


@dataclass(slots=True)
class Receipt:
    applied: int = 0
    problems: list[Problem] = field(default_factory=list)


def hand_in(records: Iterable[Record], *, actor: Actor = PRODUCT_ITSELF) -> Receipt:
    """Takes records of any kind and number, in their order; a later one about the same thing wins. The good ones are
    applied, the others are in the receipt. Handing the same in again changes nothing.

    Commits every BATCH records; locks the organizations concerned, all of them where permissions come in.
    """
    return _hand_in(enumerate(records, start=1), Receipt(), actor)


def hand_in_lines(lines: Iterable[str], *, actor: Actor = PRODUCT_ITSELF) -> Receipt:
    """The same for lines of JSON; empty lines are passed over."""
    receipt = Receipt()
    return _hand_in(_read(lines, receipt), receipt, actor)


def _read(lines: Iterable[str], receipt: Receipt) -> Iterator[Numbered]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield number, read(line)
        except BadRecord as error:
            receipt.problems.append(Problem(number, str(error)))


def _hand_in(numbered: Iterable[Numbered], receipt: Receipt, actor: Actor) -> Receipt:
    for batch in batched(numbered, BATCH):
        _take(_checked(batch, receipt), receipt, actor)
    receipt.problems.sort(key=lambda problem: problem.number)
    return receipt


def _checked(batch: Iterable[Numbered], receipt: Receipt) -> list[Numbered]:
    good = []
    for number, record in batch:
        try:
            good.append((number, check(record)))
        except BadRecord as error:
            receipt.problems.append(Problem(number, str(error)))
    return good


def _take(batch: list[Numbered], receipt: Receipt, actor: Actor) -> None:
    """Products first, since everything else speaks of them; then permissions; then organization by organization."""
    refused: dict[int, str] = {}
    known = _enter_products(batch)
    rest = []
    for number, record in batch:
        product = getattr(record, "product", None)
        if product is None or product in known:
            rest.append((number, record))
        else:
            refused[number] = f"No product is called {product}. Hand in a record of type product first."
    enter_permissions(
        [(n, r) for n, r in rest if isinstance(r, RegisteredPermission | WithdrawnPermission)],
        known,
        actor,
        refused.__setitem__,
    )
    for slug, records in _by_organization(rest).items():
        _take_for(slug, records, known, actor, refused.__setitem__)
    _note_report(batch, known, refused)
    receipt.applied += len(batch) - len(refused)
    receipt.problems += [Problem(number, reason) for number, reason in refused.items()]


def _enter_products(batch: Iterable[Numbered]) -> dict[str, int]:
    """Names and ids of all products, those of the batch included."""
    told = {record.name: record for _, record in batch if isinstance(record, KnownProduct)}
    with transaction.atomic():
        present = {product.name: product for product in Product.objects.filter(name__in=list(told))}
        for name, record in told.items():
            before = present.get(name)
            asked_at = record.asked_at or (before.asked_at if before else None)
            Product.objects.update_or_create(name=name, defaults={"url": record.url, "asked_at": asked_at})
    return dict(Product.objects.values_list("name", "pk"))


def _by_organization(batch: Iterable[Numbered]) -> dict[str, list[Numbered]]:
    found: dict[str, list[Numbered]] = {}
    for number, record in batch:
        if slug := getattr(record, "organization", ""):
            found.setdefault(slug, []).append((number, record))
    return found


def _take_for(slug: str, records: list[Numbered], known: dict[str, int], actor: Actor, refuse: Refuse) -> None:
    organization = Organization.objects.filter(slug=slug).first()
    if organization is None:
        for number, _record in records:
            refuse(number, f"No organization has the slug {slug}.")
        return
    seen = [(n, r) for n, r in records if isinstance(r, SeenMember)]
    if seen:
        note_activity(organization, seen, refuse)
    if len(seen) == len(records):
        return
    try:
        with locked(actor=actor, organization_id=organization.pk) as held:
            _take_under_lock(held, records, known, refuse)
    except Http404:
        for number, _record in records:
            refuse(number, f"The organization {slug} was deleted meanwhile.")


def _take_under_lock(held: Locked, records: list[Numbered], known: dict[str, int], refuse: Refuse) -> None:
    resources = [(n, r) for n, r in records if isinstance(r, RegisteredResource | VanishedResource)]
    figures = [(n, r) for n, r in records if isinstance(r, ReportedCount | ReportedFigure)]
    accounts = [(n, r) for n, r in records if isinstance(r, OrganizationAccount | MemberAccount)]
    if resources:
        register_resources(held, resources, known, refuse)
    if figures:
        note_figures(held.organization, figures, known, refuse)
    if accounts:
        note_accounts(held, accounts, refuse)


def _note_report(batch: Iterable[Numbered], known: dict[str, int], refused: dict[int, str]) -> None:
    told = {getattr(record, "product", None) for number, record in batch if number not in refused}
    Product.objects.filter(pk__in=[known[name] for name in told if name in known]).update(reported_at=Now())
