"""Bulk actions as objects, registered by name: bar, preview, job and undo are drawn from the registry."""

from workspaces.bulk.base import REGISTRY, BulkAction, BulkForm, BulkJob, offered, register
from workspaces.bulk.grants import GRANT_REMOVAL, GRANT_ROLE
from workspaces.bulk.members import RemoveFromGroup

__all__ = [
    "GRANT_REMOVAL",
    "GRANT_ROLE",
    "REGISTRY",
    "BulkAction",
    "BulkForm",
    "BulkJob",
    "RemoveFromGroup",
    "offered",
    "register",
]
