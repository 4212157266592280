"""Tasks of the outbox and the signs of life: without arguments or rules, safe to run any number of times at once."""

from celery import shared_task
from celery.signals import before_task_publish
from django.core.management import call_command
from django.db import close_old_connections

from accounts import emails, outbox
from accounts.models import Heartbeat
from accounts.outbox import trials


@shared_task
def drain_outbox() -> None:
    outbox.drain()


@shared_task
def sweep_outbox() -> None:
    send_test_mails()
    outbox.sweep()


@shared_task
def send_test_mails() -> None:
    """What operators have asked for: tried at once, whether or not other mail is paused."""
    trials.send_all(emails.trial)


@before_task_publish.connect(sender="accounts.tasks.beat_heart")
def beat_scheduled_the_heart(**_: object) -> None:
    """Runs in beat, which alone publishes that task: its own sign of life, also while no worker takes it up."""
    close_old_connections()
    Heartbeat.record(Heartbeat.Name.BEAT)


@shared_task
def beat_heart() -> None:
    Heartbeat.record(Heartbeat.Name.WORKER)


@shared_task
def clear_sessions() -> None:
    """Deletes the rows of sessions that have ended; Django leaves them."""
    call_command("clearsessions")
