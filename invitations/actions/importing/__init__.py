"""Importing people: a stored plan that is shown and corrected first, then a job."""

from invitations.actions.importing.applying import Importing
from invitations.actions.importing.planning import (
    KIND,
    choose_columns,
    confirm_import,
    correct_row,
    discard_import,
    plan_import,
    remove_row,
)

__all__ = [
    "KIND",
    "Importing",
    "choose_columns",
    "confirm_import",
    "correct_row",
    "discard_import",
    "plan_import",
    "remove_row",
]
