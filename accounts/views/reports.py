"""What the mail service says about mails that it had taken: bounces and complaints, by signed or authenticated POST.

Mounted only where ANYMAIL_PROVIDER is set (`config.urls`). django-anymail proves the sender and reads the report.
"""

import structlog
from anymail.exceptions import AnymailError
from anymail.signals import AnymailTrackingEvent, EventType, tracking
from django.conf import settings
from django.core.exceptions import BadRequest
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string
from django.views.decorators.csrf import csrf_exempt

from accounts import outbox
from accounts.models import OutgoingMail
from config.providers import PROVIDERS

log = structlog.get_logger(__name__)

STATES = {
    EventType.BOUNCED: OutgoingMail.State.BOUNCED,
    EventType.REJECTED: OutgoingMail.State.BOUNCED,
    EventType.COMPLAINED: OutgoingMail.State.COMPLAINED,
}


@csrf_exempt  # a service has no session; its signature or password is proven by anymail's view
def delivery_reports(request: HttpRequest) -> HttpResponse:
    """400 for what is forged, and for what is the service's but no report; 200 for reports, known or not."""
    view = import_string(f"anymail.webhooks.{PROVIDERS[settings.ANYMAIL_PROVIDER].view}").as_view()
    try:
        answer: HttpResponse = view(request)
    except (AnymailError, ValueError, LookupError, TypeError, AttributeError) as problem:
        log.warning("reports.unreadable", exc_info=problem)
        raise BadRequest from problem
    return answer


@receiver(tracking)
def take(event: AnymailTrackingEvent, **_: object) -> None:
    """Kinds that say nothing final about a mail (delivered, deferred, opened) are left aside."""
    state = STATES.get(event.event_type)
    if state is None:
        return
    words = event.mta_response or event.description or event.reject_reason or ""
    found = outbox.report(str(event.message_id or ""), str(event.recipient or ""), state, str(words))
    if found is None:
        log.info("reports.of_no_mail", kind=event.event_type)
