"""The edge between HTTP and the rules: the typed request, and which answer a refusal gets. No domain words here."""

from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event
from django_htmx.middleware import HtmxDetails

from config.refusals import Refusal

if TYPE_CHECKING:
    from accounts.models import User


class Request(HttpRequest):
    """A signed-in request as the middlewares leave it."""

    user: "User"
    htmx: HtmxDetails
    client_ip: str | None
    request_id: str


def answer_refusal(request: Request, refusal: Refusal) -> HttpResponse:
    """403, 409, 422 and 429 as a page, or under htmx as a toast that leaves the page alone; 401 as a way to confirm."""
    if refusal.status == HTTPStatus.UNAUTHORIZED:
        return _to_confirmation(request)
    if request.htmx:
        response = toast(HttpResponse(status=refusal.status), str(refusal.sentence), tone="bad")
        response["HX-Reswap"] = "none"
    else:
        context = {"sentence": refusal.sentence, "back": back_url(request)}
        response = render(request, "errors/refused.html", context, status=refusal.status)
    if refusal.retry_after is not None:
        response["Retry-After"] = str(refusal.retry_after)
    return response


def _to_confirmation(request: Request) -> HttpResponse:
    """To the page that asks for password or factor, by GET; nothing of what was posted is kept (P15)."""
    url = f"{reverse('account_confirm')}?{urlencode({'next': back_url(request)})}"
    messages.info(request, _("Confirm that it is you, then do it again. Nothing has changed yet."))
    return HttpResponseClientRedirect(url) if request.htmx else HttpResponseRedirect(url)


def confirm_in_new_tab(sentence: str, *, after: str) -> SafeString:
    """The sentence, its {} a link to that page in another tab, so that nothing typed here is lost. after: where the
    page leads to then.
    """
    url = f"{reverse('account_confirm')}?{urlencode({'next': after})}"
    return format_html(sentence, format_html('<a href="{}" target="_blank">{}</a>', url, _("Confirm in a new tab")))


def back_url(request: HttpRequest) -> str:
    """Where the person came from, on this host only; for a GET, the page itself."""
    if request.method == "GET" and not getattr(request, "htmx", False):
        return request.get_full_path()
    url = request.headers.get("HX-Current-URL") or request.headers.get("Referer") or "/"
    return safe_url(request, url)


def safe_url(request: HttpRequest, url: str | None, default: str = "/") -> str:
    """The URL if it stays on this host, else the default."""
    if url and url_has_allowed_host_and_scheme(
        url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return url
    return default


def toast(response: HttpResponse, text: str, *, tone: str = "ok", undo_url: str = "") -> HttpResponse:
    """Adds a toast to an htmx answer. undo_url: what its button posts to."""
    undo = {"undo": undo_url, "undo_label": _("Undo")} if undo_url else {}
    return trigger_client_event(response, "toast", {"text": text, "tone": tone, **undo})


def done(
    request: Request,
    text: str,
    *,
    to: str,
    refresh: str = "table:refresh",
    undo_url: str = "",
    more: tuple[str, str] | None = None,
) -> HttpResponse:
    """After a write: under htmx close the dialog, let the table fetch itself again and say what happened; else go to a
    page that says it. undo_url: what takes it back; more: label and address of what tells more, for the page.
    """
    if request.htmx:
        response = HttpResponse(status=HTTPStatus.NO_CONTENT)
        for event in ("dialog:close", refresh):
            trigger_client_event(response, event)
        return toast(response, text, undo_url=undo_url)
    messages.success(request, format_html('{} <a href="{}">{}</a>', text, more[1], more[0]) if more else text)
    return HttpResponseRedirect(to, status=HTTPStatus.SEE_OTHER)


def go(request: HttpRequest, url: str, text: str = "") -> HttpResponse:
    """To another page, also from within a dialog."""
    if text:
        messages.success(request, text)
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(url)
    return HttpResponseRedirect(url, status=HTTPStatus.SEE_OTHER)


def page(
    request: Request, template: str, context: dict[str, Any], *, partial: str = "", status: int = 200
) -> HttpResponse:
    """One URL, page or partial: under htmx (a history restore aside) only the named region of the template."""
    wants_region = (
        bool(partial) and bool(request.htmx) and not request.htmx.history_restore_request and not request.htmx.boosted
    )
    name = f"{template}#{partial}" if wants_region else template
    return render(request, name, context, status=status)


def plain_words(text: str | None) -> str:
    """What somebody searches for, out of a query: never long, and without NUL, which PostgreSQL takes in no text."""
    return (text or "").replace("\x00", "").strip()[:200]


def plain_number(text: str | None) -> int | None:
    """An id out of a query or a form: None for everything that is no positive 63-bit number."""
    if text and text.isascii() and text.isdigit() and len(text) <= 18:
        return int(text) or None
    return None
