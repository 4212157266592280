"""Large changes as jobs: planned row by row, confirmed, worked off chunk by chunk, cancelled, undone for a day."""

from workspaces.actions.jobs.discarding import delete_jobs, discard_old_jobs
from workspaces.actions.jobs.planning import (
    IMMEDIATE,
    cancel_job,
    confirm_job,
    plan_job,
    start_job,
    store_rows,
    undo_job,
)
from workspaces.actions.jobs.working import hint, work_off

__all__ = [
    "IMMEDIATE",
    "cancel_job",
    "confirm_job",
    "delete_jobs",
    "discard_old_jobs",
    "hint",
    "plan_job",
    "start_job",
    "store_rows",
    "undo_job",
    "work_off",
]
