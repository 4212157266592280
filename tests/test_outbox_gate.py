"""The gate before the outbox, and the record of attempts: a dead server is left in peace, no mail pays for it."""

import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import outbox
from accounts.models import MailAttempt, MailGate, OutgoingMail
from accounts.outbox import claims, gates
from accounts.outbox.gates import Passage
from tests.mails import queue_many, queue_notes
from tests.people import person
from tests.smtp import CLOSE, HANG, Post, free_port, mailers

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("note"), pytest.mark.claim("P19")]

State = OutgoingMail.State


def states() -> dict[str, int]:
    found: dict[str, int] = {}
    for state in OutgoingMail.objects.values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


def attempts() -> list[tuple[str, str]]:
    return list(MailAttempt.objects.order_by("pk").values_list("state", "reply"))


def closed_for() -> float:
    """Seconds until the gate may be tried."""
    [(until, now)] = MailGate.objects.values_list("closed_until", Now())
    return float((until - now).total_seconds())


def let_time_pass() -> None:
    MailGate.objects.update(closed_until=Now() - timedelta(milliseconds=1))


def no_server(settings: Any) -> None:
    settings.MAILERS = mailers(free_port(), timeout=1.0)


def test_a_dead_server_closes_the_gate_for_longer_and_longer_and_costs_no_mail_its_patience(settings: Any) -> None:
    no_server(settings)
    queue_many(5)
    assert outbox.drain() == {"unreachable": 5}
    expected = 5.0
    for _ in range(8):
        assert expected - 2 < closed_for() <= expected
        assert outbox.drain() == {}  # nobody knocks at a closed gate
        let_time_pass()
        assert outbox.drain() == {"unreachable": 1}  # one mail tries for all
        expected = min(expected * 2, gates.LONGEST_CLOSING)

    assert set(OutgoingMail.objects.values_list("state", "attempts", "hand_overs")) == {(State.RETRYING, 0, 0)}
    assert MailAttempt.objects.count() == 5 + 8


def test_nothing_is_given_up_for_the_servers_absence(settings: Any, post: Post) -> None:
    served = settings.MAILERS
    no_server(settings)
    queue_notes("mia@example.org")
    OutgoingMail.objects.update(queued_at=Now() - timedelta(hours=47))
    outbox.drain()
    let_time_pass()
    outbox.drain()
    assert states() == {State.RETRYING: 1}

    settings.MAILERS = served
    post.script("mia@example.org", "451 4.3.0 Later, please")
    let_time_pass()
    outbox.drain()
    assert states() == {State.RETRYING: 1}, "it has had one answer, not a day of them"
    OutgoingMail.objects.update(next_attempt_at=Now())
    outbox.drain()
    assert states() == {State.SENT: 1}


def test_the_first_answer_opens_the_gate_for_all(settings: Any, post: Post) -> None:
    served = settings.MAILERS
    no_server(settings)
    queue_many(20)
    post.script("person0@example.org", "rcpt 550 5.1.1 No such person here")
    outbox.drain()

    settings.MAILERS = served
    let_time_pass()

    assert outbox.drain() == {"refused": 1, "sent": 19}
    assert gates.read().passage is Passage.OPEN


def test_of_two_workers_exactly_one_tries_exactly_one_mail(settings: Any) -> None:
    no_server(settings)
    queue_many(20)
    outbox.drain()
    let_time_pass()
    start = threading.Barrier(2)
    claimed: list[claims.Claim] = []

    def work() -> None:
        start.wait()
        try:
            claimed.append(claims.claim(uuid.uuid4()))
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert sorted(len(claim.mails) for claim in claimed) == [0, 1]
    assert claims.claim(uuid.uuid4()).mails == []
    let_time_pass()  # that worker was lost: after its lease the next one may
    assert len(claims.claim(uuid.uuid4()).mails) == 1


def test_workers_that_find_the_server_gone_at_the_same_time_count_as_one() -> None:
    for _ in range(3):
        gates.close("nobody there", after_trial=False)

    assert MailGate.objects.get().failures == 1


def test_a_server_that_breaks_off_mail_after_mail_closes_the_gate_too(post: Post) -> None:
    for number in range(6):
        post.script(f"person{number}@example.org", *[CLOSE] * 9)
    queue_many(6)

    assert outbox.drain() == {"postponed": 3, "unreachable": 3}
    assert gates.read().passage is Passage.CLOSED


def test_a_trial_that_hangs_closes_the_gate_again_and_another_mail_is_next(hasty_post: Post) -> None:
    hasty_post.script("person0@example.org", HANG)
    queue_many(2)
    gates.close("nobody there", after_trial=False)
    let_time_pass()

    assert outbox.drain() == {"unanswered": 1}
    assert MailGate.objects.get().failures == 2
    let_time_pass()
    assert outbox.drain() == {"sent": 1}


def test_while_mail_is_paused_nothing_is_claimed_and_resuming_sends_it(post: Post) -> None:
    operator = person("root@support.example", "Root")
    queue_many(3)
    assert gates.pause(operator.pk)
    assert not gates.pause(operator.pk)

    assert outbox.drain() == {}
    assert outbox.sweep() == {}
    assert states() == {State.QUEUED: 3}
    assert gates.resume()
    assert outbox.drain() == {"sent": 3}


@pytest.mark.claim("P20")
def test_the_health_page_tells_the_state_of_the_gate(client: Client) -> None:
    def gate() -> Any:
        answer = client.get("/readyz", {"check": "mail_gate"})
        return answer.status_code, answer.json()["checks"]["mail_gate"]

    assert gate() == (200, {"ok": True, "state": "open"})
    gates.close("127.0.0.1:25: nobody there", after_trial=False)
    assert gate() == (503, {"ok": False, "state": "closed", "failures": 1})
    gates.pause(person("root@support.example", "Root").pk)
    assert gate()[1]["state"] == "paused"


# --- attempts


def test_attempts_that_fail_are_kept_with_their_words_and_those_that_go_well_cost_no_row(hasty_post: Post) -> None:
    hasty_post.script("mia@example.org", "451 4.3.0 Later, please", HANG, "554 5.7.1 Never")
    queue_notes("mia@example.org", "olga@example.org")
    for _ in range(3):
        outbox.drain()
        OutgoingMail.objects.filter(next_attempt_at__isnull=False).update(next_attempt_at=Now())

    assert [mail for (mail,) in MailAttempt.objects.values_list("mail__recipient").distinct()] == ["mia@example.org"]
    (first, second, third) = attempts()
    assert first == (State.RETRYING, "451 4.3.0 Later, please")
    assert second == (State.RETRYING, "No answer after the message was handed over.")
    assert third == (State.FAILED, "554 5.7.1 Never")
    OutgoingMail.objects.all().delete()
    assert not MailAttempt.objects.exists()


def test_a_lost_worker_is_an_attempt_of_the_mail_that_it_was_handing_over_alone() -> None:
    queue_notes("mia@example.org", "olga@example.org")
    worker = uuid.uuid4()
    mia, _olga = claims.claim(worker).mails
    claims.advance(worker, None, mia)
    OutgoingMail.objects.update(next_attempt_at=Now() - timedelta(seconds=1))

    assert claims.lapse() == 2
    assert list(MailAttempt.objects.values_list("mail", "state", "reply")) == [(mia.pk, State.RETRYING, claims.LOST)]


def test_a_mail_that_goes_well_costs_one_statement_and_no_more(post: Post) -> None:
    def statements(mails: int) -> int:
        queue_many(mails)
        with CaptureQueriesContext(connection) as used:
            outbox.drain()
        return len(used)

    assert statements(20) - statements(10) == 10
