"""The state machine's moves on invitations: asked, answered, renewed, corrected, edited, and grown old."""

from typing import Any

from accounts.actors import ROSTER
from accounts.addresses import Pasted
from invitations.actions import answering, inviting, keeping
from invitations.actions.editing import Edit, edit_invitation
from invitations.asking import Ask
from invitations.models import Invitation
from tests import cast
from tests.naive import Model, read_model
from tests.steps import the
from workspaces.actions import members
from workspaces.catalogue import Scope


class AskingMoves:
    """What the machine itself brings: the present rows, one step, and whom and what the numbers mean."""

    now: Model
    world: Any
    touched: set[int]
    step: Any
    actor: Any
    user: Any
    organization: Any
    members_of: Any
    workspace: Any
    group: Any
    role: Any
    act_on: Any

    def ask_for(self, organization: int, role: int, places: dict[int, int], groups: set[int]) -> Ask:
        return Ask(
            role_id=self.role(organization, Scope.ORGANIZATION, role),
            group_ids=sorted({self.group(organization, number) for number in groups}),
            placements={
                self.workspace(organization, place): self.role(organization, Scope.WORKSPACE, number)
                for place, number in places.items()
            },
        )

    def invite(
        self, who: int, fresh: bool, where: int, numbers: set[int], role: int, places: dict[int, int], groups: set[int]
    ) -> None:
        organization = self.organization(where)
        ask = self.ask_for(organization, role, places, groups)
        addresses = [the(self.world.addresses[::-1], number * (who + 1)) for number in sorted(numbers)]
        actor = self.actor(who, organization, fresh)
        self.step(
            actor,
            lambda: inviting.invite(
                actor=actor,
                organization_id=organization,
                entries=[Pasted(address) for address in addresses],
                ask=ask,
            ),
            by="invite",
        )

    def some_invitation(self, number: int, former: bool, good: bool) -> tuple[Invitation, int]:
        """One that is open, if good and if there is one, else any."""
        known = [self.now.invitations[pk] for pk in sorted(self.now.invitations, reverse=True)]
        opened = [one for one in known if one.accepted_at is None and one.revoked_at is None]
        invitation = the(opened if good and opened else known, number)
        return invitation, invitation.generation - former

    def accept(self, number: int, former: bool, good: bool, who: int, right: bool) -> None:
        """Mostly by the person whose address it is."""
        invitation, generation = self.some_invitation(number, former, good)
        owners = [user for user in self.world.users if invitation.address in self.now.verified.get(user.pk, ())]
        user = owners[0] if right and owners else self.user(who)
        actor = cast.web(user)
        joined = self.step(
            actor,
            lambda: answering.accept(actor=actor, invitation_id=invitation.pk, generation=generation),
            by=f"accept {invitation.pk}",
        )
        if joined is not None:
            assert invitation.address in self.now.verified[user.pk]

    def decline(self, number: int, former: bool, good: bool) -> None:
        invitation, generation = self.some_invitation(number, former, good)
        self.step(ROSTER, lambda: answering.decline(actor=ROSTER, invitation_id=invitation.pk, generation=generation))

    def resend(self, who: int, where: int, numbers: set[int], staff: bool) -> None:
        self.act_on(who, where, numbers, keeping.resend, staff=staff, state="waiting")

    def revoke(self, who: int, where: int, numbers: set[int], staff: bool) -> None:
        self.act_on(who, where, numbers, members.revoke_invitations, staff=staff, by="revoke", state="waiting")

    def correct_address(self, who: int, where: int, number: int, address: int) -> None:
        organization = self.organization(where)
        waiting = self.members_of(organization, "waiting")
        actor = self.actor(who, organization)
        self.step(
            actor,
            lambda: keeping.correct_address(
                actor=actor,
                organization_id=organization,
                member_id=the(waiting, number),
                address=the(self.world.addresses, address),
            ),
        )

    def time_passes(self, number: int, sweep: bool) -> None:
        pending = self.now.opened()
        if pending:
            cast.expire(the(sorted(pending, key=lambda one: one.pk), number))
            self.now = read_model()
            self.touched |= set(self.now.organizations)
        if sweep:
            self.step(ROSTER, keeping.expire_invitations)
            assert keeping.expire_invitations() == 0

    def edit_invitation(
        self, who: int, where: int, number: int, role: int, places: dict[int, int], groups: dict[int, bool], again: bool
    ) -> None:
        organization = self.organization(where)
        actor = self.actor(who, organization)
        waiting = self.now.members[the(self.members_of(organization, "waiting"), number)]
        edit = Edit(
            role_id=self.role(organization, Scope.ORGANIZATION, role),
            address=waiting.address,
            message="",
            language=the(["en", "de"], role),
            groups={self.group(organization, each): wanted for each, wanted in groups.items()},
            placements={
                self.workspace(organization, place): self.role(organization, Scope.WORKSPACE, given)
                if given % 3
                else None
                for place, given in places.items()
            },
            days=7 if role % 2 else None,
            sends_again=again,
        )
        self.step(
            actor,
            lambda: edit_invitation(actor=actor, organization_id=organization, member_id=waiting.pk, edit=edit),
        )
