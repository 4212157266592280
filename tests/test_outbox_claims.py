"""Who may send a mail, and how often: claims, marks, lapses and late workers, on rows that are really committed."""

import threading
import uuid
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now

from accounts import outbox
from accounts.models import OutgoingMail
from accounts.outbox import claims
from accounts.outbox.claims import Delivered
from tests.mails import Note, queue_many, queue_notes
from tests.smtp import Post

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("note")]

State = OutgoingMail.State
ALICE, BOB = uuid.uuid4(), uuid.uuid4()


def the_mail() -> OutgoingMail:
    return OutgoingMail.objects.get()


def let_claims_lapse() -> int:
    OutgoingMail.objects.filter(state=State.SENDING).update(next_attempt_at=Now() - timedelta(seconds=1))
    return claims.lapse()


@pytest.mark.claim("P19", "P26")
def test_many_workers_at_once_claim_every_row_exactly_once() -> None:
    queue_many(3 * claims.BATCH)
    start = threading.Barrier(6)
    claimed: list[int] = []

    def work() -> None:
        start.wait()
        worker = uuid.uuid4()
        try:
            while mails := claims.claim(worker).mails:
                claimed.extend(mail.pk for mail in mails)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(claimed) == len(set(claimed)) == 3 * claims.BATCH


@pytest.mark.claim("P19", "P26")
def test_several_drains_and_sweeps_at_once_send_each_mail_once(post: Post) -> None:
    queue_many(500)
    start = threading.Barrier(4)

    def work(what: object) -> None:
        start.wait()
        try:
            what()  # type: ignore[operator]
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[what]) for what in (outbox.drain, outbox.sweep) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Counter(post.recipients) == Counter(f"person{number}@example.org" for number in range(500))
    assert set(OutgoingMail.objects.values_list("state", flat=True)) == {State.SENT}


@pytest.mark.claim("P19", "P19a")
def test_a_worker_that_is_lost_before_the_hand_over_costs_no_copy(post: Post) -> None:
    queue_notes("mia@example.org")
    claims.claim(ALICE)
    assert claims.claim(BOB).mails == []

    assert let_claims_lapse() == 1
    assert (the_mail().state, the_mail().hand_overs, the_mail().lapses) == (State.RETRYING, 0, 1)
    outbox.drain()

    assert the_mail().state == State.SENT
    assert post.recipients == ["mia@example.org"]


@pytest.mark.claim("P19a")
def test_a_worker_that_is_lost_after_the_hand_over_allows_one_more_copy_and_no_third(post: Post) -> None:
    queue_notes("mia@example.org")
    for copy, worker in enumerate((ALICE, BOB), start=1):
        [mail] = claims.claim(worker).mails
        assert claims.advance(worker, None, mail)
        let_claims_lapse()
        assert the_mail().hand_overs == copy

    assert the_mail().state == State.UNCONFIRMED
    assert outbox.sweep() == {}
    assert post.copies == []


@pytest.mark.claim("P19a")
def test_a_worker_that_wakes_up_late_can_hand_over_nothing_any_more() -> None:
    queue_notes("mia@example.org")
    [mail] = claims.claim(ALICE).mails
    let_claims_lapse()
    claims.claim(BOB)

    assert not claims.advance(ALICE, None, mail)
    assert claims.advance(BOB, None, mail)


@pytest.mark.claim("P19a")
def test_a_late_confirmation_still_counts_and_stops_the_second_copy() -> None:
    queue_notes("mia@example.org")
    [mail] = claims.claim(ALICE).mails
    claims.advance(ALICE, None, mail)
    let_claims_lapse()
    claims.claim(BOB)

    claims.advance(ALICE, Delivered(mail.pk, "250 taken"), None)

    assert (the_mail().state, the_mail().reply) == (State.SENT, "250 taken")
    assert not claims.advance(BOB, None, mail)


@pytest.mark.claim("P19a")
def test_one_update_confirms_a_mail_and_marks_the_next(django_assert_num_queries: object) -> None:
    queue_notes("mia@example.org", "olga@example.org")
    mia, olga = claims.claim(ALICE).mails
    claims.advance(ALICE, None, mia)

    with django_assert_num_queries(1):  # type: ignore[operator]
        assert claims.advance(ALICE, Delivered(mia.pk, "250 taken"), olga)

    assert list(OutgoingMail.objects.order_by("pk").values_list("state", "hand_overs", "attempts")) == [
        (State.SENT, 1, 1),
        (State.SENDING, 1, 1),
    ]


@pytest.mark.claim("P19")
def test_a_long_batch_keeps_its_claim_while_others_sweep(post: Post, settings: Any) -> None:
    settings.MAIL_TIMEOUT = 1.5
    post.delay = 0.4
    queue_many(24)
    stopped = threading.Event()

    def sweep() -> None:
        while not stopped.wait(0.1):
            claims.lapse()
        connection.close()

    sweeper = threading.Thread(target=sweep)
    sweeper.start()
    try:
        assert timedelta(seconds=24 * post.delay) > claims.lease()
        assert outbox.drain() == {"sent": 24}
    finally:
        stopped.set()
        sweeper.join()

    assert set(OutgoingMail.objects.values_list("state", "lapses")) == {(State.SENT, 0)}


@pytest.mark.claim("P19")
def test_a_row_that_seems_to_kill_its_workers_is_taken_alone_and_given_up_in_the_end() -> None:
    queue_notes("poison@example.org")
    OutgoingMail.objects.update(lapses=claims.SUSPECT_LAPSES, next_attempt_at=Now() - timedelta(seconds=5))
    queue_many(3)

    assert [mail.recipient for mail in claims.claim(ALICE).mails] == ["poison@example.org"]
    assert len(claims.claim(BOB).mails) == 3
    OutgoingMail.objects.filter(recipient="poison@example.org").update(lapses=claims.MAX_LAPSES - 1)
    let_claims_lapse()

    poison = OutgoingMail.objects.get(recipient="poison@example.org")
    assert poison.state == State.FAILED
    assert "worker was lost" in poison.reply


def test_a_suspect_row_behind_others_does_not_hold_them_up() -> None:
    queue_many(2)
    queue_notes("poison@example.org")
    OutgoingMail.objects.filter(recipient="poison@example.org").update(lapses=claims.SUSPECT_LAPSES)

    assert len(claims.claim(ALICE).mails) == 2
    assert [mail.recipient for mail in claims.claim(ALICE).mails] == ["poison@example.org"]


@pytest.mark.claim("P19")
def test_cancelling_takes_back_what_is_not_being_handed_over(post: Post) -> None:
    mails = [*queue_notes("mia@example.org", subject_id=1), *queue_notes("olga@example.org", subject_id=2)]
    mia, olga = claims.claim(ALICE).mails
    claims.advance(ALICE, None, mia)

    assert outbox.cancel(Note.name, [1, 2], reason="The invitation was revoked.") == 1

    assert not claims.advance(ALICE, Delivered(mia.pk, "250 taken"), olga)
    assert list(OutgoingMail.objects.order_by("pk").values_list("state", "reply")) == [
        (State.SENT, "250 taken"),
        (State.CANCELLED, "The invitation was revoked."),
    ]
    assert outbox.drain() == {}
    assert len(mails) == 2


@pytest.mark.postgresql
@pytest.mark.claim("P19a")
def test_a_row_that_somebody_else_has_locked_costs_no_confirmation() -> None:
    queue_notes("mia@example.org", "olga@example.org")
    mia, olga = claims.claim(ALICE).mails
    claims.advance(ALICE, None, mia)
    locked, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            OutgoingMail.objects.select_for_update().get(pk=olga.pk)
            locked.set()
            done.wait(60)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    assert locked.wait(60)
    try:
        with claims.session_settings():
            assert not claims.advance(ALICE, Delivered(mia.pk, "250 taken"), olga)
    finally:
        done.set()
        holder.join()

    assert OutgoingMail.objects.get(pk=mia.pk).state == State.SENT
    claims.release(ALICE, [mia, olga])
    assert OutgoingMail.objects.get(pk=olga.pk).state == State.QUEUED


def test_a_finished_row_is_never_due() -> None:
    queue_notes("mia@example.org")
    with pytest.raises(Exception, match="mail_finished_or_due"), transaction.atomic():
        OutgoingMail.objects.update(state=State.SENT)


@pytest.mark.postgresql
@pytest.mark.claim("P19a")
def test_a_confirmation_outlives_a_lost_connection() -> None:
    queue_notes("mia@example.org", "olga@example.org")
    mia, olga = claims.claim(ALICE).mails
    claims.advance(ALICE, None, mia)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [backend] = cursor.fetchone()

    def end_it() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [backend])
        connection.close()

    ender = threading.Thread(target=end_it)
    ender.start()
    ender.join()

    assert not claims.advance(ALICE, Delivered(mia.pk, "250 taken"), olga)

    assert OutgoingMail.objects.get(pk=mia.pk).state == State.SENT
    assert OutgoingMail.objects.get(pk=olga.pk).hand_overs == 0
