"""Large changes as jobs: planned row by row, confirmed, worked off chunk by chunk, cancelled, undone for a day."""

from workspaces.actions.jobs.discarding import discard_old_jobs
from workspaces.actions.jobs.planning import IMMEDIATE, cancel_job, confirm_job, plan_job, start_job, undo_job
from workspaces.actions.jobs.working import CHUNK, hint, work_off

__all__ = [
    "CHUNK",
    "IMMEDIATE",
    "cancel_job",
    "confirm_job",
    "discard_old_jobs",
    "hint",
    "plan_job",
    "start_job",
    "undo_job",
    "work_off",
]
