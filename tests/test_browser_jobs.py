"""What only a browser shows of jobs: the bar that moves while a worker works, the focus, the undo in the toast."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests import cast
from tests.browsing import be
from tests.stage import Stage
from tests.workers import one_chunk
from workspaces.models import Job

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("complaints")]


def test_a_large_change_shows_its_progress_while_a_worker_works_and_is_undone(
    page: Page, site: str, committed_stage: Stage, complaints: list[str]
) -> None:
    stage = committed_stage
    cast.ask_in(stage.acme.olga, stage.acme.organization, *[f"p{number}@crowd.example" for number in range(2_600)])
    be(page.context, site, stage.acme.priya)
    page.goto(f"{site}{stage.url('members/?state=invited')}")
    page.get_by_role("checkbox", name="Select everybody on this page").check()
    page.get_by_role("button", name=re.compile("Select all .* matching")).click()
    page.get_by_role("button", name="Update role").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("New role").select_option("Guest")
    dialog.get_by_role("button", name="Update role of 2,602 people").click()

    bar = page.get_by_role("progressbar", name="Rows that are done")
    expect(bar).to_have_attribute("value", "0")
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    page.get_by_role("button", name="Cancel the rest").focus()
    one_chunk()
    expect(bar).to_have_attribute("value", "96")
    expect(page.get_by_text("2,500 of 2,602")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel the rest")).to_be_focused()
    insist_on_axe(page, complaints)
    one_chunk()
    expect(bar).to_have_attribute("value", "100")
    expect(page.get_by_text("Finished")).to_be_visible()
    expect(page.get_by_role("region", name="Results").get_by_text("Changed").first).to_be_visible()
    insist_on_axe(page, complaints)

    page.get_by_role("link", name="Undo").click()
    page.get_by_role("dialog").get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="Undo: Update role to Guest")).to_be_visible()
    for _ in range(2):
        one_chunk()
    expect(page.get_by_text("Finished")).to_be_visible()
    assert Job.objects.get(undoes__isnull=False).changed == 2_602


def test_the_toast_takes_a_small_change_back(page: Page, site: str, committed_stage: Stage) -> None:
    stage = committed_stage
    be(page.context, site, stage.acme.priya)
    page.goto(f"{site}{stage.url('members/')}")
    page.get_by_role("checkbox", name="Ben Weber", exact=True).check()
    page.get_by_role("button", name="Suspend").click()
    page.get_by_role("dialog").get_by_role("button", name="Suspend 1 person").click()
    expect(page.get_by_role("row", name="Ben Weber")).to_contain_text("Suspended")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone: 1 change.")).to_be_visible()
    expect(page.get_by_role("row", name="Ben Weber")).not_to_contain_text("Suspended")


def insist_on_axe(page: Page, complaints: list[str]) -> None:
    """Axe itself styles inline, which the policy refuses: what the browser says of that is no complaint."""
    assert complaints == []
    assert Axe().run(page).response["violations"] == []
    complaints.clear()
