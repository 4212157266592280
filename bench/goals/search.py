"""Goal 5: a page of each kind of search, beside Django's `icontains` with the count that a list shows."""

from collections.abc import Iterator
from functools import partial

from django.db.models import Q

from bench.measuring import Meter, comparison
from bench.people import RARE, RARE_COUNT
from bench.results import Result, times_less
from bench.web import Place, Wrong
from workspaces.models import Directory, Organization
from workspaces.names import fold
from workspaces.queries.member_sql import PAGE, Filters
from workspaces.queries.members import Found, member_page

BAR = 50
ROUNDS = 3
REPEAT = 10


def measure(place: Place, meter: Meter) -> Iterator[Result]:
    organization = place.organization
    for kind, term in _terms(organization).items():
        _insist(organization, kind, term)
        ours, theirs = partial(_ours, organization, term), partial(_icontains, organization, term)
        compared = comparison([(meter.cost(ours, REPEAT), meter.cost(theirs)) for _ in range(ROUNDS)])
        what, reference = f"search, {kind}", f"icontains {compared.reference}"
        yield times_less(5, what, place.scale.name, compared.subject, reference, measured=1 / compared.ratio, bar=BAR)


def _terms(organization: Organization) -> dict[str, str]:
    address = (
        Directory.objects.filter(organization=organization)
        .order_by("-member_id")
        .values_list("address", flat=True)[:1]
        .get()
    )
    common = {"frequent": "james", "two letters": "ja", "one letter": "a"}
    return {**common, "rare": RARE[1], "address": address, "none": "qwxzvq"}


def _ours(organization: Organization, term: str) -> list[Found]:
    return member_page(organization.pk, Filters(search=term)).rows


def _icontains(organization: Organization, term: str) -> tuple[list[Directory], int]:
    rows = Directory.objects.filter(Q(name__icontains=term) | Q(address__icontains=term), organization=organization)
    page = rows.select_related("member__role", "member__user", "member__activity").order_by("sort_name", "member_id")
    return list(page[: PAGE + 1]), rows.count()


def _insist(organization: Organization, kind: str, term: str) -> None:
    found = [row.id for row in _ours(organization, term)]
    rows, count = _icontains(organization, term)
    if kind in {"rare", "address", "none"}:
        is_right = set(found) == {row.pk for row in rows}
    else:
        is_right = len(found) == PAGE and all(name.startswith(fold(term)) for name in _sort_names(found))
    if not is_right or (kind == "rare" and count != RARE_COUNT):
        raise Wrong(f"The search for {term!r} does not find whom it has to find.")


def _sort_names(ids: list[int]) -> list[str]:
    return list(Directory.objects.filter(pk__in=ids).values_list("sort_name", flat=True))
