"""What a change would do to each member of a set, and why not: made for the preview, made again under the lock for the
write.

One core for one row and many: members are grouped by the facts that matter, and each distinct tuple is decided once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db.models import Count, Q

from workspaces.catalogue import Scope
from workspaces.models import Organization
from workspaces.models.members import MemberQuerySet
from workspaces.policy import (
    BULK_LIMIT,
    ActorFacts,
    GroupFacts,
    MemberFacts,
    OrganizationFacts,
    RoleFacts,
    Verb,
    WorkspaceFacts,
    decide,
)
from workspaces.queries.admins import must_keep, must_stay
from workspaces.queries.facts import FACTS, member_facts, roles_of, with_facts
from workspaces.reasons import Reason


@dataclass(frozen=True, slots=True)
class Proposal:
    """A verb with what it would give. unchanged matches members for whom nothing would change.

    loses: members lose standing by it, in the organization ("organization") or everywhere ("everywhere").
    leaves_group: members lose what this group gives them.
    """

    verb: Verb
    role: RoleFacts | None = None
    group: GroupFacts | None = None
    workspace: WorkspaceFacts | None = None
    organization: OrganizationFacts | None = None
    unchanged: Q | None = None
    loses: str = ""
    leaves_group: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """accepted: members who will change. refused: by reason, how many will not and who. kept: last admins and of which
    workspace.
    """

    accepted: MemberQuerySet
    changing: int
    refused: Mapping[Reason, tuple[int, MemberQuerySet]]
    kept: Mapping[int, int | None] = field(default_factory=dict)

    def outcome(self, changed: int) -> "Outcome":
        return Outcome(changed, {reason: count for reason, (count, _) in self.refused.items()})

    def sorted(self) -> "Sorted":
        """The same by member, as it is now."""
        refused = {
            pk: reason
            for reason, (_, members) in self.refused.items()
            for pk in members.order_by().values_list("pk", flat=True)
        }
        return Sorted(list(self.accepted.order_by("pk").values_list("pk", flat=True)), refused)


@dataclass(frozen=True, slots=True)
class Sorted:
    """Who will change, by id, and who will not and why."""

    accepted: list[int]
    refused: dict[int, Reason]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many changed, and how many did not for which reason."""

    changed: int
    refused: Mapping[Reason, int] = field(default_factory=dict)

    def insist(self) -> "Outcome":
        """For one row: raises the refusal that its reason asks for; nothing to change is no refusal."""
        for reason in self.refused:
            if reason is not Reason.UNCHANGED:
                raise reason.refusal()
        return self


def make_plan(facts: ActorFacts, organization: Organization, chosen: MemberQuerySet, proposal: Proposal) -> Plan:
    """Decides for every chosen member. Raises Refusal 409 for more than BULK_LIMIT of them; ids that are no members
    don't count.
    """
    annotated = with_facts(chosen, organization, facts.member_id, proposal.unchanged)
    accepted, declined, total = _decide_each(facts, organization, annotated, proposal)
    if total > BULK_LIMIT:
        raise Reason.TOO_MANY.refusal()
    refused = {reason: (count, annotated.filter(keys)) for reason, (count, keys) in declined.items()}
    changing = annotated.filter(accepted) if accepted else annotated.none()
    kept: dict[int, int | None] = {}
    if (proposal.loses or proposal.leaves_group) and accepted:
        kept = _must_keep(facts, organization, changing, proposal)
        for reason, members in _by_scope(kept).items():
            refused[reason] = (len(members), annotated.filter(pk__in=members))
        changing = changing.exclude(pk__in=list(kept)) if kept else changing
    return Plan(changing, total - sum(count for count, _ in refused.values()), refused, kept)


def _must_keep(
    facts: ActorFacts, organization: Organization, losing: MemberQuerySet, proposal: Proposal
) -> dict[int, int | None]:
    if proposal.leaves_group:
        return must_stay(organization, losing, proposal.leaves_group, facts.member_id)
    everywhere = proposal.loses == "everywhere"
    return must_keep(organization, losing, workspaces=everywhere, actor_member_id=facts.member_id)


def _decide_each(
    facts: ActorFacts, organization: Organization, annotated: MemberQuerySet, proposal: Proposal
) -> tuple[Q, dict[Reason, tuple[int, Q]], int]:
    """One decision per distinct tuple of facts: what matches the accepted tuples, the refused ones by reason with how
    many rows there are of each, and how many rows there are at all.
    """
    roles = roles_of(organization, Scope.ORGANIZATION)
    accepted, total = Q(), 0
    declined: dict[Reason, tuple[int, Q]] = {}
    for row in annotated.order_by().values(*FACTS).annotate(rows=Count("pk")):
        total += row["rows"]
        keys = Q(**{name: row[name] for name in FACTS})
        reason = Reason.UNCHANGED if row["fact_unchanged"] else _refusal(facts, proposal, member_facts(row, roles))
        if reason is None:
            accepted |= keys
        else:
            count, others = declined.get(reason, (0, Q()))
            declined[reason] = (count + row["rows"], others | keys)
    return accepted, declined, total


def _refusal(facts: ActorFacts, proposal: Proposal, member: MemberFacts) -> Reason | None:
    return decide(
        facts,
        proposal.verb,
        member,
        role=proposal.role,
        group=proposal.group,
        workspace=proposal.workspace,
        organization=proposal.organization,
    ).reason


def _by_scope(kept: Mapping[int, int | None]) -> dict[Reason, list[int]]:
    reasons: dict[Reason, list[int]] = {}
    for member, scope in kept.items():
        reason = Reason.LAST_ORGANIZATION_ADMIN if scope is None else Reason.LAST_WORKSPACE_ADMIN
        reasons.setdefault(reason, []).append(member)
    return reasons
