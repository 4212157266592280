"""Every mail is in its reader's language and time zone, whatever language the worker or the actor happens to speak."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, override

from accounts import outbox
from accounts.addresses import split
from accounts.emails import ACCOUNT_MAILS, queue_allauth, trial
from accounts.models import OutgoingMail, User
from accounts.outbox.claims import UNANSWERED
from accounts.outbox.skeletons import Skeleton
from accounts.outbox.smtp import NO_SUCH_LETTERS
from invitations.actions import proposing
from invitations.models import Invitation, ProposedPerson
from tests import cast
from tests.mails import queue_notes
from tests.people import person
from tests.smtp import HANG, Post
from tests.stage import Stage
from tests.waiting import opened
from workspaces.actions import grants, organizations, requests
from workspaces.catalogue import BuiltIn
from workspaces.models import Grant, Organization

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.claim("P19")]


@pytest.fixture(params=["de", "en"])
def spoken(request: pytest.FixtureRequest) -> Iterator[str]:
    """What the process speaks that queues and sends the mails."""
    with override(request.param):
        yield str(request.param)


def speaks(user: User, language: str, time_zone: str = "UTC") -> User:
    User.objects.filter(pk=user.pk).update(language=language, time_zone=time_zone)
    user.refresh_from_db()
    return user


def said(text: str, language: str) -> str:
    with override(language):
        return gettext(text)


def read(post: Post, address: str, language: str) -> list[tuple[EmailMessage, str, str]]:
    """The mails to the address, each with its text and HTML; all of them say that they are in the language."""
    found = []
    for message in post.messages_to(address):
        text, html = (part.get_content() for part in message.iter_parts())
        assert message["Content-Language"] == language
        assert f'<html lang="{language}"' in html
        found.append((message, " ".join(text.split()), " ".join(html.split())))
    return found


def only(post: Post, address: str, language: str, *words: str) -> tuple[str, str, str]:
    """Subject, text and HTML of the one mail to the address in which all the words stand."""
    mails = read(post, address, language)
    [(message, text, html)] = [each for each in mails if all(word in each[1] and word in each[2] for word in words)]
    return str(message["Subject"]), text, html


@pytest.mark.parametrize("language", ["de", "en"])
def test_mails_about_an_account_are_in_the_language_of_its_owner(post: Post, spoken: str, language: str) -> None:
    mia = speaks(person("mia@acme.example"), language)
    mia.emailaddress_set.update(verified=False)
    for prefix in ACCOUNT_MAILS:
        queue_allauth(prefix, mia.email, {"user": mia})

    assert outbox.drain() == {"sent": len(ACCOUNT_MAILS)}

    mails = read(post, mia.email, language)
    with override(language):
        told = [tuple(map(str, (each.title, each.sentence, each.button, each.note))) for each in ACCOUNT_MAILS.values()]
    with override("en" if language == "de" else "de"):
        foreign = {str(words) for each in ACCOUNT_MAILS.values() for words in (each.sentence, each.note)}
    for title, *words in told:
        assert [text for message, text, _html in mails if message["Subject"] == title and all(w in text for w in words)]
    assert not [words for words in foreign for _message, text, html in mails if words in text or words in html]


def test_of_whoever_chose_no_language_the_installation_decides(post: Post, spoken: str) -> None:
    mia = speaks(person("mia@acme.example"), "")
    queue_allauth("account/email/password_changed", mia.email, {"user": mia})
    outbox.drain()
    assert only(post, mia.email, settings.LANGUAGE_CODE, "The password of your account was changed.")


def test_the_test_mail_is_in_the_operators_language(spoken: str) -> None:
    wording = trial(speaks(person("sam@support.example"), "de"))
    assert wording.language == "de"
    assert b"Eine Testmail von Roster" in Skeleton(wording).fill(
        {"recipient": "-", "date": "-", "message_id": "-", "link": "-"}
    )


@pytest.mark.claim("P6")
def test_who_signs_up_through_an_invitation_gets_their_mails_in_its_language(committed_stage: Stage) -> None:
    stage = committed_stage
    Invitation.objects.filter(pk=stage.to_nora.pk).update(language="de")
    client, page = opened(stage.link(stage.to_nora), Client(headers={"accept-language": "en"}))
    assert page.headers["Content-Language"] == "de"
    entry = {"name": "Nora Neu", "password1": "ein langes neues Passwort"}
    assert client.post("/accounts/signup/", entry).status_code in (200, 302)
    assert User.objects.get(email="nora@new.example").language == "de"


def test_notices_of_access_are_in_the_readers_language_and_zone(
    post: Post, spoken: str, committed_stage: Stage
) -> None:
    stage = committed_stage
    mia, ben = speaks(stage.acme.mia, "de", "Europe/Berlin"), speaks(stage.acme.ben, "de", "America/Sao_Paulo")
    ends_at = datetime.combine(timezone.now().date(), datetime.min.time(), UTC) + timedelta(days=2, hours=12, minutes=5)
    grants.give_role(
        actor=cast.web(mia),
        organization_id=stage.acme.id,
        workspace_id=stage.research.pk,
        role_id=BuiltIn.STANDARD_VIEWER,
        chosen=cast.chosen(stage.member(ben)),
        ends_at=ends_at,
    )
    grants.tell_of_ends()
    outbox.drain()

    subject, text, html = only(post, mia.email, "de", said("Look at the request", "de"))
    assert subject.endswith("bittet um Zugang")
    assert "bittet um Bearbeiter in Research." in text
    assert "For the paper" in text
    assert "asks for" not in text + html

    subject, text, html = only(post, ben.email, "de", said("Look at your access", "de"))
    assert subject == said("Access to %(workspace)s ends soon", "de") % {"workspace": "Research"}
    with override("de"):
        end = date_format(ends_at, "l, j. F Y")
    assert f"{end}, 09:05 UTC-03" in text
    assert f"{end}, 09:05 UTC-03" in html
    assert "Leser in Research" in text
    assert "until" not in text + html

    requests.decline_request(
        actor=cast.web(mia), organization_id=stage.acme.id, request_id=stage.asked.pk, reply="Später"
    )
    outbox.drain()
    subject, text, _html = only(post, ben.email, "de", "Bearbeiter in Research", "Später")
    assert subject == said("Your request was declined", "de")
    assert Grant.objects.filter(member=stage.member(ben), ends_at=ends_at).exists()


def test_whoever_chose_no_language_gets_notices_in_that_of_the_organization(
    post: Post, spoken: str, committed_stage: Stage
) -> None:
    stage = committed_stage
    Organization.objects.filter(pk=stage.acme.id).update(language="de")
    speaks(stage.acme.mia, "")
    outbox.drain()
    assert only(post, stage.acme.mia.email, "de", said("Look at the request", "de"))


def test_notices_of_proposals_are_in_the_readers_language(post: Post, spoken: str, committed_stage: Stage) -> None:
    stage = committed_stage
    for user in User.objects.all():
        speaks(user, "de")
    olga = cast.web(stage.acme.olga)
    organizations.change_organization(actor=olga, organization_id=stage.acme.id, members_propose=True)
    proposing.propose_people(
        actor=cast.web(stage.max), organization_id=stage.acme.id, entries=split("ivy@x.example, kim@x.example")
    )
    proposal = ProposedPerson.objects.order_by("pk")[0]
    outbox.drain()
    with override("de"):
        text = gettext("Look at the proposals")
    subject, text, html = only(post, stage.acme.olga.email, "de", text)
    assert "proposes" not in subject + text + html
    proposing.decline_people(actor=olga, organization_id=stage.acme.id, proposal_ids=[proposal.pk])
    outbox.drain()
    subject, text, html = only(post, stage.max.email, "de", "ivy")
    assert subject == said("Your proposal was declined", "de")
    assert "You proposed" not in text + html


def test_the_inviter_is_told_in_their_language_what_became_of_an_invitation(
    post: Post, spoken: str, committed_stage: Stage
) -> None:
    stage = committed_stage
    speaks(stage.acme.olga, "de")
    client, _page = opened(stage.link(stage.to_nora))
    client.post("/invitation/decline/", {"word": "Keine Zeit"})
    cast.expire(stage.to_ina)
    client, _page = opened(stage.link(stage.to_ina))
    client.post("/invitation/fresh/")
    outbox.drain()
    subject, _text, html = only(post, stage.acme.olga.email, "de", "Keine Zeit")
    assert "hat Ihre Einladung abgelehnt" in subject
    assert "declined" not in html
    assert only(post, stage.acme.olga.email, "de", said("Send a fresh link", "de"))


@pytest.mark.parametrize("language", ["de", "en"])
def test_why_a_mail_was_not_sent_is_kept_in_one_language_and_read_in_each(
    post: Post, spoken: str, language: str, committed_stage: Stage
) -> None:
    stage = committed_stage
    requests.withdraw_request(actor=cast.web(stage.acme.ben), organization_id=stage.acme.id, request_id=stage.asked.pk)
    waiting = OutgoingMail.objects.filter(kind="request.made")
    assert {mail.reply for mail in waiting} == {"The request was withdrawn."}
    with override(language):
        assert gettext(waiting[0].reply) == said("The request was withdrawn.", language)


@pytest.mark.usefixtures("note")
def test_what_a_mail_ran_into_that_the_server_did_not_say_is_read_in_each_language(hasty_post: Post) -> None:
    hasty_post.script("mia@example.org", HANG)
    queue_notes("mia@example.org", "olga@example.org")
    OutgoingMail.objects.filter(recipient="olga@example.org").update(generation=13)
    outbox.drain()

    replies = set(OutgoingMail.objects.values_list("reply", flat=True))
    assert replies == {UNANSWERED, "Roster could not write this mail; its log says why."}
    with override("de"):
        assert all(gettext(reply) != reply for reply in (*replies, NO_SUCH_LETTERS))
