"""What only a browser shows of members table, invite panel and theme: keys, focus, dialogs, toasts, moving rows."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from accounts.models import OutgoingMail
from accounts.models.mails import MailState
from invitations.models import Invitation
from tests.browsing import be
from tests.stage import Stage, crowd
from workspaces.catalogue import BuiltIn
from workspaces.models import Member

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("complaints")]


@pytest.fixture
def members(page: Page, site: str, committed_stage: Stage) -> Stage:
    """Priya looks at the members of Acme."""
    be(page.context, site, committed_stage.acme.priya)
    page.goto(f"{site}{committed_stage.url('members/')}")
    return committed_stage


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("row", name=re.compile(name))


def names(page: Page) -> Locator:
    return page.locator("tbody th a")


@pytest.mark.row("I54")
def test_searching_filtering_and_sorting_swap_the_rows_and_keep_focus_and_address(page: Page, members: Stage) -> None:
    page.keyboard.press("/")
    search = page.get_by_role("searchbox")
    expect(search).to_be_focused()
    page.keyboard.type("ma")
    expect(names(page)).to_have_text(["Max Muster"])
    expect(page.locator("#count")).to_have_text("1 matching")
    expect(search).to_be_focused()
    expect(page).to_have_url(re.compile(r"/members/\?q=ma$"))
    search.fill("")
    expect(names(page)).to_have_count(10)

    page.get_by_role("link", name="Filter", exact=True).click()
    dialog = page.get_by_role("dialog", name="Filter members")
    dialog.get_by_label("Suspended").check()
    dialog.get_by_role("button", name="Show").click()
    expect(names(page)).to_have_text(["Sven Still"])
    expect(dialog).to_be_hidden()
    page.get_by_role("link", name="Remove the filter State: Suspended").click()
    expect(names(page)).to_have_count(10)

    heading = page.get_by_role("columnheader", name="Person")
    heading.get_by_role("link").click()
    expect(heading).to_have_attribute("aria-sort", "descending")
    expect(names(page).first).to_have_text("Tom Guest")
    expect(heading.get_by_role("link")).to_be_focused()
    page.go_back()
    expect(names(page).first).to_have_text("Ben Weber")


@pytest.mark.row("I35", "I40")
def test_a_selection_becomes_a_bar_a_preview_and_a_toast(page: Page, members: Stage) -> None:
    crowd(members, [(f"p{n}@crowd.example", f"Person {n:03}") for n in range(60)])
    page.get_by_role("searchbox").fill("person")
    expect(names(page)).to_have_count(50)
    page.get_by_role("checkbox", name="Person 003", exact=True).check()
    bar = page.get_by_role("group", name="Selected people")
    expect(bar).to_contain_text("1 selected")
    page.get_by_role("checkbox", name="Person 007", exact=True).click(modifiers=["Shift"])
    expect(bar).to_contain_text("5 selected")
    page.keyboard.press("Escape")
    expect(bar).to_be_hidden()

    page.get_by_role("checkbox", name="Select everybody on this page").check()
    expect(bar).to_contain_text("50 selected")
    bar.get_by_role("button", name="Select all 60 matching").click()
    expect(bar).to_contain_text("All 60 matching selected")
    bar.get_by_role("button", name="Revoke").click()
    dialog = page.get_by_role("dialog", name="Revoke")
    expect(dialog).to_contain_text("60 will change")
    dialog.get_by_role("button", name=re.compile("Revoke")).click()
    expect(page.get_by_text("Invitations revoked: 60 people.")).to_be_visible()
    expect(dialog).to_be_hidden()
    expect(page.get_by_text("Nobody matches")).to_be_visible()
    expect(page.get_by_role("searchbox")).to_be_focused()
    assert not Member.objects.filter(address__endswith="@crowd.example").exists()


@pytest.mark.row("I35", "A6")
def test_a_bulk_change_of_role_asks_for_the_role_and_shows_who_is_skipped(page: Page, members: Stage) -> None:
    for name in ("Max Muster", "Tom Guest", "Olga Owner"):
        page.get_by_role("checkbox", name=name).check()
    page.get_by_role("button", name="Update role").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("New role").select_option("Guest")
    expect(dialog.get_by_role("listitem").filter(has_text="Olga Owner")).to_contain_text("They own the organization.")
    expect(dialog.get_by_role("heading", name="2 will not change")).to_be_visible()
    dialog.get_by_role("button", name="Update role of 1 person").click()
    expect(page.get_by_text("Role updated: 1 person. 2 were left as they are.")).to_be_visible()
    expect(row(page, "Max Muster").locator(".c-role")).to_have_text("Guest")


@pytest.mark.row("L3", "A6")
def test_the_role_in_a_row_is_a_select_where_the_pointer_is(page: Page, members: Stage) -> None:
    locked = page.locator("tr", has=page.get_by_role("link", name="Olga Owner")).locator(".c-role span")
    locked.hover()
    expect(page.get_by_role("tooltip")).to_have_text(
        "They own the organization. Ownership has to be transferred first."
    )
    cell = row(page, "Ben Weber").locator(".c-role")
    cell.hover()
    cell.get_by_label("Role").select_option("Guest")
    expect(page.get_by_text("Ben Weber is now Guest.")).to_be_visible()
    expect(cell).to_contain_text("Guest")
    assert members.member(members.acme.ben).role_id == BuiltIn.GUEST


@pytest.mark.row("L2", "I39")
def test_by_keyboard_alone_somebody_is_found_and_removed(page: Page, members: Stage) -> None:
    def press(*keys: str) -> None:
        for key in keys:
            page.keyboard.press(key)

    press("?")
    expect(page.get_by_role("dialog", name="Shortcuts")).to_be_visible()
    press("Escape", "/")
    page.keyboard.type("max")
    expect(page).to_have_url(re.compile("q=max$"))  # not the answer to "ma", which looks alike
    expect(names(page)).to_have_text(["Max Muster"])
    press("ArrowDown")
    expect(page.get_by_role("checkbox", name="Max Muster")).to_be_focused()
    press(" ")
    expect(page.get_by_role("checkbox", name="Max Muster")).to_be_checked()
    press("Escape")
    expect(page.get_by_role("checkbox", name="Max Muster")).not_to_be_checked()
    press("End")
    trash = row(page, "Max Muster").get_by_role("link", name="Remove")
    while not trash.evaluate("element => element === document.activeElement"):
        press("ArrowLeft")
    press("Enter")
    dialog = page.get_by_role("dialog", name=re.compile("Remove Max Muster"))
    expect(dialog).to_be_visible()
    press("Escape")
    expect(dialog).to_be_hidden()
    expect(trash).to_be_focused()
    press("Enter")
    button = dialog.get_by_role("button", name=re.compile("Remove"))
    expect(button).to_be_visible()
    for _ in range(8):
        if button.evaluate("element => element === document.activeElement"):
            break
        press("Tab")
    press("Enter")
    expect(page.get_by_text("Max Muster is removed.")).to_be_visible()
    expect(page.get_by_text("Nobody matches")).to_be_visible()
    expect(page.get_by_role("searchbox")).to_be_focused()


@pytest.mark.row("L2", "I39")
def test_when_the_focused_row_goes_the_focus_stays_with_the_row_that_moves_up(page: Page, members: Stage) -> None:
    def remove(name: str) -> None:
        row(page, name).get_by_role("link", name="Remove").press("Enter")
        page.get_by_role("dialog").get_by_role("button", name=re.compile("Remove")).press("Enter")
        expect(row(page, name)).to_have_count(0)

    remove("Max Muster")
    expect(row(page, "Mia Chen").get_by_role("link", name="Edit")).to_be_focused()
    remove("Tom Guest")
    expect(row(page, "Sven Still").get_by_role("link", name="Edit")).to_be_focused()


@pytest.mark.row("A20")
@pytest.mark.claim("P19")
def test_a_row_whose_mail_is_in_motion_changes_by_itself_within_ten_seconds(page: Page, members: Stage) -> None:
    cell = row(page, "nora").locator(".c-state")
    expect(cell).to_contain_text("queued")
    OutgoingMail.objects.filter(recipient="nora@new.example").update(
        state=MailState.SENT, finished_at=timezone.now(), next_attempt_at=None
    )
    expect(page.locator("#members")).to_have_attribute("hx-trigger", re.compile("every 5s"))
    expect(cell).to_contain_text("sent")
    expect(row(page, "ina").locator(".c-state")).to_contain_text("queued")


def paste(page: Page, text: str) -> None:
    """Into what has the focus."""
    script = """text => {
        const clipboardData = new DataTransfer();
        clipboardData.setData("text", text);
        const event = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
        document.activeElement.dispatchEvent(event);
    }"""
    page.evaluate(script, text)


@pytest.mark.row("I25", "I26", "L1", "A4")
def test_addresses_become_chips_bad_ones_say_why_and_can_be_mended(page: Page, members: Stage) -> None:
    page.get_by_role("link", name="Invite people").click()
    panel = page.get_by_role("dialog", name="Invite people to Acme")
    box = panel.get_by_label("Addresses")
    expect(box).to_be_focused()
    box.press_sequentially("one@x.example")
    page.keyboard.press("Enter")
    expect(panel.get_by_role("button", name="one@x.example", exact=True)).to_be_visible()
    paste(page, "Two Person <two@x.example>, ben@acme.example\nbroken@acme")
    expect(panel.locator(".r-mailchip")).to_have_count(4)
    expect(panel.get_by_text("2 will be invited")).to_be_visible()
    expect(panel.locator(".r-mailchip.r-bad")).to_have_count(1)
    panel.get_by_role("button", name="Use broken@acme.example").click()
    expect(panel.get_by_text("3 will be invited")).to_be_visible()
    panel.get_by_role("button", name="Remove two@x.example").click()
    panel.get_by_label("Message").fill("See you on Monday.")
    panel.get_by_role("button", name="Invite 2 people").click()
    expect(panel).to_be_hidden()
    expect(page.get_by_text("2 were invited.")).to_be_visible()
    expect(row(page, "one@x.example")).to_be_visible()
    asked = Invitation.objects.exclude(address__in=["ina@elsewhere.example", "nora@new.example"]).filter(
        accepted_at=None
    )
    assert set(asked.values_list("address", flat=True)) == {"one@x.example", "broken@acme.example"}


def test_the_server_that_does_not_answer_is_told_and_tried_again(
    page: Page, members: Stage, complaints: list[str]
) -> None:
    page.context.set_offline(True)
    page.get_by_role("searchbox").fill("max")
    notice = page.get_by_role("alert")
    expect(notice).to_contain_text("The server did not answer.")
    expect(names(page)).to_have_count(10)
    page.context.set_offline(False)
    notice.get_by_role("button", name="Try again").click()
    expect(names(page)).to_have_text(["Max Muster"])
    complaints.clear()  # the browser notes that it was offline


def test_the_theme_is_chosen_kept_and_follows_the_system_otherwise(page: Page, members: Stage) -> None:
    page.emulate_media(color_scheme="dark")
    dark, light = page.locator("html[data-bs-theme=dark]"), page.locator("html[data-bs-theme=light]")
    expect(dark).to_be_attached()
    page.get_by_role("button", name="Priya Admin").click()
    page.locator("#account-menu").get_by_text("Light").click()
    expect(light).to_be_attached()
    page.reload()
    expect(light).to_be_attached()


def test_on_a_phone_rows_are_cards_with_the_same_acts_and_nothing_runs_over(page: Page, members: Stage) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.wait_for_function("innerWidth === 360 && document.documentElement.scrollWidth <= innerWidth")
    row(page, "Max Muster").get_by_role("link", name="More").click()
    page.locator("#row-menu").get_by_text("Suspend").click()
    dialog = page.get_by_role("dialog", name=re.compile("Suspend Max Muster"))
    dialog.get_by_role("button", name="Suspend Max").click()
    expect(page.get_by_text("Max Muster is suspended.")).to_be_visible()
    expect(row(page, "Max Muster")).to_contain_text("Suspended")


def test_a_session_that_has_ended_shows_the_sign_in_page_in_place_of_a_torn_one(page: Page, members: Stage) -> None:
    page.context.clear_cookies()
    page.get_by_role("searchbox").fill("max")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


@pytest.mark.claim("P8")
def test_an_invitation_that_ran_out_says_so_in_the_row(page: Page, members: Stage) -> None:
    Member.objects.filter(pk=members.nora.pk).update(invited_until=timezone.now() - timedelta(hours=1))
    page.reload()
    expect(row(page, "nora").locator(".c-state")).to_contain_text("Expired")
