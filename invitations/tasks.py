"""Ticks of beat. No rule lives here."""

from celery import shared_task

from invitations.actions import domains, keeping, reminding


@shared_task(name="invitations.tasks.expire_invitations")
def expire_invitations() -> None:
    """Safe to run twice: what is recorded is no longer due."""
    keeping.expire_invitations()


@shared_task(name="invitations.tasks.remind_of_invitations")
def remind_of_invitations() -> None:
    """Safe to run twice: what was reminded is no longer due."""
    reminding.remind()


@shared_task(name="invitations.tasks.look_after_domains")
def look_after_domains() -> None:
    """Safe to run at once: each domain is claimed by the time of its look."""
    domains.look_after_domains()
