"""Taking an import back: a fresh act, decided anew with the rights of whoever undoes it. What changed since stays."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from config.sentences import together
from invitations.asking import Result
from workspaces.actions.grants import plan_removal, remove_grants, setting_of
from workspaces.actions.groups import propose_removing, remove_from_group
from workspaces.actions.locking import Locked
from workspaces.actions.members import REVOCATION, propose_role, revoke_invitations, update_roles
from workspaces.catalogue import Scope
from workspaces.jobs import CHANGED_SINCE, GONE, RowResult
from workspaces.models import Grant, Group, GroupMember, JobRow, Member
from workspaces.plans import Plan, make_plan
from workspaces.queries.facts import roles_of
from workspaces.reasons import Reason
from workspaces.selections import Chosen

STAYS = "stays"


@dataclass(slots=True)
class _Fate:
    """What was done for one row: something, nothing that could be, or refused for a reason."""

    row: JobRow
    done: bool = False
    reasons: set[Reason] = field(default_factory=set)

    @property
    def before(self) -> dict[str, Any]:
        return dict(self.row.before)

    def result(self) -> RowResult:
        note = together([reason.sentence for reason in sorted(self.reasons)])
        if self.done:
            return RowResult(self.row.number, JobRow.CHANGED, note, self.row.member_id)
        if self.reasons:
            return RowResult(self.row.number, min(self.reasons), note, self.row.member_id)
        nothing = self.before["was"] == Result.RENEWED and not self.before["groups"] and not self.before["grants"]
        return RowResult(self.row.number, STAYS if nothing else CHANGED_SINCE, member_id=self.row.member_id)


class Undoing:
    """Rows of one import that were changed. Several rows may be about one person."""

    def __init__(self, held: Locked, rows: Sequence[JobRow]) -> None:
        self.held, self.rows = held, rows
        self.where: dict[str, Any] = {"actor": held.actor, "organization_id": held.organization.pk}
        self.fates: dict[int, _Fate] = {}

    def results(self) -> list[RowResult]:
        members = self.held.organization.members.filter(pk__in=[row.member_id for row in self.rows if row.member_id])
        joined = dict(members.values_list("pk", "joined_at"))
        there = [row for row in self.rows if row.member_id in joined]
        self.fates = {row.number: _Fate(row) for row in there}
        self._revoke([each for each in self.fates.values() if _is_still_asked(each, joined)])
        rest = [each for each in self.fates.values() if not _is_still_asked(each, joined)]
        self._take_grants(rest)
        self._take_groups(rest)
        self._lower([each for each in rest if joined[each.row.member_id or 0] is None])
        gone = {row.number: RowResult(row.number, GONE) for row in self.rows if row.member_id not in joined}
        return [gone.get(row.number) or self.fates[row.number].result() for row in self.rows]

    def _revoke(self, fates: Sequence[_Fate]) -> None:
        if not fates:
            return
        chosen = Chosen(ids=_ids(fates))
        plan = make_plan(self.held.facts, self.held.organization, chosen.members(self.held.organization), REVOCATION)
        _note(fates, _refused(plan))
        revoke_invitations(**self.where, chosen=chosen)

    def _take_grants(self, fates: Sequence[_Fate]) -> None:
        """Those that stand as they were given."""
        given = {grant: each for each in fates for _workspace, grant in each.before["grants"]}
        standing = Grant.objects.live().filter(pk__in=given)
        by_workspace: dict[int, list[int]] = {}
        for pk, workspace_id, granted_at in standing.values_list("pk", "workspace_id", "granted_at"):
            if granted_at <= _moment(given[pk]):
                by_workspace.setdefault(workspace_id, []).append(pk)
        for workspace_id, ids in by_workspace.items():
            setting = setting_of(self.held.organization, self.held.facts, workspace_id)
            if setting is None:
                continue
            plan = plan_removal(setting, ids)
            for reason, grants in plan.refused.items():
                for grant in grants:
                    given[grant.id].reasons.add(reason)
            for grant in plan.accepted:
                given[grant.id].done = True
            remove_grants(**self.where, workspace_id=workspace_id, grant_ids=ids)

    def _take_groups(self, fates: Sequence[_Fate]) -> None:
        by_group: dict[int, list[_Fate]] = {}
        for each in fates:
            for group_id in each.before["groups"]:
                by_group.setdefault(group_id, []).append(each)
        alive = Group.objects.filter(organization=self.held.organization, pk__in=by_group)
        for group_id in list(alive.values_list("pk", flat=True)):
            inside = GroupMember.objects.filter(group=group_id, member__in=_ids(by_group[group_id]))
            added = dict(inside.values_list("member_id", "added_at"))
            ours = [each for each in by_group[group_id] if _was_so(added.get(each.row.member_id or 0), each)]
            chosen = Chosen(ids=_ids(ours))
            proposal = propose_removing(self.held.facts, self.held.organization, group_id)
            plan = make_plan(self.held.facts, self.held.organization, chosen.members(self.held.organization), proposal)
            _note(ours, _refused(plan))
            remove_from_group(**self.where, chosen=chosen, group_id=group_id)

    def _lower(self, fates: Sequence[_Fate]) -> None:
        """The role of those who wait, where the import raised it."""
        by_role: dict[int, list[_Fate]] = {}
        now = dict(Member.objects.filter(pk__in=_ids(fates)).values_list("pk", "role_id"))
        for each in fates:
            role_id = each.before["role"]
            if role_id is not None and now[each.row.member_id or 0] != role_id:
                by_role.setdefault(role_id, []).append(each)
        roles = roles_of(self.held.organization, Scope.ORGANIZATION)
        for role_id, several in by_role.items():
            if role_id in roles:
                chosen = Chosen(ids=_ids(several))
                members = chosen.members(self.held.organization)
                plan = make_plan(self.held.facts, self.held.organization, members, propose_role(roles[role_id]))
                _note(several, _refused(plan))
                update_roles(**self.where, chosen=chosen, role_id=role_id)


def _is_still_asked(each: _Fate, joined: dict[int, datetime | None]) -> bool:
    return each.before["was"] == Result.INVITED and joined[each.row.member_id or 0] is None


def _was_so(moment: datetime | None, each: _Fate) -> bool:
    return moment is not None and moment <= _moment(each)


def _moment(each: _Fate) -> datetime:
    return datetime.fromisoformat(each.before["at"])


def _ids(fates: Iterable[_Fate]) -> tuple[int, ...]:
    return tuple({each.row.member_id for each in fates if each.row.member_id is not None})


def _refused(plan: Plan) -> dict[int, Reason]:
    return {pk: reason for reason, (_count, who) in plan.refused.items() for pk in who.values_list("pk", flat=True)}


def _note(fates: Collection[_Fate], refused: dict[int, Reason]) -> None:
    for each in fates:
        reason = refused.get(each.row.member_id or 0)
        if reason is None:
            each.done = True
        elif reason is not Reason.UNCHANGED:
            each.reasons.add(reason)
