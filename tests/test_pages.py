"""Every page in a browser: nothing breaks the content security policy, nothing hurts accessibility, in either theme."""

from collections.abc import Iterator
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests import cast
from tests.browsing import be
from tests.stage import Stage

pytestmark = pytest.mark.django_db(transaction=True)

WCAG = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],  # to list what is right as well takes twice as long
}


def pages(page: Page, site: str, stage: Stage) -> Iterator[str]:
    """Goes to every page of the organization, of the person's places and of the invitee, and says where it is."""
    acme, here = stage.acme, f"{site}{stage.url()}"
    ben, sven, nora = (each.pk for each in (stage.member(acme.ben), stage.member(stage.sven), stage.nora))

    def go(*addresses: str) -> Iterator[str]:
        for address in addresses:
            page.goto(address)
            yield address.removeprefix(site)

    invitations = {
        "open": stage.to_nora,
        "declined": cast.invite(acme.olga, acme.organization, "d@new.example"),
        "expired": cast.invite(acme.olga, acme.organization, "e@new.example"),
    }
    cast.expire(invitations["expired"])
    for name, invitation in invitations.items():
        yield from go(f"{site}{stage.link(invitation)}")
        if name == "declined":
            page.get_by_role("link", name="Decline").click()
            yield "decline"
            page.get_by_role("button", name="Decline").click()
            page.get_by_role("heading", name="You declined this invitation").wait_for()
            yield "declined"
    yield from go(f"{site}/i/unknown", f"{site}/nothing/here/")

    be(page.context, site, acme.olga)
    yield from go(
        *(f"{here}{path}" for path in ("members/", "members/?q=zz", "members/?role=2&state=joined", "members/filters/"))
    )
    yield from go(*(f"{here}members/{ben}/{path}" for path in ("", "role/", "edit/", "suspend/", "remove/")))
    yield from go(f"{here}members/{sven}/reactivate/", f"{here}members/{nora}/", f"{here}members/{nora}/resend/")
    yield from go(*(f"{here}{path}" for path in ("invite/", "history/", "history/?q=zz", "leave/", "settings/")))
    yield from go(
        *(f"{here}settings/{path}" for path in ("ownership/", "ownership/transfer/", "danger/", "danger/delete/"))
    )
    yield from go(f"{site}/my/", f"{site}/my/organizations/")
    yield from go(*(f"{here}{path}" for path in ("workspaces/", "workspaces/?q=zz", "workspaces/new/")))
    inside = ("history/", "leave/", "settings/", "settings/archive/", "settings/delete/")
    yield from go(*(f"{here}w/research/{path}" for path in inside))
    role = f"{here}roles/{stage.deployer.pk}/"
    yield from go(*(f"{here}{path}" for path in ("roles/", "roles/?scope=organization", "roles/new/")))
    yield from go(*(f"{role}{path}" for path in ("", "edit/", "delete/", "compare/")))
    yield from go(f"{here}settings/scheme/", f"{here}settings/scheme/?to=managed")
    churn = f"{here}resources/{stage.churn.pk}/"
    yield from go(*(f"{here}{path}" for path in ("resources/", "resources/drive/", "w/default/resources/")))
    yield from go(f"{here}w/research/resources/")
    yield from go(*(f"{churn}{path}" for path in ("", "access/", "share/", "transfer/")))
    yield from go(f"{churn}collaborators/{ben}/remove/")
    research = f"{here}w/research/"
    tables = ("members/?q=zz", "members/filters/", "members/add/?q=ben", "grants/")
    yield from go(*(f"{research}{path}" for path in tables))
    yield from go(f"{research}members/{ben}/", f"{research}members/{ben}/revoke/", f"{research}members/{ben}/remove/")
    page.goto(f"{here}members/")
    page.get_by_role("checkbox", name="Ben Weber").check()
    yield "a selection"
    page.get_by_role("button", name="Suspend").click()
    page.get_by_role("dialog").get_by_role("button", name="Suspend").wait_for()
    yield "a preview in its dialog"
    page.get_by_role("dialog").get_by_role("button", name="Suspend").click()
    page.get_by_text("Suspended: 1 person.").wait_for()
    yield "a toast"
    page.goto(f"{here}invite/")
    page.get_by_label("Addresses").fill("broken@acme")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Use broken@acme.example").wait_for()
    yield "a bad address"

    be(page.context, site, stage.sven)
    yield from go(f"{here}members/", f"{site}/my/")
    be(page.context, site, stage.ina)
    yield from go(f"{site}/my/")
    be(page.context, site, stage.stella)
    yield from go(f"{site}/my/", f"{site}{stage.link(stage.to_ina)}", f"{here}members/", f"{site}/organizations/new/")
    be(page.context, site, stage.sam)
    yield from go(f"{site}/organizations/new/")


@pytest.mark.claim("P25")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_hurts_accessibility_or_breaks_the_content_security_policy(
    page: Page, site: str, committed_stage: Stage, complaints: list[str], theme: Literal["light", "dark"]
) -> None:
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    axe, problems = Axe(), dict[str, list[str]]()
    for where in pages(page, site, committed_stage):
        if complaints:
            problems[f"{where}: console"] = list(complaints)
        found: Any = axe.run(page, options=WCAG)
        complaints.clear()  # axe itself styles inline
        for violation in found.response["violations"]:
            problems[f"{where}: {violation['id']}"] = [node["html"][:200] for node in violation["nodes"]][:3]
        if page.locator("[style]").count():
            problems[f"{where}: style attributes"] = []
    assert problems == {}
