"""The life of a workspace in a browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browsing import be
from tests.stage import Stage
from workspaces.actions.hosts import hand_in
from workspaces.catalogue import BuiltIn
from workspaces.hosts import KnownProduct, RegisteredResource, VanishedResource
from workspaces.models import Grant

PRODUCT = {"organization": "acme", "product": "Notebooks", "external_id": "lab1"}


def keep(record: RegisteredResource | VanishedResource) -> None:
    assert hand_in([KnownProduct(name="Notebooks", url="https://notebooks.example/"), record]).problems == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.row("N2", "N3", "N22", "N23", "N24", "N25", "D13")
@pytest.mark.usefixtures("complaints")
def test_a_workspaces_life_in_the_browser(page: Page, site: str, committed_stage: Stage) -> None:
    """Made, joined, left with a hand-over, kept while it holds something, archived, reopened, deleted, restored."""
    stage = committed_stage
    be(page.context, site, stage.acme.olga)
    page.goto(f"{site}{stage.url('workspaces/')}")
    page.get_by_role("link", name="Create a workspace").first.click()
    panel = page.get_by_role("dialog", name="Create a workspace")
    panel.get_by_role("button", name="Create workspace").click()
    expect(panel.get_by_text("This field is required.")).to_be_visible()
    panel.get_by_label("Name").fill("Lab")
    panel.get_by_label("Description").fill("Trials")
    panel.get_by_label("Open to members").check()
    panel.get_by_role("button", name="Create workspace").click()
    expect(page.get_by_text("Lab is ready.")).to_be_visible()

    be(page.context, site, stage.acme.ben)
    page.goto(f"{site}{stage.url('workspaces/')}")
    page.get_by_role("link", name=re.compile("Switch")).click()
    switcher = page.get_by_role("dialog", name="Switch")
    switcher.get_by_role("button", name="Join Lab").click()
    expect(page.get_by_text("You joined Lab as Viewer.")).to_be_visible()

    be(page.context, site, stage.acme.olga)
    page.goto(f"{site}/my/")
    page.get_by_role("link", name="Leave Lab").click()
    dialog = page.get_by_role("dialog", name="Leave Lab?")
    dialog.get_by_label("New admin").fill("ben@acme.example")
    dialog.get_by_role("button", name="Hand over and leave").click()
    expect(page.get_by_text("You left Lab.")).to_be_visible()

    keep(RegisteredResource(**PRODUCT, kind="project", name="Atlas", workspace="lab"))
    be(page.context, site, stage.acme.ben)
    page.goto(f"{site}{stage.url('w/lab/settings/')}")
    page.get_by_role("link", name="Delete", exact=True).click()
    dialog = page.get_by_role("dialog", name="Delete Lab?")
    expect(dialog).to_contain_text("Lab still holds project (1).")
    keep(VanishedResource(**PRODUCT))
    dialog.get_by_role("link", name="Check again").click()
    expect(dialog.get_by_label("Type the workspace's name to confirm")).to_be_visible()
    page.keyboard.press("Escape")

    page.get_by_role("link", name="Archive", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Archive Lab").click()
    expect(page.get_by_text("This workspace is archived")).to_be_visible()
    page.get_by_role("button", name="Reopen").click()
    expect(page.get_by_text("Lab is open again.")).to_be_visible()
    page.get_by_role("link", name="Delete", exact=True).click()
    dialog.get_by_label("Type the workspace's name to confirm").fill("Lab")
    dialog.get_by_role("button", name="Delete Lab").click()
    expect(page.get_by_text("Lab is deleted.")).to_be_visible()

    be(page.context, site, stage.acme.olga)
    page.goto(f"{site}{stage.url('workspaces/?state=deleted')}")
    page.get_by_role("link", name="Restore Lab").click()
    page.get_by_role("dialog").get_by_role("button", name="Restore Lab").click()
    expect(page.get_by_text("Lab is restored")).to_be_visible()
    expect(page.get_by_text("No deleted workspaces")).to_be_visible()
    held = Grant.objects.filter(workspace__slug="lab").values_list("member", "role")
    ben = stage.member(stage.acme.ben).pk
    assert set(held) == {(ben, BuiltIn.STANDARD_VIEWER), (ben, BuiltIn.STANDARD_ADMIN)}
