"""The link of an invitation to be passed on by hand. It proves no address, so joining by it asks for a code."""

from django.conf import settings
from django.http import Http404
from django.urls import reverse

from accounts.actors import Actor
from config.refusals import Refusal
from invitations import tokens
from invitations.actions.answering import SENTENCES
from invitations.actions.keeping import RESENDING
from invitations.models import Invitation
from invitations.policy import State
from invitations.queries.invitations import at_now, state_of
from workspaces.actions.locking import locked
from workspaces.history import LINK_COPIED
from workspaces.plans import make_plan
from workspaces.selections import Chosen


def copy_link(*, actor: Actor, organization_id: int, member_id: int) -> str:
    """The address, for whoever may resend; that it was copied stands in the history, the link nowhere.

    Raises Refusal 409 for an invitation that is not pending. Locks the organization.
    """
    with locked(actor=actor, organization_id=organization_id) as held:
        chosen = Chosen.one(member_id).members(held.organization)
        plan = make_plan(held.facts, held.organization, chosen, RESENDING)
        plan.outcome(plan.changing).insist()
        invitation = at_now(Invitation.objects.filter(member__in=plan.accepted.values("pk"))).first()
        if invitation is None:
            raise Http404
        found = state_of(invitation)
        if found is not State.PENDING:
            raise Refusal(SENTENCES[found], 409, found)
        held.record(LINK_COPIED, subject=member_id)
        subject = tokens.Subject(invitation.organization_id, invitation.uuid, invitation.generation)
        return f"{settings.PUBLIC_URL}{reverse('invitation_link', args=[tokens.issue(subject, tokens.COPY)])}"
