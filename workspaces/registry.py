"""What other apps hang into this one, typed and called inside the transaction. `workspaces` never imports them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import QuerySet

from accounts.actors import Actor
from workspaces.models import Member, Organization, SelectionItem

if TYPE_CHECKING:
    from workspaces.actions.locking import Locked


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


# Asks a canonical address in as Guest, because it gets something single, and returns the waiting member's id. The right
# to it is decided already; raises Refusal 429 over the day's limit.
guest_inviters: list[Callable[["Locked", str], int]] = []


@dataclass(frozen=True, slots=True)
class Asking:
    """Addresses that are to be asked into the organization, as Member, with a role in a workspace."""

    actor: Actor
    organization_id: int
    addresses: Sequence[str]
    workspace_id: int
    role_id: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of one of them, in a sentence."""

    text: str
    address: str
    is_good: bool
    sentence: str


# Ask addresses in, or renew their open invitations; they decide by themselves and lock the organization.
workspace_inviters: list[Callable[[Asking], Sequence[Asked]]] = []


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
