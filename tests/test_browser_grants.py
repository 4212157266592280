"""What only a browser shows of a workspace's members: quick add, the role in the row, ways that unfold, bulk."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests import cast
from tests.browsing import be
from tests.stage import Stage
from workspaces.catalogue import BuiltIn

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("complaints")]


@pytest.fixture
def research(page: Page, site: str, committed_stage: Stage) -> Stage:
    """Mia, admin of Research, looks at its members."""
    stage = committed_stage
    cast.ask_in(stage.acme.olga, stage.acme.organization, "nora@new.example", places={stage.research.pk: 11})
    be(page.context, site, stage.acme.mia)
    page.goto(f"{site}{stage.url('w/research/members/')}")
    return stage


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("row", name=re.compile(name))


@pytest.mark.row("I45", "I48", "I50", "I55", "A22")
def test_quick_add_then_the_role_in_the_row_then_all_of_it_in_bulk(page: Page, research: Stage) -> None:
    page.get_by_role("link", name="Add people").click()
    dialog = page.get_by_role("dialog", name="Add people to Research")
    dialog.get_by_label("Role").select_option("Viewer")
    dialog.get_by_label("People and groups").fill("ben")
    dialog.get_by_text("Ben Weber").click()
    dialog.get_by_label("People and groups").fill("data")
    expect(dialog.get_by_label("Ben Weber")).to_be_checked()
    dialog.get_by_text("Data team").click()
    expect(dialog.get_by_text("The groups bring 1 person")).to_be_visible()
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("Added 2 people and groups.")).to_be_visible()
    expect(dialog).to_be_hidden()
    expect(row(page, "Ben Weber")).to_contain_text("Viewer")
    expect(row(page, "Max Muster")).to_contain_text("through Data team")

    row(page, "Max Muster").get_by_role("button", name="through Data team").click()
    expect(page.locator(".r-ways:popover-open")).to_contain_text("Viewer through Data team decides")
    page.keyboard.press("Escape")

    row(page, "Ben Weber").get_by_role("cell").nth(1).hover()
    row(page, "Ben Weber").get_by_role("combobox").select_option("Editor")
    expect(page.get_by_text("Ben Weber is now Editor.")).to_be_visible()
    expect(row(page, "Ben Weber")).to_contain_text("Editor")

    row(page, "Ben Weber").get_by_role("cell").nth(1).hover()
    row(page, "Ben Weber").get_by_role("combobox").select_option("Remove access")
    dialog = page.get_by_role("dialog", name="Remove the access of Ben Weber to Research?")
    expect(dialog).to_contain_text("Ben Weber then has no access here.")
    dialog.get_by_role("button", name="Remove access").click()
    expect(row(page, "Ben Weber")).to_have_count(0)

    cast.place(research.acme.olga, research.member(research.acme.ben), research.research, BuiltIn.STANDARD_VIEWER)
    page.reload()
    page.get_by_role("checkbox", name="Ben Weber", exact=True).check()
    page.get_by_role("checkbox", name=re.compile("Mia Chen")).check()
    page.get_by_role("button", name="Update roles").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Role").select_option("Editor")
    expect(dialog).to_contain_text("1 will not change")
    dialog.get_by_role("button", name="Update roles (1)").click()
    expect(row(page, "Ben Weber")).to_contain_text("Editor")


@pytest.mark.row("A22")
def test_the_menu_of_somebody_who_waits_has_the_six_acts(page: Page, research: Stage) -> None:
    row(page, "nora").get_by_label("More").click()
    menu = page.locator("#row-menu")
    for act in ("Edit role", "Revoke access", "Resend invitation", "Update permissions", "Review access history"):
        expect(menu.get_by_text(act)).to_be_visible()
    expect(menu.get_by_text("Remove all access here")).to_be_visible()
