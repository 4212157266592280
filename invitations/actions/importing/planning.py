"""The plan: stored at once, so that nothing that was pasted or uploaded is lost, and corrected until it is confirmed.

A plan is its maker's alone. It changes nothing and takes no lock but that of its own row.
"""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.http import Http404
from django.utils.translation import gettext as _

from accounts.actors import Actor
from config.refusals import Refusal
from config.sentences import Sentence
from invitations.actions.deciding import giving_of
from invitations.actions.importing.applying import Importing, defaults_of
from invitations.actions.importing.checking import Check, Checked, address_of, key_of
from invitations.asking import IMPORTABLE, Ask
from invitations.sheets import Columns, Entered, Sheet
from invitations.sheets.placing import Names, Unknown, names_of
from workspaces.actions.jobs import confirm_job, delete_jobs, plan_job, store_rows
from workspaces.actions.locking import Locked, insist, locked
from workspaces.models import Job, JobRow, Organization
from workspaces.policy import Decision
from workspaces.queries.choices import may_invite
from workspaces.queries.facts import actor_facts
from workspaces.reasons import Reason
from workspaces.sql import delete_rows

KIND = Importing.name


def plan_import(
    *,
    actor: Actor,
    organization_id: int,
    sheet: Sheet,
    columns: Columns,
    is_certain: bool,
    defaults: Ask,
    title: Sentence,
) -> Job:
    """Stores what was given, and what would become of each row. Where the columns are a guess, `choose_columns` comes
    first.

    Raises Refusal 403 for whoever may not invite anybody.
    """
    held = _standing(actor, organization_id)
    rows = [JobRow(text=row.cells[0][:254], data={"cells": row.cells, "line": row.line}) for row in sheet.rows]
    if is_certain:
        _fill(rows, columns)
        _check(held, defaults, rows)
    return plan_job(
        actor=actor,
        organization_id=organization_id,
        kind=KIND,
        title=title,
        parameters={
            "defaults": _stored(defaults),
            "columns": list(columns.fields) if is_certain else None,
            "guessed": list(columns.fields),
            "header": list(sheet.header),
            "width": sheet.width,
        },
        rows=rows,
    )


def choose_columns(*, actor: Actor, organization_id: int, job_id: uuid.UUID, columns: Columns) -> Job:
    """Reads the rows anew by these columns, but for those that were corrected by hand.

    Raises Refusal 422 for columns without an address or with something twice.
    """
    if not columns.is_enough:
        raise Refusal(_("One column has to hold the addresses, and none of the others the same as another."), 422)
    with _planned(actor, organization_id, job_id) as (held, job):
        rows = list(job.rows.order_by("number"))
        _fill([row for row in rows if not row.data.get("is_corrected")], columns)
        _check(held, defaults_of(job.parameters), rows)
        _replace(job, rows)
        job.parameters = {**job.parameters, "columns": list(columns.fields)}
        job.save(update_fields=["parameters"])
    return job


def correct_row(*, actor: Actor, organization_id: int, job_id: uuid.UUID, number: int, entered: Entered) -> JobRow:
    """Puts other texts into a row and checks it anew, with those of the same addresses. Returns it."""
    with _planned(actor, organization_id, job_id) as (held, job):
        row = _row(job, number)
        former = row.text
        row.data = {**row.data, **entered.texts(), "is_corrected": True}
        row.save(update_fields=["data"])
        _check_again(held, job, {former, address_of(entered) or former}, row)
        row.refresh_from_db()
    return row


def remove_row(*, actor: Actor, organization_id: int, job_id: uuid.UUID, number: int) -> None:
    """Takes a row out of the plan. Another one with the same address counts from then on."""
    with _planned(actor, organization_id, job_id) as (held, job):
        row = _row(job, number)
        delete_rows(job.rows.filter(number=number))
        _check_again(held, job, {row.text})


def discard_import(*, actor: Actor, organization_id: int, job_id: uuid.UUID) -> None:
    with _planned(actor, organization_id, job_id) as (_held, job):
        delete_jobs(Job.objects.filter(pk=job.pk))


def confirm_import(*, actor: Actor, organization_id: int, job_id: uuid.UUID) -> Job:
    """Hands the plan to a worker, or does it at once if it is small; every row is decided anew then.

    Locks the organization. Raises Refusal 401 where a role asks for a fresh proof of identity, 409 for a plan in which
    nothing can be done.
    """
    with locked(actor=actor, organization_id=organization_id) as held, _planned(actor, organization_id, job_id) as plan:
        job = plan[1]
        good = job.rows.filter(result__in=IMPORTABLE)
        if not good.exists():
            raise Refusal(_("There is no row that can be imported. Correct some first."), 409, "nothing_to_do")
        _insist_on_proof(held, job)
        # What a plan foresees has done its duty: from now on a result says what happened.
        job.rows.update(result="", note="")
        if job.rows.count() != job.rows.aggregate(last=Max("number"))["last"]:
            _replace(job, list(job.rows.order_by("number")))
        return confirm_job(actor=actor, organization_id=organization_id, job_id=job_id)


def _insist_on_proof(held: Locked, job: Job) -> None:
    """One distinct ask after the other: some roles are given only by whoever has just proven who they are (P15)."""
    names, defaults = names_of(held.organization, held.facts), defaults_of(job.parameters)
    texts = job.rows.filter(result__in=IMPORTABLE).values_list("data__role", "data__groups", "data__workspaces")
    asks: dict[object, Ask] = {}
    for role, groups, workspaces in texts.order_by().distinct():
        ask = _asked(names, defaults, Entered(role=role, groups=groups, workspaces=workspaces))
        if ask is not None:
            asks[key_of(ask)] = ask
    giving = giving_of(held, list(asks.values()))
    if any(giving.refusal(ask) is Reason.CONFIRM for ask in asks.values()):
        insist(Decision(Reason.CONFIRM))


def _asked(names: Names, defaults: Ask, entered: Entered) -> Ask | None:
    try:
        return names.ask(entered, defaults)
    except Unknown:
        return None


# --- whose it is, and what it holds


def _standing(actor: Actor, organization_id: int) -> Locked:
    """What the actor holds at this moment. Raises Refusal 403 for whoever may not invite anybody."""
    organization = Organization.objects.filter(pk=organization_id).first()
    if organization is None:
        raise Http404
    held = Locked(organization, actor, actor_facts(actor, organization))
    if not may_invite(organization, held.facts):
        insist(Decision(Reason.NO_RIGHT))
    return held


@contextmanager
def _planned(actor: Actor, organization_id: int, job_id: uuid.UUID) -> Iterator[tuple[Locked, Job]]:
    """The actor's own plan, locked against a second correction. Raises Http404 for every other, 409 once confirmed."""
    with transaction.atomic():
        jobs = Job.objects.select_for_update(no_key=True).filter(organization=organization_id, kind=KIND)
        job = jobs.filter(pk=job_id, created_by=actor.user_id or 0, undoes__isnull=True).first()
        if job is None:
            raise Http404
        if job.queued_at is not None or job.finished_at is not None:
            raise Refusal(_("This has been started already."), 409, "started")
        yield _standing(actor, organization_id), job


def _row(job: Job, number: int) -> JobRow:
    row = job.rows.filter(number=number).first()
    if row is None:
        raise Http404
    return row


def _stored(ask: Ask) -> dict[str, Any]:
    return {
        "role": ask.role_id,
        "groups": list(ask.group_ids),
        "placements": [list(place) for place in ask.placements.items()],
        "message": ask.message,
        "days": ask.days,
        "language": ask.language,
    }


def _fill(rows: Iterable[JobRow], columns: Columns) -> None:
    for row in rows:
        row.data = {**row.data, **columns.entered(row.data["cells"]).texts()}


def _check(held: Locked, defaults: Ask, rows: Sequence[JobRow], before: Iterable[str] = ()) -> None:
    """Sets on the rows what would become of them."""
    for each in Check(held, defaults, set(before), will_confirm=True).rows(rows):
        _set(each)


def _set(each: Checked) -> None:
    each.row.text = each.who.address or each.row.text
    each.row.result, each.row.note = each.result.value, each.note


def _check_again(held: Locked, job: Job, addresses: set[str], row: JobRow | None = None) -> None:
    """A row, and those of the same addresses: which of them is the first may be another one now."""
    found = {each.number: each for each in job.rows.filter(text__in=addresses)}
    if row is not None:
        found[row.number] = row
    rows = [found[number] for number in sorted(found)]
    _check(held, defaults_of(job.parameters), rows)
    for each in rows:
        each.save(update_fields=["text", "result", "note"])


def _replace(job: Job, rows: Sequence[JobRow]) -> None:
    """All rows anew."""
    delete_rows(JobRow.objects.filter(job=job))
    store_rows(job, rows)
