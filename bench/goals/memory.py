"""Goal 13: the memory of one web process before and after six hundred pages of an organization of this size."""

import http.client
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from urllib.parse import urlencode

from django.conf import settings

from bench.goals.pages import ROW, before, first_page, last_page
from bench.processes import family, resident_mib, running, wait_for
from bench.results import Result, at_most
from bench.web import HOST, Place, Wrong
from workspaces.queries.member_sql import PAGE

PAGES = 600
PORT = 25_826


def measure(place: Place) -> Iterator[Result]:
    organization = place.organization
    log = Path(settings.DATA_DIR) / "web.log"
    listing = place.members_path
    addresses = [
        (listing, first_page()), (listing, before(organization, 0.5)), (listing, last_page(organization)),
        (listing, {"q": "james"}), (listing, {"sort": "-added"}), (listing, {"state": "invited"}),
    ]  # fmt: skip
    environment = {"WEB_HOST": "127.0.0.1", "PORT": str(PORT), "WEB_CONCURRENCY": "1", "TRUSTED_PROXIES": "1"}
    with running("-m", "gunicorn", "--config", "config/gunicorn.py", log=log, **environment) as master:
        wait_for("The web process", lambda: _answers("/healthz"), seconds=60, log=log)
        (web,) = family(master) - {master}
        start = resident_mib(web)
        for path, query in islice(cycle(addresses), PAGES):
            _get(place, f"{path}?{urlencode(query)}")
        if family(master) != {master, web}:
            raise Wrong("The web process was replaced while it was measured.")
        end = resident_mib(web)
    yield at_most(
        13, f"memory after {PAGES} pages", place.scale.name, f"{end:.0f} MiB", f"at start {start:.0f} MiB",
        measured=end / start, bar=1.3,
    )  # fmt: skip


def _answers(path: str) -> bool:
    try:
        return _ask(path, "")[0] == 200
    except OSError:
        return False


def _get(place: Place, address: str) -> None:
    cookies = "; ".join(f"{name}={value}" for name, value in place.browser.cookies.items())
    status, text = _ask(address, cookies)
    if status != 200 or len(ROW.findall(text)) != PAGE:
        raise Wrong(f"{address} answered {status} with {len(ROW.findall(text))} rows")


def _ask(address: str, cookies: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
    try:
        connection.request(
            "GET",
            address,
            headers={"Host": HOST, "Cookie": cookies, "X-Forwarded-Proto": "https", "X-Forwarded-For": "127.0.0.1"},
        )
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()
