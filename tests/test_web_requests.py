"""Requests and the overview as people see them: who sees what, what their forms say, and one journey in a browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from tests import cast
from tests.browsing import be
from tests.stage import Stage
from tests.visiting import HTMX, body_of, events_of, queries_of, toast_of, visitor, words_of
from workspaces.catalogue import BuiltIn
from workspaces.models import AccessRequest, Grant

pytestmark = pytest.mark.django_db

EDITOR = BuiltIn.STANDARD_EDITOR


@pytest.mark.row("D7", "A13")
def test_a_member_asks_and_reads_the_answer_where_they_asked(stage: Stage) -> None:
    browser = visitor(stage.max)
    asked = browser.post(
        stage.url("requests/new/"),
        {"workspace": stage.research.pk, "role": EDITOR, "message": "The paper"},
        follow=True,
    )
    assert "Your request is with those who can decide it." in words_of(asked)
    assert "Editor in Research" in words_of(asked)
    decline = stage.url(f"requests/{AccessRequest.objects.latest('pk').pk}/decline/")
    assert "The paper" in words_of(visitor(stage.acme.mia).get(decline))
    visitor(stage.acme.mia).post(decline, {"reply": "Next month"})
    assert "Next month" in words_of(browser.get(stage.url("requests/")))


def test_the_badge_counts_what_one_can_decide(stage: Stage) -> None:
    def badge(user: User) -> list[str]:
        return re.findall(r'r-nav-badge">(\d+)<', body_of(visitor(user).get(stage.url("requests/"))))

    assert [badge(user) for user in (stage.acme.mia, stage.acme.olga, stage.max)] == [["1"], ["1"], []]


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"role": 99999}, "Choose one of the list."),
        ({"role": EDITOR, "until": "2001-01-01"}, "This day is over. Choose today or later."),
        ({"role": EDITOR, "until": "soon"}, "Enter a valid date."),
        ({"role": EDITOR, "until": "9999-12-31"}, "Choose an earlier day."),
        ({"role": EDITOR, "reply": "x" * 501}, "at most 500"),
    ],
)
def test_a_wrong_answer_is_told_at_its_field_and_nothing_is_decided(
    stage: Stage, entry: dict[str, object], sentence: str
) -> None:
    url = stage.url(f"requests/{stage.asked.pk}/approve/")
    answer = visitor(stage.acme.mia).post(url, {"reply": "Kept words", **entry})
    assert answer.status_code == 422
    assert sentence in words_of(answer)
    assert "reply" in entry or "Kept words" in body_of(answer)
    assert not AccessRequest.objects.exclude(approved_at=None).exists()


def test_under_htmx_an_approval_closes_the_dialog_and_draws_the_list_anew(stage: Stage) -> None:
    url = stage.url(f"requests/{stage.asked.pk}/approve/")
    answer = visitor(stage.acme.mia).post(url, {"role": EDITOR}, headers=HTMX)
    assert answer.status_code == 204
    assert {"dialog:close", "requests:refresh"} <= events_of(answer)
    assert toast_of(answer) == "Ben Weber has it now."
    again = visitor(stage.acme.mia).post(url, {"role": EDITOR})
    assert again.status_code == 404  # no open request any more


@pytest.mark.row("A1", "I23", "A26")
def test_the_overview_counts_and_hints_and_each_figure_leads_to_its_list(stage: Stage) -> None:
    page = visitor(stage.acme.olga).get(stage.url("overview/"))
    words = words_of(page)
    assert "10 people" in words
    assert "Research has only one admin." in words
    assert "Everyone is Editor in default." in words
    assert "2 Admins sign in without a second factor." in words
    browser = visitor(stage.acme.olga)
    for url in set(re.findall(r'href="(/o/acme/[^"#]+)"', body_of(page))):
        assert browser.get(url.replace("&amp;", "&"), follow=True).status_code == 200, url


@pytest.mark.row("I23")
def test_an_admin_becomes_admin_of_one_workspace_instead_in_one_step(stage: Stage) -> None:
    priya = stage.member(stage.acme.priya)
    url = stage.url(f"members/{priya.pk}/instead/")
    browser = visitor(stage.acme.olga)
    assert "Make Priya Admin admin of a workspace instead?" in words_of(browser.get(url))
    browser.post(url, {"workspace": stage.research.pk})
    priya.refresh_from_db()
    assert priya.role_id == BuiltIn.MEMBER
    assert Grant.objects.get(member=priya, workspace=stage.research).role_id == BuiltIn.STANDARD_ADMIN
    olga = stage.member(stage.acme.olga)
    refused = browser.post(stage.url(f"members/{olga.pk}/instead/"), {"workspace": stage.research.pk})
    assert refused.status_code == 409
    assert not Grant.objects.filter(member=olga, workspace=stage.research).exists()


def test_the_pages_ask_as_often_for_many_requests_as_for_one(stage: Stage) -> None:
    def asked() -> int:
        return len(queries_of(visitor(stage.acme.olga), stage.url("requests/")))

    few = asked()
    for user in (stage.max, stage.lena, stage.acme.tom):
        visitor(user).post(stage.url("requests/new/"), {"workspace": stage.research.pk, "role": EDITOR})
    assert asked() == few


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("complaints")
@pytest.mark.row("D7")
def test_asking_and_approving_in_a_browser(page: Page, site: str, committed_stage: Stage) -> None:
    stage = committed_stage
    be(page.context, site, stage.max)
    page.goto(f"{site}{stage.url('requests/')}")
    page.get_by_role("link", name="Ask for access").click()
    dialog = page.get_by_role("dialog", name="Ask for access")
    dialog.get_by_label("Workspace").select_option("Research")
    dialog.get_by_label("Role").select_option("Viewer")
    dialog.get_by_label("What for?").fill("To read along")
    dialog.get_by_role("button", name="Send the request").click()
    expect(page.get_by_text("Your request is with those who can decide it.")).to_be_visible()
    expect(page.get_by_text("Viewer in Research")).to_be_visible()

    be(page.context, site, stage.acme.mia)
    page.goto(f"{site}{stage.url('requests/')}")
    page.get_by_role("link", name="Approve Max Muster").click()
    dialog = page.get_by_role("dialog", name=re.compile("Approve what Max Muster asks for"))
    expect(dialog).to_contain_text("To read along")
    dialog.get_by_label("Until").fill("2031-01-31")
    dialog.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Max Muster has it now.")).to_be_visible()
    expect(page.get_by_role("link", name="Approve Max Muster")).to_have_count(0)
    grant = Grant.objects.get(member=cast.member_of(stage.acme.organization, stage.max), workspace=stage.research)
    assert grant.ends_at is not None
