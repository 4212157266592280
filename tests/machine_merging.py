"""The state machine's move on one person's two places in an organization, and what merging them may do."""

from typing import Any

from tests.machine_moves import BY_ADMIN, NUMBERS, OFTEN, calls
from tests.naive import NONE, Model
from tests.steps import Step, the
from workspaces.actions import merging
from workspaces.models import MergedMember

MERGING = calls(("merge_members", {**BY_ADMIN, "former": NUMBERS, "kept": NUMBERS, "waits": OFTEN}))


class MergeMoves:
    """What the machine itself brings, as for `tests.machine_access`."""

    now: Model
    step: Any
    by: Any
    members_of: Any

    def merge_members(self, who: int, where: int, former: int, kept: int, waits: bool) -> None:
        """Mostly of somebody who waits, as it mostly is."""
        actor, organization = self.by(who, where)
        goes = the(self.members_of(organization, "waiting" if waits else ""), former)
        present = [pk for pk in self.members_of(organization) if self.now.is_effective(self.now.members[pk])]
        stays = the(self.members_of(organization) if kept % 7 == 0 else present, kept)
        self.step(
            actor,
            lambda: merging.merge_members(
                actor=actor, organization_id=organization, member_id=goes, into_id=stays
            ),
            by=f"merge {goes} {stays}",
        )  # fmt: skip


class MergeStep:
    """Nothing that was given is lost, nothing is gained that neither had, and the past stays whole."""

    def __init__(self, step: Step) -> None:
        self.step, self.before, self.after = step, step.before, step.after

    def check(self) -> None:
        if self.step.merged is None:
            assert not self.step.said("member.merged")
            return
        former, kept = self.step.merged
        assert self.step.said("member.merged") == [(former, kept)]
        assert former not in self.after.members
        assert MergedMember.objects.filter(former_id=former, member_id=kept).exists()
        self.check_role(former, kept)
        self.check_places(former, kept)
        self.check_rights(former, kept)

    def check_role(self, former: int, kept: int) -> None:
        """Only ever one that contains the present one."""
        was, theirs = self.before.members[kept].role_id, self.before.members[former].role_id
        raised = self.before.roles[was] < self.before.roles[theirs]
        assert self.after.members[kept].role_id == (theirs if raised else was)

    def check_places(self, former: int, kept: int) -> None:
        before, after = self.before, self.after
        assert after.groups_of(kept) == before.groups_of(kept) | before.groups_of(former)
        for group, member in before.managers:
            assert (group, kept) in after.managers or member not in (former, kept)
        assert named(after, kept) == named(before, kept) | named(before, former)

    def check_rights(self, former: int, kept: int) -> None:
        """Who merges holds all that moves; nobody comes out with more than the two had, each way taken by itself."""
        actor = self.step.actor.user_id
        for workspace, place in self.before.workspaces.items():
            if place.deleted_at is None:
                theirs = given(self.before, former, workspace)
                assert theirs <= self.before.rights_of(actor, workspace)
                assert given(self.after, kept, workspace) == theirs | given(self.before, kept, workspace)


def named(model: Model, member: int) -> set[tuple[int, int]]:
    return {(one.workspace_id, one.role_id) for one in model.grants.values() if one.member_id == member}


def given(model: Model, member: int, workspace: int) -> frozenset[str]:
    """What grants of their own and of their groups give while they live, whatever they are in the organization."""
    groups, found = model.groups_of(member), NONE
    for grant in model.grants.values():
        if grant.workspace_id == workspace and model.is_live(grant):
            found |= model.codes(grant) if grant.member_id == member or grant.group_id in groups else NONE
    return found
