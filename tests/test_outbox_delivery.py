"""From a queued row to a message on the wire, with every kind of answer that a mail server can give."""

import time
from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest
from django.db.models.functions import Now

from accounts import outbox
from accounts.models import OutgoingMail
from accounts.outbox import claims
from tests.mails import LINK, queue_many, queue_notes
from tests.smtp import CLOSE, DRIP, DRIP_EARLY, DROP, HANG, HANG_EARLY, HANGING, Post, free_port, mailers

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("note")]

State = OutgoingMail.State


def the_mail() -> OutgoingMail:
    return OutgoingMail.objects.get()


def states() -> dict[str, str]:
    return dict(OutgoingMail.objects.values_list("recipient", "state"))


def make_due() -> None:
    OutgoingMail.objects.filter(next_attempt_at__isnull=False).update(next_attempt_at=Now())


@pytest.mark.claim("P19")
def test_a_queued_mail_becomes_one_message_and_its_row_says_what_the_server_said(post: Post) -> None:
    [mail] = queue_notes("mia@example.org")
    assert mail.state == State.QUEUED

    assert outbox.drain() == {"sent": 1}

    [message] = post.messages_to("mia@example.org")
    row = the_mail()
    assert (row.state, row.attempts, row.hand_overs, row.reply) == (State.SENT, 1, 1, "250 2.0.0 taken")
    assert row.finished_at is not None
    assert row.next_attempt_at is None
    assert message["To"] == "mia@example.org"
    assert message["From"] == "Roster <roster@mail.example.com>"
    assert message["Message-ID"] == f"<{mail.pk}.{mail.message_uuid}@mail.example.com>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert parsedate_to_datetime(message["Date"]) == row.queued_at.replace(microsecond=0)
    link = f"{LINK}{mail.message_uuid.hex}?a=1&b=2"
    text, html = (part.get_content() for part in message.iter_parts())
    assert link in text
    assert link.replace("&", "&amp;") in html


@pytest.mark.claim("P19")
def test_a_thousand_mails_go_out_once_each_over_one_connection(post: Post) -> None:
    queue_many(1000)

    assert outbox.drain(seconds=600) == {"sent": 1000}

    assert len(post.recipients) == len(set(post.recipients)) == 1000
    assert post.connections == 1
    assert set(OutgoingMail.objects.values_list("state", "hand_overs")) == {(State.SENT, 1)}


@pytest.mark.claim("P19")
def test_a_permanent_refusal_stops_at_once_says_why_and_costs_the_others_nothing(post: Post) -> None:
    post.script("gone@example.org", "rcpt 550 5.1.1 No such person here")
    post.script("full@example.org", "554-5.6.0 We do not\r\n554 like it")
    queue_notes("gone@example.org", "mia@example.org", "full@example.org", "olga@example.org")

    outbox.drain()
    make_due()
    outbox.drain()

    assert states() == {
        "gone@example.org": State.FAILED,
        "mia@example.org": State.SENT,
        "full@example.org": State.FAILED,
        "olga@example.org": State.SENT,
    }
    gone = OutgoingMail.objects.get(recipient="gone@example.org")
    assert (gone.reply, gone.attempts, gone.hand_overs) == ("550 5.1.1 No such person here", 1, 0)
    assert post.connections == 1


@pytest.mark.claim("P19")
@pytest.mark.parametrize("answer", ["rcpt 450 4.2.0 Greylisted", "451 4.3.0 Later, please"])
def test_a_temporary_refusal_backs_off_and_does_not_count_as_a_copy(post: Post, answer: str) -> None:
    post.script("mia@example.org", answer, answer, answer)
    queue_notes("mia@example.org")
    former = timedelta()
    for attempt in (1, 2, 3):
        outbox.drain()
        row = the_mail()
        assert (row.state, row.attempts, row.hand_overs, row.reply) == (
            State.RETRYING,
            attempt,
            0,
            answer.removeprefix("rcpt "),
        )
        wait = OutgoingMail.objects.values_list("next_attempt_at", Now())[0]
        assert wait[0] - wait[1] > former
        former = timedelta(seconds=claims.FIRST_DELAY * 2 ** (attempt - 1) / 2 - 1)
        assert outbox.drain() == {}  # not due
        make_due()

    outbox.drain()

    assert (the_mail().state, the_mail().attempts) == (State.SENT, 4)


@pytest.mark.claim("P19")
def test_a_mail_that_is_only_ever_put_off_is_given_up_after_a_day(post: Post) -> None:
    post.script("mia@example.org", "451 4.3.0 Later, please")
    queue_notes("mia@example.org")
    OutgoingMail.objects.update(queued_at=Now() - timedelta(hours=25), attempts=claims.ENOUGH_ATTEMPTS - 1)

    outbox.drain()

    assert (the_mail().state, the_mail().reply) == (State.FAILED, "451 4.3.0 Later, please")


@pytest.mark.claim("P19")
@pytest.mark.parametrize("how", [HANG, DROP, DRIP])
def test_a_lost_answer_is_tried_once_more_with_the_same_message_and_then_says_unconfirmed(
    hasty_post: Post, how: str
) -> None:
    hasty_post.script("mia@example.org", how, how)
    queue_notes("mia@example.org")

    begun = time.monotonic()
    outbox.drain()
    assert time.monotonic() - begun < HANGING
    assert (the_mail().state, the_mail().hand_overs) == (State.RETRYING, 1)
    make_due()
    outbox.drain()

    assert (the_mail().state, the_mail().hand_overs) == (State.UNCONFIRMED, 2)
    first, second = (content for _, content in hasty_post.copies)
    assert first.split(b"boundary")[0] == second.split(b"boundary")[0]
    assert outbox.drain() == {}


@pytest.mark.claim("P19")
def test_a_lost_answer_does_not_stop_the_mails_behind_it(post: Post) -> None:
    post.script("slow@example.org", DROP)
    queue_notes("slow@example.org", "mia@example.org", "olga@example.org")

    outbox.drain()

    assert states() == {
        "slow@example.org": State.RETRYING,
        "mia@example.org": State.SENT,
        "olga@example.org": State.SENT,
    }


@pytest.mark.claim("P19")
def test_a_session_that_the_server_closes_between_mails_is_opened_again_and_nothing_is_late(post: Post) -> None:
    post.script("mia@example.org", CLOSE)
    post.script("olga@example.org", "rcpt 421 4.7.0 Too many from you, closing")
    queue_notes("first@example.org", "mia@example.org", "olga@example.org")

    outbox.drain()

    assert set(states().values()) == {State.SENT}
    assert post.connections == 3
    assert len(post.copies) == 3


@pytest.mark.claim("P19")
@pytest.mark.parametrize("how", [HANG_EARLY, DRIP_EARLY])
def test_a_server_that_never_gets_its_answer_to_a_recipient_out_delays_the_mail_and_spends_no_copy(
    hasty_post: Post, how: str
) -> None:
    hasty_post.script("mia@example.org", how)
    queue_notes("mia@example.org", "olga@example.org")

    begun = time.monotonic()
    outbox.drain()
    assert time.monotonic() - begun < HANGING

    mia = OutgoingMail.objects.get(recipient="mia@example.org")
    assert (mia.state, mia.hand_overs, mia.reply) == (State.RETRYING, 0, "Connection unexpectedly closed: timed out")
    make_due()
    outbox.drain()
    assert set(states().values()) == {State.SENT}
    assert len(hasty_post.copies) == 2


@pytest.mark.claim("P19")
def test_a_mail_at_which_the_server_always_hangs_up_does_not_stop_the_others(post: Post) -> None:
    post.script("mia@example.org", *[CLOSE] * 9)
    queue_notes("first@example.org", "mia@example.org", "olga@example.org")

    assert outbox.drain() == {"sent": 2, "postponed": 1}

    assert states()["mia@example.org"] == State.RETRYING


@pytest.mark.claim("P19")
def test_without_a_mail_server_all_mails_wait_and_say_why(settings: pytest.FixtureRequest) -> None:
    settings.MAILERS = mailers(free_port(), timeout=1.0)  # type: ignore[attr-defined]
    queue_many(3)

    assert outbox.drain() == {"unreachable": 3}

    for row in OutgoingMail.objects.all():
        assert (row.state, row.attempts, row.hand_overs) == (State.RETRYING, 0, 0)
        assert "Connection refused" in row.reply


@pytest.mark.claim("P19")
def test_one_poison_row_never_blocks_the_rest_and_fails_after_some_tries(post: Post) -> None:
    queue_notes("mia@example.org")
    queue_notes("poison@example.org", generation=13)
    queue_notes("olga@example.org")

    for _ in range(claims.MAX_UNWRITABLE):
        outbox.drain()
        make_due()

    assert states() == {
        "mia@example.org": State.SENT,
        "poison@example.org": State.FAILED,
        "olga@example.org": State.SENT,
    }
    poison = OutgoingMail.objects.get(recipient="poison@example.org")
    assert poison.attempts == claims.MAX_UNWRITABLE
    assert poison.reply == "Roster could not write this mail; its log says why."
    assert post.connections == 1


@pytest.mark.claim("P19")
def test_a_row_of_an_unknown_kind_waits_for_a_worker_that_knows_it(post: Post) -> None:
    queue_notes("mia@example.org")
    outbox.queue_mail("a kind of next year", "olga@example.org")

    outbox.drain()

    assert states() == {"mia@example.org": State.SENT, "olga@example.org": State.RETRYING}


@pytest.mark.claim("P19")
def test_what_became_stale_is_cancelled_and_not_sent(post: Post) -> None:
    queue_notes("mia@example.org", generation=99)

    outbox.drain()

    assert (the_mail().state, the_mail().reply) == (State.CANCELLED, "Nobody needs it any more.")
    assert post.copies == []


def test_an_address_in_another_script_is_sent_by_smtputf8(post: Post) -> None:
    queue_notes("почта@example.org")

    outbox.drain()

    assert the_mail().state == State.SENT
    assert post.recipients == ["почта@example.org"]


@pytest.mark.claim("P19")
def test_a_person_can_try_failed_mails_again_and_sent_ones_not(post: Post) -> None:
    post.script("gone@example.org", "rcpt 550 5.1.1 No such person here")
    mails = queue_notes("gone@example.org", "mia@example.org")
    outbox.drain()

    assert outbox.retry([mail.pk for mail in mails]) == 1
    outbox.drain()

    assert set(states().values()) == {State.SENT}
    assert sorted(post.recipients) == ["gone@example.org", "mia@example.org"]


def test_a_drain_whose_time_is_up_gives_back_what_it_has_not_begun(post: Post) -> None:
    queue_many(5)

    assert outbox.drain(seconds=0) == {}

    assert set(OutgoingMail.objects.values_list("state", "attempts", "claimed_by")) == {(State.QUEUED, 0, None)}
    assert outbox.drain() == {"sent": 5}
