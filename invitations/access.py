"""Which invitation a visitor may look at: the one whose genuine link this session has opened, or one to an own
address.
"""

from django.http import Http404, HttpRequest

from invitations.models import Invitation
from invitations.queries import Clocked, at_now, open_invitations_to

_HELD = "invitation"


def hold(request: HttpRequest, invitation: Clocked, generation: int | None = None) -> None:
    """Remembers that a genuine link of this generation (the present one, if none is named) was opened. Never the
    token.
    """
    request.session[_HELD] = [invitation.pk, invitation.generation if generation is None else generation]


def let_go(request: HttpRequest) -> None:
    request.session.pop(_HELD, None)


def held_invitation(request: HttpRequest) -> tuple[Clocked, int] | None:
    """The invitation that this session holds, with the generation of the link."""
    held = request.session.get(_HELD)
    if not isinstance(held, list) or len(held) != 2:
        return None
    invitation = at_now(Invitation.objects.filter(pk=held[0])).select_related("organization", "inviter").first()
    return (invitation, held[1]) if invitation is not None else None


def own_invitation(request: HttpRequest, invitation_id: int) -> Clocked:
    """A pending invitation to a verified address of the signed-in person; Http404 for every other."""
    invitation = open_invitations_to(request.user.pk or 0).filter(pk=invitation_id).first()
    if invitation is None:
        raise Http404
    return invitation
