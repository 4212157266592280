"""The way back for organization roles, groups and suspension."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from django.http import Http404

from workspaces.actions import groups, members
from workspaces.catalogue import Scope
from workspaces.jobs import CHANGED_SINCE, GONE
from workspaces.models import Group, GroupMember, JobRow, Member
from workspaces.place import Place
from workspaces.plans import Outcome, Proposal, make_plan
from workspaces.queries.facts import roles_of
from workspaces.reasons import Reason
from workspaces.selections import Chosen
from workspaces.sql import of_ids

type Before = Mapping[int, Mapping[str, Any]]
"""By member, what a row of a job keeps for undoing."""
type Results = dict[int, str]
"""By member, JobRow.CHANGED or why not."""


def role_states(ids: Collection[int]) -> Before:
    return {pk: {"role": role} for pk, role in Member.objects.filter(pk__in=of_ids(ids)).values_list("pk", "role_id")}


def restore_roles(place: Place, rows: Sequence[JobRow], given: int) -> Results:
    """Each gets the former role again whose role still is the one that was given."""
    roles = roles_of(place.organization, Scope.ORGANIZATION)
    still = set(_chosen(rows).members(place.organization).filter(role_id=given).values_list("pk", flat=True))
    results: Results = {}
    for former in sorted({row.before["role"] for row in rows}):
        mine = [row for row in rows if row.before["role"] == former]
        if former not in roles:
            results |= dict.fromkeys(_ids(mine), GONE)
            continue
        results |= _act(place, mine, still, members.propose_role(roles[former]), _giving(place, former))
    return results


def _giving(place: Place, role_id: int) -> Callable[[Chosen], Outcome]:
    return lambda chosen: members.update_roles(**_about(place, chosen), role_id=role_id)


def memberships(group_id: int, ids: Collection[int]) -> Before:
    """The rows that put them into the group: whoever was taken out and put in again since has another."""
    rows = GroupMember.objects.filter(group=group_id, member__in=of_ids(ids)).values_list("member_id", "pk")
    return {member_id: {"membership": pk} for member_id, pk in rows}


def take_back(place: Place, rows: Sequence[JobRow], group_id: int) -> Results:
    """Out of the group again, whoever is in it by what the job did."""
    _insist_on(place, group_id)
    here = memberships(group_id, _ids(rows))
    still = {row.member_id for row in rows if here.get(row.member_id or 0) == row.before}
    return _act(
        place,
        rows,
        still,
        groups.propose_removing(place.facts, place.organization, group_id),
        lambda chosen: groups.remove_from_group(**_about(place, chosen), group_id=group_id),
    )


def put_back(place: Place, rows: Sequence[JobRow], group_id: int) -> Results:
    """Into the group again, whoever is not in it."""
    _insist_on(place, group_id)
    return _act(
        place,
        rows,
        set(_ids(rows)) - set(memberships(group_id, _ids(rows))),
        groups.propose_adding(place.facts, place.organization, group_id),
        lambda chosen: groups.add_to_group(**_about(place, chosen), group_id=group_id),
    )


def _insist_on(place: Place, group_id: int) -> None:
    """Raises Http404 for a group that is gone."""
    if not Group.objects.filter(organization=place.organization, pk=group_id).exists():
        raise Http404


def suspensions(ids: Collection[int]) -> Before:
    """When they were suspended: whoever was reactivated and suspended again since has another time."""
    rows = Member.objects.filter(pk__in=of_ids(ids), suspended_at__isnull=False).values_list("pk", "suspended_at")
    return {pk: {"suspended_at": at.isoformat()} for pk, at in rows if at is not None}


def undo_suspension(place: Place, rows: Sequence[JobRow]) -> Results:
    here = suspensions(_ids(rows))
    still = {row.member_id for row in rows if here.get(row.member_id or 0) == row.before}
    return _act(
        place, rows, still, members.REACTIVATION, lambda chosen: members.reactivate_members(**_about(place, chosen))
    )


def undo_reactivation(place: Place, rows: Sequence[JobRow]) -> Results:
    still = set(_ids(rows)) - set(suspensions(_ids(rows)))
    return _act(place, rows, still, members.SUSPENSION, lambda chosen: members.suspend_members(**_about(place, chosen)))


def _act(
    place: Place,
    rows: Sequence[JobRow],
    still: Collection[int | None],
    proposal: Proposal,
    act: Callable[[Chosen], Outcome],
) -> Results:
    """Does it to those who are as the job left them, and may be changed; the others with the reason. Members who are
    gone are left out.
    """
    here = set(_chosen(rows).members(place.organization).values_list("pk", flat=True))
    results: Results = dict.fromkeys(here - set(still), CHANGED_SINCE)
    mine = Chosen(ids=tuple(sorted(here & set(still))))
    plan = make_plan(place.facts, place.organization, mine.members(place.organization), proposal).sorted()
    if plan.accepted:
        act(Chosen(ids=tuple(plan.accepted)))
    unchanged = {pk: CHANGED_SINCE for pk, reason in plan.refused.items() if reason is Reason.UNCHANGED}
    return {**results, **dict.fromkeys(plan.accepted, JobRow.CHANGED), **plan.refused, **unchanged}


def _about(place: Place, chosen: Chosen) -> Any:
    return {"actor": place.actor, "organization_id": place.organization.pk, "chosen": chosen}


def _chosen(rows: Sequence[JobRow]) -> Chosen:
    return Chosen(ids=tuple(_ids(rows)))


def _ids(rows: Sequence[JobRow]) -> list[int]:
    return [row.member_id for row in rows if row.member_id is not None]
