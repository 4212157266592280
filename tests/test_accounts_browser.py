"""What only a browser shows: passkeys with a virtual authenticator, the CSP, Back after signing out, no JavaScript."""

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from accounts import registry
from accounts.registry import Door
from tests.people import PASSWORD, person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MIA = "mia@example.org"


@pytest.fixture
def authenticator(context: BrowserContext, page: Page) -> Any:
    """A device that keeps passkeys and unlocks for its owner."""
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
    }
    device = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})

    def unlock(*, works: bool) -> None:
        session.send("WebAuthn.setUserVerified", {**device, "isUserVerified": works})

    return unlock


def sign_in(page: Page, site: str) -> None:
    page.goto(f"{site}/accounts/login/")
    page.get_by_role("textbox", name="Address").fill(MIA)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(re.compile(r"^(?!.*/login/$)"))


@pytest.mark.claim("P25")
@pytest.mark.usefixtures("complaints")
def test_a_passkey_is_offered_after_sign_up_added_and_signs_in(
    page: Page, site: str, authenticator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "signup_doors", [lambda request: Door(MIA, is_proven=True, sentence="Join Acme.")])
    page.goto(f"{site}/accounts/signup/?next=/accounts/profile/")
    expect(page.get_by_text(MIA)).to_be_visible()
    page.get_by_role("textbox", name="Name").fill("Mia Chen")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    page.get_by_role("link", name="Add a passkey").click()
    expect(page.get_by_role("textbox", name="Name")).to_have_value("Passkey")
    page.get_by_role("textbox", name="Name").fill("My laptop")
    page.get_by_role("button", name="Add passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.get_by_role("link", name="I keep them: go on").click()
    page.wait_for_url("**/accounts/profile/")
    assert Authenticator.objects.get(type="webauthn").wrap().name == "My laptop"

    page.goto(f"{site}/accounts/logout/")
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{site}/accounts/login/?next=/accounts/security/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/accounts/security/")
    expect(page.get_by_text("My laptop")).to_be_visible()

    page.get_by_role("link", name="Rename My laptop").click()
    page.get_by_role("textbox", name="Name").fill("Desk")
    page.get_by_role("button", name="Save name").click()
    page.get_by_role("link", name="Remove Desk").click()
    page.get_by_role("button", name="Remove passkey").click()
    expect(page.get_by_text("The passkey is removed.")).to_be_visible()
    assert not Authenticator.objects.exists()


@pytest.mark.claim("P15")
@pytest.mark.usefixtures("complaints")
def test_a_passkey_is_the_second_step_and_confirms_who_one_is(page: Page, site: str, authenticator: Any) -> None:
    person(MIA)
    sign_in(page, site)
    page.goto(f"{site}/accounts/security/passkeys/add/")
    page.get_by_role("button", name="Add passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.context.clear_cookies()

    sign_in(page, site)
    page.wait_for_url("**/accounts/login/code/")
    authenticator(works=False)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("That did not work.")).to_be_visible()
    authenticator(works=True)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(re.compile(r"localhost:\d+/(?!accounts)"))

    _forget_proof()
    page.goto(f"{site}/accounts/profile/delete/")
    expect(page.get_by_role("heading", name="Is it you?")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/accounts/profile/delete/")


def _forget_proof() -> None:
    """Every session's last proof of identity moves an hour into the past."""
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session

    for row in Session.objects.all():
        session = SessionStore(row.session_key)
        if "authenticated_at" in session:
            session["authenticated_at"] -= 3600
            session.save()


@pytest.mark.claim("P25")
@pytest.mark.usefixtures("complaints")
def test_after_signing_out_back_shows_no_name(page: Page, site: str) -> None:
    person(MIA, "Mia Unmistakable")
    sign_in(page, site)
    page.goto(f"{site}/accounts/profile/")
    expect(page.get_by_role("textbox", name="Name")).to_have_value("Mia Unmistakable")
    page.goto(f"{site}/accounts/logout/")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/login/")
    for _ in range(3):
        page.go_back()
        expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
        assert "Unmistakable" not in page.content()
        assert MIA not in page.content()


def test_everything_but_passkeys_works_without_javascript(browser: Any, site: str) -> None:
    person(MIA)
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        sign_in(page, site)
        page.goto(f"{site}/accounts/profile/")
        page.get_by_role("textbox", name="Name").fill("Mia Rossi")
        page.get_by_role("button", name="Save profile").click()
        expect(page.get_by_text("Your profile is saved.")).to_be_visible()
        page.goto(f"{site}/accounts/security/passkeys/add/")
        expect(page.get_by_text("Passkeys need JavaScript")).to_be_visible()
        expect(page.get_by_role("button", name="Add passkey")).to_have_count(0)
        page.goto(f"{site}/accounts/logout/")
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("button", name="Sign in with a passkey")).to_have_count(0)


ANONYMOUS = [
    *("login/", "signup/", "inactive/", "confirm-email/", "confirm-email/x/"),
    *("password/reset/", "password/reset/done/"),
]
PERSONAL = [
    *("profile/", "profile/delete/", "welcome/", "logout/", "sessions/", "addresses/", "addresses/add/"),
    *("security/", "security/password/", "security/app/", "security/passkeys/add/"),
]


@pytest.mark.claim("P25")
@pytest.mark.usefixtures("complaints")
def test_no_page_breaks_the_content_security_policy(page: Page, site: str) -> None:
    person(MIA)
    for path in [*ANONYMOUS, *PERSONAL]:
        if path == PERSONAL[0]:
            sign_in(page, site)
        page.goto(f"{site}/accounts/{path}")
        assert page.locator("[style]").count() == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_hurts_accessibility(page: Page, site: str, theme: Any) -> None:
    person(MIA)
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    axe = Axe()
    problems = {}
    for path in [*ANONYMOUS, *PERSONAL]:
        if path == PERSONAL[0]:
            sign_in(page, site)
        page.goto(f"{site}/accounts/{path}")
        result = axe.run(page)
        if result.violations_count:
            problems[path] = result.generate_report()
    assert problems == {}
