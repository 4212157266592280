"""Asking people in: one by one, by a link for many, by their domain, or proposed by a member."""

from invitations.models.domains import DomainRule, JoinDomain, JoinDomainUse, JoinDomainWorkspace
from invitations.models.invitations import Invitation, Unsubscribed
from invitations.models.links import InviteLink, InviteLinkGroup, InviteLinkUse, InviteLinkWorkspace
from invitations.models.proposed import ProposedPerson

__all__ = [
    "DomainRule",
    "Invitation",
    "InviteLink",
    "InviteLinkGroup",
    "InviteLinkUse",
    "InviteLinkWorkspace",
    "JoinDomain",
    "JoinDomainUse",
    "JoinDomainWorkspace",
    "ProposedPerson",
    "Unsubscribed",
]
