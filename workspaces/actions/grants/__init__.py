"""Roles in a workspace: given to members, groups and everyone, changed, taken back.

Each function takes a set and serves one grant and many alike.
"""

from workspaces.actions.grants.asking import ask_into_workspace, resend_in_workspace
from workspaces.actions.grants.changing import KEEP, Change, change_grants, plan_change
from workspaces.actions.grants.giving import (
    Gift,
    add_to_workspace,
    give_role,
    give_top_role,
    propose_workspace,
)
from workspaces.actions.grants.leaving import leavable_groups, remove_all_access
from workspaces.actions.grants.noticing import tell_of_ends
from workspaces.actions.grants.removing import plan_removal, remove_grants
from workspaces.actions.grants.standing import GrantPlan, Setting, Standing, setting_of

__all__ = [
    "KEEP",
    "Change",
    "Gift",
    "GrantPlan",
    "Setting",
    "Standing",
    "add_to_workspace",
    "ask_into_workspace",
    "change_grants",
    "give_role",
    "give_top_role",
    "leavable_groups",
    "plan_change",
    "plan_removal",
    "propose_workspace",
    "remove_all_access",
    "remove_grants",
    "resend_in_workspace",
    "setting_of",
    "tell_of_ends",
]
