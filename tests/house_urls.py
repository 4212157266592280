"""Addresses that only tests of the house ask for: each shows one way in which a request can end."""

from django.core.exceptions import BadRequest, PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path
from django.utils import timezone

from accounts.models import User
from config.health import healthz, readyz
from config.http import Request
from config.refusals import Refusal


def fine(request: HttpRequest) -> HttpResponse:
    return HttpResponse("fine")


def context(request: Request) -> HttpResponse:
    return JsonResponse(
        {"ip": request.client_ip, "request_id": request.request_id, "zone": str(timezone.get_current_timezone())}
    )


def foreign(request: HttpRequest, number: int) -> HttpResponse:
    raise Http404(f"number {number} belongs to someone else")


def forbidden(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def malformed(request: HttpRequest) -> HttpResponse:
    raise BadRequest("half a form")


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("broken on purpose")


def refused(request: HttpRequest) -> HttpResponse:
    raise Refusal("They are the last admin.", 409)


def locking(request: HttpRequest) -> HttpResponse:
    """Waits for every user's row, as an action waits for the organization's."""
    with transaction.atomic():
        list(User.objects.select_for_update().values_list("pk", flat=True))
    return HttpResponse("done")


urlpatterns = [
    path("fine/", fine),
    path("context/", context),
    path("foreign/<int:number>/", foreign),
    path("forbidden/", forbidden),
    path("malformed/", malformed),
    path("broken/", broken),
    path("refused/", refused),
    path("locking/", locking),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("mailbox/", include("config.mailbox.urls")),
]

handler400 = "config.views.bad_request"
handler403 = "config.views.permission_denied"
handler404 = "config.views.page_not_found"
handler500 = "config.views.server_error"
