"""One person, two places in an organization: everything of one member goes to another, and the history stays whole.

Accepting an invitation to a further address folds the waiting member in (`invitations.actions.answering`); an
administrator merges two members here.
"""

from dataclasses import dataclass, replace
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import Http404

from accounts.actors import Actor
from workspaces.actions.locking import Locked, insist, locked
from workspaces.actions.members import sweep
from workspaces.actions.resources import hand_over
from workspaces.catalogue import Scope
from workspaces.history import COLLABORATION_DROPPED, MEMBER_MERGED, ROLE_CHANGED, kept_label
from workspaces.models import (
    AccessRequest,
    Collaborator,
    Departure,
    ExternalAccount,
    Grant,
    GrantPermission,
    GroupManager,
    GroupMember,
    Member,
    MergedMember,
    Organization,
    Resource,
    Workspace,
)
from workspaces.policy import Decision, MemberFacts, RoleFacts, Verb, decide
from workspaces.queries.admins import organization_admins, workspace_admins
from workspaces.queries.facts import FACTS, group_facts, member_facts, roles_of, with_facts, workspace_facts
from workspaces.queries.resources import approach
from workspaces.reasons import Reason
from workspaces.registry import before_merge


@dataclass(frozen=True, slots=True)
class Pair:
    """former goes, kept stays."""

    former: Member
    kept: Member


def merge_members(*, actor: Actor, organization_id: int, member_id: int, into_id: int) -> None:
    """Gives everything of a member to another one and removes the first, with a receipt. Locks the organization.

    The actor holds what both hold and may give by hand all that moves, else Refusal 403. 409 for the owner, for
    suspended ones, for oneself, for somebody who joined into somebody waiting, and where an admin would be lost.
    Collaborations that the actor could not give end, as does the invitation of the former. Http404 for ids that are not
    the organization's, 422 for one and the same.
    """
    with locked(actor=actor, organization_id=organization_id) as held:
        pair = pair_of(held.organization, member_id, into_id)
        insist(refusal_of(held, pair))
        administered = _administered(held.organization, pair.former)
        former = held.organization.members.filter(pk=pair.former.pk)
        if Resource.objects.filter(owner=pair.former).exists():
            hand_over(held, former, pair.kept.pk)
        _drop_what_is_not_shareable(held, pair)
        raise_role(held, pair)
        fold(held, pair)
        successor_id = pair.kept.pk if pair.former.joined_at else None
        sweep(held, former, Departure.Cause.MERGED, MEMBER_MERGED, successor_id, scope=pair.kept.pk)
        _insist_admins_remain(held.organization, administered)


def pair_of(organization: Organization, member_id: int, into_id: int) -> Pair:
    members = organization.members.select_related("role", "directory", "user").in_bulk([member_id, into_id])
    if len(members) != 2:
        raise Http404
    return Pair(members[member_id], members[into_id])


def refusal_of(held: Locked, pair: Pair) -> Decision:
    """What `merge_members` decides before it writes; whether an admin would be lost shows only then."""
    former, kept = _facts(held, pair.former), _facts(held, pair.kept)
    # The owner is never merged away; that somebody is merged into them is no harm.
    decisions = [decide(held.facts, Verb.MERGE, former), decide(held.facts, Verb.MERGE, replace(kept, is_owner=False))]
    if pair.former.joined_at is not None and pair.kept.joined_at is None:
        decisions.append(Decision(Reason.WAITING))
    if pair.kept.user is not None and not pair.kept.user.is_active:
        decisions.append(Decision(Reason.BLOCKED))
    if is_raised(held.organization, pair):
        role = roles_of(held.organization, Scope.ORGANIZATION)[pair.former.role_id]
        decisions.append(decide(held.facts, Verb.UPDATE_ROLE, kept, role=role))
    decisions += [*_on_grants(held, pair), *_on_groups(held, pair)]
    return next((decision for decision in decisions if not decision), Decision())


def fold(held: Locked, pair: Pair) -> None:
    """Placements, collaborations, what they own, requests and the past go to the kept one: it only adds (P9). Under
    the lock, everything decided; what both have stays on the former, who is about to go.
    """
    former, kept = pair.former, pair.kept
    _fold_grants(former, kept)
    _move(GroupMember.objects.all(), "group", former, kept)
    _move(GroupManager.objects.all(), "group", former, kept)
    Resource.objects.filter(owner=former).update(owner=kept)
    _move(Collaborator.objects.exclude(resource__owner=kept), "resource", former, kept)
    AccessRequest.objects.filter(member=former).update(member=kept)
    if not ExternalAccount.objects.filter(member=kept).exists():
        ExternalAccount.objects.filter(member=former).update(member=kept)
    if kept.default_workspace_id is None and former.default_workspace_id is not None:
        Member.objects.filter(pk=kept.pk).update(default_workspace=former.default_workspace_id)
    for hook in before_merge:
        hook(former.pk, kept.pk)
    MergedMember.objects.filter(member_id=former.pk).update(member_id=kept.pk)
    MergedMember.objects.create(former_id=former.pk, member_id=kept.pk)


def _move(rows: "QuerySet[Any]", place: str, former: Member, kept: Member) -> None:
    """Those of the former whose place the kept one has not."""
    taken = list(rows.filter(member=kept).values_list(place, flat=True))
    rows.filter(member=former).exclude(**{f"{place}__in": taken}).update(member=kept)


def raise_role(held: Locked, pair: Pair) -> None:
    """The organization role changes only to one that contains the present one."""
    if is_raised(held.organization, pair):
        held.record(ROLE_CHANGED, subject=pair.kept.pk, before=pair.kept.role.name, after=pair.former.role.name)
        Member.objects.filter(pk=pair.kept.pk).update(role_id=pair.former.role_id)


def is_raised(organization: Organization, pair: Pair) -> bool:
    """Does the kept one get the former's organization role?"""
    roles = roles_of(organization, Scope.ORGANIZATION)
    return roles[pair.kept.role_id].permissions < roles[pair.former.role_id].permissions


def _fold_grants(former: Member, kept: Member) -> None:
    """Of the same role in the same workspace the later end counts, with the extra permissions of both. What has ended
    adds nothing, and brings nothing back.
    """
    over = Grant.objects.filter(member__in=[former, kept], ends_at__lte=Now())
    ended = set(over.values_list("pk", flat=True))
    mine = {(grant.workspace_id, grant.role_id): grant for grant in Grant.objects.filter(member=kept)}
    for grant in Grant.objects.filter(member=former).exclude(workspace__kind=Workspace.Kind.PERSONAL):
        same = mine.get((grant.workspace_id, grant.role_id))
        if same is None:
            Grant.objects.filter(pk=grant.pk).update(member=kept)
            continue
        if grant.pk in ended:
            continue
        if same.pk in ended:
            GrantPermission.objects.filter(grant=same).delete()
        if same.ends_at is not None and (grant.ends_at is None or grant.ends_at > same.ends_at):
            Grant.objects.filter(pk=same.pk).update(ends_at=grant.ends_at)
        extras = GrantPermission.objects.filter(grant=same).values("permission")
        GrantPermission.objects.filter(grant=grant).exclude(permission__in=extras).update(grant=same)


def _administered(organization: Organization, former: Member) -> set[int | None]:
    """Where the former is an admin who counts (P11); None: of the organization."""
    here = organization.members.filter(pk=former.pk)
    direct, through = workspace_admins(organization, here)
    places: set[int | None] = set(direct.values_list("workspace", flat=True))
    places.update(through.values_list("group__grants__workspace", flat=True))
    return places | ({None} if organization_admins(organization).filter(pk=former.pk).exists() else set())


def _insist_admins_remain(organization: Organization, administered: set[int | None]) -> None:
    """Whoever is kept is admin there now, or somebody else is."""
    if None in administered and not organization_admins(organization).exists():
        insist(Decision(Reason.LAST_ORGANIZATION_ADMIN))
    places = {pk for pk in administered if pk is not None}
    direct, through = workspace_admins(organization, organization.members.all(), places)
    led = {*direct.values_list("workspace", flat=True), *through.values_list("group__grants__workspace", flat=True)}
    if places - led:
        insist(Decision(Reason.LAST_WORKSPACE_ADMIN))


def _facts(held: Locked, member: Member) -> MemberFacts:
    rows = with_facts(held.organization.members.filter(pk=member.pk), held.organization, held.facts.member_id)
    return member_facts(rows.values(*FACTS).get(), roles_of(held.organization, Scope.ORGANIZATION))


def _on_grants(held: Locked, pair: Pair) -> list[Decision]:
    """Nobody passes on what they do not hold there. A workspace that is archived or deleted changes nothing about that;
    personal ones pass to nobody.
    """
    grants = Grant.objects.filter(member=pair.former).exclude(workspace__kind=Workspace.Kind.PERSONAL)
    rows = list(grants.prefetch_related("extra_permissions"))
    places = workspace_facts(held.organization, held.facts, {grant.workspace_id for grant in rows})
    roles = roles_of(held.organization, Scope.WORKSPACE)
    decisions = []
    for grant in rows:
        role, here = roles.get(grant.role_id), places[grant.workspace_id]
        codes = {extra.permission for extra in grant.extra_permissions.all()} | (role.permissions if role else set())
        given = RoleFacts(grant.role_id, frozenset(codes))
        adding = decide(held.facts, Verb.ADD_TO_WORKSPACE, workspace=replace(here, is_archived=False), role=given)
        decisions.append(adding)
    return decisions


def _on_groups(held: Locked, pair: Pair) -> list[Decision]:
    memberships = GroupMember.objects.filter(member=pair.former).values_list("group_id", flat=True)
    managed = GroupManager.objects.filter(member=pair.former).values_list("group_id", flat=True)
    facts = group_facts(held.organization, held.facts, {*memberships, *managed})
    return [
        *(decide(held.facts, Verb.ADD_TO_GROUP, group=facts[pk]) for pk in memberships),
        *(decide(held.facts, Verb.NAME_MANAGERS, group=facts[pk]) for pk in managed),
    ]


def _drop_what_is_not_shareable(held: Locked, pair: Pair) -> None:
    """What is private to somebody is for them to give: collaborations that the actor could not share by hand end."""
    for row in Collaborator.objects.filter(member=pair.former):
        found = approach(held.organization, held.facts, row.resource_id)
        if found is None or not found.may_share(held.facts, row.level):
            level = kept_label(Collaborator.Level(row.level).label)
            held.record(COLLABORATION_DROPPED, subject=pair.former.pk, scope=row.resource_id, before=level)
            row.delete()
