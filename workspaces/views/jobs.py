"""Jobs: the list, and a page each with its progress, its counts and what became of every row."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_htmx.http import trigger_client_event

from config.http import Request, done, go, plain_number
from config.ui.people import hue, initials
from config.ui.sheets import write_csv
from workspaces.actions import jobs
from workspaces.jobs import kind_of, result_sentence
from workspaces.models import Job, JobRow
from workspaces.queries.jobs import (
    PAGE,
    can_be_undone,
    jobs_page,
    results_of,
    rows_of,
    unchanged_rows,
    visible_jobs,
    with_people,
)
from workspaces.queries.member_sql import moment_of
from workspaces.views.base import OrganizationView
from workspaces.views.paging import extent


def started(view: OrganizationView, job: Job, text: str, *, to: str) -> HttpResponse:
    """The answer to a change: what was done, with its undo; or the page where a large one can be watched."""
    page_url = view.url("job", job.pk)
    if job.finished_at is None:
        return go(view.request, page_url)
    undo_url = view.url("job_undo", job.pk) if can_be_undone(job) else ""
    more = (_("See it or undo it") if undo_url else _("See each result"), page_url)
    return done(view.request, text, to=to, undo_url=undo_url, more=more)


class Jobs(OrganizationView):
    """The person's own, or all of the organization for whoever manages its members; newest first."""

    def get(self, request: Request) -> HttpResponse:
        before = moment_of(request.GET.get("before", ""))
        found = jobs_page(visible_jobs(self.place.organization, self.place.facts), before)
        base_url, shown = self.url("jobs"), found[:PAGE]
        next_url = f"{base_url}?{urlencode({'before': shown[-1].created_at.isoformat()})}" if found[PAGE:] else ""
        context = {
            "jobs": [{**facts_of(job), "url": page_of(self, job)} for job in shown],
            "pager": {"first_url": base_url if before else "", "next_url": next_url},
        }
        return self.region("jobs/page.html", context, "history", partial="jobs")


class JobView(OrganizationView):
    """About one job. Whoever may not see it is answered as for one that does not exist."""

    def job(self, job_id: UUID) -> Job:
        found = with_people(visible_jobs(self.place.organization, self.place.facts)).filter(pk=job_id).first()
        if found is None:
            raise Http404
        return found


class JobPage(JobView):
    """Draws its progress anew every second while it runs. Its rows follow when it ends, and page by page."""

    def get(self, request: Request, job_id: UUID) -> HttpResponse:
        job = self.job(job_id)
        region = str(request.htmx.target) if request.htmx else ""
        context: dict[str, Any] = {"job": facts_of(job), "page_url": self.url("job", job.pk)}
        if region != "rows":
            context |= self.progress(job)
        if region != "progress":
            context |= self.rows(request, job)
        partial = "rows" if region == "rows" else "progress"
        response = self.region("jobs/job.html", context, "history", partial=partial)
        if "poll" in request.GET and job.finished_at is not None:
            trigger_client_event(response, "rows:refresh")
        return response

    def progress(self, job: Job) -> dict[str, Any]:
        counted = results_of(job)
        changed = counted.get(JobRow.CHANGED, 0)
        return {
            "changed": intcomma(changed),
            "left": intcomma(sum(counted.values()) - changed),
            "reasons": [
                {"sentence": _sentence(job, result), "count": intcomma(count)}
                for result, count in counted.items()
                if result != JobRow.CHANGED
            ],
            "cancel_url": self.url("job_cancel", job.pk) if job.finished_at is None and not job.cancelled_at else "",
            "undo_url": self.url("job_undo", job.pk) if can_be_undone(job) else "",
            "undone": _link(self, getattr(job, "undone_by", None)),
            "undoes": _link(self, job.undoes),
        }

    def rows(self, request: Request, job: Job) -> dict[str, Any]:
        unchanged = request.GET.get("show") == "unchanged"
        number = min(plain_number(request.GET.get("page")) or 1, 100_000)
        every, before = rows_of(job, unchanged=unchanged), (number - 1) * PAGE
        found = list(every[before : before + PAGE + 1])
        base_url = self.url("job", job.pk)
        kept = {"show": "unchanged"} if unchanged else {}
        return {
            "unchanged_only": unchanged,
            "all_url": base_url,
            "unchanged_url": f"{base_url}?show=unchanged",
            "download_url": self.url("job_unchanged", job.pk),
            "rows_url": _page_url(base_url, kept, number),
            "rows": [_row(job, row) for row in found[:PAGE]],
            "pager": {
                "text": extent(len(found[:PAGE]), every.count(), first=before + 1),
                "previous_url": _page_url(base_url, kept, number - 1) if number > 1 else "",
                "next_url": _page_url(base_url, kept, number + 1) if found[PAGE:] else "",
            },
        }


class Unchanged(JobView):
    """The rows that did not change, and why, as a table to download."""

    def get(self, request: Request, job_id: UUID) -> HttpResponse:
        job = self.job(job_id)
        rows = [(row.text, _row(job, row)["sentence"]) for row in unchanged_rows(job)]
        response = HttpResponse(write_csv([(_("Person"), _("Why not")), *rows]), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="unchanged.csv"'
        return response


class Cancel(JobView):
    def post(self, request: Request, job_id: UUID) -> HttpResponse:
        job = jobs.cancel_job(actor=self.place.actor, organization_id=self.place.organization.pk, job_id=job_id)
        text = _("Cancelled. What is done stays done.")
        if job.finished_at is None:
            text = _("It stops after the rows that it is doing now.")
        return done(request, text, to=self.url("job", job.pk), refresh="job:refresh")


class Undo(JobView):
    """Says what undoing will do and what it cannot bring back, then does it, decided anew for each row."""

    def get(self, request: Request, job_id: UUID) -> HttpResponse:
        job = self.job(job_id)
        kind = kind_of(job)
        count = ngettext("%(count)s change", "%(count)s changes", job.changed) % {"count": intcomma(job.changed)}
        context = {
            "job": facts_of(job),
            "count": count,
            "sentence": kind.undo_sentence() if kind else "",
            "refusal": "" if can_be_undone(job) else _("This cannot be undone, or not any more."),
            "action_url": request.path,
            "back_url": self.url("job", job.pk),
        }
        return self.region("jobs/undo.html", context, "history", partial="dialog")

    def post(self, request: Request, job_id: UUID) -> HttpResponse:
        undoing = jobs.undo_job(actor=self.place.actor, organization_id=self.place.organization.pk, job_id=job_id)
        page_url = self.url("job", undoing.pk)
        if undoing.finished_at is None:
            return go(request, page_url)
        text = ngettext("Undone: %(count)s change.", "Undone: %(count)s changes.", undoing.changed)
        said, left = text % {"count": intcomma(undoing.changed)}, undoing.total - undoing.changed
        if left:
            more = ngettext("%(count)s was left as it is.", "%(count)s were left as they are.", left)
            said = f"{said} {more % {'count': intcomma(left)}}"
        response = done(request, said, to=page_url, more=(_("See each result"), page_url))
        return trigger_client_event(response, "job:refresh") if request.htmx else response


def facts_of(job: Job) -> dict[str, Any]:
    """What the templates know of a job. state: word, tone and icon. share: percent that is done."""
    by = job.created_by.display_name if job.created_by else _("Deleted account")
    is_over = job.finished_at is not None
    share = 100 if is_over and not job.cancelled_at and not job.problem else job.position * 100 // max(job.total, 1)
    return {
        "id": str(job.pk),
        "title": _("Undo: %(title)s") % {"title": job.title} if job.undoes_id else job.title,
        "state": _state(job),
        "is_planned": not is_over and job.queued_at is None,
        "is_running": not is_over and job.queued_at is not None,
        "is_stopping": not is_over and job.cancelled_at is not None,
        "total": intcomma(job.total),
        "done": intcomma(job.position),
        "changed": intcomma(job.changed),
        "share": share,
        "problem": job.problem,
        "by": {"name": by, "initials": initials(by), "hue": hue(job.created_by_id or 0)},
        "at": job.queued_at or job.created_at,
        "finished_at": job.finished_at,
    }


def page_of(view: OrganizationView, job: Job) -> str:
    """Where it is looked at: a plan that waits to be confirmed, on its kind's own page."""
    kind = kind_of(job)
    if kind is not None and kind.plan_page and job.queued_at is None and job.finished_at is None:
        return view.url(kind.plan_page, job.pk)
    return view.url("job", job.pk)


def _state(job: Job) -> dict[str, str]:
    if job.finished_at is None:
        if job.queued_at is None:
            return {"word": _("Planned"), "tone": "mute", "icon": "clock"}
        if job.cancelled_at is not None:
            return {"word": _("Stopping"), "tone": "warn", "icon": "clock"}
        if job.position or job.started_at:
            return {"word": _("Running"), "tone": "info", "icon": "clock"}
        return {"word": _("Waiting for a worker"), "tone": "info", "icon": "clock"}
    if job.cancelled_at is not None and not job.problem:
        return {"word": _("Cancelled"), "tone": "mute", "icon": "x"}
    if job.problem:
        return {"word": _("Stopped"), "tone": "bad", "icon": "alert-circle"}
    undoing = getattr(job, "undone_by", None)
    if undoing is not None and (undoing.changed or undoing.finished_at is None):
        return {"word": _("Undone"), "tone": "mute", "icon": "restore"}
    return {"word": _("Finished"), "tone": "ok", "icon": "circle-check"}


def _link(view: OrganizationView, job: Job | None) -> str:
    return view.url("job", job.pk) if job is not None else ""


def _sentence(job: Job, result: str) -> str:
    kind = kind_of(job)
    return kind.sentence(result) if kind else result_sentence(result)


def _row(job: Job, row: JobRow) -> dict[str, Any]:
    if row.result == JobRow.CHANGED:
        sentence, tone, icon = _("Put back") if job.undoes_id else _("Changed"), "ok", "check"
    elif row.result:
        sentence, tone, icon = str(row.note or _sentence(job, row.result)), "warn", "minus"
    else:
        sentence, tone, icon = _("Not done") if job.finished_at else _("Waiting"), "mute", "clock"
    note = row.note if row.result == JobRow.CHANGED else ""
    return {"number": row.number, "text": row.text, "sentence": sentence, "note": note, "tone": tone, "icon": icon}


def _page_url(base_url: str, kept: dict[str, str], number: int) -> str:
    query = kept | ({"page": str(number)} if number > 1 else {})
    return f"{base_url}?{urlencode(query)}" if query else base_url
