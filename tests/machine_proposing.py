"""The state machine's moves on proposed people, and what each step may do to proposals and must say of them."""

from typing import Any

from hypothesis import strategies as st

from accounts.addresses import Pasted
from invitations.actions import proposing
from invitations.models import ProposedPerson
from tests import cast
from tests.machine_moves import BY_ADMIN, BY_ON, NUMBERS, OFTEN, SETS, WHO, calls
from tests.naive import Model
from tests.steps import Step, begins, the

HOW = st.sampled_from(["approve", "approve", "decline"])
PROPOSING = calls(
    ("propose_people", {**BY_ON, "place": NUMBERS}),
    ("propose_people", {**BY_ON, "place": NUMBERS}),
    ("decide_proposals", {**BY_ADMIN, "numbers": SETS, "how": HOW}),
    ("decide_proposals", {**BY_ADMIN, "numbers": SETS, "how": HOW}),
    ("withdraw_proposal", {"who": WHO, "number": NUMBERS, "own": OFTEN}),
)


class ProposalMoves:
    """What the machine itself brings, as for `tests.machine_access`."""

    now: Model
    world: Any
    step: Any
    actor: Any
    by: Any
    workspace: Any

    def propose_people(self, who: int, where: int, numbers: set[int], place: int) -> None:
        actor, organization = self.by(who, where)
        workspace = self.workspace(organization, place) if place % 3 else None
        entries = [Pasted(the(self.world.addresses[::-1], number * (who + 1))) for number in sorted(numbers)]
        self.step(
            actor,
            lambda: proposing.propose_people(
                actor=actor, organization_id=organization, entries=entries, workspace_id=workspace
            ),
        )

    def decide_proposals(self, who: int, where: int, numbers: set[int], how: str) -> None:
        """Open ones mostly; now and then one that is decided or another organization's, too."""
        actor, organization = self.by(who, where)
        known = sorted(self.now.proposals)
        good = [pk for pk in known if self.now.is_open(pk, organization)]
        ids = {the(known if 9 in numbers or not good else good, number) for number in numbers} if known else set()
        act = proposing.approve_people if how == "approve" else proposing.decline_people
        self.step(
            actor,
            lambda: act(actor=actor, organization_id=organization, proposal_ids=ids),
            by="invite" if how == "approve" else "",
        )

    def withdraw_proposal(self, who: int, number: int, own: bool) -> None:
        known = [self.now.proposals[pk] for pk in sorted(self.now.proposals)]
        if known:
            proposal = the(known, number)
            proposer = self.now.members[proposal.proposed_by_id].user if own else None
            actor = cast.web(proposer) if proposer is not None else self.actor(who, proposal.organization_id)
            self.step(
                actor,
                lambda: proposing.withdraw_proposal(
                    actor=actor, organization_id=proposal.organization_id, proposal_id=proposal.pk
                ),
            )


MOMENTS = {"approved_at": "proposal.approved", "declined_at": "proposal.declined", "withdrawn_at": "proposal.withdrawn"}


class ProposalStep:
    """What one step did to proposals. A decision is final, and speaks to everybody who proposed the same person."""

    def __init__(self, step: Step) -> None:
        self.step, self.before, self.after = step, step.before, step.after
        self.both = [
            (old, self.after.proposals[pk]) for pk, old in self.before.proposals.items() if pk in self.after.proposals
        ]

    def check(self) -> None:
        if self.step.by == "delete":
            return
        new = self.after.proposals.keys() - self.before.proposals.keys()
        self.check_said("proposal.made", [self.after.proposals[pk] for pk in new])
        for moment, kind in MOMENTS.items():
            decided = [now for old, now in self.both if begins(getattr(old, moment), getattr(now, moment))]
            self.check_said(kind, decided)
        for old, now in self.both:
            self.check_change(old, now)
        for pk in self.before.proposals.keys() - self.after.proposals.keys():
            assert self.before.proposals[pk].proposed_by_id not in self.after.members

    def check_said(self, kind: str, rows: list[ProposedPerson]) -> None:
        assert self.step.said(kind) == sorted({(row.proposed_by_id, None) for row in rows}, key=str)

    def check_change(self, old: ProposedPerson, now: ProposedPerson) -> None:
        """What is decided stays so; who is approved is here or asked in; a proposal follows only who is merged."""
        moments = [(getattr(old, moment), getattr(now, moment)) for moment in MOMENTS]
        assert all(former is None or former == present for former, present in moments)
        assert sum(present is not None for _, present in moments) <= 1
        if old.proposed_by_id != now.proposed_by_id:
            assert self.step.merged == (old.proposed_by_id, now.proposed_by_id)
        if begins(old.approved_at, now.approved_at):
            assert self.after.member_at(now.organization_id, now.address) is not None
            same = [one for one in self.after.proposals.values() if one.organization_id == now.organization_id]
            assert not any(one.address == now.address and self.after.is_open(one.pk) for one in same)
        if begins(old.withdrawn_at, now.withdrawn_at):
            assert self.before.members[old.proposed_by_id].user_id == self.step.actor.user_id
