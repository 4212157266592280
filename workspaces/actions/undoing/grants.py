"""The way back for roles in a workspace: grants as they were, with end, reason and extra permissions.

A principal's grants of the roles that were touched are compared with what the job left, and brought to what they were
before: what is missing is given first, then what differs is changed, then what is too much is taken.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.http import Http404
from django.utils import timezone

from workspaces.actions import grants
from workspaces.actions.grants.standing import GrantPlan, Setting
from workspaces.jobs import CHANGED_SINCE, ENDED, GONE
from workspaces.models import Grant, GrantPermission, JobRow
from workspaces.place import Place
from workspaces.plans import make_plan
from workspaces.reasons import Reason
from workspaces.selections import Chosen

type State = dict[str, Any]
"""A grant, as JSON: grant, role, ends (ISO or None), reason, extras, origin."""


def grant_states(
    workspace_id: int, principals: Collection[int], role_ids: Collection[int] | None = None
) -> dict[int, list[State]]:
    """Live grants of the principals (`Grant.principal_key`) there, of these roles or of all, by principal."""
    rows = Grant.objects.live().filter(workspace=workspace_id, principal_key__in=principals)
    if role_ids is not None:
        rows = rows.filter(role__in=role_ids)
    extras = defaultdict(list)
    for grant_id, code in GrantPermission.objects.filter(grant__in=rows.values("pk")).values_list(
        "grant_id", "permission"
    ):
        extras[grant_id].append(code)
    found: dict[int, list[State]] = {}
    for pk, principal, role_id, ends_at, reason, origin in rows.order_by("role_id").values_list(
        "pk", "principal_key", "role_id", "ends_at", "reason", "origin"
    ):
        found.setdefault(principal, []).append(
            {
                "grant": pk,
                "role": role_id,
                "ends": ends_at.isoformat() if ends_at else None,
                "reason": reason,
                "extras": sorted(extras[pk]),
                "origin": origin,
            }
        )
    return found


@dataclass(frozen=True, slots=True)
class Restored:
    """What a principal's grants were, and what the job left of them."""

    was: Sequence[State]
    now: Sequence[State]

    @property
    def role_ids(self) -> set[int]:
        return {state["role"] for state in (*self.was, *self.now)}


def restore_grants(place: Place, workspace_id: int, wanted: Mapping[int, Restored]) -> dict[int, str]:
    """By principal, JobRow.CHANGED or why not. Raises Http404 for a workspace that is gone."""
    setting = grants.setting_of(place.organization, place.facts, workspace_id)
    if setting is None:
        raise Http404
    return _Restoring(place, setting).run(wanted)


@dataclass(slots=True)
class _Restoring:
    place: Place
    setting: Setting
    results: dict[int, str] = field(default_factory=dict)

    def run(self, wanted: Mapping[int, Restored]) -> dict[int, str]:
        roles = {role_id for each in wanted.values() for role_id in each.role_ids}
        here = grant_states(self.setting.workspace.pk, list(wanted), roles)
        for principal, each in wanted.items():
            there = [state for state in here.get(principal, []) if state["role"] in each.role_ids]
            if there != list(each.now):
                self.results[principal] = CHANGED_SINCE
            elif any(_has_ended(state) for state in _missing(each.was, each.now)):
                self.results[principal] = ENDED
        todo = {principal: _steps(each) for principal, each in wanted.items() if principal not in self.results}
        self._give((principal, state) for principal, steps in todo.items() for state in steps.give)
        self._change((principal, *step) for principal, steps in todo.items() for step in steps.change)
        self._take((principal, state) for principal, steps in todo.items() for state in steps.take)
        return {**dict.fromkeys(todo, JobRow.CHANGED), **self.results}

    def _give(self, steps: Iterable[tuple[int, State]]) -> None:
        for alike in _alike(steps, lambda step: (_terms(step[1]), step[1]["origin"])):
            state = alike[0][1]
            if state["role"] not in self.setting.roles:
                self._refuse({principal: GONE for principal, _ in alike})
                continue
            self._give_members([principal for principal, _ in alike if principal > 0], state)
            for principal in (principal for principal, _ in alike if principal <= 0):
                self._give_other(principal, state)

    def _give_members(self, ids: Sequence[int], state: State) -> None:
        members = Chosen(ids=tuple(ids)).members(self.place.organization)
        here = set(members.values_list("pk", flat=True))
        self._refuse({pk: GONE for pk in ids if pk not in here})
        proposal = grants.propose_workspace(
            self.place.facts,
            self.place.organization,
            self.setting.workspace.pk,
            state["role"],
            ends_at=_end(state),
            extra_permissions=state["extras"],
        )
        plan = make_plan(self.place.facts, self.place.organization, members, proposal).sorted()
        self._refuse(plan.refused)
        if plan.accepted:
            grants.give_role(**self._gift(state), chosen=Chosen(ids=tuple(plan.accepted)))

    def _give_other(self, principal: int, state: State) -> None:
        """To a group, or to everyone."""
        to: dict[str, Any] = {"group_ids": [-principal]} if principal else {"everyone": True}
        try:
            outcome = grants.give_role(**self._gift(state), **to)
        except Http404:
            self._refuse({principal: GONE})
        else:
            for reason in outcome.refused:
                self._refuse({principal: reason})

    def _gift(self, state: State) -> dict[str, Any]:
        return {
            **self._about(),
            "role_id": state["role"],
            "origin": state["origin"],
            "ends_at": _end(state),
            "reason": state["reason"],
            "extra_permissions": state["extras"],
        }

    def _change(self, steps: Iterable[tuple[int, State, State]]) -> None:
        for alike in _alike(steps, lambda step: _terms(step[2])):
            principals = {now["grant"]: principal for principal, now, _ in alike if principal not in self.results}
            state = alike[0][2]
            if state["role"] not in self.setting.roles:
                self._refuse(dict.fromkeys(principals.values(), GONE))
                continue
            change = grants.Change(state["role"], _end(state), state["reason"], frozenset(state["extras"]))
            accepted = self._accepted(grants.plan_change(self.setting, list(principals), change), principals)
            if accepted:
                grants.change_grants(
                    **self._about(),
                    grant_ids=accepted,
                    role_id=state["role"],
                    ends_at=_end(state),
                    reason=state["reason"],
                    extra_permissions=state["extras"],
                )

    def _take(self, steps: Iterable[tuple[int, State]]) -> None:
        principals = {state["grant"]: principal for principal, state in steps if principal not in self.results}
        accepted = self._accepted(grants.plan_removal(self.setting, list(principals)), principals)
        if accepted:
            grants.remove_grants(**self._about(), grant_ids=accepted)

    def _accepted(self, plan: GrantPlan, principals: Mapping[int, int]) -> list[int]:
        self._refuse({principals[grant.id]: reason for reason, each in plan.refused.items() for grant in each})
        return [grant.id for grant in plan.accepted]

    def _about(self) -> Any:
        return {
            "actor": self.place.actor,
            "organization_id": self.place.organization.pk,
            "workspace_id": self.setting.workspace.pk,
        }

    def _refuse(self, refused: Mapping[int, str]) -> None:
        for principal, reason in refused.items():
            self.results[principal] = CHANGED_SINCE if reason == Reason.UNCHANGED else reason


@dataclass(frozen=True, slots=True)
class _Steps:
    give: Sequence[State]
    change: Sequence[tuple[State, State]]
    take: Sequence[State]


def _steps(each: Restored) -> _Steps:
    """One grant that only became another role's is changed back; else what is missing is given."""
    give, take = _missing(each.was, each.now), _missing(each.now, each.was)
    there = {state["role"]: state for state in each.now}
    change = [
        (there[state["role"]], state)
        for state in each.was
        if state["role"] in there and _terms(there[state["role"]]) != _terms(state)
    ]
    if len(give) == len(take) == 1:
        return _Steps([], [*change, (take[0], give[0])], [])
    return _Steps(give, change, take)


def _missing(states: Sequence[State], among: Sequence[State]) -> list[State]:
    roles = {state["role"] for state in among}
    return [state for state in states if state["role"] not in roles]


def _terms(state: State) -> Hashable:
    return state["role"], state["ends"], state["reason"], tuple(state["extras"])


def _end(state: State) -> datetime | None:
    return datetime.fromisoformat(state["ends"]) if state["ends"] else None


def _has_ended(state: State) -> bool:
    end = _end(state)
    return end is not None and end <= timezone.now()


def _alike[Step](steps: Iterable[Step], terms: Callable[[Step], Hashable]) -> list[list[Step]]:
    found: dict[Hashable, list[Step]] = {}
    for step in steps:
        found.setdefault(terms(step), []).append(step)
    return list(found.values())
