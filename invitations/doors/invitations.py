"""How an invitation opens the sign-up, where My access finds a person's invitations, and how a workspace asks people
in. Registered with the apps below.
"""

from collections.abc import Iterable, Sequence

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.addresses import Pasted
from accounts.registry import Door
from config.refusals import Refusal
from invitations.access.invitations import held_invitation, holds_proof
from invitations.actions.inviting import invite
from invitations.asking import Ask, Line
from invitations.policy import State
from invitations.queries.invitations import open_invitations_to, state_of
from workspaces.catalogue import BuiltIn
from workspaces.registry import Asked, Asking, OpenInvitation, Returning


def signup_door(request: HttpRequest) -> Door | None:
    """For whoever has opened the mailed link of a pending invitation: exactly its address, proven by the mail (P7). For
    whoever came by a copied link, only after the code that was mailed there.
    """
    held = held_invitation(request)
    if held is None or not holds_proof(request):
        return None
    invitation, generation = held
    pending = state_of(invitation) is State.PENDING
    if not pending or generation != invitation.generation:
        return None
    sentence = _("To join %(name)s") % {"name": invitation.organization.name}
    return Door(address=invitation.address, is_proven=True, sentence=sentence)


def open_invitations(user_id: int) -> Iterable[OpenInvitation]:
    for invitation in open_invitations_to(user_id).select_related("organization", "inviter"):
        yield OpenInvitation(
            organization=invitation.organization.name,
            organization_id=invitation.organization_id,
            inviter=invitation.inviter.display_name if invitation.inviter else invitation.inviter_name,
            until=invitation.expires_at,
            url=reverse("invitation_open", args=[invitation.pk]),
        )


def ask_again(returning: Returning) -> Sequence[Asked]:
    """Registered with `workspaces`: whoever was removed comes back only by invitation (P23). Who is over the day's
    limits or finds no free seat is not asked.
    """
    try:
        report = invite(
            actor=returning.actor,
            organization_id=returning.organization_id,
            entries=[Pasted(address, name) for address, name in returning.people],
            ask=Ask(returning.role_id),
        )
    except Refusal as refusal:
        said = str(refusal.sentence)
        return [Asked(address, address, False, said, refusal.code) for address, _name in returning.people]
    return [_asked(line) for line in report.lines]


def ask_into_workspace(asking: Asking) -> Sequence[Asked]:
    report = invite(
        actor=asking.actor,
        organization_id=asking.organization_id,
        entries=[Pasted(address) for address in asking.addresses],
        ask=Ask(BuiltIn.MEMBER, placements={asking.workspace_id: asking.role_id}),
    )
    return [_asked(line) for line in report.lines]


def _asked(line: Line) -> Asked:
    return Asked(line.text, line.address, line.result.is_good, line.sentence, line.reason or "")
