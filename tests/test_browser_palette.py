"""What only a browser shows of the palette and of groups: keys, focus, dialogs that are drawn anew while one types."""

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests import cast
from tests.browsing import be
from tests.stage import Stage
from tests.test_pages import WCAG
from workspaces.catalogue import BuiltIn
from workspaces.models import Group, GroupMember

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def priya(page: Page, site: str, committed_stage: Stage) -> Stage:
    """Priya looks at the members of Acme."""
    be(page.context, site, committed_stage.acme.priya)
    page.goto(f"{site}{committed_stage.url('members/')}")
    return committed_stage


def hurts(page: Page) -> list[str]:
    """What is wrong for people who do not see or point."""
    found: Any = Axe().run(page, options=WCAG)
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found.response["violations"]]


def test_the_palette_opens_by_keys_moves_by_arrows_jumps_by_enter_and_gives_the_focus_back(
    page: Page, priya: Stage, complaints: list[str]
) -> None:
    search = page.get_by_role("searchbox", name="Search by name, address or group")
    search.focus()
    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox", name="Person, group, workspace, page or action")
    expect(box).to_be_focused()
    box.press_sequentially("da")
    options = page.get_by_role("option")
    expect(options).to_have_text(["DData team"])
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(search).to_be_focused()

    page.keyboard.press("Meta+k")
    expect(box).to_be_focused()
    expect(page.get_by_role("listbox")).to_be_visible()
    first = options.nth(0)
    page.keyboard.press("ArrowDown")
    expect(first).to_have_attribute("aria-selected", "false")
    expect(box).to_have_attribute("aria-activedescendant", str(options.nth(1).get_attribute("id")))
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    assert complaints == []
    assert hurts(page) == []
    complaints.clear()  # axe itself styles inline

    box.fill("mia")
    expect(options).to_have_text([re.compile("Mia Chen")])
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Mia Chen").wait_for()
    page.keyboard.press("?")
    shortcuts = page.get_by_role("dialog", name="Shortcuts")
    expect(shortcuts).to_contain_text("Jump to a person, group, workspace or action")
    page.keyboard.press("Control+k")  # a dialog is open: nothing of it is lost
    expect(shortcuts).to_be_visible()


def test_an_action_of_the_palette_begins_in_its_dialog_over_the_page(page: Page, priya: Stage) -> None:
    where = page.url
    page.get_by_role("link", name="Jump to").click()
    page.get_by_role("combobox").fill("create gr")
    expect(page.get_by_role("option")).to_have_text(["Create a group"])
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Create a group")
    dialog.get_by_label("Name").fill("data TEAM")
    dialog.get_by_role("button", name="Create group").click()
    expect(dialog).to_contain_text("There is a group of this name already.")
    expect(dialog.get_by_label("Name")).to_have_value("data TEAM")
    assert page.url == where
    dialog.get_by_label("Name").fill("Pilots")
    dialog.get_by_role("button", name="Create group").click()
    page.get_by_role("heading", name="Pilots").wait_for()
    expect(page.get_by_text("Nobody is in this group")).to_be_visible()


@pytest.mark.row("I61")
def test_selected_members_become_a_new_group_in_one_step(
    page: Page, priya: Stage, site: str, complaints: list[str]
) -> None:
    for name in ("Ben Weber", "Mia Chen"):
        page.get_by_role("checkbox", name=name).check()
    page.get_by_role("group", name="Selected people").get_by_role("button", name="Add to group").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Or a new group, called").fill("Pilots")
    dialog.get_by_label("Or a new group, called").blur()
    expect(dialog).to_contain_text("Add to Pilots: 2 will change")
    dialog.get_by_role("button", name="Add 2 people").click()
    page.get_by_text("Added to the group: 2 people.").wait_for()
    pilots = Group.objects.get(name="Pilots")
    assert GroupMember.objects.filter(group=pilots).count() == 2
    page.goto(f"{site}{priya.url('groups/')}")
    expect(page.get_by_role("row", name=re.compile("Pilots"))).to_contain_text("2")


@pytest.mark.row("A25", "I52")
def test_people_are_added_to_a_group_and_taken_out_without_leaving_its_page(
    page: Page, priya: Stage, site: str, complaints: list[str]
) -> None:
    cast.grant_group(priya.data_team, priya.research, BuiltIn.STANDARD_EDITOR)
    page.goto(f"{site}{priya.url('groups/')}{priya.data_team.pk}/")
    page.get_by_role("link", name="Add people").click()
    dialog = page.get_by_role("dialog")
    search = dialog.get_by_role("searchbox")
    expect(search).to_be_focused()
    search.press_sequentially("ben")
    dialog.get_by_label("Ben Weber").check()
    expect(dialog).to_contain_text("Ben Weber gains Editor in Research.")
    search.fill("lena")
    dialog.get_by_label("Lena Lindt").check()
    expect(dialog).to_contain_text("Ben Weber, Lena Lindt gain Editor in Research.")
    assert complaints == []
    assert hurts(page) == []
    complaints.clear()
    dialog.get_by_role("button", name="Add to group").click()
    page.get_by_text("Added 2 people.").wait_for()
    expect(page.locator("#count")).to_have_text("3")
    page.get_by_role("searchbox").fill("ben")
    expect(page.locator("tbody th a")).to_have_text(["Ben Weber"])
    page.get_by_role("searchbox").fill("")
    expect(page.locator("tbody th a")).to_have_count(3)
    for name in ("Ben Weber", "Lena Lindt"):
        page.get_by_role("checkbox", name=name).check()
    page.get_by_role("group", name="Selected people").get_by_role("button", name="Remove from group").click()
    expect(dialog).to_contain_text("Research: 2 people lose Editor.")
    dialog.get_by_role("button", name="Remove 2 people").click()
    expect(page.locator("tbody th a")).to_have_text(["Max Muster"])
    page.get_by_role("row", name=re.compile("Max Muster")).hover()
    page.get_by_role("link", name="Remove from group").first.click()
    expect(dialog).to_contain_text("They lose Editor in Research; no access remains there.")


@pytest.mark.claim("P25")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_of_groups_hurt_nobody(
    page: Page, priya: Stage, site: str, complaints: list[str], theme: Any
) -> None:
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    cast.grant_group(priya.data_team, priya.research, BuiltIn.STANDARD_EDITOR)
    top, lena = priya.member(priya.max).pk, priya.member(priya.lena).pk
    group = f"groups/{priya.data_team.pk}/"
    paths = ("", "edit/", "delete/", "add/?q=ben", "managers/new/?q=ben", f"members/{top}/remove/")
    problems = {}
    for path in (
        "groups/",
        "groups/?q=zz",
        "groups/new/",
        "go/",
        "go/?q=data",
        "go/?q=zz",
        *(f"{group}{path}" for path in paths),
        f"{group}managers/{lena}/dismiss/",
    ):
        page.goto(f"{site}{priya.url(path)}")
        problems[path] = [*complaints, *hurts(page)]
        complaints.clear()  # axe itself styles inline
    assert {path: found for path, found in problems.items() if found} == {}
