"""How domains and links for many open the sign-up, and where My access finds what a person may join. Registered with
the apps below. An address is never proven by either: whoever signs up confirms it by mail.
"""

from collections.abc import Iterable

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.registry import Door
from invitations.access.links import held_link
from invitations.domains import domain_of
from invitations.queries.domains import is_any_open, lets_in, may_join
from invitations.queries.links import State, state_of
from workspaces.registry import JoinOffer


def link_door(request: HttpRequest) -> Door | None:
    """For whoever has opened a living invite link; where it is for one domain, for addresses there."""
    held = held_link(request)
    if held is None or state_of(*held) is not State.LIVING:
        return None
    link = held[0]
    sentence = _("To join %(organization)s") % {"organization": link.organization.name}
    allowed = link.allowed_domain
    if not allowed or settings.OPEN_SIGNUP:
        return Door(sentence=sentence)

    def objection(address: str) -> str:
        if domain_of(address) == allowed:
            return ""
        return _("This link is for addresses at %(domain)s only.") % {"domain": allowed}

    return Door(sentence=sentence, objection=objection)


def domain_door(request: HttpRequest) -> Door | None:
    """For addresses at domains that let people in; where sign-up is open to all, there is nothing to open."""
    if settings.OPEN_SIGNUP or not is_any_open():
        return None
    return Door(sentence=_("With an address at a domain whose organization lets people join."), objection=_not_let_in)


def _not_let_in(address: str) -> str:
    if lets_in(address):
        return ""
    return _("No organization here lets people at %(domain)s join by themselves. Ask for an invitation.") % {
        "domain": domain_of(address)
    }


def join_offers(user_id: int) -> Iterable[JoinOffer]:
    for join in may_join(user_id):
        organization = join.organization
        url = reverse("join", args=[organization.slug])
        yield JoinOffer(organization.name, organization.pk, join.domain, url)
