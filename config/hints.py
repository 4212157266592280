"""Telling workers that there is something to do. A hint carries nothing and may be lost: beat finds the rows."""

from functools import cache, partial

import structlog
from django.db import connection, transaction
from kombu.exceptions import OperationalError

from config.celery import app

log = structlog.get_logger(__name__)

LIFE = 60  # seconds; the next tick has long found the rows of an older one


def hint(task: str) -> None:
    """After this transaction's commit, starts the task once, however often it was asked for."""
    publisher = _publisher(task)
    if not any(hook[1] is publisher for hook in connection.run_on_commit):
        transaction.on_commit(publisher)


def publish(task: str) -> None:
    """At once. Returns within two seconds, also when Redis hangs (`config.celery`), and never fails its caller."""
    try:
        app.send_task(task, expires=LIFE)
    except OperationalError as problem:
        log.warning("hint_lost", task=task, problem=type(problem.__cause__ or problem).__name__)


@cache
def _publisher(task: str) -> "partial[None]":
    """The same object for the same task, so that it is found among a transaction's hooks."""
    return partial(publish, task)
