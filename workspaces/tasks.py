"""Ticks of beat. No rule lives here."""

from celery import shared_task

from workspaces import selections
from workspaces.actions import grants, jobs, workspaces


@shared_task
def discard_selections() -> None:
    selections.discard_old()


@shared_task
def tell_of_ends() -> None:
    grants.tell_of_ends()


@shared_task
def purge_workspaces() -> None:
    """Safe to run twice: what is gone is no longer due."""
    workspaces.purge_workspaces()


@shared_task
def work_off_jobs() -> None:
    """Safe in any number: a job is one worker's at a time."""
    jobs.work_off()


@shared_task
def discard_jobs() -> None:
    jobs.discard_old_jobs()
