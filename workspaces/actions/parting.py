"""Taking everything from somebody who stays a member, every direct grant and every group membership at once; and going
oneself, with what one owns handed over.
"""

from collections.abc import Mapping

from django.http import Http404

from accounts.actors import Actor
from workspaces.actions.grants.giving import give_top_role, sum_of
from workspaces.actions.grants.removing import remove_grants
from workspaces.actions.groups import remove_from_group
from workspaces.actions.locking import locked
from workspaces.actions.members import leave
from workspaces.actions.resources import hand_over
from workspaces.models import Grant, GroupMember, Member
from workspaces.plans import Outcome
from workspaces.selections import Chosen


def remove_access_everywhere(
    *, actor: Actor, organization_id: int, member_id: int, heirs: Mapping[int, int] | None = None
) -> Outcome:
    """Ends all direct grants and group memberships of a member; organization role and what everyone holds stay. Locks
    the organization.

    heirs: workspace -> who becomes its admin first, where the member is the last one. What may not be taken stays and
    is counted by its reason. Http404 for people who are not the organization's; refuses like giving a role.
    """
    with locked(actor=actor, organization_id=organization_id) as held:
        here = Member.objects.filter(organization=held.organization)
        wanted = {member_id, *(heirs or {}).values()}
        if here.filter(pk__in=wanted).count() != len(wanted):
            raise Http404
        for workspace_id, heir_id in (heirs or {}).items():
            give_top_role(held, workspace_id, heir_id)
        outcomes = [
            remove_grants(actor=actor, organization_id=organization_id, workspace_id=workspace_id, grant_ids=grant_ids)
            for workspace_id, grant_ids in _grants_of(member_id).items()
        ]
        outcomes += [
            remove_from_group(
                actor=actor, organization_id=organization_id, chosen=Chosen.one(member_id), group_id=group_id
            )
            for group_id in GroupMember.objects.filter(member=member_id).values_list("group_id", flat=True)
        ]
        return sum_of(outcomes)


def leave_organization(
    *, actor: Actor, organization_id: int, heir_id: int | None = None, successor_id: int | None = None
) -> None:
    """`members.leave`; heir_id: who owns what the actor owned from then on. Locks the organization. All or nothing:
    raises what leaving and handing over raise.
    """
    with locked(actor=actor, organization_id=organization_id) as held:
        if heir_id is not None and heir_id != held.facts.member_id:
            own = held.organization.members.filter(pk=held.facts.member_id or 0)
            hand_over(held, own, heir_id)
        leave(actor=actor, organization_id=organization_id, successor_id=successor_id)


def _grants_of(member_id: int) -> dict[int, list[int]]:
    grants = Grant.objects.live().filter(member=member_id, workspace__deleted_at__isnull=True)
    found: dict[int, list[int]] = {}
    for workspace_id, pk in grants.order_by("workspace", "pk").values_list("workspace_id", "pk"):
        found.setdefault(workspace_id, []).append(pk)
    return found
