"""Grants of one workspace as rows of a job: their role changed, or taken away. A row's data names its grant."""

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.http import Http404
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from workspaces import jobs
from workspaces.actions import grants, undoing
from workspaces.actions.grants.standing import GrantPlan, Setting, Standing
from workspaces.jobs import GONE, JobKind, RowResult
from workspaces.models import JobRow
from workspaces.place import Place

if TYPE_CHECKING:
    from django.db.models import QuerySet


class GrantJob(JobKind):
    """parameters: workspace, and role where one is given."""

    way_back: Promise

    @abstractmethod
    def plan(self, setting: Setting, ids: Sequence[int], parameters: Mapping[str, Any]) -> GrantPlan: ...

    @abstractmethod
    def perform(self, about: Mapping[str, Any], parameters: Mapping[str, Any]) -> None: ...

    def apply(self, place: Place, parameters: Mapping[str, Any], rows: "QuerySet[JobRow]") -> Sequence[RowResult]:
        setting = grants.setting_of(place.organization, place.facts, parameters["workspace"])
        if setting is None:
            raise Http404
        plan = self.plan(setting, [row.data["grant"] for row in rows], parameters)
        principals = {grant.id: grant.principal for grant in plan.accepted}
        results = {grant.id: reason.value for reason, each in plan.refused.items() for grant in each}
        results |= dict.fromkeys(principals, JobRow.CHANGED)
        before = self._act(place, parameters, plan.accepted)
        return [
            RowResult(
                row.number,
                results.get(row.data["grant"], GONE),
                before=before.get(principals.get(row.data["grant"]), {}),
            )
            for row in rows
        ]

    def _act(self, place: Place, parameters: Mapping[str, Any], accepted: Sequence[Standing]) -> dict[int | None, Any]:
        """Does it. Returns by principal what undoing needs: their grants of the roles that it touches, was and now."""
        if not accepted:
            return {}
        workspace_id, principals = parameters["workspace"], sorted({grant.principal for grant in accepted})
        touched: dict[int, set[int]] = {principal: set() for principal in principals}
        for grant in accepted:
            touched[grant.principal] |= {grant.role_id, parameters.get("role", grant.role_id)}
        was = undoing.grant_states(workspace_id, principals)
        about = {"actor": place.actor, "organization_id": place.organization.pk, "workspace_id": workspace_id}
        self.perform({**about, "grant_ids": [grant.id for grant in accepted]}, parameters)
        now = undoing.grant_states(workspace_id, principals)
        return {
            principal: {
                "principal": principal,
                "was": [state for state in was.get(principal, []) if state["role"] in touched[principal]],
                "now": [state for state in now.get(principal, []) if state["role"] in touched[principal]],
            }
            for principal in principals
        }

    def undo(self, place: Place, parameters: Mapping[str, Any], rows: "QuerySet[JobRow]") -> Sequence[RowResult]:
        results: dict[int, str] = {}
        for layer in _layers(rows):
            wanted = {
                principal: undoing.Restored(alike[0].before["was"], alike[0].before["now"])
                for principal, alike in layer.items()
            }
            done = undoing.restore_grants(place, parameters["workspace"], wanted)
            results |= {row.number: done[principal] for principal, alike in layer.items() for row in alike}
        return [RowResult(row.number, results[row.number]) for row in rows]

    def undo_sentence(self) -> str:
        return str(self.way_back)


def _layers(rows: Iterable[JobRow]) -> list[dict[int, list[JobRow]]]:
    """Rows by principal. Several grants of one principal are one step where they were done together; where they were
    done in different chunks, the later step is undone first.
    """
    layers: list[dict[int, list[JobRow]]] = []
    for row in rows:
        principal = row.before["principal"]
        for layer in layers:
            if principal not in layer or layer[principal][0].before == row.before:
                layer.setdefault(principal, []).append(row)
                break
        else:
            layers.append({principal: [row]})
    return layers


class GrantRole(GrantJob):
    name = "grants.role"
    way_back = _("Each gets the role again that they had here before, with its end, reason and extra permissions.")

    def plan(self, setting: Setting, ids: Sequence[int], parameters: Mapping[str, Any]) -> GrantPlan:
        return grants.plan_change(setting, ids, grants.Change(role_id=parameters["role"]))

    def perform(self, about: Mapping[str, Any], parameters: Mapping[str, Any]) -> None:
        grants.change_grants(**about, role_id=parameters["role"])


class GrantRemoval(GrantJob):
    name = "grants.remove"
    way_back = _("Each gets the role back that they had here, with its end, reason and extra permissions.")

    def plan(self, setting: Setting, ids: Sequence[int], parameters: Mapping[str, Any]) -> GrantPlan:
        return grants.plan_removal(setting, ids)

    def perform(self, about: Mapping[str, Any], parameters: Mapping[str, Any]) -> None:
        grants.remove_grants(**about)


GRANT_ROLE, GRANT_REMOVAL = GrantRole(), GrantRemoval()
for _kind in (GRANT_ROLE, GRANT_REMOVAL):
    jobs.register(_kind)
