"""The development mailbox as pages: only there where `make run` sets MAILBOX_DIR, and never with DEBUG off."""

import re
from collections.abc import Collection
from pathlib import Path
from typing import cast

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.csp import CSP
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

from config.http import Request, page
from config.mailbox import messages
from config.mailbox.messages import ReceivedMail

type Policy = dict[str, Collection[str]]

SHOWN = 100

# The message page frames the message's own HTML.
FRAMING: Policy = {**cast(Policy, settings.SECURE_CSP), "frame-src": [CSP.SELF]}
# Mails bring inline styles. Everything else is off, scripts first of all, and `sandbox` takes the origin away.
FRAMED: Policy = {
    "default-src": [CSP.NONE],
    "style-src": [CSP.UNSAFE_INLINE],
    "img-src": ["data:"],
    "base-uri": [CSP.SELF],
    "form-action": [CSP.NONE],
    "frame-ancestors": [CSP.SELF],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}
HEAD = re.compile(r"<head[^>]*>", re.IGNORECASE)
LINKS_LEAVE_THE_FRAME = '<base target="_blank">'


def _mail(key: str) -> ReceivedMail:
    found = messages.find(Path(settings.MAILBOX_DIR), key)
    if found is None:
        raise Http404
    return found


@require_safe
def message_list(request: HttpRequest) -> HttpResponse:
    mails = messages.newest(Path(settings.MAILBOX_DIR), SHOWN)
    return page(cast(Request, request), "mailbox/messages.html", {"mails": mails, "shown": SHOWN}, partial="messages")


@require_safe
@csp_override(FRAMING)
def message(request: HttpRequest, key: str) -> HttpResponse:
    return render(request, "mailbox/message.html", {"mail": _mail(key)})


@require_safe
@xframe_options_sameorigin
@csp_override(FRAMED)
def message_html(request: HttpRequest, key: str) -> HttpResponse:
    html = _mail(key).html
    head = HEAD.search(html)
    start = head.end() if head else 0
    return HttpResponse(html[:start] + LINKS_LEAVE_THE_FRAME + html[start:])
