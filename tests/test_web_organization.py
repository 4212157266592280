"""My access, switcher, leaving, settings, ownership, deletion and history over HTTP, with fresh proof where asked."""

import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.db.models.functions import Now
from django.test import Client

from tests import cast
from tests.people import PASSWORD
from tests.stage import Stage, crowd
from tests.visiting import HTMX, body_of, everything, link_of, visitor, words_of
from workspaces.catalogue import BuiltIn, Code, Scope
from workspaces.models import AccountState, Member, Organization, OwnershipTransfer

# --- where one belongs


@pytest.mark.row("A10", "I43")
@pytest.mark.claim("P12")
def test_my_access_says_where_one_belongs_as_what_and_through_what(stage: Stage) -> None:
    cast.grant_group(stage.data_team, stage.research, BuiltIn.STANDARD_VIEWER)
    words = words_of(visitor(stage.max).get("/my/"))
    for text in (
        "Acme",
        "Member, since",
        "default",
        "Editor Everyone",
        "Research",
        "Viewer Data team",
        "Groups Data team",
    ):
        assert text in words
    assert "You belong to no organization" in words_of(visitor(stage.stella).get("/my/"))


def test_the_start_page_leads_everybody_to_where_they_have_something_to_do(stage: Stage) -> None:
    def start(client: Client) -> str:
        return str(client.get("/", follow=True).redirect_chain[-1][0])

    assert start(visitor(stage.acme.olga)) == stage.url("overview/")
    inviter = cast.custom_role(
        stage.acme.organization, "Inviter", Scope.ORGANIZATION, Code.MEMBERS_INVITE, Code.MEMBERS_VIEW
    )
    Member.objects.filter(pk=stage.member(stage.lena).pk).update(role=inviter)
    assert start(visitor(stage.lena)) == stage.url("members/")
    assert start(visitor(stage.max)) == "/my/"
    assert start(visitor(stage.stella)) == "/my/"
    assert start(visitor(stage.sven)) == "/my/"
    assert start(Client()) == "/accounts/login/"


def test_the_switcher_knows_all_ones_organizations_and_where_one_is(stage: Stage) -> None:
    cast.join(stage.northlab.zoe, stage.northlab.organization, stage.max)
    max_ = visitor(stage.max)
    max_.get(stage.url("members/"))
    page = max_.get("/my/organizations/")
    assert re.search(r'href="/o/acme/" aria-current="true"', body_of(page))
    assert "Northlab" in words_of(page)
    assert "<html" not in body_of(max_.get("/my/organizations/", headers=HTMX))
    assert max_.get("/").url == stage.url()
    max_.get("/o/northlab/")
    assert max_.get("/").url == "/o/northlab/"


@pytest.mark.claim("P11", "P13")
def test_leaving_says_what_is_lost_and_is_refused_with_the_way_out_to_owner_and_last_admin(stage: Stage) -> None:
    max_ = visitor(stage.max)
    assert "You leave 1 group: Data team." in words_of(max_.get(stage.url("leave/")))
    left = max_.post(stage.url("leave/"), follow=True)
    assert "You left Acme." in words_of(left)
    assert max_.get(stage.url("members/")).status_code == 404
    for user, sentence, refusal in (
        (stage.acme.olga, "You own this organization. Hand it over first", "They own the organization."),
        (stage.acme.mia, "You are the last admin of a workspace.", "They are the last admin of a workspace."),
    ):
        client = visitor(user)
        assert sentence in words_of(client.get(stage.url("leave/")))
        refused = client.post(stage.url("leave/"))
        assert refused.status_code == 409
        assert refusal in words_of(refused) or sentence in words_of(refused)


# --- settings


@pytest.mark.claim("P8", "P17", "P21")
def test_settings_are_saved_and_recorded_and_wrong_ones_are_told_beside_the_field(stage: Stage, olga: Client) -> None:
    entry = {"name": "Acme & Sons <Ltd>", "invitation_days": 30, "members_see_members": "on"}
    done = olga.post(stage.url("settings/"), entry, follow=True)
    assert "The settings are saved." in words_of(done)
    organization = Organization.objects.get(pk=stage.acme.id)
    assert (organization.name, organization.invitation_days, organization.workspace_admins_invite) == (
        "Acme & Sons <Ltd>",
        30,
        False,
    )
    assert "Acme &amp; Sons &lt;Ltd&gt;" in body_of(done)
    assert "organization.changed" in [said.kind for said in cast.history(organization)]
    before = everything()
    for wrong in (
        {"name": "x" * 10_240},
        {"name": "\u202eemcA"},
        {"name": "  "},
        {"invitation_days": 31},
        {"invitation_days": "x"},
    ):
        answer = olga.post(stage.url("settings/"), {**entry, **wrong})
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in body_of(answer)
    assert everything() == before


@pytest.mark.row("I10")
def test_support_staff_create_organizations_and_become_their_owner(stage: Stage) -> None:
    sam = visitor(stage.sam)
    made = sam.post("/organizations/new/", {"name": "Newco", "scheme": "managed", "with_default": "on"}, follow=True)
    assert "Newco is ready. Invite the first people." in words_of(made)
    newco = Organization.objects.get(name="Newco")
    assert newco.owner is not None
    assert (newco.owner.user, newco.owner.role_id) == (stage.sam, BuiltIn.ADMIN)
    again = sam.post("/organizations/new/", {"name": "\x07", "scheme": "nonsense"})
    assert again.status_code == 422


@pytest.mark.row("L9")
def test_the_settings_hold_every_policy_and_the_external_account(stage: Stage, olga: Client) -> None:
    Organization.objects.filter(pk=stage.acme.id).update(external_account_state=AccountState.CHECKED)
    entry = {
        "name": "Acme",
        "invitation_days": 7,
        "members_create_groups": "on",
        "members_create_workspaces": "on",
        "external_account_id": "NCA-77",
    }
    assert olga.post(stage.url("settings/"), entry).status_code == 303
    organization = Organization.objects.get(pk=stage.acme.id)
    assert (organization.members_create_groups, organization.members_create_workspaces) == (True, True)
    assert (organization.external_account_id, organization.external_account_state) == ("NCA-77", "not_checked")
    assert not organization.members_see_members
    assert 'value="NCA-77"' in body_of(olga.get(stage.url("settings/")))


# --- ownership


@pytest.mark.row("D17", "D25")
@pytest.mark.claim("P15", "P21")
def test_ownership_goes_over_by_an_offer_that_the_successor_accepts(stage: Stage, olga: Client) -> None:
    acme, priya = stage.acme, visitor(stage.acme.priya)
    successor = acme.member(acme.priya)
    assert "Priya Admin (priya@acme.example)" in words_of(olga.get(stage.url("settings/ownership/transfer/")))
    offered = olga.post(stage.url("settings/ownership/transfer/"), {"successor": successor.pk}, follow=True)
    assert "The offer stands for seven days." in words_of(offered)
    assert "Priya Admin" in words_of(offered)
    assert olga.post(stage.url("settings/ownership/accept/")).status_code == 403
    assert visitor(acme.mia).get(stage.url("settings/ownership/")).status_code == 403
    assert "/settings/ownership/accept/" in body_of(priya.get(stage.url("settings/ownership/")))
    taken = priya.post(stage.url("settings/ownership/accept/"), follow=True)
    assert "You are the owner of Acme now." in words_of(taken)
    acme.organization.refresh_from_db()
    assert acme.organization.owner == successor
    assert acme.member(acme.olga).role_id == BuiltIn.ADMIN
    assert olga.get(stage.url("settings/danger/delete/")).status_code == 403
    kinds = [said.kind for said in cast.history(acme.organization)]
    assert kinds[-2:] == ["ownership.offered", "ownership.taken"]


@pytest.mark.row("D17")
def test_an_offer_is_withdrawn_declined_by_the_successor_or_runs_out(stage: Stage, olga: Client) -> None:
    acme, mia = stage.acme, visitor(stage.acme.mia)

    def offer() -> None:
        entry = {"successor": acme.member(acme.mia).pk}
        assert olga.post(stage.url("settings/ownership/transfer/"), entry).status_code == 303

    offer()
    assert visitor(acme.priya).post(stage.url("settings/ownership/withdraw/")).status_code == 403
    assert olga.post(stage.url("settings/ownership/withdraw/")).status_code == 303
    assert mia.post(stage.url("settings/ownership/accept/")).status_code == 409
    offer()
    assert mia.post(stage.url("settings/ownership/withdraw/")).status_code == 303
    offer()
    OwnershipTransfer.objects.update(expires_at=Now() - timedelta(seconds=1))
    late = mia.post(stage.url("settings/ownership/accept/"))
    assert late.status_code == 409
    assert "There is no open offer." in words_of(late)


# --- fresh proof (P15)

SENSITIVE = {
    "transfer": ("settings/ownership/transfer/", "olga"),
    "accept": ("settings/ownership/accept/", "priya"),
    "delete": ("settings/danger/delete/", "olga"),
}


@pytest.mark.claim("P15", "P4")
@pytest.mark.parametrize("what", SENSITIVE)
def test_sensitive_acts_lead_to_the_confirmation_page_by_get_and_replay_nothing(stage: Stage, what: str) -> None:
    path, who = SENSITIVE[what]
    priya = stage.acme.member(stage.acme.priya)
    if what == "accept":
        visitor(stage.acme.olga).post(stage.url("settings/ownership/transfer/"), {"successor": priya.pk})
    entry = {"successor": priya.pk, "name": "Acme"}
    stale = visitor(getattr(stage.acme, who), is_fresh=False)
    before = everything()
    led = stale.post(stage.url(path), entry, headers={"Referer": f"http://testserver{stage.url('settings/')}"})
    assert led.status_code == 302
    assert led.url == f"/accounts/confirm/?{urlencode({'next': 'http://testserver' + stage.url('settings/')})}"
    assert stale.post(stage.url(path), entry, headers=HTMX)["HX-Redirect"].startswith("/accounts/confirm/?next=")
    assert "Acme" not in repr(dict(stale.session))
    assert everything() == before
    confirmed = stale.post("/accounts/confirm/password/", {"password": PASSWORD, "next": stage.url("settings/")})
    assert (confirmed.status_code, confirmed.url) == (303, stage.url("settings/"))
    assert everything() == before
    assert stale.post(stage.url(path), entry).status_code == 303


@pytest.mark.claim("P15", "P25")
@pytest.mark.parametrize(
    "next_url",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "http:///evil.example",
        "\x00//evil",
    ],
)
def test_a_hostile_next_leads_nowhere_else(stage: Stage, next_url: str) -> None:
    stale = visitor(stage.acme.olga, is_fresh=False)
    confirmed = stale.post("/accounts/confirm/password/", {"password": PASSWORD, "next": next_url})
    assert confirmed.url.startswith("/accounts/")
    entered = Client().post("/accounts/login/", {"login": "olga@acme.example", "password": PASSWORD, "next": next_url})
    assert entered.url == "/"
    referred = stale.get(stage.url("settings/danger/delete/"), headers={**HTMX, "HX-Current-URL": next_url})
    assert "evil" not in str(referred.headers)


@pytest.mark.claim("P15", "P21")
def test_deleting_needs_the_name_typed_and_takes_everything_along(stage: Stage, olga: Client) -> None:
    dialog = words_of(olga.get(stage.url("settings/danger/delete/")))
    assert "10 members" in dialog
    wrong = olga.post(stage.url("settings/danger/delete/"), {"name": "acme"})
    assert wrong.status_code == 422
    assert "That is not its name." in words_of(wrong)
    done = olga.post(stage.url("settings/danger/delete/"), {"name": "Acme"}, follow=True)
    assert "Acme is deleted." in words_of(done)
    assert not Organization.objects.filter(pk=stage.acme.id).exists()
    assert not Member.objects.filter(organization=stage.acme.id).exists()
    assert visitor(stage.max).get(stage.url("members/")).status_code == 404
    gone = Client().get(stage.link(stage.to_nora), follow=True)
    assert gone.status_code == 404


# --- history


@pytest.mark.row("A22", "A23")
@pytest.mark.claim("P21")
def test_the_history_says_who_did_what_to_whom_from_what_to_what_newest_first(stage: Stage, olga: Client) -> None:
    ben = stage.member(stage.acme.ben)
    visitor(stage.acme.priya).post(stage.url(f"members/{ben.pk}/role/"), {"role": BuiltIn.GUEST})
    visitor(stage.acme.priya).post(stage.url(f"members/{ben.pk}/remove/"))
    words = words_of(olga.get(stage.url("history/")))
    removed, changed = (
        words.index("Priya Admin removed Ben Weber"),
        words.index("Priya Admin changed the role of Ben Weber"),
    )
    assert removed < changed < words.index("Olga Owner suspended Sven Still")
    assert re.search(r"changed the role of Ben Weber .{0,40}Member .{0,5}Guest", words)
    assert "Today" in words


@pytest.mark.claim("P21")
def test_the_history_is_searched_by_person_group_and_workspace_and_read_page_by_page(
    stage: Stage, olga: Client
) -> None:
    def sentences(query: str) -> str:
        return words_of(olga.get(stage.url(f"history/?{query}")))

    assert "added Max Muster to Data team" in sentences("q=data+team")
    assert "suspended Sven Still" in sentences("q=sven")
    assert "suspended Sven Still" not in sentences("q=research")
    assert "Nothing matches" in sentences("q=%00nobody%25")
    for n in range(60):
        crowd(stage, [(f"p{n}@crowd.example", f"Person {n:03}")])
    page = olga.get(stage.url("history/?q=person"))
    seen = re.findall(r"Person \d{3}", words_of(page))
    while following := link_of(page, "next"):
        page = olga.get(following, headers=HTMX)
        assert "<html" not in body_of(page)
        seen += re.findall(r"Person \d{3}", words_of(page))
    assert seen == [f"Person {n:03}" for n in reversed(range(60))]
    assert olga.get(stage.url("history/?before=junk&q=" + "x" * 5000)).status_code == 200
