"""Answers that belong to no app: errors as pages, or as a toast where htmx asked. They need no database."""

from http import HTTPStatus
from typing import cast

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.csp import LazyNonce
from django.utils.translation import gettext as _

from config.http import Request, toast

BUSY_RETRY_AFTER = 5  # seconds


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's own page says what a developer did wrong; people need to know what to do."""
    sentence = _(
        "This page was open for too long, or your browser sends no cookies. Load it again and repeat what you did."
    )
    return _answer(request, HTTPStatus.FORBIDDEN, sentence)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, HTTPStatus.BAD_REQUEST, _("Roster could not read what your browser sent."))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, HTTPStatus.FORBIDDEN, _("You may not do this."))


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Says nothing about what was asked for: a foreign thing and a thing that never was look alike (ACCEPTANCE P3)."""
    return _answer(request, HTTPStatus.NOT_FOUND, _("There is nothing here that you can see."))


def method_not_allowed(request: HttpRequest, allowed: str) -> HttpResponse:
    """To whoever opens the address of a button, such as after signing in again."""
    sentence = _("This address only takes what a page sends to it. Go to the page, and do it there.")
    response = _answer(request, HTTPStatus.METHOD_NOT_ALLOWED, sentence)
    response["Allow"] = allowed
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    return _answer(
        request, HTTPStatus.INTERNAL_SERVER_ERROR, _("Something went wrong on our side. It has been recorded.")
    )


def busy(request: HttpRequest) -> HttpResponse:
    """Another write held the organization's lock for longer than we wait."""
    sentence = _("Another large change is running. Try again in a moment.")
    response = _answer(request, HTTPStatus.SERVICE_UNAVAILABLE, sentence)
    response["Retry-After"] = str(BUSY_RETRY_AFTER)
    return response


def _answer(request: HttpRequest, status: HTTPStatus, sentence: str) -> HttpResponse:
    if request.headers.get("HX-Request") == "true":
        response = toast(HttpResponse(status=status), sentence, tone="bad")
        response["HX-Reswap"] = "none"  # the page stays as it is, nothing typed is lost
        return response
    # Rendered without the request: context processors would read session and user, which may be what just failed.
    context = {
        "sentence": sentence,
        "request_id": getattr(cast(Request, request), "request_id", ""),
        "csp_nonce": getattr(request, "_csp_nonce", LazyNonce()),
    }
    return HttpResponse(render_to_string(f"errors/{status.value}.html", context), status=status)
