"""Browsers with a screen: signed in without the detour over the sign-in page, and attentive to complaints."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from playwright.sync_api import BrowserContext, ConsoleMessage, Page
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from tests.visiting import visitor


@pytest.fixture
def site(live_server: LiveServer) -> str:
    """Passkeys need a name: a bare IP address is no relying party."""
    return str(live_server.url).replace("127.0.0.1", "localhost")


@pytest.fixture
def complaints(page: Page) -> Iterator[list[str]]:
    """What the browser held against the pages; the CSP's reports among it."""
    found = listen(page)
    yield found
    assert not found, found


def listen(page: Page) -> list[str]:
    found: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        # A refused form is drawn with its status; Chromium notes every such answer as an error.
        is_refusal = "the server responded with a status of 4" in message.text
        if message.type in {"error", "warning"} and not (is_refusal and "/static/" not in message.location["url"]):
            found.append(f"{page.url}: {message.text}")

    page.on("console", hear)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


def be(context: BrowserContext, site: str, user: User) -> None:
    """The browser is this person's from now on."""
    session = visitor(user).cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": site}])
