"""The way back for removed members: they are asked in again, with their former role and placements (ACCEPTANCE P23).

Each comes back when they accept. What else ended with the removal stays ended: invitations that they had sent,
ownership of resources, their own workspace.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from workspaces.actions import groups
from workspaces.actions.undoing.grants import Restored, grant_states, restore_grants
from workspaces.actions.undoing.members import Before, Results
from workspaces.catalogue import Scope
from workspaces.jobs import CHANGED_SINCE, GONE, MEMBER
from workspaces.models import Departure, Grant, Group, GroupMember, JobRow, Member, Origin, Workspace
from workspaces.place import Place
from workspaces.policy import Verb, decide
from workspaces.queries.facts import roles_of
from workspaces.registry import Returning, returning_inviters
from workspaces.selections import Chosen


def departing(ids: Collection[int]) -> Before:
    """Organization role, groups and roles in workspaces, with what the receipt of a departure does not keep of them:
    end, reason and extra permissions.
    """
    found: dict[int, dict[str, Any]] = {
        pk: {"role": role_id, "groups": [], "grants": {}}
        for pk, role_id in Member.objects.filter(pk__in=ids).values_list("pk", "role_id")
    }
    for member_id, group_id in GroupMember.objects.filter(member__in=ids).values_list("member_id", "group_id"):
        found[member_id]["groups"].append(group_id)
    workspaces = Grant.objects.live().filter(member__in=ids, workspace__deleted_at__isnull=True)
    for workspace_id in workspaces.order_by().values_list("workspace_id", flat=True).distinct():
        for member_id, states in grant_states(workspace_id, list(ids)).items():
            found[member_id]["grants"][str(workspace_id)] = states
    return found


def return_removed(place: Place, rows: Sequence[JobRow]) -> Results:
    """Asks them in again and puts the waiting members where the former ones were, as far as whoever undoes it may, and
    as far as seats and the day's limits reach.
    """
    departures = Departure.objects.filter(organization=place.organization, cause=Departure.Cause.REMOVED).in_bulk(
        [row.member_id for row in rows]
    )
    addresses = [departure.address for departure in departures.values()]
    taken = set(place.organization.members.filter(address__in=addresses).values_list("address", flat=True))
    results: Results = {}
    by_role: dict[int, list[Departure]] = defaultdict(list)
    for row in rows:
        departure = departures.get(row.member_id or 0)
        if departure is None:
            continue
        if departure.address in taken:
            results[departure.pk] = CHANGED_SINCE
        else:
            by_role[row.before["role"]].append(departure)
    for role_id, each in by_role.items():
        results |= _ask(place, role_id, each)
    asked = {pk: departures[pk].address for pk, result in results.items() if result == JobRow.CHANGED}
    _place(place, {row.member_id or 0: row.before for row in rows}, asked)
    return results


def _ask(place: Place, role_id: int, departures: Sequence[Departure]) -> Results:
    role = roles_of(place.organization, Scope.ORGANIZATION).get(role_id)
    ids = [departure.pk for departure in departures]
    if role is None:
        return dict.fromkeys(ids, GONE)
    decision = decide(place.facts, Verb.INVITE, role=role)
    if decision.reason is not None:
        return dict.fromkeys(ids, decision.reason)
    people = [(departure.address, departure.name) for departure in departures]
    returning = Returning(place.actor, place.organization.pk, role_id, people)
    said = {asked.address: asked for ask in returning_inviters for asked in ask(returning)}
    return {
        each.pk: JobRow.CHANGED if said[each.address].is_good else said[each.address].reason or MEMBER
        for each in departures
    }


def _place(place: Place, before: Before, asked: Mapping[int, str]) -> None:
    """Groups and workspaces that are gone, or that may not be given any more, are left out."""
    members = dict(
        place.organization.members.filter(address__in=asked.values(), joined_at__isnull=True).values_list(
            "address", "pk"
        )
    )
    in_groups: dict[int, list[int]] = defaultdict(list)
    in_workspaces: dict[int, dict[int, Restored]] = defaultdict(dict)
    for former, address in asked.items():
        for group_id in before[former]["groups"]:
            in_groups[group_id].append(members[address])
        for workspace_id, states in before[former]["grants"].items():
            given = [{**state, "origin": Origin.INVITATION.value} for state in states]
            in_workspaces[int(workspace_id)][members[address]] = Restored(given, [])
    for group in Group.objects.filter(organization=place.organization, pk__in=in_groups):
        groups.add_to_group(
            actor=place.actor,
            organization_id=place.organization.pk,
            chosen=Chosen(ids=tuple(in_groups[group.pk])),
            group_id=group.pk,
        )
    alive = Workspace.objects.alive().filter(organization=place.organization, pk__in=in_workspaces)
    for workspace_id in alive.values_list("pk", flat=True):
        restore_grants(place, workspace_id, in_workspaces[workspace_id])
