"""Ticks of beat. No rule lives here."""

from celery import shared_task

from invitations.actions import keeping


@shared_task(name="invitations.tasks.expire_invitations")
def expire_invitations() -> None:
    """Safe to run twice: what is recorded is no longer due."""
    keeping.expire_invitations()
