"""An operator's test mail: sent by a worker, at once and past the gate, with every line of the conversation kept.

The request that asks for it waits for nobody; its page asks again until the row has ended.
"""

import uuid
from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime

from django.conf import settings
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import TestMail, User
from accounts.outbox.letters import Wording
from accounts.outbox.skeletons import Skeleton, sender_address
from accounts.outbox.smtp import converse
from config.hints import hint

TASK = "accounts.tasks.send_test_mails"
LIFE = timedelta(minutes=10)  # nobody waits for an older one


def ask(user: User) -> TestMail:
    """One test mail to the user's own address."""
    row = TestMail.objects.create(user=user)
    hint(TASK)
    return row


def latest(user_id: int) -> TestMail | None:
    return TestMail.objects.filter(user=user_id).select_related("user").order_by("-pk").first()


def send_all(worded: Callable[[User], Wording]) -> int:
    """Sends those that wait, each once; how many. Safe to run any number of times at once. worded: for its operator."""
    sent = 0
    waiting = TestMail.objects.filter(begun_at=None, asked_at__gt=Now() - LIFE)
    for row in waiting.select_related("user").order_by("pk"):
        if not TestMail.objects.filter(pk=row.pk, begun_at=None).update(begun_at=Now()):
            continue
        lines: list[str] = []
        values = {
            "link": settings.PUBLIC_URL,
            "recipient": row.user.email,
            "date": format_datetime(timezone.now()),
            "message_id": f"test.{row.pk}.{uuid.uuid4()}",
        }
        is_taken = converse(sender_address(), row.user.email, Skeleton(worded(row.user)).fill(values), lines)
        TestMail.objects.filter(pk=row.pk).update(ended_at=Now(), is_taken=is_taken, conversation="\n".join(lines))
        sent += 1
    return sent
