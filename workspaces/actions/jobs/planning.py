"""What people do with jobs: plan, confirm, cancel, undo. At most IMMEDIATE rows are done before the answer.

A job is its creator's; whoever manages the organization's members sees all of them, and may cancel and undo them.
"""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import F, Value, Window
from django.db.models.expressions import Case, When
from django.db.models.fields import CharField, IntegerField, UUIDField
from django.db.models.fields.json import JSONField
from django.db.models.functions import Cast, Now, RowNumber
from django.http import Http404
from django.utils.translation import gettext as _

from accounts.actors import Actor
from config.refusals import Refusal
from config.sentences import Sentence
from workspaces.actions.jobs.discarding import delete_jobs
from workspaces.actions.jobs.working import LEASE, do_chunk, hint
from workspaces.actions.locking import Locked, insist, locked
from workspaces.jobs import kind_of
from workspaces.models import Job, JobRow, Organization
from workspaces.models.members import MemberQuerySet
from workspaces.policy import ActorFacts, Decision
from workspaces.queries.facts import actor_facts
from workspaces.queries.jobs import can_be_undone, visible_jobs
from workspaces.reasons import Reason
from workspaces.sql import insert_select

IMMEDIATE = 500
"""Rows that are done at once, in the process that confirms them; more go to a worker."""


def plan_job(
    *,
    actor: Actor,
    organization_id: int,
    kind: str,
    title: Sentence | str,
    parameters: Mapping[str, Any],
    rows: Iterable[JobRow] | MemberQuerySet,
) -> Job:
    """Stores a job that nobody works on yet. rows: as they are to be done, numbered here; of members, in the order of
    their ids and the actor last, by one INSERT ... SELECT. Changes nothing else and takes no lock.
    """
    with transaction.atomic():
        job = Job.objects.create(
            organization_id=organization_id,
            created_by_id=actor.user_id,
            kind=kind,
            title=title,
            parameters=dict(parameters),
            **_whence(actor),
        )
        job.total = _store_members(job, rows) if isinstance(rows, MemberQuerySet) else store_rows(job, rows)
        job.save(update_fields=["total"])
    return job


def _whence(actor: Actor) -> dict[str, Any]:
    return {"source": actor.source, "ip": actor.ip, "request_id": actor.request_id}


_ROW = ["job_id", "number", "member_id", "text", "data", "before", "result", "note"]


def _store_members(job: Job, members: MemberQuerySet) -> int:
    name = Case(When(directory__name="", then=F("address")), default=F("directory__name"), output_field=CharField())
    empty, nothing = Cast(Value({}, JSONField()), JSONField()), Value("", CharField())
    # The actor's own row is the last one: it may take from them what the others need.
    own = Case(When(user=job.created_by_id or 0, then=1), default=0, output_field=IntegerField())
    order = (own.asc(), F("pk").asc())
    numbered = members.order_by(*order).annotate(number=Window(RowNumber(), order_by=order))
    columns = (Value(job.pk, UUIDField()), "number", "pk", name, empty, empty, nothing, nothing)
    return insert_select(JobRow, _ROW, numbered.values_list(*columns))


def store_rows(job: Job, rows: Iterable[JobRow]) -> int:
    """Numbered in their order without a gap, since a job counts its way along the numbers. Returns how many."""
    stored = list(rows)
    for number, row in enumerate(stored, start=1):
        row.job, row.number = job, number
    JobRow.objects.bulk_create(stored, batch_size=1000)
    return len(stored)


def confirm_job(*, actor: Actor, organization_id: int, job_id: uuid.UUID) -> Job:
    """Queues a planned job of the actor's. At most IMMEDIATE rows are done before it returns, in one transaction that
    raises what the kind raises: then the job is planned as before. Locks the organization.

    Raises Http404 for a job that is not theirs, Refusal 409 for one that has been confirmed already.
    """
    with locked(actor=actor, organization_id=organization_id) as held:
        insist(Decision(None if held.facts.is_active else Reason.NOT_ACTIVE))
        job = Job.objects.filter(pk=job_id, organization=organization_id, created_by=actor.user_id or 0).first()
        if job is None:
            raise Http404
        return _start(held, job)


def start_job(
    *,
    actor: Actor,
    organization_id: int,
    kind: str,
    title: Sentence | str,
    parameters: Mapping[str, Any],
    rows: Iterable[JobRow] | MemberQuerySet,
) -> Job:
    """Plans and confirms in one step. Where it is done at once and nothing of it may be done, raises the first reason,
    and there is no job. Locks the organization. Raises what its kind raises.
    """
    with locked(actor=actor, organization_id=organization_id) as held:
        job = _start(
            held,
            plan_job(
                actor=actor, organization_id=organization_id, kind=kind, title=title, parameters=parameters, rows=rows
            ),
        )
        if job.finished_at is not None and not job.changed:
            _insist(job)
    return job


def _insist(job: Job) -> None:
    reasons = list(job.rows.order_by("number").values_list("result", flat=True))
    for text in sorted(reasons, key=lambda reason: reason != Reason.CONFIRM):
        if text in Reason:
            reason = Reason(text)
            retry_after = 3600 if reason is Reason.OVER_LIMIT else None
            raise reason.refusal(retry_after=retry_after)


def _start(held: Locked, job: Job) -> Job:
    total = job.rows.count()  # a plan may have been worked on since it was made
    claimer = uuid.uuid4() if total <= IMMEDIATE else None
    started = Job.objects.filter(pk=job.pk, queued_at__isnull=True, finished_at__isnull=True).update(
        queued_at=Now(),
        was_fresh=held.facts.is_fresh,
        total=total,
        claimed_by=claimer,
        claimed_until=Now() + LEASE if claimer else None,
        **_whence(held.actor),
    )
    if not started:
        raise Refusal(_("This has been started already."), 409, "started")
    job.refresh_from_db()
    if claimer:
        while job.finished_at is None:
            do_chunk(held, job, claimer)
    else:
        hint()
    return job


def cancel_job(*, actor: Actor, organization_id: int, job_id: uuid.UUID) -> Job:
    """Lets a job stop before its next chunk; what is done stays done. Waits for no lock, since a chunk may hold it.

    Raises Http404 for a job that the actor does not see, Refusal 409 for one that is over.
    """
    organization = _organization(organization_id)
    job = _seen(actor_facts(actor, organization), organization, job_id)
    going = Job.objects.filter(pk=job.pk, finished_at__isnull=True)
    # Nobody works on it at this moment: it is over at once.
    going.filter(claimed_by__isnull=True).update(cancelled_at=Now(), finished_at=Now())
    going.filter(cancelled_at__isnull=True).update(cancelled_at=Now())
    job.refresh_from_db()
    if job.cancelled_at is None:
        raise Refusal(_("It has finished already."), 409, "finished")
    return job


def undo_job(*, actor: Actor, organization_id: int, job_id: uuid.UUID) -> Job:
    """Takes back what a job changed, as a job of its own: a fresh act with the rights of whoever undoes it, decided row
    by row. At most IMMEDIATE rows are done before it returns. Locks the organization.

    Raises Http404 for a job that the actor does not see; Refusal 409 for one that goes on, changed nothing, is over for
    more than a day, was undone already or cannot be; 401 where it needs a fresh proof of identity. A former undo that
    changed nothing, since it was cancelled or refused, makes room for this one.
    """
    with locked(actor=actor, organization_id=organization_id) as held:
        job = _seen(held.facts, held.organization, job_id)
        kind = kind_of(job)
        if kind is None or not can_be_undone(job):
            raise Refusal(_("This cannot be undone, or not any more."), 409, "not_undoable")
        changed = job.rows.filter(result=JobRow.CHANGED)
        if not held.facts.is_fresh and kind.undo_needs_fresh(changed):
            insist(Decision(Reason.CONFIRM))
        delete_jobs(Job.objects.filter(undoes=job))
        undoing = Job.objects.create(
            organization=held.organization,
            created_by_id=actor.user_id,
            kind=job.kind,
            title=job.title,
            parameters=job.parameters,
            undoes=job,
            **_whence(actor),
        )
        backwards = changed.order_by("-number").annotate(place=Window(RowNumber(), order_by=F("number").desc()))
        nothing = Value("", CharField())
        columns = (Value(undoing.pk, UUIDField()), "place", "member_id", "text", "data", "before", nothing, nothing)
        insert_select(JobRow, _ROW, backwards.values_list(*columns))
        return _start(held, undoing)


def _organization(organization_id: int) -> Organization:
    organization = Organization.objects.filter(pk=organization_id).first()
    if organization is None:
        raise Http404
    return organization


def _seen(facts: ActorFacts, organization: Organization, job_id: uuid.UUID) -> Job:
    job = visible_jobs(organization, facts).filter(pk=job_id).first()
    if job is None:
        raise Http404
    return job
