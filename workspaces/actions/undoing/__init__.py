"""What undoing a large change needs: the state before it, and the way back, as fresh acts that are decided anew.

Each way back takes rows of a job that were changed and says by member what became of them. Whoever has changed since
is left alone. Called under the organization's lock.
"""

from workspaces.actions.undoing.grants import Restored, grant_states, restore_grants
from workspaces.actions.undoing.members import (
    Before,
    memberships,
    put_back,
    restore_roles,
    role_states,
    suspensions,
    take_back,
    undo_reactivation,
    undo_suspension,
)
from workspaces.actions.undoing.removals import departing, return_removed

__all__ = [
    "Before",
    "Restored",
    "departing",
    "grant_states",
    "memberships",
    "put_back",
    "restore_grants",
    "restore_roles",
    "return_removed",
    "role_states",
    "suspensions",
    "take_back",
    "undo_reactivation",
    "undo_suspension",
]
