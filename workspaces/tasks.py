"""Ticks of beat. No rule lives here."""

from celery import shared_task

from workspaces import selections


@shared_task
def discard_selections() -> None:
    selections.discard_old()
