"""One journey on the running product: web, worker, beat, broker and SMTP as processes of their own, a browser in front.

Olga sets up an empty installation and pastes three addresses. Mia joins as a new person, Ben with the account that he
has, Tom declines. Olga sees it happen, changes roles in bulk, removes Ben and reads the history. Then all of it once
more without JavaScript.
"""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browsing import listen
from tests.people import PASSWORD
from tests.product import Product, running_product

pytestmark = [pytest.mark.once, pytest.mark.timeout(1200), pytest.mark.browser]

SOON = 60_000  # milliseconds: a worker, a server and a mailbox stand between


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with running_product(tmp_path_factory.mktemp("product"), OPEN_SIGNUP="1") as product:
        yield product


class Somebody:
    """A person with a browser of their own."""

    def __init__(self, browser: Browser, product: Product, address: str, *, script: bool) -> None:
        self.context: BrowserContext = browser.new_context(java_script_enabled=script, base_url=product.url)
        self.context.set_default_timeout(SOON)
        self.page: Page = self.context.new_page()
        self.complaints = listen(self.page)
        self.address = address
        self.script = script

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def sees(self, text: str) -> None:
        expect(self.page.get_by_text(text).first).to_be_visible(timeout=SOON)

    def sign_up(self, name: str) -> None:
        """On the page at hand."""
        self.page.get_by_role("textbox", name="Name").fill(name)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.press("Create account")

    def follow_mail(self, subject: str) -> None:
        """Opens the newest mail to the person that says so, and its link."""
        mail = self.page.get_by_role("link", name=re.compile(f"{re.escape(subject)}.*{re.escape(self.address)}"))
        for _ in range(SOON // 500):
            self.page.goto("/mailbox/")
            if mail.count():
                break
            self.page.wait_for_timeout(500)
        mail.first.click()
        self.page.goto(str(self.page.locator("#text a").first.get_attribute("href")))

    def row(self, name: str) -> Locator:
        return self.page.locator("tbody tr", has_text=name)

    def act(self, members: list[str], act: str) -> None:
        """Ticks people and presses a bulk button."""
        for member in members:
            self.row(member).get_by_role("checkbox").check()
        self.page.get_by_role("button", name=act, exact=True).click()


@pytest.mark.row(
    "L1", "L2", "L3", "L5", "L7", "I10", "I24", "I25", "I26", "I27", "I28", "I30", "I32", "I34", "I35", "I38", "I39",
    "A2", "A4", "A5", "A6", "A7", "A8", "A18", "A20", "A21", "D25",
)  # fmt: skip
@pytest.mark.claim("P6", "P7", "P19", "P21", "P25")
@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_people_are_asked_in_join_are_managed_and_leave(browser: Browser, product: Product, *, script: bool) -> None:
    home = "acme" if script else "basalt"

    def somebody(name: str) -> Somebody:
        return Somebody(browser, product, f"{name}@{home}.example", script=script)

    olga, mia, ben, tom = (somebody(name) for name in ("olga", "mia", "ben", "tom"))
    for person, name in ((olga, "Olga Rossi"), (ben, "Ben Weber")):
        found_an_account(person, name)
    found_an_organization(olga, home.title())
    invite(olga, f"Mia Chen <{mia.address}>, {ben.address}\n{tom.address}")
    olga.sees("3 were invited.")
    for person in (mia, ben, tom):
        expect(olga.row(person.address.split("@")[0])).to_contain_text("Invited")

    mia.follow_mail("Olga Rossi invites you")
    mia.sees(f"Olga Rossi invites you to join {home.title()}")
    expect(mia.page).to_have_url(re.compile("/invitation/$"))
    mia.press("Accept invitation")
    mia.sign_up("Mia Chen")
    mia.page.get_by_role("link", name="Not now").click()
    mia.press("Accept invitation")
    mia.sees(f"Welcome to {home.title()}.")

    ben.follow_mail("Olga Rossi invites you")
    ben.sees(f"You are signed in as {ben.address}.")
    ben.press("Accept invitation")
    ben.sees(f"Welcome to {home.title()}.")

    tom.follow_mail("Olga Rossi invites you")
    tom.page.get_by_role("link", name="Decline", exact=True).click()
    tom.press("Decline")
    tom.sees("You declined this invitation")

    olga.page.goto(f"/o/{home}/members/")
    expect(olga.row("Mia Chen")).to_contain_text("Joined")
    expect(olga.row("Ben Weber")).to_contain_text("Joined")
    expect(olga.row("tom")).to_contain_text("Declined")

    change_roles(olga, ["Mia Chen", "Ben Weber"], "Guest")
    olga.sees("Role updated: 2 people.")
    expect(olga.row("Mia Chen")).to_contain_text("Guest")

    olga.row("Ben Weber").get_by_role("link", name="Remove").click()
    olga.press("Remove Ben")
    olga.sees("Ben Weber is removed.")
    expect(olga.row("Ben Weber")).to_have_count(0)
    ben.page.goto(f"/o/{home}/members/")
    ben.sees("There is nothing here that you can see.")

    olga.page.get_by_role("link", name="History").first.click()
    for sentence in (
        "Olga Rossi removed Ben Weber",
        "changed the role of 2 people",
        "Mia Chen accepted the invitation",
        "invited 3 people",
    ):
        olga.sees(sentence)
    olga.sees("declined the invitation")
    for person in (olga, mia, ben, tom):
        assert person.complaints == []
        person.context.close()


def found_an_account(person: Somebody, name: str) -> None:
    """Signs up of their own accord, which this installation allows, and confirms the address by its mail."""
    person.page.goto("/accounts/signup/")
    person.page.get_by_role("textbox", name="Address").fill(person.address)
    person.sign_up(name)
    person.follow_mail("Confirm")
    person.press("Confirm this address")
    person.page.get_by_role("link", name="Not now").click()
    person.page.wait_for_url("**/organizations/new/")


def found_an_organization(person: Somebody, name: str) -> None:
    person.page.goto("/organizations/new/")
    person.page.get_by_role("textbox", name="Name").fill(name)
    person.press("Create organization")
    person.sees(f"{name} is ready.")
    person.page.get_by_role("navigation").get_by_role("link", name="Members", exact=True).first.click()


def invite(person: Somebody, addresses: str) -> None:
    person.page.get_by_role("link", name="Invite people").first.click()
    box = person.page.get_by_label("Addresses")
    if person.script:
        box.fill(addresses.replace("\n", ", "))
        person.page.keyboard.press("Enter")
        person.press("Invite 3 people")
    else:
        box.fill(addresses)
        person.press("Invite")


def change_roles(person: Somebody, members: list[str], role: str) -> None:
    person.act(members, "Update role")
    person.page.get_by_label("New role").select_option(role)
    if not person.script:
        person.press("Preview again")
    person.press("Update role of 2 people")
