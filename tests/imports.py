"""Imports by the product's own actions: planned, confirmed, undone; and what is said of each row."""

from typing import Any

from accounts.models import User
from invitations.actions import importing
from invitations.asking import Ask
from invitations.sheets import guess_columns, read_pasted
from tests.cast import Acme, web
from workspaces.actions import jobs
from workspaces.catalogue import BuiltIn
from workspaces.models import Job


def defaults(**what: Any) -> Ask:
    return Ask(**{"role_id": BuiltIn.MEMBER, "days": 7, **what})


def plan(world: Acme, text: str, by: User | None = None, *, ask: Ask | None = None, is_fresh: bool = True) -> Job:
    sheet = read_pasted(text)
    return importing.plan_import(
        actor=web(by or world.priya, is_fresh=is_fresh),
        organization_id=world.id,
        sheet=sheet,
        columns=guess_columns(sheet),
        is_certain=True,
        defaults=ask or defaults(),
        title="Import",
    )


def foreseen(job: Job) -> dict[str, tuple[str, str]]:
    rows = job.rows.order_by("number")
    return {text: (result, str(note)) for text, result, note in rows.values_list("text", "result", "note")}


def results(job: Job) -> dict[str, str]:
    return {text: result for text, (result, _note) in foreseen(job).items()}


def confirm(world: Acme, job: Job, by: User | None = None, *, is_fresh: bool = True) -> Job:
    return importing.confirm_import(
        actor=web(by or world.priya, is_fresh=is_fresh), organization_id=world.id, job_id=job.pk
    )


def undo(world: Acme, job: Job, by: User | None = None) -> Job:
    return jobs.undo_job(actor=web(by or world.priya), organization_id=world.id, job_id=job.pk)
