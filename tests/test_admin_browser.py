"""Django admin in a real browser: its pages work under the strict policy, and without JavaScript."""

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.models import OutgoingMail, User
from invitations.models import Invitation
from tests.people import PASSWORD
from tests.stage import Stage
from tests.test_admin import page_of
from workspaces.models import Member, Organization

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def sign_in(page: Page, site: str, stage: Stage) -> None:
    page.goto(f"{site}/admin/")
    page.get_by_role("textbox", name="Address").fill(stage.sam.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{site}/admin/")


def suspend_ben(page: Page, site: str) -> None:
    page.goto(f"{site}{page_of(Member)}?q=ben")
    page.locator("input.action-select").check()
    page.locator("select[name=action]").select_option("suspend")
    page.get_by_role("button", name="Run").click()
    page.get_by_role("button", name="Suspend").click()
    expect(page.locator(".messagelist")).to_contain_text("Suspended: 1")


@pytest.mark.claim("P22", "P25")
@pytest.mark.usefixtures("complaints")
def test_support_staff_find_and_act_under_the_strict_policy(committed_stage: Stage, site: str, page: Page) -> None:
    sign_in(page, site, committed_stage)
    for model in (User, Organization, Member, Invitation, OutgoingMail):
        page.goto(f"{site}{page_of(model)}")
        page.locator("#result_list tbody th a").first.click()
        expect(page.locator(".submit-row, .actions").first).to_be_attached()
    suspend_ben(page, site)
    page.goto(f"{site}{page_of(Organization, committed_stage.acme.id)}")
    page.locator("select[name=CHANGE_FORM-action]").select_option("offer_ownership")
    page.get_by_role("button", name="Run").click()
    page.get_by_role("button", name="Offer the ownership").click()
    expect(page.locator(".messagelist")).to_contain_text("The owner is active")
    page.get_by_role("link", name="Sign out").click()
    expect(page).to_have_url(f"{site}/accounts/logout/")


def test_it_works_without_javascript(committed_stage: Stage, site: str, browser: Browser) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    sign_in(page, site, committed_stage)
    suspend_ben(page, site)
    page.context.close()
