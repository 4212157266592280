"""Signs of life: /healthz says that the process answers, /readyz what it finds around it, each part on its own.

Only the database makes a process not ready (503). Without broker, mail server, worker or beat all pages work and mail
waits in its rows, so taking web processes out of service would make a delay an outage: that is `degraded`, with 200.
A monitor asks for one part by `/readyz?check=worker`, which answers 503 when that part fails. Words stay neutral:
anyone may read them.
"""

import smtplib
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import Any, cast

import redis
from django.conf import settings
from django.db import Error as DatabaseProblem
from django.db import connection
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from accounts.models import Heartbeat, OutgoingMail
from accounts.outbox import gates

type Report = dict[str, Any]

CHECK_TIMEOUT = 2.0  # seconds for each check; all run at once
SILENCE = timedelta(seconds=45)  # heartbeats come every ten seconds
QUEUE_DELAY = timedelta(minutes=5)  # a due mail is taken up within seconds


def database() -> Report:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return {"ok": True}


def broker() -> Report:
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_connect_timeout=CHECK_TIMEOUT, socket_timeout=CHECK_TIMEOUT
    )
    with client:
        client.ping()
    return {"ok": True}


def mail() -> Report:
    """Reaches the server and reads its greeting; sends nothing."""
    options = cast(dict[str, Any], settings.MAILERS["default"].get("OPTIONS", {}))
    if "host" not in options:
        return {"ok": True, "reason": "not asked: mail leaves by no SMTP server"}
    server = smtplib.SMTP_SSL if options["use_ssl"] else smtplib.SMTP
    with server(options["host"], options["port"], timeout=CHECK_TIMEOUT) as smtp:
        smtp.noop()
    return {"ok": True}


def queued_mail() -> Report:
    """How long the oldest mail that is due has waited; one that waits for its next attempt is not due."""
    waiting = OutgoingMail.objects.filter(
        state__in=[OutgoingMail.State.QUEUED, OutgoingMail.State.RETRYING], next_attempt_at__lte=Now()
    )
    oldest = waiting.order_by("next_attempt_at").values_list("next_attempt_at", Now()).first()
    age = oldest[1] - oldest[0] if oldest else timedelta()
    return {"ok": age < QUEUE_DELAY, "oldest_seconds": round(age.total_seconds())}


def mail_gate() -> Report:
    """May workers send? Closed: the server was not reached and is tried again by itself; paused: by an operator."""
    gate = gates.read()
    if gate.passage is gates.Passage.OPEN:
        return {"ok": True, "state": "open"}
    state = "paused" if gate.passage is gates.Passage.PAUSED else "closed"
    return {"ok": False, "state": state, "failures": gate.failures}


def heartbeat(name: str) -> Report:
    last = Heartbeat.objects.filter(name=name).values_list("at", Now()).first()
    if last is None:
        return {"ok": False, "reason": "never seen"}
    age = last[1] - last[0]
    return {"ok": age < SILENCE, "age_seconds": round(age.total_seconds())}


CHECKS: dict[str, Callable[[], Report]] = {
    "database": database,
    "broker": broker,
    "mail": mail,
    "queued_mail": queued_mail,
    "mail_gate": mail_gate,
    "worker": partial(heartbeat, Heartbeat.Name.WORKER),
    "beat": partial(heartbeat, Heartbeat.Name.BEAT),
}
# One thread for each: a check that hangs keeps only its own busy, however often /readyz is asked meanwhile.
_threads = {name: ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"readyz-{name}") for name in CHECKS}


def _run(check: Callable[[], Report]) -> Report:
    try:
        return check()
    except (DatabaseProblem, redis.RedisError, OSError) as problem:
        return {"ok": False, "reason": type(problem).__name__}
    finally:
        connection.close()  # this thread's own; a kept one would outlive a database's restart


def _result(future: Future[Report], timeout: float) -> Report:
    try:
        return future.result(timeout)
    except TimeoutError:
        return {"ok": False, "reason": f"no answer within {CHECK_TIMEOUT:g} s"}


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"status": "alive"})


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    asked = request.GET.get("check")
    if asked is not None and asked not in CHECKS:
        return JsonResponse({"status": "unknown check", "checks": list(CHECKS)}, status=HTTPStatus.NOT_FOUND)
    names = [asked] if asked else list(CHECKS)
    deadline = time.monotonic() + CHECK_TIMEOUT
    futures = {name: _threads[name].submit(_run, CHECKS[name]) for name in names}
    reports = {name: _result(future, max(0.0, deadline - time.monotonic())) for name, future in futures.items()}
    needed = [asked] if asked else ["database"]
    ready = all(reports[name]["ok"] for name in needed)
    status = "not ready" if not ready else "ready" if all(report["ok"] for report in reports.values()) else "degraded"
    return JsonResponse(
        {"status": status, "checks": reports}, status=HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
    )
