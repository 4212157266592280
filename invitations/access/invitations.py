"""Which invitation a visitor may look at: the one whose genuine link this session has opened, or one to an own
address.
"""

from django.http import Http404, HttpRequest

from config.middleware import INVITEE_LANGUAGE
from invitations.models import Invitation
from invitations.queries.invitations import Clocked, at_now, open_invitations_to

_HELD = "invitation"


def hold(request: HttpRequest, invitation: Clocked, generation: int | None = None, *, is_proven: bool = True) -> None:
    """Remembers that a genuine link of this generation (the present one, if none is named) was opened. Never the
    token. is_proven: whoever has it has read the mail of the invited address, or is signed in with that address.
    """
    request.session[INVITEE_LANGUAGE] = invitation.language
    held = [invitation.pk, invitation.generation if generation is None else generation]
    if not is_proven and request.session.get(_HELD) == [*held, True]:
        return  # by the mail before, and now by a copy of the same link
    request.session[_HELD] = [*held, is_proven]


def holds_proof(request: HttpRequest) -> bool:
    """Has this session shown that the invited address is its holder's? A copied link alone shows nothing."""
    held = request.session.get(_HELD)
    return isinstance(held, list) and len(held) == 3 and held[2] is True


def held_language(request: HttpRequest) -> str:
    """Of the invitation that this session has opened; empty for none."""
    language = request.session.get(INVITEE_LANGUAGE, "")
    return language if isinstance(language, str) else ""


def let_go(request: HttpRequest) -> None:
    request.session.pop(_HELD, None)
    request.session.pop(INVITEE_LANGUAGE, None)


def held_invitation(request: HttpRequest) -> tuple[Clocked, int] | None:
    """The invitation that this session holds, with the generation of the link."""
    held = request.session.get(_HELD)
    if not isinstance(held, list) or len(held) != 3:
        return None
    invitation = at_now(Invitation.objects.filter(pk=held[0])).select_related("organization", "inviter").first()
    return (invitation, held[1]) if invitation is not None else None


def own_invitation(request: HttpRequest, invitation_id: int) -> Clocked:
    """A pending invitation to a verified address of the signed-in person; Http404 for every other."""
    invitation = open_invitations_to(request.user.pk or 0).filter(pk=invitation_id).first()
    if invitation is None:
        raise Http404
    return invitation
