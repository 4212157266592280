"""What other apps hang into this one, typed and called inside the transaction. `workspaces` never imports them."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import QuerySet
from django.utils.functional import Promise

from accounts.actors import Actor
from workspaces.models import Member, Organization, Role, SelectionItem
from workspaces.models.members import MemberQuerySet
from workspaces.policy import Verb

if TYPE_CHECKING:
    from workspaces.actions.locking import Locked


@dataclass(frozen=True, slots=True)
class Leaving:
    """Members who are about to be removed, still in place. revoked: their invitations are taken back."""

    organization: Organization
    actor: Actor
    members: MemberQuerySet
    ids: "QuerySet[SelectionItem, int]"
    revoked: bool = False


# Waiting members who go as well: whoever leaves had asked them in, or they are the same person at another address.
followers: list[Callable[[Leaving], "QuerySet[Member]"]] = []
# Called with everybody who goes, followers included, before any row is deleted.
before_removal: list[Callable[[Leaving], None]] = []
# Called with two member ids, the one that goes and the one that is kept, when the first is folded into the second.
before_merge: list[Callable[[int, int], None]] = []


@dataclass(frozen=True, slots=True)
class Succession:
    """What people who leave began and somebody else may carry on: their open invitations. sent: how many there are;
    covered: how many of these the heir's rights cover; hand_over: gives those to the heir, under the lock, before
    anything is deleted. The last two raise Refusal 422 for an heir who is no active member that stays.
    """

    sent: Callable[[Organization, MemberQuerySet], int]
    covered: Callable[[Organization, MemberQuerySet, int], int]
    hand_over: Callable[["Locked", MemberQuerySet, int], None]


successions: list[Succession] = []
# Called before an organization is deleted: rows of other apps that hang on it go first.
before_deletion: list[Callable[[Organization], None]] = []


@dataclass(frozen=True, slots=True)
class Gone:
    """Groups or workspaces that are about to be deleted for good."""

    group_ids: Collection[int] = ()
    workspace_ids: Collection[int] = ()


# Called under the lock before they are deleted: what other apps plan with them goes first.
before_places_go: list[Callable[[Gone], None]] = []
# Called under the lock when roles (ids) give way to another one, or to none: what other apps plan to give follows.
roles_replaced: list[Callable[["Locked", Collection[int], Role | None], None]] = []
# Called under the lock when the organization has another owner.
owner_changed: list[Callable[["Locked"], None]] = []


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
    """What became of one of them, in a sentence. reason: why not, a code as the rows of jobs have it."""

    text: str
    address: str
    is_good: bool
    sentence: str
    reason: str = ""


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


@dataclass(frozen=True, slots=True)
class Resending:
    """Somebody who waits, and is to get a new link from a workspace's list of people."""

    actor: Actor
    organization_id: int
    workspace_id: int
    member_id: int


# Renew an invitation without giving anything more; they decide by themselves and lock the organization.
workspace_resenders: list[Callable[[Resending], None]] = []


@dataclass(frozen=True, slots=True)
class Waiting:
    """How it goes with somebody who was asked in and has not joined: when they asked for a fresh link, how many
    reminders went out since they were asked last, when these were stopped, and when the next one goes. url: all of it.
    """

    url: str
    fresh_asked_at: datetime | None = None
    reminders: int = 0
    reminders_stopped_at: datetime | None = None
    reminder_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WaitingSource:
    """Read within the statement of a list, since a page has no query to spare. sql: a subselect of a text for the
    member `people.member_id`, nothing for whoever does not wait; read: what the text says at a moment.
    """

    sql: Callable[[], str]
    read: Callable[[Organization, str, datetime], Waiting]


waiting_sources: list[WaitingSource] = []


# Where a person's open invitations are found.
invitation_sources: list[Callable[[int], Iterable[OpenInvitation]]] = []


def invitations_to(user_id: int) -> list[OpenInvitation]:
    return [invitation for source in invitation_sources for invitation in source(user_id)]


@dataclass(frozen=True, slots=True)
class JoinOffer:
    """An organization that the person may join by themselves. domain: of which of their addresses."""

    organization: str
    organization_id: int
    domain: str
    url: str


# Where the organizations that a person may join are found.
join_offers: list[Callable[[int], Iterable[JoinOffer]]] = []


def open_to(user_id: int) -> list[JoinOffer]:
    return [offer for source in join_offers for offer in source(user_id)]


@dataclass(frozen=True, slots=True)
class SettingsTab:
    """A page of the settings: its label, the name of its address, and what one must be allowed to do there."""

    label: Promise
    name: str
    verb: Verb


# Pages of the settings that other apps bring.
settings_tabs: list[SettingsTab] = []


@dataclass(frozen=True, slots=True)
class Returning:
    """People who were removed, by the address that they had, and are asked in again with an organization role.
    people: address and name.
    """

    actor: Actor
    organization_id: int
    role_id: int
    people: Sequence[tuple[str, str]]


# Ask removed people in again, under the lock held; the right to it is decided already.
returning_inviters: list[Callable[[Returning], Sequence[Asked]]] = []


@dataclass(frozen=True, slots=True)
class FurtherRequests:
    """Requests of another kind: a tab beside those for access, for whoever may do what the verb says. waiting: how many
    wait, counted for every page, so bounded and by an index.
    """

    label: Promise
    name: str
    verb: Verb
    waiting: Callable[[Organization], int]


further_requests: list[FurtherRequests] = []


@dataclass(frozen=True, slots=True)
class MyProposal:
    """Somebody whom the person proposed, and what became of it, for My access. state: waiting, approved, declined or
    withdrawn.
    """

    organization_id: int
    address: str
    state: str
    at: datetime
    reply: str
    withdraw_url: str


# Where a person's own proposals are found, newest first.
proposal_sources: list[Callable[[int], Iterable[MyProposal]]] = []


def proposals_of(user_id: int) -> dict[int, list[MyProposal]]:
    """By organization."""
    found: dict[int, list[MyProposal]] = {}
    for proposal in (each for source in proposal_sources for each in source(user_id)):
        found.setdefault(proposal.organization_id, []).append(proposal)
    return found
