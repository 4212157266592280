"""What every request passes: its id and its client's address, the headers of every answer, the time zone, refusals.

No rule of the domain stands here; what an exception of the domain means to a browser is config.http's to say.
"""

import ipaddress
import re
import time
import uuid
from collections.abc import Callable
from typing import cast

import structlog
from django.conf import settings
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers

from config import views
from config.http import Request, answer_refusal
from config.refusals import Refusal
from config.zones import zone

type GetResponse = Callable[[HttpRequest], HttpResponseBase]

logger = structlog.get_logger("roster.access")

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
UNLOGGED_PATHS = ("/healthz", "/readyz")
POSTGRESQL_LOCKED = {"55P03", "40P01"}  # lock_not_available, deadlock_detected
SQLITE_BUSY = 5


class RequestContextMiddleware:
    """Gives the request an id and its client's address, and every log line of it both; writes the access line."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        ours = cast(Request, request)
        ours.request_id = request_id_of(request)
        ours.client_ip = client_ip_of(request)
        if request.encoding is not None:
            # Whatever the client claims: some of Python's codecs make text that nobody can store or send.
            request.encoding = "utf-8"
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=ours.request_id, ip=ours.client_ip)
        response = self.get_response(request)
        response["X-Request-ID"] = ours.request_id
        if response.status_code >= 400 or not request.path.startswith((*UNLOGGED_PATHS, settings.STATIC_URL)):
            milliseconds = round((time.perf_counter() - started) * 1000)
            logger.info(
                "request", method=request.method, path=request.path, status=response.status_code, ms=milliseconds
            )
        structlog.contextvars.clear_contextvars()
        return response


def request_id_of(request: HttpRequest) -> str:
    """The caller's X-Request-ID where it is harmless to log, else a new one."""
    given = request.headers.get("X-Request-ID", "")
    return given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def client_ip_of(request: HttpRequest) -> str | None:
    """The address that the outermost trusted proxy saw.

    Each of our `TRUSTED_PROXIES` appends one address to X-Forwarded-For, so the client's is that many from the right;
    all before it is the client's own claim. A shorter list did not come through the proxies: then the connection's
    address counts.
    """
    candidate = request.META.get("REMOTE_ADDR", "")
    if settings.TRUSTED_PROXIES:
        hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
        if len(hops) >= settings.TRUSTED_PROXIES and _is_address(hops[-settings.TRUSTED_PROXIES]):
            candidate = hops[-settings.TRUSTED_PROXIES]
    return candidate if _is_address(candidate) else None


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


class AnswerHeadersMiddleware:
    """Headers of every page, errors included (ACCEPTANCE P25); CSP, nosniff and framing are Django's own middleware."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        patch_vary_headers(response, ["Cookie", "HX-Request"])
        # Whoever has a session may be signed in. Asking the session would cost a query, and fail with the database.
        if settings.SESSION_COOKIE_NAME in request.COOKIES or settings.SESSION_COOKIE_NAME in response.cookies:
            response["Cache-Control"] = "no-store"
        response.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        return response


INVITEE_LANGUAGE = "invitee_language"
"""In the session of whoever has opened an invitation: the language that was chosen for them."""


KNOWN_LANGUAGES = dict(settings.LANGUAGES)


class LanguageMiddleware:
    """Speaks the language that the signed-in person chose; to others that of the invitation that they have opened, or
    what their browser says.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with translation.override(self._language(request)):
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", translation.get_language())
        patch_vary_headers(response, ["Accept-Language"])
        return response

    def _language(self, request: HttpRequest) -> str:
        user = request.user
        chosen = user.language if user.is_authenticated else request.session.get(INVITEE_LANGUAGE, "")
        return chosen if chosen in KNOWN_LANGUAGES else translation.get_language_from_request(request)


class TimeZoneMiddleware:
    """Shows times in the signed-in person's zone."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return self.get_response(request)
        with timezone.override(zone(request.user.time_zone)):
            return self.get_response(request)


class RefusalMiddleware:
    """Turns what the domain refuses, a wait for the organization's lock that took too long, and a wrong method, to
    which Django says nothing, into answers.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not response.content:
            return views.method_not_allowed(request, response["Allow"])
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        if isinstance(exception, Refusal):
            return answer_refusal(cast(Request, request), exception)
        if waited_too_long_for_a_lock(exception):
            return views.busy(request)
        if isinstance(exception, Http404):
            # Also in development: what is invisible has to look the same there.
            return views.page_not_found(request, exception)
        return None


def waited_too_long_for_a_lock(exception: BaseException) -> bool:
    """True for PostgreSQL's lock_timeout and SQLite's busy time-out, which Django both wraps in an OperationalError."""
    if not isinstance(exception, OperationalError):
        return False
    cause = exception.__cause__
    return (
        getattr(cause, "sqlstate", None) in POSTGRESQL_LOCKED
        # The lowest byte is the primary code, the others say which kind of busy.
        or getattr(cause, "sqlite_errorcode", 0) & 0xFF == SQLITE_BUSY
    )
