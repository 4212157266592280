"""What other apps hang into this one, typed and called inside the transaction. `workspaces` never imports them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from accounts.actors import Actor
from workspaces.models import Member, Organization, SelectionItem


@dataclass(frozen=True, slots=True)
class Leaving:
    """Members who are about to be removed, still in place. revoked: their invitations are taken back."""

    organization: Organization
    actor: Actor
    members: "QuerySet[Member]"
    ids: "QuerySet[SelectionItem, int]"
    revoked: bool = False


# Waiting members who go as well: whoever leaves had asked them in, or they are the same person at another address.
followers: list[Callable[[Leaving], "QuerySet[Member]"]] = []
# Called with everybody who goes, followers included, before any row is deleted.
before_removal: list[Callable[[Leaving], None]] = []
# Called before an organization is deleted: rows of other apps that hang on it go first.
before_deletion: list[Callable[[Organization], None]] = []


@dataclass(frozen=True, slots=True)
class OpenInvitation:
    """A pending invitation to one of a person's addresses, for My access."""

    organization: str
    organization_id: int
    inviter: str
    until: datetime
    url: str


# Where a person's open invitations are found.
invitation_sources: list[Callable[[int], Iterable[OpenInvitation]]] = []


def invitations_to(user_id: int) -> list[OpenInvitation]:
    return [invitation for source in invitation_sources for invitation in source(user_id)]
