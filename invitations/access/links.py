"""Which invite link a visitor may look at: the one whose genuine address this session has opened. Never the token."""

from django.http import HttpRequest

from invitations.models import InviteLink
from invitations.queries.links import Clocked, clocked

_HELD = "invite_link"


def hold(request: HttpRequest, link: InviteLink, generation: int) -> None:
    request.session[_HELD] = [link.pk, generation]


def let_go(request: HttpRequest) -> None:
    request.session.pop(_HELD, None)


def held_link(request: HttpRequest) -> tuple[Clocked, int] | None:
    """The link that this session holds, with the generation of the address that was opened."""
    held = request.session.get(_HELD)
    if not isinstance(held, list) or len(held) != 2:
        return None
    links = InviteLink.objects.filter(pk=held[0]).select_related("organization", "role", "created_by")
    link = clocked(links).first()
    return (link, held[1]) if link is not None else None
