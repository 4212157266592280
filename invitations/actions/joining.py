"""The step that all ways of joining by oneself share, by a domain or by a link: who may, and the rows of a newcomer.

Called under the organization's lock. Accepting an invitation, which was meant for the person, is `actions.answering`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.models import User
from config.refusals import Refusal
from invitations.models import Invitation
from invitations.policy import State
from invitations.queries.domains import departed
from invitations.queries.invitations import at_now, state_of, verified_addresses
from workspaces.actions import directory
from workspaces.actions.locking import Locked
from workspaces.actions.seats import insist_on_seats
from workspaces.models import Grant, Group, GroupMember, Member, Organization, Origin, Role, Workspace


@dataclass(frozen=True, slots=True)
class Joined:
    """The member that the person is now; dropped counts what could not be given any more. is_new: none before."""

    organization: Organization
    member_id: int
    dropped: int = 0
    is_new: bool = True


@dataclass(frozen=True, slots=True)
class Comer:
    """Somebody with an account who comes by themselves, and the addresses that are theirs, the primary one first."""

    user: User
    addresses: tuple[str, ...]
    member: Member | None

    @classmethod
    def read(cls, held: Locked) -> "Comer | None":
        """Locks the account, so that it neither ends nor loses an address meanwhile. None without an active account or
        a verified address.
        """
        actor = held.actor.user_id or 0
        user = User.objects.select_for_update(no_key=True).filter(pk=actor, is_active=True).first()
        mine = verified_addresses(actor) if user is not None else set()
        if user is None or not mine:
            return None
        addresses = tuple(sorted(mine, key=lambda address: (address != user.email, address)))
        return cls(user, addresses, held.organization.members.filter(user=user).select_related("user").first())

    def insist_not_suspended(self) -> None:
        if self.member is not None and self.member.suspended_at is not None:
            raise Refusal(_("Your membership is suspended. An administrator has to reactivate it."), 409, "suspended")

    def insist_newcomer(self, held: Locked, address: str) -> None:
        """Raises Refusal 409 for who was removed or revoked before (P23), is asked in already, or would take the place
        of another member.
        """
        if departed(held.organization.pk, self.user.pk, self.addresses):
            raise Refusal(
                _("You were a member before, or were asked in. Now only a new invitation brings you back."),
                409,
                "departed",
            )
        asked = at_now(Invitation.objects.filter(organization=held.organization, address__in=self.addresses))
        waiting = asked.filter(member__isnull=False, accepted_at__isnull=True, revoked_at__isnull=True).first()
        if waiting is not None and state_of(waiting) is State.PENDING:
            raise Refusal(_("You are invited already. Accept the invitation instead."), 409, "invited")
        if waiting is not None:
            raise Refusal(_("You were invited. Ask for that invitation to be renewed."), 409, "invited")
        if held.organization.members.filter(address=address).exists():
            raise Refusal(_("Another member has this address. Ask an administrator."), 409, "address_known")


def enter(held: Locked, comer: Comer, *, address: str, role_id: int) -> Member:
    """Makes the newcomer a member. Raises Refusal 409 where no seat is free."""
    insist_on_seats(held)
    member = Member.objects.create(
        organization=held.organization, user=comer.user, address=address, role_id=role_id, joined_at=Now()
    )
    member = Member.objects.select_related("user", "role").get(pk=member.pk)
    directory.enter([member])
    return member


def place(
    held: Locked,
    member: Member,
    *,
    placements: Mapping[int, int],
    group_ids: Collection[int] = (),
    origin: Origin,
    by: int | None,
) -> None:
    """Puts the member where they are not yet. placements: workspace -> role. by: who answers for it."""
    Grant.objects.bulk_create(
        Grant(workspace_id=workspace_id, member=member, role_id=role_id, origin=origin, granted_by_id=by)
        for workspace_id, role_id in placements.items()
    )
    GroupMember.objects.bulk_create(
        GroupMember(group_id=group_id, member=member, added_by_id=by) for group_id in group_ids
    )


def say_places(placements: Mapping[int, int], group_ids: Collection[int] = ()) -> list[str]:
    """Where somebody is put, for the history."""
    roles = dict(Role.objects.filter(pk__in=placements.values()).values_list("pk", "name"))
    workspaces = Workspace.objects.filter(pk__in=placements.keys()).order_by("name").values_list("pk", "name")
    groups = Group.objects.filter(pk__in=group_ids).order_by("sort_name").values_list("name", flat=True)
    return [*(f"{roles[placements[pk]]}, {name}" for pk, name in workspaces), *groups]
