"""Proposals and merges in a browser: many chosen are decided in one dialog, and a merge says first what it means."""

import pytest
from playwright.sync_api import Page, expect

from accounts.addresses import split
from invitations.actions import proposing
from invitations.models import Invitation
from tests import cast
from tests.browsing import be
from tests.stage import Stage
from workspaces.actions import organizations

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("complaints"),
]


def test_the_chosen_are_invited_from_one_dialog(page: Page, site: str, committed_stage: Stage) -> None:
    stage = committed_stage
    here, olga = stage.acme.id, cast.web(stage.acme.olga)
    organizations.change_organization(actor=olga, organization_id=here, members_propose=True)
    people = split("Ivy Day <ivy@x.example>, kim@x.example, eve@x.example")
    proposing.propose_people(actor=cast.web(stage.acme.ben), organization_id=here, entries=people)
    be(page.context, site, stage.acme.priya)
    page.goto(f"{site}{stage.url('proposals/')}")
    for name in ("Ivy Day", "kim@x.example"):
        page.get_by_role("checkbox", name=f"Choose {name}").check()
    page.get_by_role("button", name="Invite the chosen").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading")).to_have_text("Invite 2 proposed people?")
    dialog.get_by_role("button", name="Invite").click()
    expect(page.get_by_text("2 are invited.")).to_be_visible()
    expect(page.get_by_role("checkbox")).to_have_count(1)
    assert Invitation.objects.filter(address__in=["ivy@x.example", "kim@x.example"]).count() == 2


def test_a_merge_says_what_it_means_before_it_is_done(page: Page, site: str, committed_stage: Stage) -> None:
    stage = committed_stage
    cast.ask_in(stage.acme.olga, stage.acme.organization, "ben@home.example")
    be(page.context, site, stage.acme.priya)
    page.goto(f"{site}{stage.url('members/duplicates/')}")
    page.get_by_role("link", name="Merge ben@home.example").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("The link mailed to ben@home.example stops working.")).to_be_visible()
    dialog.get_by_role("button", name="Merge").click()
    expect(page.get_by_text("ben@home.example is merged into Ben Weber.")).to_be_visible()
    expect(page.get_by_role("link", name="Merge ben@home.example")).to_have_count(0)
