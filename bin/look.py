"""`make look`: every page as a picture, in both themes and three widths, and the README's screenshots.

Starts the product with its demo data, walks through it in a browser as its people do, and leaves var/look/index.html
and var/look/sheet.png. Nothing of it is a test: it is for eyes.
"""

import html
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT))

from tests import chromium
from tests.product import Product, running_product

LOOK = ROOT / "var" / "look"
SCREENSHOTS = ROOT / "docs" / "screenshots"
THEMES = ("light", "dark")
WIDTHS = {360: 740, 768: 1024, 1440: 900}
PASSWORD = "roster demo"  # noqa: S105 - the demo's own
OLGA, MIA = "olga.rossi@acme.example", "mia.chen@acme.example"
SECONDS = 20_000
# The pictures of the README: which page, theme and width.
README = {
    "members": ("members", "light", 1440),
    "members-dark": ("members", "dark", 1440),
    "members-phone": ("members", "light", 360),
    "invite": ("invite people", "light", 1440),
    "invitation": ("invitation", "light", 360),
    "history": ("history", "light", 1440),
    "person": ("member", "light", 1440),
    "workspace": ("workspace, members", "light", 1440),
}


@dataclass
class Camera:
    """Takes each view in every theme and width."""

    taken: list[str] = field(default_factory=list)

    def shoot(self, page: Page, name: str) -> None:
        for theme in THEMES:
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
            for width, height in WIDTHS.items():
                page.set_viewport_size({"width": width, "height": height})
                page.screenshot(path=picture(name, theme, width))
        page.set_viewport_size({"width": 1440, "height": WIDTHS[1440]})
        self.taken.append(name)
        print(f"  {name}", flush=True)


def picture(name: str, theme: str, width: int) -> Path:
    return LOOK / f"{re.sub(r'[^a-z0-9]+', '-', name.lower())}-{theme}-{width}.png"


class Visitor:
    """Somebody with a browser."""

    def __init__(self, browser: Browser, product: Product, camera: Camera) -> None:
        self.context: BrowserContext = browser.new_context(base_url=product.url)
        self.context.set_default_timeout(SECONDS)
        self.page = self.context.new_page()
        self.camera = camera

    def sign_in(self, address: str) -> None:
        self.page.goto("/accounts/login/")
        self.page.get_by_role("textbox", name="Address").fill(address)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        self.page.wait_for_url(re.compile(r"^(?!.*/login/)"))

    def show(self, name: str, path: str) -> None:
        self.page.goto(path)
        if self.page.title().startswith("Page not found at"):  # Django's own words to developers
            raise SystemExit(f"There is no page at {path}.")
        self.camera.shoot(self.page, name)

    def press(self, button: str) -> None:
        self.page.get_by_role("button", name=button, exact=True).click()

    def press_again(self, button: str) -> None:
        """In the dialog that has just opened."""
        self.page.get_by_role("dialog").get_by_role("button", name=button).click()


def main() -> int:
    browser_path = chromium.find()
    if browser_path is None:
        sys.stderr.write("There is no Chromium: install one (make test does where it can).\n")
        return 1
    shutil.rmtree(LOOK, ignore_errors=True)
    LOOK.mkdir(parents=True)
    camera = Camera()
    with tempfile.TemporaryDirectory(prefix="roster-look-") as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=chromium.ARGUMENTS)
        with running_product(Path(folder), DEMO="1") as product:
            walk(browser, product, camera)
        write_index(camera.taken)
        page = browser.new_page(viewport={"width": 1500, "height": 1000})
        page.goto((LOOK / "index.html").as_uri())
        page.screenshot(path=LOOK / "sheet.png", full_page=True)
    copy_screenshots()
    print(f"{len(camera.taken)} pages: {LOOK.relative_to(ROOT)}/index.html")
    return 0


def walk(browser: Browser, product: Product, camera: Camera) -> None:
    stranger, olga, mia = (Visitor(browser, product, camera) for _ in range(3))
    stranger.show("sign in", "/accounts/login/")
    stranger.press("Sign in")
    camera.shoot(stranger.page, "sign in, refused")
    stranger.show("forgotten password", "/accounts/password/reset/")
    olga.sign_in(OLGA)
    here = manage(olga)
    access(olga, here)
    invite(olga, here)
    invited(stranger, mia, olga, here)
    asked(olga, here)
    imported(olga, here)
    joining(stranger, olga, here)
    proposed(olga, mia, here)
    own_places(mia)


def manage(olga: Visitor) -> str:
    """The pages of whoever manages an organization. Returns its address."""
    olga.page.goto("/")
    here = olga.page.url.removesuffix("overview/")
    olga.show("members", f"{here}members/")
    olga.show("members, narrowed", f"{here}members/?state=invited&state=expired&role=2")
    olga.show("members, nobody matches", f"{here}members/?q=zzz")
    olga.show("members, filter", f"{here}members/filters/")
    olga.page.goto(f"{here}members/")
    for box in olga.page.get_by_role("checkbox").all()[1:5]:
        box.check()
    olga.camera.shoot(olga.page, "members, some selected")
    olga.press("Update role")
    olga.page.get_by_label("New role").select_option("Guest")
    olga.page.get_by_role("heading", name="will change").first.wait_for()
    olga.camera.shoot(olga.page, "members, plan of a change")
    member = next(iter(addresses_of(olga.page, f"{here}members/?q=mia")))
    olga.show("member", member)
    for act in ("edit", "role", "suspend", "remove"):
        olga.show(f"member, {act}", f"{member}{act}/")
    olga.show("history", f"{here}history/")
    olga.show("history, nothing matches", f"{here}history/?q=zzz")
    for name in ("settings/", "settings/ownership/", "settings/ownership/transfer/", "settings/danger/", "leave/"):
        olga.show(name.strip("/").replace("/", ", "), f"{here}{name}")
    olga.show("delete organization", f"{here}settings/danger/delete/")
    olga.show("nothing here", "/o/nowhere/")
    return here


def access(olga: Visitor, here: str) -> None:
    """Who may do what, where, and why."""
    for name in ("overview", "groups", "workspaces", "workspaces/new", "roles", "requests", "resources", "access"):
        olga.show(name.replace("/", ", "), f"{here}{name}/")
    olga.show("requests, decided", f"{here}requests/?state=decided")
    olga.show("group", next(iter(addresses_of(olga.page, f"{here}groups/?q=data"))))
    olga.show("role scheme", f"{here}settings/scheme/?to=managed")
    there = f"{here}w/clinical-trials/"
    for name in ("members", "members/add", "members/everyone", "grants", "resources", "history", "settings"):
        olga.show(f"workspace, {name.replace('/', ', ')}", f"{there}{name}/")


def addresses_of(page: Page, list_url: str) -> Iterator[str]:
    page.goto(list_url)
    for link in page.locator("tbody th a").all():
        yield str(link.get_attribute("href"))


def invite(olga: Visitor, here: str) -> None:
    olga.show("invite people, empty", f"{here}invite/")
    olga.page.get_by_label("Addresses").fill(
        "Nora Lind <nora@look.example>, tom@look.example, mia.chen@acme.example, broken@acme"
    )
    olga.page.keyboard.press("Enter")
    olga.page.locator(".r-mailchip").nth(3).wait_for()
    olga.page.get_by_label("Message").fill("Welcome to the spring trials. We meet on Monday at ten.")
    olga.camera.shoot(olga.page, "invite people")
    olga.press("Invite 2 people")
    olga.page.get_by_text("2 were invited.").first.wait_for()
    olga.camera.shoot(olga.page, "invite people, some need a look")


def invited(stranger: Visitor, mia: Visitor, olga: Visitor, here: str) -> None:
    """The invitee's pages, by the links of mails that have really been sent."""
    to_nora, to_tom = (link_to(stranger.page, address) for address in ("nora@look.example", "tom@look.example"))
    stranger.show("invitation", to_nora)
    stranger.press("Accept invitation")
    stranger.page.get_by_role("heading", name="Create your account").wait_for()
    stranger.camera.shoot(stranger.page, "sign up")
    mia.sign_in(MIA)
    mia.show("invitation, wrong account", to_nora)
    stranger.page.goto(to_tom)
    stranger.page.get_by_role("link", name="Decline", exact=True).click()
    stranger.page.get_by_role("heading", name="Decline the invitation").wait_for()
    stranger.camera.shoot(stranger.page, "invitation, declining")
    stranger.press("Decline")
    stranger.page.get_by_role("heading", name="You declined").wait_for()
    stranger.camera.shoot(stranger.page, "invitation, declined")
    nora = next(iter(addresses_of(olga.page, f"{here}members/?q=nora@look")))
    olga.show("member, invited", nora)
    olga.show("member, resend", f"{nora}resend/")
    olga.press("Resend invitation")
    stranger.show("invitation, superseded", to_nora)
    olga.page.goto(f"{nora}remove/")
    olga.page.locator("form.r-modal button.btn-danger").click()
    stranger.show("invitation, revoked", to_nora)
    stranger.show("invitation, unknown", "/i/unknown")


def asked(olga: Visitor, here: str) -> None:
    """Everybody who was asked in, and what large changes became of."""
    olga.show("invitations", f"{here}invitations/")
    olga.show("invitations, nothing matches", f"{here}invitations/?q=zzz")
    olga.show("invitations, filter", f"{here}invitations/filter/")
    story = next(iter(addresses_of(olga.page, f"{here}invitations/?state=pending")))
    olga.show("invitation, its story", story)
    olga.page.get_by_role("link", name="Copy link").click()
    olga.press_again("Show the link")
    olga.page.get_by_role("dialog").get_by_role("textbox", name="Link").wait_for()
    olga.camera.shoot(olga.page, "invitation, its link")
    olga.show("possible duplicates", f"{here}members/duplicates/")
    olga.show("member, merge", f"{next(iter(addresses_of(olga.page, f'{here}members/?q=mia')))}merge/")


def imported(olga: Visitor, here: str) -> None:
    """A table of people, from pasting to the jobs."""
    olga.show("import", f"{here}import/")
    rows = (
        "email,name,role\nines@look.example,Ines Vidal,Guest\nbroken@acme,Broken,Member\nota@look.example,Ota,Emperor"
    )
    olga.page.get_by_label("Or paste the rows").fill(rows)
    olga.press("Preview")
    olga.page.get_by_role("button", name="Import 1 person").wait_for()
    olga.camera.shoot(olga.page, "import, plan")
    olga.page.get_by_role("link", name="Edit line 3").click()
    olga.page.get_by_role("dialog").get_by_role("heading", name="Line 3").wait_for()
    olga.camera.shoot(olga.page, "import, a row")
    olga.show("jobs", f"{here}jobs/")
    for name in ("Import of site-visit.csv", "Undo: Update role to Admin"):
        olga.page.goto(f"{here}jobs/")
        olga.page.get_by_role("link", name=name).click()
        olga.page.locator("#progress").wait_for()
        olga.camera.shoot(olga.page, f"job, {name}")


def joining(stranger: Visitor, olga: Visitor, here: str) -> None:
    """Links for many, and domains."""
    olga.show("links, none", f"{here}links/")
    olga.show("link, new", f"{here}links/new/")
    olga.page.get_by_role("textbox", name="Name").fill("Spring trial volunteers")
    olga.press("Make the link")
    olga.page.get_by_role("heading", name="Spring trial volunteers").wait_for()
    if olga.page.get_by_role("button", name="Show the address").count():
        olga.press("Show the address")
    address = olga.page.get_by_role("textbox", name="Copy it now")
    address.wait_for()
    olga.camera.shoot(olga.page, "link")
    stranger.show("link, landing", address.input_value())
    stranger.show("link, unknown", "/l/unknown")
    olga.show("links", f"{here}links/")
    olga.show("domains", f"{here}settings/domains/")
    olga.show("domain, before it lets people join", f"{here}settings/domains/owner/")


def proposed(olga: Visitor, mia: Visitor, here: str) -> None:
    """People whom members propose."""
    olga.page.goto(f"{here}settings/")
    olga.page.get_by_label("Members may propose people").check()
    olga.page.locator("main form").get_by_role("button", name="Save").click()
    mia.show("propose", f"{here}proposals/new/")
    mia.press("Propose")
    mia.page.locator(".r-errors").first.wait_for()
    mia.camera.shoot(mia.page, "propose, refused")
    mia.page.get_by_label("Addresses").fill("Ivy Day <ivy@look.example>")
    mia.page.get_by_label("What for?").fill("She wrote the protocol that we work by.")
    mia.press("Propose")
    mia.page.locator(".r-toast").wait_for()
    olga.show("proposals", f"{here}proposals/")


def link_to(page: Page, address: str) -> str:
    """The link in the newest mail to the address."""
    mail = page.get_by_role("link", name=re.compile(re.escape(address)))
    for _ in range(60):
        page.goto("/mailbox/")
        if mail.count():
            break
        page.wait_for_timeout(500)
    mail.first.click()
    return str(page.locator("#text a").first.get_attribute("href"))


def own_places(mia: Visitor) -> None:
    mia.show("my access", "/my/")
    mia.show("organizations", "/my/organizations/")
    for name in ("profile", "addresses", "security", "sessions", "profile/delete"):
        mia.show(f"account, {name.replace('/', ', ')}", f"/accounts/{name}/")
    mia.show("refused", "/organizations/new/")


STYLE = """
body { font: 13px sans-serif; margin: 16px } img { border: 1px solid #ccc; height: 220px } td { padding: 4px }
th { text-align: left; max-width: 9em }
"""


def write_index(names: list[str]) -> None:
    shots = [(theme, width) for theme in THEMES for width in sorted(WIDTHS, reverse=True)]
    rows = "".join(
        f"<tr><th>{html.escape(name)}</th>{''.join(cell(picture(name, *shot)) for shot in shots)}</tr>"
        for name in names
    )
    (LOOK / "index.html").write_text(
        f'<!doctype html><meta charset="utf-8"><title>Roster: all pages</title><style>{STYLE}</style>'
        f"<h1>Roster: all pages</h1><table>{rows}</table>"
    )


def cell(path: Path) -> str:
    return f'<td><a href="{path.name}"><img src="{path.name}" alt="{path.stem}"></a></td>'


def copy_screenshots() -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for name, (view, theme, width) in README.items():
        shutil.copyfile(picture(view, theme, width), SCREENSHOTS / f"{name}.png")


if __name__ == "__main__":
    sys.exit(main())
