"""Joining by a domain or a link over HTTP: the settings, the card, the sign-up, and what strangers find (nothing)."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import OutgoingMail, User
from invitations.actions import domains, links
from invitations.asking import Ask
from invitations.models import DomainRule, InviteLink, JoinDomain
from invitations.proofs import record_value
from invitations.queries.links import token_of
from invitations.views.links import SHOWN
from tests import cast
from tests.nameserver import NameServer
from tests.people import PASSWORD, change_address, mailed_link, person
from tests.stage import Stage
from tests.visiting import Answer, body_of, everything, queries_of, visitor, words_of
from workspaces.catalogue import BuiltIn
from workspaces.models import Grant, Member

SIGN_UP = {"name": "Nina New", "password1": PASSWORD}


def let_acme_join(stage: Stage) -> JoinDomain:
    return domains.switch_on(
        actor=cast.web(stage.acme.olga), organization_id=stage.acme.id, workspace_ids=[stage.research.pk]
    )


def make_link(stage: Stage, by: User | None = None, **what: Any) -> InviteLink:
    ask = Ask(BuiltIn.MEMBER, placements={stage.research.pk: BuiltIn.STANDARD_EDITOR})
    actor = cast.web(by or stage.acme.olga)
    return links.create_link(actor=actor, organization_id=stage.acme.id, name="School", ask=ask, **what)


def opened(link: InviteLink, client: Client | None = None) -> tuple[Client, Answer]:
    client = client or Client()
    return client, client.get(f"/l/{token_of(link)}", follow=True)


def confirm(client: Client, address: str) -> Answer:
    """Follows the link in the mail, in the same browser."""
    return client.post(mailed_link(address, "address_confirmation"), follow=True)


# --- domains: the settings


@pytest.mark.claim("P23")
@pytest.mark.row("D14", "D15")
def test_an_admin_reads_what_it_opens_and_then_lets_the_owners_domain_join(stage: Stage) -> None:
    priya = visitor(stage.acme.priya)
    person("early@acme.example")
    assert "Domains" in words_of(priya.get(stage.url("settings/")))
    page = words_of(priya.get(stage.url("settings/domains/")))
    assert "acme.example" in page
    assert "The domain of Olga Owner's own address" in page
    preview = words_of(priya.get(stage.url("settings/domains/owner/")))
    for part in (
        "Let people at acme.example join?",
        "1 account has such an address and could join at once",
        "Member of the organization",
        "Through what everyone has Editor in default",
        "Viewer in system",
        "Viewer in the workspaces that you choose",
    ):
        assert part in preview
    assert not JoinDomain.objects.exists()
    answer = priya.post(stage.url("settings/domains/owner/"), {"workspaces": [stage.research.pk]}, follow=True)
    assert "People at acme.example may join by themselves now." in words_of(answer)
    here = JoinDomain.objects.get()
    assert answer.redirect_chain[-1][0] == stage.url(f"settings/domains/{here.pk}/")
    assert "places people in Research" in words_of(answer)


@pytest.mark.row("D16")
@pytest.mark.parametrize(
    ("domain", "why"),
    [
        ("gmail.com", "gmail.com is a public mail service"),
        ("mailinator.com", "mailinator.com gives out disposable addresses"),
        ("stanford.edu", "stanford.edu belongs to a school or university"),
    ],
)
def test_the_option_is_hidden_for_such_an_owner_and_the_reason_stands_there(
    stage: Stage, domain: str, why: str
) -> None:
    change_address(stage.acme.olga, f"olga@{domain}")
    priya = visitor(stage.acme.priya)
    page = priya.get(stage.url("settings/domains/"))
    assert why in words_of(page)
    assert "settings/domains/owner/" not in body_of(page)
    forced = priya.post(stage.url("settings/domains/owner/"))
    assert (forced.status_code, why in words_of(forced)) == (422, True)
    added = priya.post(stage.url("settings/domains/"), {"domain": domain})
    assert (added.status_code, why in words_of(added)) == (422, True)
    assert f'value="{domain}"' in body_of(added)


@pytest.mark.parametrize("entry", ["", "acme", "a b", "me@acme.example", "ａcme.example", "x" * 400, "\x00.example"])
def test_what_is_no_domain_is_said_at_the_field(stage: Stage, entry: str) -> None:
    answer = visitor(stage.acme.priya).post(stage.url("settings/domains/"), {"domain": entry})
    assert answer.status_code == 422
    assert "r-errors" in body_of(answer)
    assert not JoinDomain.objects.exists()


@pytest.mark.row("D15")
def test_a_domain_is_proven_by_dns_and_the_page_says_which_record(
    stage: Stage,
    name_server: NameServer,
) -> None:
    olga = visitor(stage.acme.olga)
    page = olga.post(stage.url("settings/domains/"), {"domain": "Labs.Example"}, follow=True)
    here = JoinDomain.objects.get()
    value = record_value(stage.acme.id, "labs.example")
    assert value in body_of(page)
    assert "_roster.labs.example" in body_of(page)
    url = page.redirect_chain[-1][0]
    missing = olga.post(f"{url}check/", follow=True)
    assert "The record is not there yet." in words_of(missing)
    assert f"{url}on/" not in body_of(missing)
    name_server.records["_roster.labs.example"] = [value]
    found = olga.post(f"{url}check/", follow=True)
    assert "labs.example is proven" in words_of(found)
    olga.post(f"{url}on/")
    here.refresh_from_db()
    assert here.switched_on_at is not None


@pytest.mark.claim("P23")
@pytest.mark.row("D17")
def test_a_pause_says_why_and_one_click_resumes(stage: Stage) -> None:
    here = let_acme_join(stage)
    change_address(stage.acme.olga, "o.owner@acme.example")
    priya = visitor(stage.acme.priya)
    page = priya.get(stage.url(f"settings/domains/{here.pk}/"))
    assert "Paused since the owner's address changed. It does not resume by itself." in words_of(page)
    resumed = priya.post(stage.url(f"settings/domains/{here.pk}/resume/"), follow=True)
    assert "People at acme.example may join by themselves again." in words_of(resumed)


# --- domains: joining


@pytest.mark.claim("P23")
@pytest.mark.row("D12", "D13")
def test_it_is_offered_at_sign_up_and_the_address_is_confirmed_first(stage: Stage) -> None:
    assert Client().get("/accounts/signup/").status_code == 403
    let_acme_join(stage)
    client = Client()
    assert client.get("/accounts/signup/").status_code == 200
    refused = client.post("/accounts/signup/", {**SIGN_UP, "email": "nina@elsewhere.example"})
    assert refused.status_code == 422
    assert "No organization here lets people at elsewhere.example join by themselves." in words_of(refused)
    client.post("/accounts/signup/", {**SIGN_UP, "email": "Nina@Acme.example"})
    nina = User.objects.get(email="nina@acme.example")
    assert not Member.objects.filter(user=nina).exists()
    confirm(client, "nina@acme.example")
    home = client.get("/", follow=True)
    assert home.redirect_chain[-1][0] == "/my/"
    assert "You can join" in words_of(home)
    card = client.get(f"/my/join/{stage.slug}/")
    assert "Acme lets people with an address at acme.example join" in words_of(card)
    assert "Viewer in Research" in words_of(card)
    joined = client.post(f"/my/join/{stage.slug}/", follow=True)
    assert "Welcome to Acme." in words_of(joined)
    assert stage.member(nina).role_id == BuiltIn.MEMBER


@pytest.mark.row("D13")
def test_it_is_offered_in_the_switcher_to_those_whom_it_lets_in(stage: Stage) -> None:
    let_acme_join(stage)
    nina = person("nina@acme.example", "Nina New")
    assert f"/my/join/{stage.slug}/" in body_of(visitor(nina).get("/my/organizations/"))
    for user in (stage.stella, stage.acme.ben, stage.sven, stage.northlab.zoe):
        page = visitor(user).get("/my/organizations/")
        assert "/my/join/" not in body_of(page)


@pytest.mark.claim("P3")
def test_strangers_find_no_organization_to_join_whether_it_lets_others_in_or_not(stage: Stage) -> None:
    client = visitor(stage.stella)
    unknown = client.get("/my/join/nowhere/")
    for _each in range(2):
        here = client.get(f"/my/join/{stage.slug}/")
        assert (here.status_code, words_of(here)) == (404, words_of(unknown))
        assert client.post(f"/my/join/{stage.slug}/").status_code == 404
        let_acme_join(stage)
    assert client.get(stage.url(f"settings/domains/{JoinDomain.objects.get().pk}/")).status_code == 404
    zoe = visitor(stage.northlab.zoe)
    other = f"/o/{stage.northlab.organization.slug}/settings/domains/{JoinDomain.objects.get().pk}/"
    assert zoe.get(other).status_code == 404
    assert zoe.post(f"{other}off/").status_code == 404


def test_who_joined_by_a_domain_is_listed(stage: Stage) -> None:
    here = let_acme_join(stage)
    nina = person("nina@acme.example", "Nina New")
    domains.join_by_domain(actor=cast.web(nina), organization_id=stage.acme.id)
    olga = visitor(stage.acme.olga)
    page = olga.get(stage.url(f"settings/domains/{here.pk}/"))
    assert "Nina New" in words_of(page)
    assert "1 joined by it" in words_of(olga.get(stage.url("settings/domains/")))
    history = words_of(olga.get(stage.url("history/")))
    assert "joined by their address at acme.example" in history
    assert "let people at acme.example join by themselves" in history


def test_the_lists_ask_as_often_for_twice_as_many(stage: Stage) -> None:
    olga, here = visitor(stage.acme.olga), let_acme_join(stage)
    link = make_link(stage)
    pages = [f"settings/domains/{here.pk}/", "settings/domains/", "links/", f"links/{link.pk}/"]

    def counts() -> list[int]:
        return [len(queries_of(olga, stage.url(path))) for path in pages]

    def more(number: int) -> None:
        domains.add_domain(actor=cast.web(stage.acme.olga), organization_id=stage.acme.id, domain=f"d{number}.example")
        make_link(stage)
        nina = person(f"n{number}@acme.example")
        domains.join_by_domain(actor=cast.web(nina), organization_id=stage.acme.id)
        links.join_by_link(actor=cast.web(person(f"l{number}@new.example")), link_id=link.pk, generation=1)

    more(0)
    before = counts()
    for number in range(1, 4):
        more(number)
    assert counts() == before


# --- links


@pytest.mark.claim("P5", "P6")
def test_opening_a_link_changes_nothing_and_its_token_leaves_the_address(stage: Stage) -> None:
    link = make_link(stage, most_uses=1)
    address, before = f"/l/{token_of(link)}", everything()
    for method in ("get", "head", "get", "options", "get"):
        first = getattr(Client(), method)(address)
        if method != "options":
            assert (first.status_code, first.url) == (302, "/link/")
    client, page = opened(link)
    assert "Join Acme" in words_of(page)
    assert "Olga Owner made this link for people who are to join." in words_of(page)
    assert "Editor in Research" in words_of(page)
    for answer in (Client().get(address), page):
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "no-store" in answer["Cache-Control"]
    assert token_of(link) not in str(dict(client.session))
    assert everything() == before


def test_whoever_has_the_link_signs_up_confirms_and_joins(stage: Stage) -> None:
    link = make_link(stage)
    client, page = opened(link)
    assert "/accounts/signup/?next=%2Flink%2F" in body_of(page)
    client.post("/accounts/signup/?next=/link/", {**SIGN_UP, "email": "nina@new.example", "next": "/link/"})
    # The link proves no address: nobody is signed in, and nobody is a member yet.
    assert client.post("/link/join/").status_code == 303
    assert not Member.objects.filter(user__email="nina@new.example").exists()
    assert OutgoingMail.objects.filter(recipient="nina@new.example").exists()
    confirm(client, "nina@new.example")
    landed = client.get("/link/")
    assert "You are signed in as nina@new.example" in words_of(landed)
    joined = client.post("/link/join/", follow=True)
    assert "Welcome to Acme." in words_of(joined)
    member = Member.objects.get(user__email="nina@new.example")
    assert Grant.objects.get(member=member).origin == "link"
    assert client.get("/link/").status_code == 404  # let go
    listed = words_of(visitor(stage.acme.olga).get(stage.url(f"links/{link.pk}/")))
    assert "Nina New" in listed


def test_a_link_for_one_domain_opens_the_sign_up_for_that_domain_only(stage: Stage) -> None:
    link = make_link(stage, allowed_domain="new.example")
    client, page = opened(link)
    assert "addresses at new.example" in words_of(page)
    refused = client.post("/accounts/signup/", {**SIGN_UP, "email": "nina@other.example"})
    assert (refused.status_code, "for addresses at new.example only" in words_of(refused)) == (422, True)
    assert not User.objects.filter(email="nina@other.example").exists()
    stella, page = opened(link, visitor(stage.stella))
    assert "without a confirmed address that this link is for" in words_of(page)
    assert stella.post("/link/join/").status_code == 403


@pytest.mark.parametrize("state", ["revoked", "replaced", "used up", "unknown"])
def test_a_link_that_lets_nobody_in_says_why_and_opens_no_sign_up(stage: Stage, state: str) -> None:
    link = make_link(stage, most_uses=1)
    what: dict[str, Any] = {"actor": cast.web(stage.acme.olga), "organization_id": stage.acme.id, "link_id": link.pk}
    client, _page = opened(link)
    word = {
        "revoked": "was withdrawn",
        "replaced": "was replaced",
        "used up": "as often as it may be",
        "unknown": "opens nothing",
    }
    if state == "revoked":
        links.revoke_link(**what)
    elif state == "replaced":
        links.rotate_link(**what)
    elif state == "used up":
        links.join_by_link(actor=cast.web(stage.stella), link_id=link.pk, generation=1)
    if state == "unknown":
        token = token_of(link)
        page = Client().get(f"/l/{token[:-1]}{'A' if token[-1] != 'A' else 'B'}", follow=True)
        assert page.status_code == 404
    else:
        page = client.get("/link/")
        assert client.post("/link/join/").status_code == 409
        assert client.get("/accounts/signup/").status_code == 403
    assert word[state] in words_of(page)


@pytest.mark.claim("P5")
def test_its_address_stands_only_in_the_answer_that_was_asked_for_it(stage: Stage) -> None:
    olga = visitor(stage.acme.olga)
    entry = {"name": "School", "role": BuiltIn.MEMBER, "expires": 7, "most_uses": "20"}
    made = olga.post(stage.url("links/new/"), entry, follow=True)
    link = InviteLink.objects.get()
    token = token_of(link)
    assert token not in body_of(made)
    page = stage.url(f"links/{link.pk}/")
    shown = olga.post(f"{page}show/")
    assert f"/l/{token}" in body_of(shown)
    assert "no-store" in shown["Cache-Control"]
    assert token not in body_of(olga.get(page))
    rotated = olga.post(f"{page}rotate/")
    assert token not in body_of(rotated)
    link.refresh_from_db()
    assert f"/l/{token_of(link)}" in body_of(rotated)
    assert "0 joined, 20 uses left" in words_of(rotated)
    ended = olga.post(f"{page}revoke/", follow=True)
    assert "The link is ended" in words_of(ended)
    assert "It opens nothing any more." in words_of(ended)


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"name": ""}, "Give the link a name."),
        ({"name": "a\u202eb"}, "control"),
        ({"most_uses": "0"}, "from 1 to"),
        ({"most_uses": "many"}, "whole number"),
        ({"most_uses": "9" * 30}, "from 1 to"),
        ({"allowed_domain": "no domain"}, "is no domain"),
        ({"role": "999999"}, "valid choice"),
        ({"expires": "x"}, "valid choice"),
    ],
)
def test_what_is_wrong_with_a_link_is_said_and_what_was_typed_stays(
    stage: Stage, entry: dict[str, str], sentence: str
) -> None:
    right = {"name": "Kept name", "role": str(int(BuiltIn.MEMBER)), "expires": "7"}
    answer = visitor(stage.acme.olga).post(stage.url("links/new/"), right | entry)
    assert answer.status_code == 422
    assert sentence in words_of(answer)
    assert "name" in entry or "Kept name" in body_of(answer)
    assert not InviteLink.objects.exists()


def test_a_workspace_admin_sees_and_ends_only_links_of_their_own(stage: Stage) -> None:
    theirs, other = make_link(stage, stage.acme.mia), make_link(stage)
    mia = visitor(stage.acme.mia)
    page = body_of(mia.get(stage.url("links/")))
    assert (f"links/{theirs.pk}/" in page, f"links/{other.pk}/" in page) == (True, False)
    assert mia.post(stage.url(f"links/{other.pk}/revoke/")).status_code == 404
    end = stage.url(f"links/{theirs.pk}/revoke/")
    assert "it cannot be opened again" in words_of(mia.get(end))
    assert mia.post(end).status_code == 303
    asked_late = words_of(mia.get(end))
    assert "This link has been ended already." in asked_late
    assert "it cannot be opened again" not in asked_late
    assert "This link has been ended already." in words_of(mia.post(stage.url(f"links/{theirs.pk}/revoke/")))
    zoe = visitor(stage.northlab.zoe)
    assert zoe.get(f"/o/{stage.northlab.organization.slug}/links/{other.pk}/").status_code == 404


def test_a_link_that_still_opens_is_listed_however_many_newer_ones_have_ended(stage: Stage) -> None:
    living = make_link(stage)
    ended = {"organization": stage.acme.organization, "role_id": BuiltIn.MEMBER, "revoked_at": timezone.now()}
    InviteLink.objects.bulk_create(InviteLink(name=f"Ended {number}", **ended) for number in range(300))
    page = body_of(visitor(stage.acme.olga).get(stage.url("links/")))
    assert f"links/{living.pk}/" in page
    assert page.count("Ended ") == SHOWN - 1


def test_the_operators_rule_is_kept_in_its_canonical_form(stage: Stage) -> None:
    User.objects.filter(pk=stage.sam.pk).update(is_superuser=True)
    sam = visitor(stage.sam)
    url = "/admin/invitations/domainrule/add/"
    assert sam.post(url, {"domain": "BÜCHER.example", "kind": "public"}).status_code == 302
    assert DomainRule.objects.get().domain == "xn--bcher-kva.example"
    again = sam.post(url, {"domain": "bücher.example", "kind": "ordinary"})
    assert again.status_code == 200
    assert "already exists" in words_of(again)
    wrong = sam.post(url, {"domain": "none", "kind": "public"})
    assert "is no domain" in words_of(wrong)
