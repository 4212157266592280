"""The answer to whoever tries too often; allauth finds it as `handler429` of the root URLconf."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from config.http import Request, answer_refusal
from config.refusals import Refusal

RETRY_AFTER = 60  # seconds; most limits count per minute


def too_many_requests(request: HttpRequest) -> HttpResponse:
    sentence = _("That was too often in a short time. Wait a minute, then try again.")
    return answer_refusal(cast(Request, request), Refusal(sentence, 429, "rate_limited", retry_after=RETRY_AFTER))
