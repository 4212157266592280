"""Members propose people, and whoever may invite decides: what an approver gives is an ordinary invitation of theirs.

A proposer is answered alike whether an address is known here or not, and by whom else it was proposed.
"""

from collections.abc import Collection, Iterable

from django.db.models import Q
from django.db.models.functions import Now
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from accounts.actors import Actor
from accounts.addresses import Pasted
from accounts.models import User
from accounts.outbox import cancel, queue_mail
from config.refusals import Refusal
from invitations.actions.inviting import invite
from invitations.asking import Ask, Line, Report, Result, read_entries
from invitations.models import ProposedPerson
from invitations.queries.proposals import (
    DECIDED_MAIL,
    MADE_MAIL,
    OPEN,
    PER_DAY,
    approvers_to_tell,
    open_proposals,
    proposed_today,
    seconds_until_next,
)
from workspaces.actions.locking import Locked, insist, locked
from workspaces.catalogue import BuiltIn, Scope, scheme_roles
from workspaces.history import PEOPLE_PROPOSED, PROPOSAL_APPROVED, PROPOSAL_DECLINED, PROPOSAL_WITHDRAWN
from workspaces.models import Member, Organization, Workspace
from workspaces.policy import Verb, decide
from workspaces.queries.facts import policies_of, roles_of, workspace_facts
from workspaces.reasons import Reason
from workspaces.registry import Gone, Leaving
from workspaces.sql import delete_rows

DONE = frozenset({Result.INVITED, Result.RENEWED, Result.MEMBER})
"""With these an approval is carried out; whoever is over a limit stays open."""


def propose_people(
    *,
    actor: Actor,
    organization_id: int,
    entries: Iterable[Pasted],
    workspace_id: int | None = None,
    message: str = "",
) -> int:
    """Notes whom the actor would like to have asked in; whom they have proposed already stays as it is. Returns how
    many addresses there were. Locks the organization.

    Raises Refusal 403 without the policy, 422 for what is no address or too many for today, 429 when the day leaves
    nothing; Http404 for a workspace that is none.
    """
    addressees, lines = read_entries(entries)
    _insist_on_addresses(len(addressees), lines)
    with locked(actor=actor, organization_id=organization_id) as held:
        insist(decide(held.facts, Verb.PROPOSE_PEOPLE, organization=policies_of(held.organization)))
        member_id = held.facts.member_id or 0
        _insist_on_workspace(held, workspace_id)
        mine = ProposedPerson.objects.filter(OPEN, proposed_by=member_id)
        known = set(mine.values_list("address", flat=True))
        new = [who for who in addressees if who.address not in known]
        _insist_on_day(member_id, len(new))
        rows = ProposedPerson.objects.bulk_create(
            ProposedPerson(
                organization=held.organization,
                proposed_by_id=member_id,
                address=who.address,
                name=who.name,
                workspace_id=workspace_id,
                message=message.strip(),
            )
            for who in new
        )
        if rows:
            held.record(PEOPLE_PROPOSED, subject=member_id)
            for user in approvers_to_tell(held.organization):
                queue_mail(MADE_MAIL, user.email, user=user, subject_id=rows[0].pk, organization_id=organization_id)
        return len(addressees)


def approve_people(*, actor: Actor, organization_id: int, proposal_ids: Collection[int], reply: str = "") -> Report:
    """Asks the proposed people in as Member, with the lowest role in the workspace named if the actor may give that.
    Who proposed the same people gets the same answer. Whoever is over a limit or has no seat stays open.

    Locks the organization. Raises Refusal 403 without the right to invite, 409 where all is decided, 429 when the
    day's limit leaves nobody; Http404 for proposals that are none of the organization's.
    """
    with locked(actor=actor, organization_id=organization_id) as held:
        chosen = _chosen(held, proposal_ids)
        addresses = {person.address for person in chosen}
        same = ProposedPerson.objects.filter(OPEN, organization=held.organization, address__in=addresses)
        everybody = list(same.order_by("pk"))
        lines: list[Line] = []
        refusal: Refusal | None = None
        for workspace_ids, people in _by_places(held, everybody).items():
            try:
                lines += _invite(held, workspace_ids, people)
            except Refusal as over:
                if over.status != 429:
                    raise
                refusal = over
                lines += [Line(each.text, Result.OVER_LIMIT, each.text, note=str(over.sentence)) for each in people]
        done = {line.address for line in lines if line.result in DONE}
        if refusal is not None and not done:
            raise refusal
        approved = [person for person in everybody if person.address in done]
        if approved:
            _decide(held, approved, reply, approved_at=Now())
        return Report(lines)


def decline_people(*, actor: Actor, organization_id: int, proposal_ids: Collection[int], reply: str = "") -> int:
    """Says no, with the reason that the proposers are told. Returns how many. Locks the organization. Raises as
    `approve_people`.
    """
    with locked(actor=actor, organization_id=organization_id) as held:
        chosen = _chosen(held, proposal_ids)
        _decide(held, chosen, reply, declined_at=Now())
        return len(chosen)


def withdraw_proposal(*, actor: Actor, organization_id: int, proposal_id: int) -> None:
    """The proposer's own way back. Raises Http404 for somebody else's, Refusal 409 for a decided one. Locks the
    organization.
    """
    with locked(actor=actor, organization_id=organization_id) as held:
        mine = ProposedPerson.objects.filter(organization=held.organization, proposed_by=held.facts.member_id or 0)
        if not mine.filter(pk=proposal_id).exists():
            raise Http404
        if not mine.filter(OPEN, pk=proposal_id).update(withdrawn_at=Now()):
            raise Reason.DECIDED.refusal()
        cancel(MADE_MAIL, [proposal_id], reason=gettext_noop("The proposal was withdrawn."))
        held.record(PROPOSAL_WITHDRAWN, subject=held.facts.member_id)


def _insist_on_addresses(count: int, lines: Iterable[Line]) -> None:
    wrong = [f"{line.text}: {line.sentence}" for line in lines if line.result is Result.INVALID]
    if wrong:
        raise Refusal(" ".join(wrong[:5]), 422, "invalid_address")
    if not count:
        raise Refusal(_("Enter at least one address."), 422, "invalid_address")


def _insist_on_workspace(held: Locked, workspace_id: int | None) -> None:
    """What workspaces there are is no secret inside an organization; personal and archived ones take nobody."""
    if workspace_id is None:
        return
    shared = Workspace.objects.alive().filter(organization=held.organization, kind=Workspace.Kind.SHARED)
    if not shared.filter(pk=workspace_id, archived_at__isnull=True).exists():
        raise Http404


def _insist_on_day(member_id: int, count: int) -> None:
    left = max(0, PER_DAY - proposed_today(member_id).count())
    if count and not left:
        sentence = _("You have proposed %(count)s people today, which is as many as one may. Go on tomorrow.")
        raise Refusal(sentence % {"count": PER_DAY}, 429, "proposed", retry_after=seconds_until_next(member_id))
    if count > left:
        sentence = ngettext(
            "You can propose %(count)s more person today. Shorten the list.",
            "You can propose %(count)s more people today. Shorten the list.",
            left,
        )
        raise Refusal(sentence % {"count": left}, 422, "proposed")


def _chosen(held: Locked, proposal_ids: Collection[int]) -> list[ProposedPerson]:
    """The open ones, for whoever may invite."""
    role = roles_of(held.organization, Scope.ORGANIZATION)[BuiltIn.MEMBER]
    insist(decide(held.facts, Verb.INVITE, role=role))
    found = open_proposals(held.organization, proposal_ids)
    if not found:
        if ProposedPerson.objects.filter(organization=held.organization, pk__in=proposal_ids).exists():
            raise Reason.DECIDED.refusal()
        raise Http404
    return found


def _by_places(held: Locked, people: Iterable[ProposedPerson]) -> dict[frozenset[int], list[Pasted]]:
    """Each address once, by the workspaces that it was proposed for and that the actor may give the lowest role in."""
    people = list(people)
    lowest = roles_of(held.organization, Scope.WORKSPACE)[scheme_roles(held.organization.scheme)[0].id]
    wanted = {person.workspace_id for person in people if person.workspace_id is not None}
    alive = Workspace.objects.alive().filter(organization=held.organization, pk__in=wanted)
    facts = workspace_facts(held.organization, held.facts, list(alive.values_list("pk", flat=True)))
    giveable = {
        pk for pk, here in facts.items() if decide(held.facts, Verb.ADD_TO_WORKSPACE, workspace=here, role=lowest)
    }
    places: dict[str, set[int]] = {}
    names: dict[str, str] = {}
    for person in people:
        places.setdefault(person.address, set()).update({person.workspace_id or 0} & giveable)
        names[person.address] = names.get(person.address) or person.name
    groups: dict[frozenset[int], list[Pasted]] = {}
    for address, workspace_ids in places.items():
        groups.setdefault(frozenset(workspace_ids), []).append(Pasted(address, names[address]))
    return groups


def _invite(held: Locked, workspace_ids: frozenset[int], people: list[Pasted]) -> list[Line]:
    lowest = scheme_roles(held.organization.scheme)[0].id
    ask = Ask(BuiltIn.MEMBER, placements=dict.fromkeys(sorted(workspace_ids), lowest))
    report = invite(actor=held.actor, organization_id=held.organization.pk, entries=people, ask=ask)
    return list(report.lines)


def _decide(held: Locked, people: list[ProposedPerson], reply: str, **moment: Now) -> None:
    ids = [person.pk for person in people]
    decided = ProposedPerson.objects.filter(pk__in=ids)
    kind = PROPOSAL_APPROVED if "approved_at" in moment else PROPOSAL_DECLINED
    held.record_set(kind, Member.objects.filter(proposed_people__in=decided).distinct())
    decided.update(decided_by=held.actor.user_id, reply=reply.strip(), **moment)
    cancel(MADE_MAIL, ids, reason=gettext_noop("The proposal was decided."))
    first: dict[int, int] = {}
    for person in people:
        first.setdefault(person.proposed_by_id, person.pk)
    for user in User.objects.filter(memberships__in=first).order_by("pk"):
        member_id = held.organization.members.values_list("pk", flat=True).get(user=user)
        queue_mail(
            DECIDED_MAIL, user.email, user=user, subject_id=first[member_id], organization_id=held.organization.pk
        )


# --- what goes with others; registered with `workspaces`


def delete_with_proposers(leaving: Leaving) -> None:
    """Whoever leaves takes their proposals along."""
    delete_rows(ProposedPerson.objects.filter(proposed_by__in=leaving.ids))


def follow_merge(former_id: int, kept_id: int) -> None:
    """The proposals of a member who is merged into another are theirs from then on, each address open once."""
    theirs = ProposedPerson.objects.filter(OPEN, proposed_by=kept_id)
    same = Q(address__in=list(theirs.values_list("address", flat=True))) & OPEN
    ProposedPerson.objects.filter(~same, proposed_by=former_id).update(proposed_by=kept_id)


def delete_with_organization(organization: Organization) -> None:
    delete_rows(ProposedPerson.objects.filter(organization=organization))


def forget_places(gone: Gone) -> None:
    """A workspace that goes for good is nobody's any more; the proposal stays."""
    ProposedPerson.objects.filter(Q(workspace__in=list(gone.workspace_ids))).update(workspace=None)
