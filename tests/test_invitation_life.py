"""What becomes of an invitation while it waits: declined with a word, reminded, asked for afresh, passed on by hand."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from accounts.actors import ROSTER
from accounts.models import OutgoingMail, User
from invitations.actions import keeping, proving
from invitations.actions.copying import copy_link
from invitations.emails.invitations import unsubscribe_link_of
from invitations.models import Invitation, Unsubscribed
from invitations.queries.invitations import CODE_MAIL, DECLINED_MAIL, FRESH_MAIL
from tests import cast
from tests.cast import history, refused, web
from tests.people import PASSWORD
from tests.stage import Stage
from tests.visiting import body_of, everything, visitor, words_of
from tests.waiting import fresh, mails_of, opened, resend, wording
from workspaces.actions import members
from workspaces.models import Label

# --- declining


@pytest.mark.claim("P9")
def test_whoever_declines_may_leave_a_word_which_the_inviter_reads_everywhere(stage: Stage) -> None:
    client, _page = opened(stage.link(stage.to_nora))
    assert "A word to the inviter" in words_of(client.get("/invitation/decline/"))
    long = client.post("/invitation/decline/", {"word": "x" * 501})
    assert long.status_code == 422
    assert "has at most 500 characters; this one has 501" in words_of(long)
    assert client.post("/invitation/decline/", {"word": "No time <b>now</b>,\nsorry"}).status_code == 303
    assert fresh(stage.to_nora).decline_word == "No time <b>now</b>,\nsorry"
    assert "No time <b>now</b>, sorry" in words_of(client.get("/invitation/"))
    letter = wording(DECLINED_MAIL)
    assert letter.wording.quote == "No time <b>now</b>,\nsorry"
    assert mails_of(DECLINED_MAIL, "olga@acme.example") == 1
    assert "No time <b>now</b>, sorry" in words_of(visitor(stage.acme.priya).get(stage.url("history/")))
    assert Label.objects.get(kind="word").text.startswith("No time")
    again = client.post("/invitation/explain/", {"word": "And another"})
    assert again.status_code == 409
    assert fresh(stage.to_nora).decline_word.startswith("No time")


def test_the_word_can_follow_once_and_a_mail_that_still_waits_is_not_doubled(stage: Stage) -> None:
    client, _page = opened(stage.link(stage.to_nora))
    client.post("/invitation/decline/")
    assert client.post("/invitation/explain/", {"word": " "}).status_code == 422
    assert client.post("/invitation/explain/", {"word": "Too far away"}).status_code == 303
    assert mails_of(DECLINED_MAIL) == 1
    assert wording(DECLINED_MAIL).wording.quote == "Too far away"
    assert [said.kind for said in history(stage.acme.organization)][-2:] == [
        "invitation.declined",
        "invitation.explained",
    ]


@pytest.mark.claim("P9")
def test_asking_again_forgets_the_former_word_and_leaves_room_for_another(stage: Stage) -> None:
    client, _page = opened(stage.link(stage.to_nora))
    client.post("/invitation/decline/", {"word": "Not this year"})
    resend(stage.acme.priya, stage.nora)
    assert fresh(stage.to_nora).decline_word == ""
    client, page = opened(stage.link(fresh(stage.to_nora)))
    assert "Not this year" not in words_of(page)
    client.post("/invitation/decline/")
    assert client.post("/invitation/explain/", {"word": "Still too far"}).status_code == 303
    assert fresh(stage.to_nora).decline_word == "Still too far"


@pytest.mark.claim("P4", "P18")
def test_the_link_in_a_reminder_ends_them_by_one_post_and_shows_what_it_does_by_get(stage: Stage) -> None:
    path = urlsplit(unsubscribe_link_of(fresh(stage.to_nora))).path
    before = everything()
    for method in ("get", "head", "get"):
        assert getattr(Client(), method)(path).status_code == 200
    assert everything() == before
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(path).status_code == 403
    assert everything() == before
    assert strict.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert strict.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert Unsubscribed.objects.get().address == "nora@new.example"
    assert "sends no more reminders to nora@new.example" in words_of(Client().get(path))
    assert len(history(stage.acme.organization, "reminders.unsubscribed")) == 1
    token = path.split("/")[2]
    for wrong in (token[:-1] + ("B" if token[-1] != "B" else "C"), stage.link(stage.to_nora).split("/")[2], "x"):
        assert Client().get(f"/i/{wrong}/reminders/").status_code == 404
    assert Client().get(f"/i/{token}/").status_code == 404
    Invitation.objects.filter(pk=stage.to_nora.pk).update(address="other@new.example")
    assert Client().get(path).status_code == 404


# --- a fresh link


@pytest.mark.claim("P9")
def test_the_holder_of_a_dead_link_asks_once_a_day_and_one_click_sends_a_fresh_one(stage: Stage) -> None:
    old = stage.link(stage.to_nora)
    cast.expire(stage.to_nora)
    client, page = opened(old)
    assert "Ask for a fresh link" in words_of(page)
    first = client.post("/invitation/fresh/")
    second = client.post("/invitation/fresh/")
    assert words_of(first) == words_of(second)
    assert mails_of(FRESH_MAIL, "olga@acme.example") == 1
    assert wording(FRESH_MAIL).wording.title == "nora @ new\u200b.\u200bexample asks for a fresh link"
    assert [said.subject for said in history(stage.acme.organization, "invitation.fresh_asked")] == [stage.nora.pk]
    story = visitor(stage.acme.priya)
    seen = words_of(story.get(stage.url(f"invitations/{stage.to_nora.pk}/")))
    assert "They ask for a fresh link" in seen
    assert story.post(stage.url(f"members/{stage.nora.pk}/resend/")).status_code == 303
    assert "They ask for a fresh link" not in words_of(story.get(stage.url(f"invitations/{stage.to_nora.pk}/")))
    assert "There is a newer link" in words_of(opened(old)[1])
    assert "invites you to join" in words_of(opened(stage.link(fresh(stage.to_nora)))[1])


@pytest.mark.claim("P6", "P9")
def test_the_answer_is_the_same_for_revoked_accepted_and_unknown_ones_and_nobody_hears_of_those(stage: Stage) -> None:
    clients = {}
    for name, invitation in (("revoked", stage.to_nora), ("accepted", stage.to_ina)):
        clients[name] = opened(stage.link(invitation))[0]
    cast.accept(stage.ina, stage.to_ina)
    members.revoke_invitations(
        actor=web(stage.acme.olga), organization_id=stage.acme.id, chosen=cast.chosen(stage.nora)
    )
    clients["unknown"] = Client()
    before = everything()
    answers = {words_of(client.post("/invitation/fresh/")) for client in clients.values()}
    assert len(answers) == 1
    assert "If the invitation can be renewed" in answers.pop()
    assert dict(everything().items()) == before
    assert "Ask for a fresh link" in words_of(clients["revoked"].get("/invitation/"))


# --- a copied link


def copied(stage: Stage, invitation: Invitation) -> str:
    link = copy_link(actor=web(stage.acme.priya), organization_id=stage.acme.id, member_id=invitation.member_id or 0)
    return urlsplit(link).path


def mailed_code() -> str:
    return str(wording(CODE_MAIL).values["code"])


@pytest.mark.claim("P5", "P7")
def test_a_copied_link_opens_the_sign_up_only_after_the_code_from_the_invited_mailbox(stage: Stage) -> None:
    link = copied(stage, stage.to_nora)
    client, page = opened(link)
    assert "Olga Owner invites you to join Acme" in words_of(page)
    assert client.get("/accounts/signup/").status_code == 403
    assert mails_of(CODE_MAIL) == 0
    led = client.post("/invitation/accept/")
    assert led.url == "/invitation/code/"
    assert mails_of(CODE_MAIL, "nora@new.example") == 1
    code = mailed_code()
    assert code not in repr(everything()) + repr(dict(client.session))
    wrong = client.post("/invitation/code/", {"code": "000000" if code != "000000" else "111111"})
    assert wrong.status_code == 422
    assert client.get("/accounts/signup/").status_code == 403
    right = client.post("/invitation/code/", {"code": f"{code[:3]} {code[3:]}"})
    assert right.url == "/accounts/signup/?next=%2Finvitation%2F"
    made = client.post(right.url, {"name": "Nora New", "password1": PASSWORD})
    assert made.status_code in (302, 303)
    assert client.post("/invitation/accept/").status_code == 303
    nora = User.objects.get(name="Nora New")
    assert stage.member(nora).joined_at is not None
    kinds = [said.kind for said in history(stage.acme.organization)]
    assert kinds[-3:] == ["invitation.link_copied", "invitation.code_asked", "invitation.accepted"]


@pytest.mark.claim("P7")
def test_an_account_that_has_the_address_verified_needs_no_code(stage: Stage) -> None:
    client, _page = opened(copied(stage, stage.to_ina), visitor(stage.ina))
    assert client.post("/invitation/accept/").url == f"/o/{stage.slug}/"
    assert mails_of(CODE_MAIL) == 0


@pytest.mark.claim("P18", "P5")
def test_a_code_is_good_once_for_a_while_and_for_five_tries_and_three_are_sent_a_day(stage: Stage) -> None:
    OutgoingMail.objects.filter(recipient="nora@new.example").update(queued_at=Now() - timedelta(days=2))
    client, _page = opened(copied(stage, stage.to_nora))
    client.post("/invitation/accept/")
    client.post("/invitation/accept/")
    assert mails_of(CODE_MAIL) == 1
    first = mailed_code()
    wrong = "000000" if first != "000000" else "111111"
    for _ in range(5):
        assert client.post("/invitation/code/", {"code": wrong}).status_code == 422
    assert client.post("/invitation/code/", {"code": first}).status_code == 409
    client.post("/invitation/code/again/")
    second = mailed_code()
    assert second != first
    Invitation.objects.filter(pk=stage.to_nora.pk).update(code_sent_at=Now() - timedelta(minutes=15, seconds=1))
    assert client.post("/invitation/code/", {"code": second}).status_code == 409
    client.post("/invitation/code/again/")
    third = mailed_code()
    limited = client.post("/invitation/code/again/")
    assert limited.status_code == 429
    assert limited["Retry-After"]
    assert client.post("/invitation/code/", {"code": third}).status_code == 303
    other, _page = opened(copied(stage, stage.to_nora))
    with refused(409, "code_ended"):
        proving.enter_code(actor=ROSTER, invitation_id=stage.to_nora.pk, generation=1, text=third)
    for entry in ("", "12345", "1234567", "12345x", "１２３４５６"):
        assert other.post("/invitation/code/", {"code": entry}).status_code == 422


@pytest.mark.claim("P5", "P9")
def test_a_code_ends_with_its_link_and_the_newer_link_mails_one_of_its_own(stage: Stage) -> None:
    OutgoingMail.objects.filter(recipient="nora@new.example").delete()
    client, _page = opened(copied(stage, stage.to_nora))
    client.post("/invitation/accept/")
    former = mailed_code()
    resend(stage.acme.priya, stage.nora)
    with refused(409, "code_ended"):
        proving.enter_code(actor=ROSTER, invitation_id=stage.to_nora.pk, generation=2, text=former)
    client, _page = opened(copied(stage, fresh(stage.to_nora)))
    client.post("/invitation/accept/")
    assert mails_of(CODE_MAIL) == 2
    assert client.post("/invitation/code/", {"code": mailed_code()}).status_code == 303


@pytest.mark.claim("P5", "P9")
def test_a_copied_link_ends_with_the_next_resending_and_is_shown_only_to_whoever_may_resend(stage: Stage) -> None:
    link = copied(stage, stage.to_nora)
    url = stage.url(f"members/{stage.nora.pk}/copy/")
    admin = visitor(stage.acme.priya)
    assert "/i/" not in words_of(admin.get(url))
    shown = admin.post(url)
    assert 'value="http' in shown.content.decode()
    assert link in shown.content.decode()
    assert shown["Cache-Control"] == "no-store"
    assert visitor(stage.acme.ben).post(url).status_code == 403
    token = link.split("/")[2]
    assert token not in repr(everything())
    keeping.resend(actor=web(stage.acme.olga), organization_id=stage.acme.id, chosen=cast.chosen(stage.nora))
    assert "There is a newer link" in words_of(opened(link)[1])
    cast.expire(stage.to_nora)
    assert admin.post(url).status_code == 409


# --- scanners


def _head(link: str) -> None:
    Client().head(link)


def _prefetch(link: str) -> None:
    Client().get(link, headers={"Sec-Purpose": "prefetch;prerender", "Purpose": "prefetch", "X-Moz": "prefetch"})


def _twice(link: str) -> None:
    client = Client()
    client.get(link, follow=True)
    client.get(link, follow=True)


def _crawl(link: str) -> None:
    """Everything that the page links to or fetches, without a POST."""
    import re

    client = Client()
    page = client.get(link, follow=True).content.decode()
    for target in re.findall(r'(?:href|action|hx-get)="(/[^"]*)"', page):
        if not target.startswith("/static/"):
            client.get(target, follow=True)


def _punctuated(link: str) -> None:
    for mark in (".", ",", ")", ">", "%20", "?", "#", "/."):
        Client().get(f"{link}{mark}", follow=True)


@pytest.mark.claim("P4", "P6")
@pytest.mark.parametrize("scan", [_head, _prefetch, _twice, _crawl, _punctuated], ids=lambda scan: scan.__name__)
def test_no_scanner_burns_anything_by_any_link_of_an_invitation(stage: Stage, scan: Any) -> None:
    links = [
        stage.link(stage.to_nora),
        copied(stage, stage.to_nora),
        urlsplit(unsubscribe_link_of(fresh(stage.to_nora))).path,
    ]
    before = everything()
    for link in links:
        scan(link)
    assert everything() == before
    client, _page = opened(links[0])
    assert client.post("/invitation/accept/").url.startswith("/accounts/signup/")


# --- languages


def test_pages_speak_the_persons_language_else_the_invitations_else_the_browsers(stage: Stage) -> None:
    Invitation.objects.filter(pk=stage.to_ina.pk).update(language="de")
    client, page = opened(stage.link(stage.to_ina))
    assert '<html lang="de"' in page.content.decode()
    assert '<html lang="de"' in client.get("/accounts/login/").content.decode()
    assert '<html lang="de"' in Client().get("/accounts/login/", headers={"Accept-Language": "de"}).content.decode()
    assert '<html lang="en"' in Client().get("/accounts/login/", headers={"Accept-Language": "fr"}).content.decode()
    ina = visitor(stage.ina)
    entry = {"name": "Ina Invited", "time_zone": "UTC", "language": "en"}
    assert ina.post("/accounts/profile/", entry, headers={"Accept-Language": "de"}).status_code == 303
    _client, mine = opened(stage.link(stage.to_ina), ina)
    assert '<html lang="en"' in mine.content.decode()
    assert '<html lang="en"' in ina.get("/accounts/profile/", headers={"Accept-Language": "de"}).content.decode()


def test_the_list_marks_who_asks_for_a_fresh_link_and_how_often_they_were_reminded(stage: Stage) -> None:
    now = timezone.now()
    Invitation.objects.filter(pk=stage.to_nora.pk).update(
        fresh_asked_at=now, reminders=2, expires_at=now + timedelta(days=13, minutes=1)
    )
    Invitation.objects.filter(pk=stage.to_ina.pk).update(reminders_stopped_at=now)
    shown = body_of(visitor(stage.acme.priya).get(stage.url("invitations/")))
    nora, ina = (shown.split(f'id="i{each.pk}"')[1].split("</tr>")[0] for each in (stage.to_nora, stage.to_ina))
    assert "13 days left" in nora
    assert 'aria-label="Send a fresh link. They asked for a fresh link on ' in nora
    assert 'aria-label="2 reminders were sent"' in nora
    assert 'aria-label="Reminders were stopped on ' in ina
    assert "fresh link" not in ina


def test_what_was_answered_before_its_end_would_have_ended_then(stage: Stage) -> None:
    client, _page = opened(stage.link(stage.to_nora))
    client.post("/invitation/decline/")
    story = words_of(visitor(stage.acme.priya).get(stage.url(f"invitations/{stage.to_nora.pk}/")))
    assert "Would have ended" in story
    assert " Ended " not in story
    assert "Declined Now" in story
