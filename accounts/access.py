"""What a request knows of its own person: when they last proved who they are, and which doors and rows are theirs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import queries, registry
from accounts.actors import FRESH, Actor, Source, is_fresh
from accounts.models import User
from accounts.registry import Door
from config.refusals import Refusal

_AUTHENTICATED_AT = "authenticated_at"


def authenticated_at(request: HttpRequest) -> datetime | None:
    """When this session's person last signed in or confirmed that it is them; None for visitors."""
    stamp = request.session.get(_AUTHENTICATED_AT) if request.user.is_authenticated else None
    return datetime.fromtimestamp(stamp, UTC) if isinstance(stamp, int | float) else None


def mark_authenticated(request: HttpRequest) -> None:
    """The person has just proven who they are, by every step that their account asks for."""
    request.session[_AUTHENTICATED_AT] = timezone.now().timestamp()


def is_recent(request: HttpRequest, within: timedelta = FRESH) -> bool:
    return is_fresh(authenticated_at(request), timezone.now(), within)


def require_recent(request: HttpRequest, within: timedelta = FRESH) -> None:
    """Raises the refusal that leads to the confirmation page (P15)."""
    if not is_recent(request, within):
        raise Refusal(_("Confirm that it is you, then do it again."), 401, "confirm")


def person(request: HttpRequest) -> User:
    """The signed-in person; 404 for visitors, whom a view should have sent to the sign-in page."""
    if not isinstance(request.user, User):
        raise Http404
    return request.user


def actor_of(request: HttpRequest) -> Actor:
    return Actor(
        user_id=request.user.pk,
        source=Source.WEB,
        ip=getattr(request, "client_ip", None),
        request_id=getattr(request, "request_id", ""),
        authenticated_at=authenticated_at(request),
    )


def support_actor(request: HttpRequest) -> Actor:
    """Whoever acts from Django admin. That they are support staff is read again where it counts."""
    return replace(actor_of(request), source=Source.ADMIN, is_support=True)


def open_door(request: HttpRequest) -> Door | None:
    """The way in that is open to this visitor: an invitation, an empty installation, or the operator's open sign-up."""
    for ask in registry.signup_doors:
        if door := ask(request):
            return door
    if settings.OPEN_SIGNUP:
        return Door()
    return Door(only_first=True) if queries.is_empty_installation() else None


def own_address(request: HttpRequest, address_id: int) -> EmailAddress:
    return _own(queries.addresses_of(person(request).pk).filter(pk=address_id).first())


def own_session(request: HttpRequest, session_id: int) -> UserSession:
    return _own(queries.open_sessions(person(request).pk).filter(pk=session_id).first())


def _own[Row](row: Row | None) -> Row:
    if row is None:
        raise Http404
    return row
