"""Keys alone, on the pages of importing and proposing: every act is reached, and the focus stays where the work is."""

import pytest
from playwright.sync_api import Page, expect

from accounts.addresses import split
from invitations.actions import proposing
from tests import cast
from tests.browsing import be
from tests.stage import Stage
from workspaces.actions import organizations
from workspaces.models import Job

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("complaints"),
]

ROWS = """email,name,role
ines@x.example,Ines,Guest
broken@x,Bo,Guest
ota@x.example,Ota,Emperor
upa@x.example,Upa,Guest"""
STOPS = 80


def press_until(page: Page, name: str) -> None:
    """Tab until what has the focus bears the name."""
    said = "document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText"
    for _ in range(STOPS):
        page.keyboard.press("Tab")
        if str(page.evaluate(said)).startswith(name):
            return
    raise AssertionError(f"No key leads to {name}.")


def test_an_import_is_mended_applied_and_undone(page: Page, site: str, committed_stage: Stage) -> None:
    be(page.context, site, committed_stage.acme.priya)
    page.goto(f"{site}{committed_stage.url('import/')}")
    page.get_by_label("Or paste the rows").focus()
    page.keyboard.insert_text(ROWS)
    press_until(page, "Preview")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Import of a pasted list")).to_be_visible()
    press_until(page, "Edit line 3")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_label("Address")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Edit line 3")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_label("Address")).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text("bo@x.example")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Import 3 people")).to_be_visible()
    expect(page.get_by_role("link", name="Edit line 3")).to_be_focused()
    press_until(page, "Remove line 4")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Remove line 5")).to_be_focused()
    press_until(page, "Import 3 people")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Finished")).to_be_visible()
    press_until(page, "Undo")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    press_until(page, "Undo")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Undone")).to_be_visible()
    assert Job.objects.get(undoes__isnull=False).changed == 3


def test_a_form_on_a_page_of_its_own_says_there_what_is_wrong(page: Page, site: str, committed_stage: Stage) -> None:
    stage = committed_stage
    here, olga = stage.acme.id, cast.web(stage.acme.olga)
    organizations.change_organization(actor=olga, organization_id=here, members_propose=True)
    be(page.context, site, stage.acme.ben)
    page.goto(f"{site}{stage.url('proposals/new/')}")
    press_until(page, "Propose")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Enter at least one address.")).to_be_visible()
    expect(page.get_by_label("Addresses")).to_be_focused()
    expect(page.get_by_role("dialog")).to_have_count(0)
    ids = page.locator("[id]").evaluate_all("elements => elements.map((each) => each.id)")
    assert len(ids) == len(set(ids))


def test_after_a_proposal_is_decided_the_next_one_has_the_focus(page: Page, site: str, committed_stage: Stage) -> None:
    stage = committed_stage
    here, olga = stage.acme.id, cast.web(stage.acme.olga)
    organizations.change_organization(actor=olga, organization_id=here, members_propose=True)
    people = split("Ivy Day <ivy@x.example>, Kim Ode <kim@x.example>")
    proposing.propose_people(actor=cast.web(stage.acme.ben), organization_id=here, entries=people)
    be(page.context, site, stage.acme.priya)
    page.goto(f"{site}{stage.url('proposals/')}")
    first, second = (link.inner_text() for link in page.get_by_role("link", name="Decline").all())
    press_until(page, "Decline")
    press_until(page, "Decline")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    press_until(page, "Decline")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name=second)).to_be_focused()
    assert first != second
