"""The invitee's pages over HTTP: opening uses nothing up, only the right person joins, every other end says so."""

import logging
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db.models.functions import Now
from django.test import Client
from structlog.stdlib import ProcessorFormatter

from accounts.models import OutgoingMail, User
from invitations.actions import keeping
from invitations.models import Invitation
from tests import cast
from tests.people import PASSWORD, mailed_link, person, sign_in
from tests.stage import Stage
from tests.visiting import HTMX, Answer, body_of, everything, visitor, words_of
from workspaces.actions import members
from workspaces.catalogue import BuiltIn
from workspaces.models import GroupMember, Member
from workspaces.selections import Chosen


def opened(link: str, client: Client | None = None) -> tuple[Client, Answer]:
    """Somebody has followed the link; what they see."""
    client = client or Client()
    return client, client.get(link, follow=True)


def press(client: Client, button: str, **options: Any) -> Answer:
    return client.post(f"/invitation/{button}/", **options)


def sign_up(client: Client, **entry: str) -> Answer:
    return client.post("/accounts/signup/?next=/invitation/", {"name": "Nora New", "password1": PASSWORD, **entry})


# --- opening


@pytest.mark.row("L7", "I27", "A5")
@pytest.mark.claim("P6")
def test_opening_the_mailed_link_any_number_of_times_changes_nothing_and_the_token_leaves_the_address(
    stage: Stage,
) -> None:
    link = mailed_link("nora@new.example", "invitation")
    assert link.rstrip("/") == stage.link(stage.to_nora)
    before = everything()
    for method in ("get", "head", "get", "options", "get"):
        first = getattr(Client(), method)(link)
        if method != "options":
            assert (first.status_code, first.url) == (302, "/invitation/")
    client, page = opened(link)
    assert page.redirect_chain[-1][0] == "/invitation/"
    assert "Olga Owner invites you to join Acme" in words_of(page)
    assert everything() == before
    for answer in (Client().get(link), page, client.get("/invitation/")):
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["Cache-Control"] == "no-store"
    assert client.get(link + "?utm_source=x").status_code == 302


@pytest.mark.claim("P5", "P6")
def test_the_token_stands_nowhere_sessions_rows_and_log_included(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    link = stage.link(stage.to_nora)
    client, page = opened(link)
    sign_up(client)
    press(client, "accept")
    token, mac = link.split("/")[2], link[-27:]
    stored = repr(everything()) + repr(dict(client.session)) + body_of(page)
    [lines] = [
        handler.formatter for handler in logging.root.handlers if isinstance(handler.formatter, ProcessorFormatter)
    ]
    logged = "\n".join(lines.format(record) for record in caplog.records)
    assert "path=/i/…" in logged
    for secret in (token, mac):
        assert secret not in stored
        assert secret not in logged


@pytest.mark.claim("P5")
def test_a_token_with_one_character_altered_opens_one_neutral_page(stage: Stage) -> None:
    token = stage.link(stage.to_nora).removeprefix("/i/")
    unknown = Client().get("/i/" + "A" * len(token))
    assert unknown.status_code == 404
    for at in range(0, len(token) - 1, 4):
        altered = token[:at] + ("B" if token[at] == "A" else "A") + token[at + 1 :]
        answer = Client().get(f"/i/{altered}")
        assert (answer.status_code, words_of(answer)) == (404, words_of(unknown)), at
    for odd in ("x", token[:-1], token + "A", "%00", "%F0%9F%99%82", "..%2f..", "a" * 200):
        answer = Client().get(f"/i/{odd}")
        assert answer.status_code == 404, odd
    assert words_of(Client().get("/invitation/")) == words_of(unknown)


# --- joining


@pytest.mark.row("I27", "I28", "A5", "L7")
@pytest.mark.claim("P7")
def test_a_new_person_signs_up_with_exactly_the_invited_address_and_joins(stage: Stage) -> None:
    client, page = opened(stage.link(stage.to_nora))
    assert "You set up sign-in next." in words_of(page)
    led = press(client, "accept")
    assert led.url == "/accounts/signup/?next=%2Finvitation%2F"
    form = client.get(led.url)
    assert "nora @new.example" in words_of(form)
    assert not re.search(r'<input[^>]*name="email"[^>]*type="(email|text)"', body_of(form))
    made = sign_up(client, email="someone@else.example", address="someone@else.example")
    assert made.status_code in (302, 303)
    nora = User.objects.get(name="Nora New")
    assert [(each.email, each.verified) for each in nora.emailaddress_set.all()] == [("nora@new.example", True)]
    assert Member.objects.get(address="nora@new.example").joined_at is None
    joined = press(client, "accept", follow=True)
    assert "Welcome to Acme." in words_of(joined)
    member = stage.member(nora)
    assert member.joined_at is not None
    assert client.get(stage.url("members/")).status_code == 200
    assert cast.history(stage.acme.organization)[-1] == cast.Said(
        "invitation.accepted", member.pk, before="Invited", after="Joined"
    )


@pytest.mark.row("I28")
@pytest.mark.claim("P7")
def test_an_existing_person_is_led_to_sign_in_and_back_and_their_account_stays_as_it_was(stage: Stage) -> None:
    client, page = opened(stage.link(stage.to_ina))
    assert "there is an account with this address" in words_of(page)
    before = User.objects.filter(pk=stage.ina.pk).values().get()
    led = press(client, "accept")
    assert led.url == "/accounts/login/?next=%2Finvitation%2F"
    assert "_auth_user_id" not in client.session
    back = client.post(led.url, {"login": "ina@elsewhere.example", "password": PASSWORD})
    assert back.url == "/invitation/"
    assert "You are signed in as ina@elsewhere.example." in words_of(client.get("/invitation/"))
    assert press(client, "accept").url == f"/o/{stage.slug}/"
    after = User.objects.filter(pk=stage.ina.pk).values().get()
    assert {**before, "last_login": None} == {**after, "last_login": None}


@pytest.mark.claim("P7")
def test_the_wrong_account_sees_both_addresses_cannot_accept_and_switches_and_comes_back(stage: Stage) -> None:
    client = sign_in(Client(), "stella@nowhere.example")
    _, page = opened(stage.link(stage.to_ina), client)
    words = words_of(page)
    assert "This invitation is for another address" in words
    assert re.search(r"Invited ina@elsewhere.example Signed in .*?stella@nowhere.example", words)
    refused = press(client, "accept")
    assert refused.status_code == 403
    assert "This invitation is for another address" in words_of(refused)
    assert not Member.objects.filter(user=stage.stella).exists()
    switched = press(client, "switch")
    assert switched.url == "/invitation/"
    assert "_auth_user_id" not in client.session
    assert "Olga Owner invites you to join Acme" in words_of(client.get("/invitation/"))
    sign_in(client, "ina@elsewhere.example")
    assert press(client, "accept").url == f"/o/{stage.slug}/"


@pytest.mark.claim("P7")
def test_only_a_verified_address_counts_and_any_of_them_does(stage: Stage) -> None:
    client = visitor(stage.stella)
    address = stage.stella.emailaddress_set.create(email="nora@new.example", verified=False)
    opened(stage.link(stage.to_nora), client)
    assert press(client, "accept").status_code == 403
    address.verified = True
    address.save()
    assert press(client, "accept").status_code == 303
    assert stage.member(stage.stella).joined_at is not None


@pytest.mark.claim("P5", "P9")
def test_accepting_twice_joins_once_and_then_says_so(stage: Stage) -> None:
    client = visitor(stage.ina)
    opened(stage.link(stage.to_ina), client)
    assert press(client, "accept").status_code == 303
    _, page = opened(stage.link(stage.to_ina), client)
    assert "This invitation was accepted" in words_of(page)
    assert "Go to Acme" in words_of(page)
    assert press(client, "accept").status_code == 409
    assert "This invitation was accepted" in words_of(opened(stage.link(stage.to_ina))[1])
    assert Member.objects.filter(user=stage.ina).count() == 1


@pytest.mark.claim("P9")
def test_a_member_who_is_asked_in_at_another_address_gains_placements_and_loses_nothing(stage: Stage) -> None:
    mia, acme = stage.acme.mia, stage.acme
    invitation = cast.invite(
        acme.olga, acme.organization, "mia@home.example", role=BuiltIn.GUEST, groups=[stage.data_team.pk]
    )
    mia.emailaddress_set.create(email="mia@home.example", verified=True)
    client = visitor(mia)
    opened(stage.link(invitation), client)
    assert press(client, "accept").status_code == 303
    member = acme.member(mia)
    assert member.role_id == BuiltIn.MEMBER
    assert GroupMember.objects.filter(member=member, group=stage.data_team).exists()
    assert not Member.objects.filter(address="mia@home.example").exists()


@pytest.mark.claim("P10")
def test_what_the_inviter_may_no_longer_give_is_left_out_and_said(stage: Stage) -> None:
    acme = stage.acme
    invitation = cast.invite(acme.priya, acme.organization, "late@new.example", role=BuiltIn.ADMIN)
    members.update_roles(
        actor=cast.web(acme.olga),
        organization_id=acme.id,
        chosen=Chosen.one(acme.member(acme.priya).pk),
        role_id=BuiltIn.MEMBER,
    )
    late = person("late@new.example", "Late Comer")
    client = visitor(late)
    opened(stage.link(invitation), client)
    welcome = press(client, "accept", follow=True)
    assert "Part of what was offered could no longer be given" in words_of(welcome)
    assert acme.member(late).role_id != BuiltIn.ADMIN
    assert "placement.dropped" in [said.kind for said in cast.history(acme.organization)]


# --- every other end


def decline(stage: Stage) -> None:
    press(opened(stage.link(stage.to_nora))[0], "decline")


def revoke(stage: Stage) -> None:
    members.revoke_invitations(
        actor=cast.web(stage.acme.olga), organization_id=stage.acme.id, chosen=Chosen.one(stage.nora.pk)
    )


def resend(stage: Stage) -> None:
    keeping.resend(actor=cast.web(stage.acme.olga), organization_id=stage.acme.id, chosen=Chosen.one(stage.nora.pk))


ENDS = {
    "declined": (decline, "You declined this invitation"),
    "expired": (lambda stage: cast.expire(stage.to_nora), "This invitation has expired"),
    "revoked": (revoke, "This invitation was withdrawn"),
    "superseded": (resend, "There is a newer link"),
}


@pytest.mark.row("A21")
@pytest.mark.claim("P8", "P9")
@pytest.mark.parametrize("end", ENDS)
def test_whoever_comes_too_late_reads_why_and_cannot_accept_even_with_the_page_still_open(
    stage: Stage, end: str
) -> None:
    happen, sentence = ENDS[end]
    early, _ = opened(stage.link(stage.to_nora))
    happen(stage)
    page = opened(stage.link(stage.to_nora))[1]
    assert page.status_code == 200
    assert sentence in words_of(page)
    assert page["Cache-Control"] == "no-store"
    late = press(early, "accept")
    assert late.status_code == 409
    assert sentence in words_of(late)
    assert early.get("/accounts/signup/").status_code == 403
    assert not Member.objects.filter(address="nora@new.example", joined_at__isnull=False).exists()


@pytest.mark.row("A21")
@pytest.mark.claim("P9")
def test_declining_needs_the_link_only_and_the_list_says_so(stage: Stage) -> None:
    client, _ = opened(stage.link(stage.to_nora))
    assert press(client, "decline").url == "/invitation/"
    assert "You declined this invitation" in words_of(client.get("/invitation/"))
    table = words_of(visitor(stage.acme.olga).get(stage.url("members/")))
    assert re.search(r"nora @new.example .*? Declined", table)
    assert press(client, "decline").status_code == 409
    assert press(Client(), "decline").status_code == 404


@pytest.mark.claim("P8")
def test_a_moment_before_its_end_an_invitation_holds_and_a_moment_after_it_does_not(stage: Stage) -> None:
    client = visitor(stage.ina)
    opened(stage.link(stage.to_ina), client)
    Invitation.objects.filter(pk=stage.to_ina.pk).update(expires_at=Now() - timedelta(seconds=1))
    assert press(client, "accept").status_code == 409
    Invitation.objects.filter(pk=stage.to_ina.pk).update(expires_at=Now() + timedelta(seconds=20))
    assert press(client, "accept").status_code == 303


@pytest.mark.claim("P14")
def test_a_suspended_member_cannot_come_back_by_an_invitation_to_another_address(stage: Stage) -> None:
    invitation = cast.invite(stage.acme.olga, stage.acme.organization, "sven@home.example")
    stage.sven.emailaddress_set.create(email="sven@home.example", verified=True)
    client = visitor(stage.sven)
    opened(stage.link(invitation), client)
    refused = press(client, "accept")
    assert refused.status_code == 409
    assert "An administrator has to reactivate it." in words_of(refused)
    invitation.refresh_from_db()
    assert invitation.accepted_at is None


# --- My access


@pytest.mark.claim("P7")
def test_my_access_lists_open_invitations_to_any_verified_address_and_opens_them_without_the_link(stage: Stage) -> None:
    client = visitor(stage.ina)
    page = client.get("/my/")
    assert "Open invitations" in words_of(page)
    [path] = re.findall(r'href="(/invitation/\d+/open/)"', body_of(page))
    assert client.get(path).url == "/invitation/"
    assert press(client, "accept").status_code == 303
    assert "Open invitations" not in words_of(client.get("/my/"))
    assert visitor(stage.stella).get(path).status_code == 404
    assert urlsplit(Client().get(path).url).path == "/accounts/login/"


def test_the_mail_of_a_former_generation_is_never_sent_after_the_new_one(stage: Stage) -> None:
    resend(stage)
    generations = (
        OutgoingMail.objects.filter(recipient="nora@new.example").order_by("pk").values_list("generation", flat=True)
    )
    assert list(generations) == [1, 2]


def test_an_htmx_answer_of_the_invitees_pages_is_a_page_like_any_other(stage: Stage) -> None:
    client, _ = opened(stage.link(stage.to_nora))
    assert client.get("/invitation/", headers=HTMX).status_code == 200
