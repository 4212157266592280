"""The pages of resources: lists with counts, one resource, drives, what is reported; the acts as people do them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Page

from tests import cast
from tests.browsing import be
from tests.stage import Stage
from tests.visiting import HTMX, Answer, body_of, queries_of, visitor, words_of
from workspaces.actions.hosts import hand_in
from workspaces.catalogue import BuiltIn
from workspaces.hosts import (
    KnownProduct,
    MemberAccount,
    OrganizationAccount,
    RegisteredResource,
    ReportedCount,
    ReportedFigure,
)
from workspaces.models import Collaborator, Grant, Member, Resource

pytestmark = pytest.mark.django_db

THEN = datetime(2026, 3, 1, 12, tzinfo=UTC)


def register(stage: Stage, name: str, **more: Any) -> Resource:
    given = {"kind": "project", "workspace": "research", **more}
    receipt = hand_in(
        [RegisteredResource(organization=stage.slug, product="Notebooks", external_id=name.lower(), name=name, **given)]
    )
    assert not receipt.problems
    return Resource.objects.get(external_id=name.lower())


def at(stage: Stage, path: str = "") -> str:
    return stage.url(f"resources/{stage.churn.pk}/{path}")


def place(stage: Stage, user: Any, role: int) -> None:
    cast.place(stage.acme.olga, stage.member(user), stage.research, role)


# --- lists


@pytest.mark.row("N28", "L13", "D3")
def test_a_workspace_lists_what_products_keep_there_and_counts_it(stage: Stage) -> None:
    register(stage, "Corpus", kind="data set")
    hand_in(
        [
            ReportedCount(
                organization=stage.slug, product="Notebooks", workspace="research", kind="model", value=1204,
                reported_at=THEN,
            )
        ]
    )  # fmt: skip
    words = words_of(visitor(stage.acme.mia).get(stage.url("w/research/resources/")))
    assert "Churn project · Notebooks Mia Chen By role" in words
    assert "model 1,204" in words
    assert "data set 1" in words
    only = words_of(visitor(stage.acme.mia).get(stage.url("w/research/resources/?kind=data+set")))
    assert "Corpus" in only
    assert "Churn" not in only
    assert "Nothing registered matches" in words_of(
        visitor(stage.acme.mia).get(stage.url("w/research/resources/?q=zz"))
    )


def test_an_empty_workspace_says_that_nothing_was_registered_and_nothing_reported(stage: Stage) -> None:
    words = words_of(visitor(stage.acme.olga).get(stage.url("w/default/resources/")))
    assert "No product has registered anything here" in words
    assert "No product has reported usage of this workspace." in words


def test_a_list_turns_its_pages_and_asks_no_more_for_more_rows(stage: Stage) -> None:
    mia, url = visitor(stage.acme.mia), stage.url("w/research/resources/")
    few = len(queries_of(mia, url))
    hand_in(
        RegisteredResource(
            organization=stage.slug, product="Notebooks", external_id=f"n{number}", kind="note", workspace="research",
            name=f"Note {number:03}", owner="ben@acme.example",
        )
        for number in range(120)
    )  # fmt: skip
    assert len(queries_of(mia, url)) <= few
    names: list[str] = []
    while url:
        answer = mia.get(url)
        names += [row["name"] for row in answer.context["rows"]]
        url = answer.context["next_url"]
    assert names == [*(f"Note {number:03}" for number in range(120)), "Churn"]


@pytest.mark.row("D18")
@pytest.mark.claim("P3")
def test_private_things_are_named_to_nobody_else_and_admins_see_kind_and_owner(stage: Stage) -> None:
    place(stage, stage.max, BuiltIn.STANDARD_EDITOR)
    register(stage, "Secret", owner="lena@acme.example", access="private", url="https://notebooks.example/secret")
    url = stage.url("w/research/resources/")
    for_max = visitor(stage.max).get(url)
    assert "Secret" not in words_of(for_max)
    assert "Private project" not in words_of(for_max)
    assert "project 1" in words_of(for_max)  # its count would tell of it
    for_mia = visitor(stage.acme.mia).get(url)
    assert "Private project project · Notebooks Lena Lindt Private" in words_of(for_mia)
    assert "secret" not in body_of(for_mia).lower()
    secret = Resource.objects.get(external_id="secret")
    page = visitor(stage.acme.mia).get(stage.url(f"resources/{secret.pk}/"))
    assert page.status_code == 200
    assert "secret" not in body_of(page).lower()
    assert visitor(stage.max).get(stage.url(f"resources/{secret.pk}/")).status_code == 404


@pytest.mark.row("L12", "A27", "N25", "I21")
def test_the_way_to_the_product_is_for_whoever_holds_a_permission_of_it(stage: Stage) -> None:
    looker = cast.custom_role(stage.acme.organization, "Looker", "workspace", "workspace.view")
    place(stage, stage.max, looker.pk)
    place(stage, stage.lena, BuiltIn.STANDARD_VIEWER)
    url = stage.url("w/research/resources/")
    assert "https://notebooks.example/churn" not in body_of(visitor(stage.max).get(url))
    assert "https://notebooks.example/churn" in body_of(visitor(stage.lena).get(url))
    hand_in([KnownProduct(name="Billing", url="https://billing.example/", asked_at=THEN)])
    own = stage.url("resources/")
    assert "https://billing.example/" not in body_of(visitor(stage.max).get(own))
    assert "https://billing.example/" in body_of(visitor(stage.acme.olga).get(own))
    assert "Billing last asked" in words_of(visitor(stage.acme.olga).get(own))


@pytest.mark.row("D11", "D4", "D6")
def test_a_guest_finds_what_they_were_asked_in_to_and_nothing_else(stage: Stage) -> None:
    tom = visitor(stage.acme.tom)
    register(stage, "Archive", kind="drive", workspace="")
    before = words_of(tom.get(stage.url("resources/")))
    assert "Nothing yet" in before
    assert "Archive" not in before
    visitor(stage.acme.mia).post(at(stage, "share/"), {"address": "tom@guest.example", "level": "view"})
    assert "Churn" in words_of(tom.get(stage.url("resources/")))
    page = tom.get(at(stage))
    assert "You were asked in to it. Read everything" in words_of(page)
    assert "Custom environments and integrations do not travel along." in words_of(page)
    assert tom.get(stage.url("w/research/resources/")).status_code == 404


# --- one resource


@pytest.mark.row("D22", "D23", "D24")
def test_one_press_locks_and_one_unlocks(stage: Stage) -> None:
    mia = visitor(stage.acme.mia)
    assert "Lock" in words_of(mia.get(at(stage)))
    answer = mia.post(at(stage, "access/"), {"access": "view"}, follow=True)
    assert "Churn is locked: members can view it." in words_of(answer)
    assert "Unlock" in words_of(answer)
    assert "admins keep their rights" in words_of(answer)
    mia.post(at(stage, "access/"), {"access": "full"})
    stage.churn.refresh_from_db()
    assert stage.churn.access == "full"


def test_access_is_chosen_among_what_one_may_choose(stage: Stage) -> None:
    for_mia = words_of(visitor(stage.acme.mia).get(at(stage, "access/"), headers=HTMX))
    assert "Private: owner and collaborators" in for_mia
    for_olga = words_of(visitor(stage.acme.olga).get(at(stage, "access/"), headers=HTMX))
    assert "Locked: members view" in for_olga
    assert "Private" not in for_olga
    wrong = visitor(stage.acme.mia).post(at(stage, "access/"), {"access": "open"})
    assert wrong.status_code == 422
    assert visitor(stage.acme.olga).post(at(stage, "access/"), {"access": "private"}).status_code == 403


def share(stage: Stage, address: str, level: str = "edit", **headers: str) -> Answer:
    return visitor(stage.acme.mia).post(
        at(stage, "share/"), {"address": address, "level": level}, follow=True, headers=headers
    )


@pytest.mark.row("D19", "D11")
def test_members_are_added_and_strangers_invited_by_the_same_box(stage: Stage) -> None:
    assert "max@acme.example is a collaborator now." in words_of(share(stage, "Max@acme.example"))
    invited = words_of(share(stage, "new@far.example", "view"))
    assert "new@far.example is invited as a guest." in invited
    assert "Invited · Guest" in invited
    guest = Member.objects.get(address="new@far.example")
    assert guest.role_id == BuiltIn.GUEST
    assert guest.collaborations.get().level == "view"
    wrong = share(stage, "max@@acme")
    assert wrong.status_code == 422
    assert "max@@acme" in body_of(wrong)
    taken = visitor(stage.acme.mia).post(at(stage, f"collaborators/{guest.pk}/remove/"), follow=True)
    assert "is no collaborator of Churn any more" in words_of(taken)
    assert not Collaborator.objects.filter(member=guest).exists()


def test_a_new_owner_is_somebody_of_the_organization(stage: Stage) -> None:
    mia = visitor(stage.acme.mia)
    wrong = mia.post(at(stage, "transfer/"), {"heir": "zoe@northlab.example"})
    assert wrong.status_code == 422
    assert "Nobody here has this address." in words_of(wrong)
    done = mia.post(at(stage, "transfer/"), {"heir": "ben@acme.example"}, follow=True)
    assert "Ben Weber owns Churn now." in words_of(done)
    stage.churn.refresh_from_db()
    assert stage.churn.owner == stage.member(stage.acme.ben)


def test_whoever_gives_away_what_is_private_is_led_to_the_list(stage: Stage) -> None:
    mia = visitor(stage.acme.mia)
    mia.post(at(stage, "access/"), {"access": "private"})
    stage.acme.organization.members.filter(user=stage.acme.mia).get().grants.all().delete()
    answer = mia.post(at(stage, "transfer/"), {"heir": "ben@acme.example"}, headers=HTMX)
    assert answer["HX-Redirect"] == stage.url("resources/")


@pytest.mark.row("D20")
def test_a_private_resource_says_what_privacy_does_not_change(stage: Stage) -> None:
    mia = visitor(stage.acme.mia)
    mia.post(at(stage, "access/"), {"access": "private"})
    assert "keeps drawing on what the workspace shares" in words_of(mia.get(at(stage)))


# --- drives, figures, accounts


@pytest.mark.row("I14", "I15", "I16", "I17")
def test_default_drives_are_chosen_where_they_apply(stage: Stage) -> None:
    own = register(stage, "Archive", kind="drive", workspace="")
    there = register(stage, "Lab", kind="drive")
    olga, mia = visitor(stage.acme.olga), visitor(stage.acme.mia)
    assert "Default drive Choose Archive" in words_of(
        olga.post(stage.url("resources/drive/"), {"drive": own.pk}, follow=True)
    )
    assert "Default drive Choose Lab" in words_of(
        mia.post(stage.url("w/research/resources/drive/"), {"drive": there.pk}, follow=True)
    )
    assert olga.post(stage.url("resources/drive/"), {"drive": there.pk}).status_code == 422
    assert mia.post(stage.url("resources/drive/"), {"drive": own.pk}).status_code == 403


@pytest.mark.row("I20", "I21", "I29", "I59")
def test_figures_stand_with_source_and_time_for_whoever_may_see_usage(stage: Stage) -> None:
    given: dict[str, Any] = {"organization": stage.slug, "product": "Notebooks", "reported_at": THEN}
    hand_in(
        [
            ReportedFigure(**given, kind="usage", code="h", label="Machine hours", value=Decimal("1234.5"), unit="h"),
            ReportedFigure(**given, kind="entitlement", code="u", label="Shared units", value=Decimal(5000)),
            ReportedFigure(**given, kind="entitlement", code="g", label="Workspaces for teams"),
        ]
    )
    words = words_of(visitor(stage.acme.olga).get(stage.url("resources/")))
    assert "Machine hours 1,234.5 h Notebooks," in words
    assert "1 Mar 2026" in body_of(visitor(stage.acme.olga).get(stage.url("resources/")))
    for_max = words_of(visitor(stage.max).get(stage.url("resources/")))
    assert "Machine hours" not in for_max
    assert "Shared units 5,000" in for_max
    assert "Workspaces for teams included" in for_max  # a feature, not a wall


@pytest.mark.row("I51")
def test_a_removal_says_what_the_person_owns_and_asks_for_an_heir(stage: Stage) -> None:
    olga, mia = visitor(stage.acme.olga), stage.member(stage.acme.mia)
    place(stage, stage.acme.ben, BuiltIn.STANDARD_ADMIN)  # else Mia is the last one
    url = stage.url(f"members/{mia.pk}/remove/")
    dialog = words_of(olga.get(url, headers=HTMX))
    assert "They own project (1): Churn" in dialog
    assert "New owner" in dialog
    wrong = olga.post(url, {"heir": "nobody@acme.example"}, headers=HTMX)
    assert wrong.status_code == 422
    assert "Nobody here has this address." in words_of(wrong)
    assert olga.post(url, {"heir": "ben@acme.example"}).status_code == 303
    stage.churn.refresh_from_db()
    assert stage.churn.owner == stage.member(stage.acme.ben)


@pytest.mark.row("I51")
@pytest.mark.claim("P13")
def test_whoever_leaves_sees_what_they_own_and_may_name_who_owns_it_then(stage: Stage) -> None:
    mia, lena = visitor(stage.acme.mia), stage.member(stage.lena)
    place(stage, stage.acme.ben, BuiltIn.STANDARD_ADMIN)  # else Mia is the last one
    Resource.objects.filter(pk=stage.churn.pk).update(access="private")
    # A viewer of her own project by now: she hands over with it what she holds by owning it.
    Grant.objects.filter(workspace=stage.research, member=stage.member(stage.acme.mia)).update(
        role_id=BuiltIn.STANDARD_VIEWER
    )
    url = stage.url("leave/")
    dialog = words_of(mia.get(url, headers=HTMX))
    assert "You own project (1)" in dialog
    assert "New owner" in dialog
    wrong = mia.post(url, {"heir": "nobody@acme.example"}, headers=HTMX)
    assert wrong.status_code == 422
    assert "nobody@acme.example" in body_of(wrong)
    assert "Nobody here has this address." in words_of(wrong)
    assert mia.post(url, {"heir": lena.address}).status_code in {302, 303}
    stage.churn.refresh_from_db()
    assert stage.churn.owner == lena
    assert not Member.objects.filter(organization=stage.acme.organization, user=stage.acme.mia).exists()
    transferred = cast.history(stage.acme.organization, "resource.transferred")[-1]
    assert (transferred.subject, transferred.scope) == (lena.pk, stage.churn.pk)


@pytest.mark.row("L9")
def test_external_accounts_are_shown_and_warned_of(stage: Stage) -> None:
    olga = visitor(stage.acme.olga)
    assert "external account" not in words_of(olga.get(stage.url("invite/")))
    hand_in(
        [
            OrganizationAccount(organization=stage.slug, account_id="nca-17", state="checked"),
            MemberAccount(
                organization=stage.slug, address="ben@acme.example", account_id="nca-4", state="failed",
                reported_at=THEN,
            ),
        ]
    )  # fmt: skip
    assert "nca-17, Checked" in words_of(olga.get(stage.url("settings/")))
    assert "people need to be in the external account nca-17" in words_of(olga.get(stage.url("invite/")))
    ben = words_of(olga.get(stage.url(f"members/{stage.member(stage.acme.ben).pk}/")))
    assert "External account nca-4: Failed" in ben
    assert "Not checked" in words_of(olga.get(stage.url(f"members/{stage.member(stage.max).pk}/")))
    listed = words_of(olga.get(stage.url("members/")))
    assert "Joined · account failed" in listed
    assert "Joined · not checked" in listed


# --- in a browser


@pytest.mark.row("D19", "D11", "D22")
@pytest.mark.django_db(transaction=True)
def test_somebody_is_asked_in_and_the_project_is_locked(
    page: Page, site: str, committed_stage: Stage, complaints: list[str]
) -> None:
    stage = committed_stage
    be(page.context, site, stage.acme.mia)
    page.goto(f"{site}{stage.url('w/research/resources/')}")
    page.get_by_role("link", name="Churn").click()
    page.get_by_role("link", name="Add somebody").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Address").fill("new@@far")
    dialog.get_by_role("button", name="Add").click()
    dialog.locator(".r-errors").wait_for()
    assert dialog.get_by_label("Address").input_value() == "new@@far"
    dialog.get_by_label("Address").fill("new@far.example")
    dialog.get_by_label("Can edit").check()
    dialog.get_by_role("button", name="Add").click()
    page.get_by_text("new@far.example is invited as a guest.").wait_for()
    page.get_by_role("button", name="Lock", exact=True).click()
    page.get_by_role("button", name="Unlock").wait_for()
    assert Member.objects.get(address="new@far.example").collaborations.get().level == "edit"
    assert Resource.objects.get(pk=stage.churn.pk).access == "view"
