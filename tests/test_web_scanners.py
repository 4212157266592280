"""What looks into a link before its reader does: scanners of mails, previews of chats, prefetching (ACCEPTANCE P6).

Whatever they do, no row changes, and whoever the link is for joins by it afterwards.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connections
from django.test import Client
from playwright.sync_api import Browser, Locator, Page

from invitations.actions import copying, links
from invitations.asking import Ask
from invitations.models import Invitation
from invitations.queries.links import token_of
from tests import cast
from tests.racing import at_once
from tests.stage import Stage
from tests.test_web_answer import press
from tests.visiting import Answer, body_of, everything, hidden_of, visitor
from workspaces.catalogue import BuiltIn
from workspaces.models import Member

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.claim("P6", "P4")]

PREFETCHING = {"Sec-Purpose": "prefetch;prerender", "Purpose": "prefetch"}


# --- the doors


def links_of(stage: Stage) -> dict[str, str]:
    """The path of every kind of link that lets people in, by its kind."""
    acme = stage.acme
    what: dict[str, Any] = {"actor": cast.web(acme.olga), "organization_id": acme.id}
    copied = copying.copy_link(member_id=stage.member_invited("ina@elsewhere.example").pk, **what)
    for_many = links.create_link(name="School", ask=Ask(BuiltIn.MEMBER), most_uses=1, **what)
    return {
        "mailed": stage.link(stage.to_ina),
        "copied": "/i/" + copied.partition("/i/")[2],
        "for many": f"/l/{token_of(for_many)}",
    }


def joins(stage: Stage, kind: str, link: str) -> None:
    """The one whom it is for comes last."""
    user = stage.stella if kind == "for many" else stage.ina
    client = visitor(user)
    client.get(link, follow=True)
    joined: Answer = client.post("/link/join/") if kind == "for many" else press(client, "accept")
    assert (joined.status_code, joined.url) == (303, f"/o/{stage.slug}/")
    assert stage.member(user).joined_at is not None


# --- the scanners


def prefetches(link: str) -> None:
    client = Client(headers=PREFETCHING)
    for _time in range(2):
        assert client.get(link).status_code == 302
        assert client.get(link, follow=True).status_code == 200


def prefetches_in_many_threads(link: str) -> None:
    assert at_once(*[lambda: Client().get(link, follow=True)] * 8) == ["done"] * 8


def asks_for_headers_and_methods(link: str) -> None:
    client = Client()
    assert client.head(link, follow=True).status_code == 200
    assert client.options(link).status_code == 200
    for method in ("post", "put", "patch", "delete"):
        assert getattr(client, method)(link).status_code == 405


def follows_every_link(link: str) -> None:
    """Everything on the pages that it finds, and everything on those; it submits nothing."""
    client, seen = Client(), {link}
    found = list(hrefs(client.get(link, follow=True)))
    assert found
    for path in found:
        for further in [path, *hrefs(client.get(path, follow=True))]:
            if further not in seen:
                seen.add(further)
                assert client.get(further, follow=True).status_code < 500, further


def posts_every_form_without_its_token(link: str) -> None:
    client = Client(enforce_csrf_checks=True)
    pages = [client.get(link, follow=True), *(client.get(path, follow=True) for path in ("/invitation/decline/", "/"))]
    actions = {action for page in pages for action in actions_of(page)}
    for action in actions | {"/invitation/accept/", "/invitation/decline/", "/invitation/explain/", "/link/join/"}:
        assert client.post(action, {"word": "viagra"}).status_code == 403, action


def presses_every_button(link: str) -> None:
    """A whole browser without an account: it sends forms as they are meant to be sent, from the page that it sees."""
    client = Client(enforce_csrf_checks=True)
    page = client.get(link, follow=True)
    for action in actions_of(page):
        token = hidden_of(page, "csrfmiddlewaretoken")
        assert client.post(action, {"csrfmiddlewaretoken": token}, follow=True).status_code < 500


def writes_the_address_its_own_way(link: str) -> None:
    escaped = "/i/" + "".join(f"%{ord(one):02X}" if one in "-_" else one for one in link.split("/")[2])
    escaped = escaped.replace("/i/", link[:3])
    for good in (f"{link}/", f"{link}?utm_source=mail&utm_medium=x", f"{link}?next=//evil.example/", escaped):
        answer: Answer = Client().get(good)
        assert (answer.status_code, answer.url in ("/invitation/", "/link/")) == (302, True), good
    for bad in (f"{link}.", f"{link})", f"{link}>", f"{link}%20", link.lower(), quote(quote(link[3:], safe=""))):
        assert Client().get(bad).status_code in (301, 404), bad


SCANNERS: list[Callable[[str], None]] = [
    prefetches,
    prefetches_in_many_threads,
    asks_for_headers_and_methods,
    follows_every_link,
    posts_every_form_without_its_token,
    presses_every_button,
    writes_the_address_its_own_way,
]


def hrefs(answer: Answer) -> Iterator[str]:
    """Links on the page to pages of ours."""
    for path in re.findall(r'<a [^>]*href="(/[^"]*)"', body_of(answer)):
        if not path.startswith("/static/"):
            yield path.replace("&amp;", "&")


def actions_of(answer: Answer) -> list[str]:
    return re.findall(r'<form method="post" action="([^"]+)"', body_of(answer))


@pytest.mark.row("L7", "A21")
@pytest.mark.parametrize("scanner", SCANNERS, ids=lambda scanner: scanner.__name__)
@pytest.mark.parametrize("kind", ["mailed", "copied", "for many"])
def test_whatever_looks_into_a_link_first_changes_nothing_and_its_reader_joins(
    committed_stage: Stage, scanner: Callable[[str], None], kind: str
) -> None:
    link = links_of(committed_stage)[kind]
    before = everything()
    scanner(link)
    assert everything() == before
    joins(committed_stage, kind, link)


# --- with a screen and scripts


@pytest.mark.browser
@pytest.mark.parametrize("kind", ["mailed", "for many"])
def test_a_browser_that_runs_scripts_and_presses_what_it_sees_uses_nothing_up(
    committed_stage: Stage, browser: Browser, site: str, kind: str
) -> None:
    link, before = links_of(committed_stage)[kind], everything()
    context = browser.new_context()
    for number in range(1 + len(pressable(opened(context.new_page(), site + link)))):
        page = opened(context.new_page(), site + link)
        if number:
            pressable(page)[number - 1].click()
            page.wait_for_load_state("networkidle")
        page.close()
    context.close()
    connections.close_all()
    assert everything() == before
    joins(committed_stage, kind, link)


def opened(page: Page, address: str) -> Page:
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.mouse.wheel(0, 10_000)
    return page


def pressable(page: Page) -> list[Locator]:
    return page.locator("main :is(a, button):visible").all()


@pytest.mark.claim("P7", "P9")
def test_declining_takes_a_second_page_and_accepting_an_account_with_the_address(committed_stage: Stage) -> None:
    stage = committed_stage
    client = Client()
    client.get(stage.link(stage.to_nora))
    page = client.get("/invitation/decline/")
    assert actions_of(page) == ["/invitation/decline/"]
    assert "/invitation/decline/" not in actions_of(client.get("/invitation/"))
    assert press(client, "accept").url.startswith("/accounts/signup/")
    assert not Member.objects.filter(address="nora@new.example", joined_at__isnull=False).exists()
    assert press(client, "decline").status_code == 303
    assert Invitation.objects.get(pk=stage.to_nora.pk).declined_at is not None
    assert client.get("/invitation/decline/").status_code == 200  # it says what has become of it
    assert actions_of(client.get("/invitation/decline/")) == ["/invitation/explain/"]
