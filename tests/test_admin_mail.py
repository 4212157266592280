"""What operators see of all mail and do to it: figures, the gate, taking mails back, and a test mail with its talk."""

from typing import Any, ClassVar

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import outbox, tasks
from accounts.models import MailGate, OutgoingMail, TestMail, User
from accounts.models.mails import MailState
from accounts.outbox import gates
from tests import cast
from tests.mails import queue_many, queue_notes
from tests.people import signed_in
from tests.smtp import HANG, Post, free_port, mailers
from workspaces.models import Act

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("note"), pytest.mark.claim("P19")]

ALL = "/admin/accounts/outgoingmail/all/"


@pytest.fixture
def sam() -> User:
    return cast.staff_person()


@pytest.fixture
def operator(sam: User) -> Client:
    User.objects.filter(pk=sam.pk).update(is_superuser=True)
    return signed_in(sam.email)


def page(client: Client) -> str:
    answer = client.get(f"{ALL}operations/")
    assert answer.status_code == 200
    return answer.content.decode()


def do(client: Client, what: str) -> str:
    """What the page says afterwards."""
    answer = client.post(f"{ALL}{what}/", follow=True)
    assert answer.redirect_chain == [(f"{ALL}operations/", 302)]
    return answer.content.decode()


def test_the_page_counts_by_state_and_tells_age_and_throughput_in_as_many_queries_for_more(
    operator: Client, post: Post
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as used:
            page(operator)
        return len(used)

    post.script("gone@example.org", "rcpt 550 5.1.1 No such person here")
    queue_many(29)
    queue_notes("gone@example.org")
    outbox.drain()
    [mail] = queue_notes("late@example.org")
    OutgoingMail.objects.filter(pk=mail.pk).update(queued_at=Now() - cast.timedelta(hours=3))
    words = " ".join(page(operator).split())
    for row in ('state=sent">Sent</a></th><td>29</td>', 'state=failed">Refused</a></th><td>1</td>'):
        assert row in words
    assert 'state=queued">Queued</a></th><td>1</td>' in words
    assert "queued 3 hours ago" in words
    assert "29, 0.5 a minute" in words
    assert "Open: workers send what is due" in words
    few = queries()
    queue_many(60)
    outbox.drain()
    assert queries() == few


def test_an_operator_pauses_and_resumes_all_mail(operator: Client, post: Post) -> None:
    queue_notes("mia@example.org")
    assert "Paused by an operator" in do(operator, "pause")
    assert outbox.drain() == {}
    assert "Open: workers send" in do(operator, "resume")
    assert outbox.drain() == {"sent": 1}


def test_a_closed_gate_says_why_and_when(operator: Client) -> None:
    gates.close("127.0.0.1:25: [Errno 111] Connection refused", after_trial=False)
    words = page(operator)
    assert "Connection refused" in words
    assert "not reached, 1 times in a row" in words


def test_support_staff_who_are_no_operators_look_and_do_nothing(sam: User) -> None:
    client = signed_in(sam.email)
    [mail] = queue_notes("mia@example.org")
    words = page(client)
    assert "Pause all mail" not in words
    for what in ("pause", "resume", "test"):
        assert client.post(f"{ALL}{what}/").status_code == 403
    client.post("/admin/accounts/outgoingmail/", {"action": "cancel", "_selected_action": [mail.pk]})
    mail.refresh_from_db()
    assert mail.state == MailState.QUEUED
    assert not MailGate.objects.filter(paused_at__isnull=False).exists()
    assert not TestMail.objects.exists()


def test_mails_are_taken_back_on_the_record_and_tried_again(operator: Client, sam: User, world: cast.Acme) -> None:
    cast.invite(world.olga, world.organization, "nora@example.org")
    mail = OutgoingMail.objects.get(recipient="nora@example.org")

    def act(action: str) -> str:
        chosen = {"action": action, "_selected_action": [mail.pk]}
        answer = operator.post("/admin/accounts/outgoingmail/", chosen, follow=True)
        mail.refresh_from_db()
        return answer.content.decode()

    assert "1 mail is taken back." in act("cancel")
    assert (mail.state, mail.reply) == (MailState.CANCELLED, "Taken back by an operator.")
    last = Act.objects.filter(organization_id=world.id).latest("pk")
    assert (last.kind, last.actor_id, last.source) == ("mail.cancelled", sam.pk, "admin")
    assert "took back the mail to" in signed_in(world.olga.email).get("/o/acme/history/").content.decode()
    assert "Only mails that still wait" in act("cancel")
    assert "1 mail is queued again." in act("retry")
    assert mail.state == MailState.QUEUED


def test_a_test_mail_goes_past_a_paused_gate_and_shows_the_whole_conversation(
    operator: Client, sam: User, post: Post
) -> None:
    do(operator, "pause")
    words = do(operator, "test")
    assert "looks again every two seconds" in words
    assert operator.get(f"{ALL}operations/").headers["Refresh"] == "2"

    tasks.sweep_outbox()  # whoever comes first: the hinted task or the sweep
    tasks.send_test_mails()

    words = page(operator)
    assert "The mail server took the mail" in words
    for line in ("&gt; MAIL FROM:", f"&gt; RCPT TO:&lt;{sam.email}&gt;", "&lt; 250 2.0.0 taken", "&gt; quit"):
        assert line in words
    assert "Refresh" not in operator.get(f"{ALL}operations/").headers
    [message] = post.messages_to(sam.email)
    assert message["Subject"] == "A test mail from Roster"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("rcpt 550 5.7.1 Not from here", "550 5.7.1 Not from here"),
        ("451 4.3.0 Later, please", "451 4.3.0 Later, please"),
        (HANG, "timed out"),
    ],
)
def test_a_test_mail_that_is_not_taken_says_what_the_server_said(
    operator: Client, sam: User, hasty_post: Post, answer: str, said: str
) -> None:
    hasty_post.script(sam.email, answer)
    do(operator, "test")
    tasks.send_test_mails()

    words = page(operator)
    assert "did not take the mail" in words
    assert said in words


def test_a_test_mail_without_a_server_says_that_nobody_is_there(operator: Client, settings: Any) -> None:
    settings.MAILERS = mailers(free_port(), timeout=1.0)
    do(operator, "test")
    tasks.send_test_mails()

    assert "Connection refused" in page(operator)
    assert gates.read().passage is gates.Passage.OPEN, "a test closes nothing"


def test_the_conversation_holds_nothing_that_signs_roster_in(settings: Any) -> None:
    from accounts.outbox.smtp import _Recorded

    class Mute(_Recorded):
        lines: ClassVar[list[str]] = []

        def send(self, s: object) -> None:
            pass

    talk = Mute()
    talk.putcmd("AUTH", "PLAIN AHJvc3RlcgBzZWNyZXQ=")
    talk._last_code = 334
    talk.putcmd("c2VjcmV0", "")
    assert talk.lines == ["> AUTH …", "> AUTH …"]
