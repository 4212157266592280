"""The Invitations screens: everybody who was ever asked in, what became of each mail, and the story of one."""

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actors import Actor, Source
from accounts.models import MailAttempt, OutgoingMail
from accounts.models.mails import MailState
from accounts.outbox import gates
from invitations.actions import answering
from invitations.models import Invitation
from tests import cast
from tests.people import person, signed_in
from tests.stage import Stage, crowd
from workspaces.actions.members import revoke_invitations
from workspaces.models import Member

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def olga(stage: Stage) -> Client:
    return signed_in(stage.acme.olga.email)


def text(client: Client, url: str, **given: object) -> str:
    answer = client.get(url, given, headers=HTMX)
    assert answer.status_code == 200
    return answer.content.decode()


def in_every_state(stage: Stage) -> dict[str, Invitation]:
    """One invitation in each of the five states, by its word."""
    asked = {
        word: cast.invite(stage.acme.olga, stage.acme.organization, f"{word}@states.example")
        for word in ("pending", "declined", "expired", "revoked")
    }
    somebody = person("accepted@states.example", "Ada Accepts")
    asked["accepted"] = cast.invite(stage.acme.olga, stage.acme.organization, somebody.email)
    cast.accept(somebody, asked["accepted"])
    answering.decline(actor=Actor(None, Source.WEB), invitation_id=asked["declined"].pk, generation=1)
    cast.expire(asked["expired"])
    revoked = Member.objects.get(invitation=asked["revoked"])
    revoke_invitations(actor=cast.web(stage.acme.olga), organization_id=stage.acme.id, chosen=cast.chosen(revoked))
    return asked


@pytest.mark.claim("P9")
@pytest.mark.row("A8", "A21")
def test_all_five_states_stand_in_the_list_and_each_can_be_asked_for_alone(stage: Stage, olga: Client) -> None:
    asked = in_every_state(stage)
    everybody = text(olga, stage.url("invitations/"))
    for word, invitation in asked.items():
        assert f"<b>{word.capitalize()}</b>" in everybody
        alone = text(olga, stage.url("invitations/"), state=word, q="states.example")
        assert [each for each in asked.values() if f'id="i{each.pk}"' in alone] == [invitation]
        assert "State" in alone
        assert "1 matching" in alone
    two = text(olga, stage.url("invitations/"), state=["declined", "revoked"], q="states.example")
    assert "2 matching" in two


@pytest.mark.claim("P19")
@pytest.mark.row("A20")
@pytest.mark.parametrize(
    ("state", "word"),
    [
        (MailState.QUEUED, "Queued"),
        (MailState.SENT, "Sent"),
        (MailState.RETRYING, "Retrying"),
        (MailState.FAILED, "Refused"),
        (MailState.UNCONFIRMED, "Unconfirmed"),
        (MailState.BOUNCED, "Bounced"),
        (MailState.COMPLAINED, "Marked as spam"),
    ],
)
def test_the_list_says_what_became_of_the_mail_and_looks_again_while_it_is_on_its_way(
    stage: Stage, olga: Client, state: MailState, word: str
) -> None:
    finished = state not in (MailState.QUEUED, MailState.RETRYING)
    OutgoingMail.objects.filter(subject_id=stage.to_nora.pk, kind="invitation").update(
        state=state, reply="550 5.1.1 <i>gone</i>", next_attempt_at=None if finished else Now()
    )
    page = text(olga, stage.url("invitations/"), q="nora")
    assert f"<b>{word}</b>" in page
    assert ("every 5s" in page) is not finished
    assert "<i>gone" not in page
    failing = text(olga, stage.url("invitations/"), mail="failing")
    expected = state not in (MailState.QUEUED, MailState.SENT, MailState.RETRYING)
    assert (f'id="i{stage.to_nora.pk}"' in failing) is expected


def test_the_list_goes_on_page_by_page_without_leaving_out_or_repeating_anybody(stage: Stage, olga: Client) -> None:
    crowd(stage, [(f"person{number}@crowd.example", "") for number in range(120)])
    Invitation.objects.filter(address__endswith="crowd.example").update(sent_at=Now())  # all at the same moment
    seen: list[str] = []
    url = stage.url("invitations/?q=crowd.example")
    while url and len(seen) <= 120:
        answer = olga.get(url, headers=HTMX)
        seen += [row.id for row in answer.context["table"]["rows"]]
        url = answer.context["pager"]["next_url"]
    assert len(seen) == len(set(seen)) == 120


@pytest.mark.row("A21")
def test_the_search_finds_whoever_waits_has_joined_or_is_gone_by_their_address(stage: Stage, olga: Client) -> None:
    asked = in_every_state(stage)

    def found(search: str) -> set[str]:
        page = text(olga, stage.url("invitations/"), q=search)
        return {word for word, invitation in asked.items() if f'id="i{invitation.pk}"' in page}

    assert found("states.EXAMPLE") == set(asked)
    assert found("ccepted@states") == {"accepted"}
    assert found("revoked@st") == {"revoked"}
    # One or two letters: only where the address begins, or nearly everything would match.
    assert found("re") == {"revoked"}
    assert found("p") == {"pending"}
    assert found("st") == found("%@") == found("Ada Accepts") == set()


def test_a_query_that_means_nothing_shows_the_list(stage: Stage, olga: Client) -> None:
    for query in ("page=x", "page=2026-13-45,1", "page=2026-01-01T00:00:00,1", "state=no&mail=no&by=no", "q=%00"):
        assert olga.get(stage.url(f"invitations/?{query}")).status_code == 200


def test_the_number_of_queries_does_not_grow_with_the_number_of_rows(stage: Stage, olga: Client) -> None:
    def queries(url: str) -> int:
        olga.get(url)
        with CaptureQueriesContext(connection) as used:
            assert olga.get(url).status_code == 200
        return len(used)

    in_every_state(stage)
    story = stage.url(f"invitations/{stage.to_nora.pk}/")
    few, few_of_one = queries(stage.url("invitations/")), queries(story)
    crowd(stage, [(f"person{number}@crowd.example", "Some Name") for number in range(40)])
    mail = OutgoingMail.objects.get(subject_id=stage.to_nora.pk, kind="invitation")
    MailAttempt.objects.bulk_create(MailAttempt(mail=mail, state=MailState.RETRYING, reply="451") for _ in range(10))
    assert queries(stage.url("invitations/")) == few
    assert queries(story) == few_of_one


# --- in bulk


def test_those_who_wait_are_resent_or_revoked_in_bulk_and_the_others_cannot_be_ticked(
    stage: Stage, olga: Client
) -> None:
    asked = in_every_state(stage)
    page = text(olga, stage.url("invitations/"), q="states.example")
    assert page.count('name="member"') == 3
    selected = {"all": "1", "query": "q=states.example&state=expired&state=declined&state=accepted"}

    preview = olga.post(stage.url("invitations/bulk/revoke/"), selected).content.decode()
    assert "2 will change" in preview
    done = olga.post(stage.url("invitations/bulk/revoke/apply/"), selected)
    assert done.status_code == 303
    assert done.headers["Location"] == stage.url("invitations/")

    for word, gone in (("expired", True), ("declined", True), ("pending", False), ("accepted", False)):
        asked[word].refresh_from_db()
        assert (asked[word].revoked_at is not None) is gone


def test_other_bulk_actions_are_not_for_this_list(stage: Stage, olga: Client) -> None:
    assert olga.post(stage.url("invitations/bulk/suspend/"), {"member": [stage.nora.pk]}).status_code == 404


# --- the story of one


@pytest.mark.claim("P19")
@pytest.mark.row("A8")
def test_the_story_tells_every_mail_with_its_reply_and_its_attempts(stage: Stage, olga: Client) -> None:
    mail = OutgoingMail.objects.get(subject_id=stage.to_nora.pk, kind="invitation")
    MailAttempt.objects.create(mail=mail, state=MailState.RETRYING, reply="451 4.3.0 Later, please")
    OutgoingMail.objects.filter(pk=mail.pk).update(
        state=MailState.FAILED, next_attempt_at=None, finished_at=Now(), reply="550 5.1.1 No <such> person"
    )
    page = text(olga, stage.url(f"invitations/{stage.to_nora.pk}/"))
    for words in (
        "nora@", "Pending", "Refused", "550 5.1.1 No &lt;such&gt; person", "1 attempt went wrong",
        "451 4.3.0 Later, please", "Olga Owner", "not tracked", "What it gives", "Resend", "Revoke",
    ):  # fmt: skip
        assert words in page, words


def test_mails_that_wait_for_the_server_or_the_operator_say_so(stage: Stage, olga: Client) -> None:
    gates.close("nobody there", after_trial=False)
    assert "cannot be reached at present" in text(olga, stage.url(f"invitations/{stage.to_nora.pk}/"))
    gates.pause(stage.sam.pk)
    assert "paused by its operator" in text(olga, stage.url(f"invitations/{stage.to_nora.pk}/"))


def test_what_was_answered_keeps_its_story_and_offers_no_acts(stage: Stage, olga: Client) -> None:
    asked = in_every_state(stage)
    for word, says in (("accepted", "Ada Accepts"), ("revoked", "revoked"), ("declined", "Declined")):
        page = text(olga, stage.url(f"invitations/{asked[word].pk}/"))
        assert says in page
        assert ("/resend/" in page) is (word == "declined")


@pytest.mark.claim("P3", "P10")
def test_a_workspace_admin_sees_whom_they_asked_themselves_and_nobody_else(stage: Stage) -> None:
    mia = signed_in(stage.acme.mia.email)
    places = {stage.research.pk: cast.BuiltIn.STANDARD_VIEWER}
    hers = cast.invite(stage.acme.mia, stage.acme.organization, "hers@research.example", places=places)

    page = text(mia, stage.url("invitations/"))
    assert f'id="i{hers.pk}"' in page
    assert "1 of 1" in page
    assert mia.get(stage.url(f"invitations/{hers.pk}/")).status_code == 200
    unknown = mia.get(stage.url("invitations/999999999/"))
    assert mia.get(stage.url(f"invitations/{stage.to_nora.pk}/")).status_code == unknown.status_code == 404
    everything = {"all": "1", "query": ""}
    preview = mia.post(stage.url("invitations/bulk/revoke/"), everything).content.decode()
    assert "1 person" in preview
    assert signed_in(stage.acme.ben.email).get(stage.url("invitations/")).status_code == 403


def test_nothing_of_another_organization_is_shown(stage: Stage) -> None:
    zoe = signed_in(stage.northlab.zoe.email)
    foreign = zoe.get(f"/o/northlab/invitations/{stage.to_nora.pk}/")
    assert foreign.status_code == 404
    assert "nora" not in text(zoe, "/o/northlab/invitations/")
