"""Goals 1 to 4: the members page, its first, middle and last page and its htmx region, by cost, queries and bytes."""

import re
from collections.abc import Callable, Collection, Iterator

from django.core.handlers.wsgi import WSGIHandler

from accounts.models import User
from bench.measuring import Comparison, Meter
from bench.results import Result, at_most, times_less
from bench.web import Browser, Place, Wrong, queries, signed_in
from workspaces.models import Directory, Organization
from workspaces.queries.member_sql import PAGE, Cursor

ROW = re.compile(r'<tr id="m(\d+)"')
CHANGELIST = "/bench/admin/workspaces/directory/"
MOST_QUERIES = 6
ROUNDS = 11  # of pages so small that a round alone may be a third off


def measure(place: Place, goals: Collection[int], meter: Meter) -> Iterator[Result]:
    at, path, organization = place.scale.name, place.members_path, place.organization
    pages = {"first": first_page(), "middle": before(organization, 0.5), "last": last_page(organization)}
    bare = f"/bench/bare/{organization.slug}/"

    def drawing(query: dict[str, str], address: str = path, *, htmx: bool = False) -> Callable[[], object]:
        expected = rows_from(organization, query)
        _insist(place.browser.get(address, query, htmx=htmx).decode(), expected)
        return lambda: place.browser.get(address, query, htmx=htmx)

    if 1 in goals and at != "M":
        for name, query in pages.items():
            compared = meter.compare(drawing(query), drawing(query, bare), rounds=ROUNDS)
            yield _page(1, f"members page, {name}", at, compared, "e2", bar=2.0)
        compared = meter.compare(drawing(pages["first"], htmx=True), drawing(pages["first"], bare), rounds=ROUNDS)
        yield _page(1, "its htmx region", at, compared, "e2", bar=2.0)
    if 2 in goals and at == "L":
        compared = meter.compare(drawing(pages["last"]), drawing(pages["first"]))
        yield _page(2, "last page", at, compared, "first page", bar=1.25)
    if 3 in goals and at != "M":
        compared = meter.compare(drawing(pages["first"]), _changelist(organization), repeat=5)
        yield times_less(
            3,
            "members page",
            at,
            compared.subject,
            f"admin's list {compared.reference}",
            measured=1 / compared.ratio,
            bar=3,
        )
    if 4 in goals:
        most = max(queries(drawing(query)) for query in pages.values())
        yield at_most(4, "queries of a page", at, most, "", measured=most, bar=MOST_QUERIES, unit="")
        ours = len(place.browser.get(path))
        theirs = len(place.browser.get(f"/bench/hand-written/{organization.slug}/"))
        yield at_most(4, "bytes of a page", at, f"{ours:,}", f"by hand {theirs:,}", measured=ours / theirs, bar=1.1)


def first_page() -> dict[str, str]:
    return {}


def before(organization: Organization, part: float) -> dict[str, str]:
    """The page after the first `part` of all members."""
    return _after(organization, int(Directory.objects.filter(organization=organization).count() * part))


def last_page(organization: Organization) -> dict[str, str]:
    return _after(organization, Directory.objects.filter(organization=organization).count() - PAGE - 1)


def _after(organization: Organization, place: int) -> dict[str, str]:
    row = Directory.objects.filter(organization=organization).order_by("sort_name", "member_id")[place]
    return {"page": Cursor(0, row.sort_name, row.pk).encode()}


def rows_from(organization: Organization, query: dict[str, str]) -> list[int]:
    """Who has to stand on the page, asked for in the plainest way."""
    rows = Directory.objects.filter(organization=organization).order_by("sort_name", "member_id")
    cursor = Cursor.decode(query.get("page"))
    if cursor:
        rows = rows.filter(sort_name__gte=cursor.value).exclude(sort_name=cursor.value, member_id__lte=cursor.member_id)
    return list(rows.values_list("pk", flat=True)[:PAGE])


def _insist(text: str, expected: list[int]) -> None:
    if [int(pk) for pk in ROW.findall(text)] != expected:
        raise Wrong(f"The page does not show the {len(expected)} rows that belong on it.")


def _changelist(organization: Organization) -> Callable[[], object]:
    staff, _ = User.objects.get_or_create(
        email="staff@bench.example", defaults={"is_staff": True, "is_superuser": True, "name": "Support"}
    )
    browser = Browser(WSGIHandler(), signed_in(staff))
    query = {"organization__id__exact": str(organization.pk)}
    shown = browser.get(CHANGELIST, query).decode().count('name="_selected_action"')
    if shown != PAGE:
        raise Wrong(f"The changelist shows {shown} rows.")
    return lambda: browser.get(CHANGELIST, query)


def _page(goal: int, what: str, at: str, compared: Comparison, reference: str, *, bar: float) -> Result:
    return at_most(
        goal, what, at, compared.subject, f"{reference} {compared.reference}", measured=compared.ratio, bar=bar
    )
