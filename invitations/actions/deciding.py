"""Who of a list may be asked in, with what: one decision for an invitation, its preview and an import. Writes nothing.

Everything is read once for all asks and addresses of a call, so that a few dozen asks cost hardly more than one.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.http import Http404

from accounts.models import User
from config.refusals import Refusal
from config.sentences import Sentence
from invitations.asking import OVER_DAY, Addressee, Ask, Line, Result
from invitations.queries.invitations import Known, known_addresses
from invitations.queries.limits import Quota, mailed_out, quota_of, seconds_until_mail, seconds_until_quota
from workspaces.actions.locking import Locked, insist
from workspaces.actions.seats import free_seats
from workspaces.catalogue import Scope
from workspaces.models import Group, Workspace
from workspaces.policy import (
    ActorFacts,
    Decision,
    GroupFacts,
    OrganizationFacts,
    RoleFacts,
    Verb,
    WorkspaceFacts,
    decide,
)
from workspaces.queries.facts import group_facts, policies_of, roles_of, workspace_facts
from workspaces.reasons import Reason


@dataclass(frozen=True, slots=True)
class Giving:
    """What asks would give, and what the actor holds of it. Ids that are not the organization's are absent."""

    actor: ActorFacts
    policies: OrganizationFacts
    roles: Mapping[int, RoleFacts]
    workspace_roles: Mapping[int, RoleFacts]
    places: Mapping[int, WorkspaceFacts]
    groups: Mapping[int, GroupFacts]

    def insist(self, ask: Ask) -> None:
        """Raises the Refusal that belongs to the ask, or Http404 for ids that are not the organization's."""
        insist(Decision(self.refusal(ask)))

    def refusal(self, ask: Ask) -> Reason | None:
        """Why the actor may not invite with this role, into these groups and workspaces. Raises Http404 as `insist`."""
        if (
            ask.role_id not in self.roles
            or not set(ask.placements) <= set(self.places)
            or not set(ask.group_ids) <= set(self.groups)
            or not set(ask.placements.values()) <= set(self.workspace_roles)
        ):
            raise Http404
        for decision in self._decisions(ask):
            if decision.reason is not None:
                return decision.reason
        return None

    def _decisions(self, ask: Ask) -> Iterable[Decision]:
        role = self.roles[ask.role_id]
        places = [(self.places[pk], self.workspace_roles[role_id]) for pk, role_id in ask.placements.items()]
        # Without the right to invite into the organization, every workspace asked for has to allow it.
        asked = decide(self.actor, Verb.INVITE, role=role)
        if asked.reason is Reason.NO_RIGHT and places and not ask.group_ids:
            for place, _role in places:
                yield decide(self.actor, Verb.INVITE, workspace=place, organization=self.policies)
            if not role.permissions <= self.actor.permissions:
                yield asked
        else:
            yield asked
        for place, workspace_role in places:
            yield decide(self.actor, Verb.ADD_TO_WORKSPACE, workspace=place, role=workspace_role)
        for group_id in ask.group_ids:
            yield decide(self.actor, Verb.ADD_TO_GROUP, group=self.groups[group_id])


def giving_of(held: Locked, asks: Collection[Ask], *, facts: ActorFacts | None = None) -> Giving:
    """facts: what the actor is taken to hold, if not what the lock says."""
    organization, actor = held.organization, facts or held.facts
    workspace_ids = {pk for ask in asks for pk in ask.placements}
    group_ids = {pk for ask in asks for pk in ask.group_ids}
    groups = set(Group.objects.filter(organization=organization, pk__in=group_ids).values_list("pk", flat=True))
    workspaces = set(
        Workspace.objects.filter(organization=organization, pk__in=workspace_ids).values_list("pk", flat=True)
    )
    return Giving(
        actor,
        policies_of(organization),
        roles_of(organization, Scope.ORGANIZATION),
        roles_of(organization, Scope.WORKSPACE),
        workspace_facts(organization, actor, workspaces) if workspaces else {},
        group_facts(organization, actor, groups) if groups else {},
    )


type Sorted = tuple[list[Addressee], list[tuple[Addressee, Known]], list[Line]]
"""Who is new, who is waiting already and will be renewed, and who is not asked, with the reason."""


@dataclass(slots=True)
class Reach:
    """What is known of the addresses of one call, how many mails the day's limits still allow (P18; over: which of them
    stops first), and how many seats are free (None: any number).
    """

    actor: ActorFacts
    roles: Mapping[int, RoleFacts]
    known: Mapping[str, Known]
    mailed: Collection[str]
    remaining: int
    over: Reason
    free: int | None

    def sort(self, addressees: Sequence[Addressee]) -> Sorted:
        """Whoever is asked uses up the limit, also for those who are sorted by a later call."""
        new: list[Addressee] = []
        waiting: list[tuple[Addressee, Known]] = []
        unasked: list[Line] = []
        for who in addressees:
            known = self.known.get(who.address)
            result = self._refusal(who, known)
            if result is not None:
                unasked.append(Line(who.address, result, who.address, who.name, self._note(who, result)))
                continue
            self.remaining -= 1
            if self.free is not None and _takes_seat(known):
                self.free -= 1
            if known is None:
                new.append(who)
            else:
                waiting.append((who, known))
        return new, waiting, unasked

    def _refusal(self, who: Addressee, known: Known | None) -> Result | None:
        if known is not None and not known.waits:
            return Result.MEMBER
        if known is not None and not self.roles[known.role_id].permissions <= self.actor.permissions:
            return Result.ABOVE_RIGHTS
        if who.address in self.mailed or self.remaining <= 0:
            return Result.OVER_LIMIT
        if self.free is not None and self.free <= 0 and _takes_seat(known):
            return Result.OVER_SEATS
        return None

    def _note(self, who: Addressee, result: Result) -> Sentence | str:
        """Whose limit it is, if not the address's own."""
        own = result is not Result.OVER_LIMIT or who.address in self.mailed
        return "" if own else OVER_DAY[self.over]


def _takes_seat(known: Known | None) -> bool:
    return known is None or not known.holds_seat


def reach_of(held: Locked, addresses: Collection[str], roles: Mapping[int, RoleFacts]) -> Reach:
    quota = quota_of(held.organization, held.actor.user_id)
    return Reach(
        held.facts,
        roles,
        known_addresses(held.organization, addresses),
        mailed_out(held.organization, addresses),
        quota.remaining,
        quota.reason,
        free_seats(held),
    )


def hold_quota(held: Locked) -> None:
    """What a person may ask for in a day counts in all organizations, whose locks know nothing of one another: nobody
    asks in their name elsewhere until this transaction ends. Locks the account; call it before counting.
    """
    User.objects.select_for_update(no_key=True).filter(pk=held.actor.user_id or 0).values_list("pk").first()


def over_limit(held: Locked, quota: Quota, addresses: Collection[str]) -> Refusal:
    """What to raise when the day's limits leave none of the addresses, with the time after which one of them can be
    asked (P18).
    """
    if quota.remaining:
        wait = seconds_until_mail(held.organization, addresses)
        return Refusal(Reason.OVER_LIMIT.sentence, 429, Reason.OVER_LIMIT, retry_after=wait)
    wait = seconds_until_quota(held.organization, held.actor.user_id)
    return Refusal(quota.reason.sentence, 429, quota.reason, retry_after=wait)
