"""What the hints of the overview offer to do."""

from accounts.actors import Actor
from workspaces.actions import grants, members
from workspaces.actions.locking import locked
from workspaces.catalogue import BuiltIn
from workspaces.selections import Chosen


def make_workspace_admin(*, actor: Actor, organization_id: int, member_id: int, workspace_id: int) -> None:
    """Makes an Admin of the organization admin of one workspace instead, in one step. Locks the organization.

    Raises what `give_role` and `update_roles` raise; then nothing has changed.
    """
    with locked(actor=actor, organization_id=organization_id) as held:
        grants.give_top_role(held, workspace_id, member_id)
        members.update_roles(
            actor=actor, organization_id=organization_id, chosen=Chosen.one(member_id), role_id=BuiltIn.MEMBER
        ).insist()
