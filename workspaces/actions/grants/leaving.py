"""Remove all access here: a member's direct grants in a workspace, and their places in the groups that bring it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import Http404

from accounts.actors import Actor
from workspaces.actions.grants.giving import give_top_role, sum_of
from workspaces.actions.grants.removing import remove_grants
from workspaces.actions.groups import propose_removing, remove_from_group
from workspaces.actions.locking import locked
from workspaces.models import Grant, Group, Organization
from workspaces.plans import Outcome, make_plan
from workspaces.policy import ActorFacts
from workspaces.reasons import Reason
from workspaces.selections import Chosen


@dataclass(frozen=True, slots=True)
class GroupPath:
    """A group through which somebody is in a workspace, and why they cannot be taken out of it (None: they can)."""

    id: int
    name: str
    refusal: Reason | None


def remove_all_access(
    *, actor: Actor, organization_id: int, workspace_id: int, member_id: int, heir_id: int | None = None
) -> Outcome:
    """Removes every direct grant of a member in a workspace and takes them out of the groups that `leavable_groups`
    lets the actor. What everyone has and an inherited Admin stay. Locks the organization.

    heir_id: a member who is made admin there first. All or nothing: raises the Refusal of whatever cannot be done,
    groups that are not the actor's to change aside: the outcome counts these. Http404 for what is not the
    organization's.
    """
    with locked(actor=actor, organization_id=organization_id) as held:
        organization = held.organization
        wanted = {member_id} if heir_id is None else {member_id, heir_id}
        if heir_id == member_id or organization.members.filter(pk__in=wanted).count() != len(wanted):
            raise Http404
        if heir_id is not None:
            give_top_role(held, workspace_id, heir_id)
        direct = Grant.objects.live().filter(workspace=workspace_id, member=member_id)
        outcomes = [
            remove_grants(
                actor=actor,
                organization_id=organization_id,
                workspace_id=workspace_id,
                grant_ids=list(direct.values_list("pk", flat=True)),
            ).insist()
        ]
        for group in leavable_groups(held.facts, organization, workspace_id, member_id):
            if group.refusal is not None:
                outcomes.append(Outcome(0, {group.refusal: 1}))
                continue
            left = remove_from_group(
                actor=actor, organization_id=organization_id, chosen=Chosen.one(member_id), group_id=group.id
            )
            outcomes.append(left.insist())
        return sum_of(outcomes)


def leavable_groups(
    facts: ActorFacts, organization: Organization, workspace_id: int, member_id: int
) -> Iterable[GroupPath]:
    """The groups that bring the member into the workspace, by name, and whether the actor may take them out."""
    bringing = Grant.objects.live().filter(workspace=workspace_id, group__memberships__member=member_id)
    groups = list(
        Group.objects.filter(organization=organization, pk__in=bringing.values("group"))
        .order_by("sort_name")
        .values_list("pk", "name")
    )
    member = Chosen.one(member_id).members(organization)
    paths = []
    for pk, name in groups:
        plan = make_plan(facts, organization, member, propose_removing(facts, organization, pk))
        paths.append(GroupPath(pk, name, next(iter(plan.refused), None)))
    return paths
