"""Importing people: upload or paste, columns, the plan with its rows, and its confirmation. The job's page follows."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_htmx.http import trigger_client_event

from config.http import Request, done, go, page, plain_number
from config.sentences import Sentence
from config.ui.sheets import write_csv
from invitations.actions import importing
from invitations.asking import IMPORTABLE, SENTENCES, Result
from invitations.forms.inviting import ColumnsForm, ImportForm, ImportRowForm
from invitations.queries.imports import PAGE, REJECTED, plan_of, row_of, rows_of
from invitations.sheets import FIELDS, Entered, guess_columns, write_spreadsheet
from invitations.sheets.columns import is_certain
from invitations.views.inviting import InvitingView
from workspaces.models import Job, JobRow
from workspaces.queries.choices import giveable_groups, giveable_places, giveable_roles
from workspaces.queries.jobs import results_of
from workspaces.views.paging import extent

SAMPLE = 5
"""Rows that are shown beside the question what the columns hold."""

# What a row would become: its word, its tone and icon, in the order of the filters.
_OUTLOOK: Mapping[Result, tuple[Any, str, str]] = {
    Result.INVITED: (lambda: _("New"), "ok", "circle-check"),
    Result.RENEWED: (lambda: _("Invited already"), "ok", "mail-forward"),
    Result.GAINS: (lambda: _("Gains access"), "ok", "plus"),
    Result.MEMBER: (lambda: _("Member already"), "mute", "user"),
    Result.DUPLICATE: (lambda: _("Duplicate"), "mute", "copy"),
    Result.INVALID: (lambda: _("Invalid"), "bad", "alert-circle"),
    Result.UNKNOWN: (lambda: _("Unknown name"), "bad", "help-circle"),
    Result.ABOVE_RIGHTS: (lambda: _("Above your rights"), "warn", "lock"),
    Result.OVER_LIMIT: (lambda: _("Over a limit"), "warn", "hourglass-empty"),
    Result.OVER_SEATS: (lambda: _("No free seat"), "warn", "users"),
}


class Import(InvitingView):
    """Takes a file or pasted rows, with what goes with those that say nothing else. Stores a plan at once."""

    def get(self, request: Request) -> HttpResponse:
        return self.draw(request, ImportForm(self.place))

    def post(self, request: Request) -> HttpResponse:
        form = ImportForm(self.place, request.POST, request.FILES)
        if not form.is_valid():
            return self.draw(request, form, status=422)
        columns = guess_columns(form.sheet)
        certain = is_certain(form.sheet, columns)
        job = importing.plan_import(
            actor=self.place.actor,
            organization_id=self.place.organization.pk,
            sheet=form.sheet,
            columns=columns,
            is_certain=certain,
            defaults=form.ask(),
            title=_title(form.title),
        )
        return go(request, self.url("import_plan" if certain else "import_columns", job.pk))

    def draw(self, request: Request, form: ImportForm, *, status: int = 200) -> HttpResponse:
        context = self.context(
            "members",
            form=form,
            workspace_fields=form.workspace_fields(),
            action_url=self.url("import"),
            back_url=self.url("members"),
            templates=[(self.url("import_template", kind), kind) for kind in ("xlsx", "csv")],
        )
        return page(request, "import/start.html", context, status=status)


class Template(InvitingView):
    """An empty table with the right columns; the workbook also names what can be written into them."""

    def get(self, request: Request, kind: str) -> HttpResponse:
        if kind == "csv":
            return download(write_csv([FIELDS]).encode(), "text/csv; charset=utf-8", "people.csv")
        if kind != "xlsx":
            raise Http404
        organization, facts = self.place.organization, self.place.facts
        places, workspace_roles = giveable_places(organization, facts)
        columns = [
            (_("Roles"), giveable_roles(organization, facts)),
            (_("Groups"), giveable_groups(organization, facts)),
            (_("Workspaces"), places),
            (_("Roles in workspaces"), workspace_roles),
        ]
        longest = max(len(choices) for _title, choices in columns)
        names = [[c[number][1] if number < len(c) else "" for _title, c in columns] for number in range(longest)]
        content = write_spreadsheet(
            [(_("People"), [FIELDS]), (_("Names"), [[title for title, _choices in columns], *names])]
        )
        return download(content, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "people.xlsx")


class PlanView(InvitingView):
    """About one plan of the person's own; every other is answered as one that does not exist."""

    def plan(self, job_id: UUID) -> Job:
        return plan_of(self.place, job_id, importing.KIND)

    def told(self, job_id: UUID) -> dict[str, Any]:
        return {"actor": self.place.actor, "organization_id": self.place.organization.pk, "job_id": job_id}


class ChooseColumns(PlanView):
    """What the columns hold, with the first rows to tell it by. Asked only where the header does not say it."""

    def get(self, request: Request, job_id: UUID) -> HttpResponse:
        job = self.plan(job_id)
        return self.draw(request, job, ColumnsForm(_fields(job)))

    def post(self, request: Request, job_id: UUID) -> HttpResponse:
        job = self.plan(job_id)
        form = ColumnsForm(_fields(job), request.POST)
        if not form.is_valid():
            return self.draw(request, job, form, status=422)
        importing.choose_columns(**self.told(job_id), columns=form.columns())
        return go(request, self.url("import_plan", job_id))

    def draw(self, request: Request, job: Job, form: ColumnsForm, *, status: int = 200) -> HttpResponse:
        sample = [row.data["cells"] for row in rows_of(job, "")[:SAMPLE]]
        header = job.parameters["header"]
        columns = [
            {
                "field": form[f"column_{number}"],
                "header": header[number] if number < len(header) else "",
                "label": _("Column %(number)s") % {"number": number + 1},
                "cells": [cells[number] if number < len(cells) else "" for cells in sample],
            }
            for number in range(form.count)
        ]
        context = self.context(
            "members",
            form=form,
            columns=columns,
            action_url=self.url("import_columns", job.pk),
            back_url=self.url("import_plan", job.pk) if job.parameters["columns"] else self.url("import"),
            discard_url=self.url("import_discard", job.pk),
        )
        return page(request, "import/columns.html", context, status=status)


class Plan(PlanView):
    """What would become of each row; nothing has happened yet. Once confirmed, the job's page is the one to look at."""

    def get(self, request: Request, job_id: UUID) -> HttpResponse:
        job = self.plan(job_id)
        if job.queued_at is not None or job.finished_at is not None:
            return go(request, self.url("job", job.pk))
        if job.parameters["columns"] is None:
            return go(request, self.url("import_columns", job.pk))
        context = self.rows(request, job) | self.totals(job)
        return self.region("import/plan.html", context, "members", partial="plan")

    def totals(self, job: Job) -> dict[str, Any]:
        counted = results_of(job)
        good = sum(counted.get(result, 0) for result in IMPORTABLE)
        rejected = sum(counted.values()) - good
        return {
            "title": job.title,
            "good": intcomma(good) if good else "",
            "rejected": intcomma(rejected) if rejected else "",
            "count": _people(sum(counted.values())),
            "submit": ngettext("Import %(count)s person", "Import %(count)s people", good) % {"count": intcomma(good)},
            "left_out": _left_out(job),
            "filters": _filters(self.request.GET.get("show", ""), counted, rejected, self.url("import_plan", job.pk)),
            "confirm_url": self.url("import_confirm", job.pk),
            "discard_url": self.url("import_discard", job.pk),
            "columns_url": "" if job.parameters["width"] < 2 else self.url("import_columns", job.pk),
            "rejected_url": self.url("import_rejected", job.pk) if rejected else "",
        }

    def rows(self, request: Request, job: Job) -> dict[str, Any]:
        show = request.GET.get("show", "")
        show = show if show == REJECTED or show in Result else ""
        number = min(plain_number(request.GET.get("page")) or 1, 1000)
        every, before = rows_of(job, show), (number - 1) * PAGE
        found = list(every[before : before + PAGE + 1])
        shown, base_url = found[:PAGE], self.url("import_plan", job.pk)
        return {
            "rows": [self.row(job, row) for row in shown],
            "url": _query(base_url, show, number),
            "pager": {
                "text": extent(len(shown), every.count(), first=before + 1),
                "previous_url": _query(base_url, show, number - 1) if number > 1 else "",
                "next_url": _query(base_url, show, number + 1) if found[PAGE:] else "",
            },
        }

    def row(self, job: Job, row: JobRow) -> dict[str, Any]:
        entered = Entered.of(row.data)
        asked = [text for text in (entered.role, entered.groups, entered.workspaces) if text]
        return {
            "number": str(row.number),
            "line": str(row.data["line"]),
            "name": entered.name,
            "address": entered.email,
            "asked": " · ".join(asked),
            "url": self.url("import_row", job.pk, row.number),
            "remove_url": self.url("import_row_remove", job.pk, row.number),
            **_outlook(row),
        }


class Rejected(PlanView):
    """The rows that cannot be imported, with the reason, to be mended elsewhere and uploaded again."""

    def get(self, request: Request, job_id: UUID) -> HttpResponse:
        rows = [
            [*Entered.of(row.data).texts().values(), _outlook(row)["sentence"]]
            for row in rows_of(self.plan(job_id), REJECTED)
        ]
        content = write_csv([[*FIELDS, "reason"], *rows])
        return download(content.encode(), "text/csv; charset=utf-8", "rejected.csv")


class Row(PlanView):
    """One row, to be mended. It is kept as it was entered in any case, and checked at once."""

    def get(self, request: Request, job_id: UUID, number: int) -> HttpResponse:
        row = row_of(self.plan(job_id), number)
        return self.draw(request, job_id, row, ImportRowForm(initial=row.data))

    def post(self, request: Request, job_id: UUID, number: int) -> HttpResponse:
        form = ImportRowForm(request.POST)
        if not form.is_valid():
            return self.draw(request, job_id, row_of(self.plan(job_id), number), form, status=422)
        row = importing.correct_row(**self.told(job_id), number=number, entered=form.entered())
        if row.result in IMPORTABLE:
            text = _("Line %(line)s: %(sentence)s") % {"line": row.data["line"], "sentence": _outlook(row)["sentence"]}
            return done(request, text, to=self.url("import_plan", job_id))
        response = self.draw(request, job_id, row, ImportRowForm(initial=row.data), status=422)
        return trigger_client_event(response, "table:refresh") if request.htmx else response

    def draw(
        self, request: Request, job_id: UUID, row: JobRow, form: ImportRowForm, *, status: int = 200
    ) -> HttpResponse:
        context: dict[str, Any] = {
            "title": _("Line %(line)s") % {"line": row.data["line"]},
            "form": form,
            "row": _outlook(row),
            "action_url": self.url("import_row", job_id, row.number),
            "back_url": self.url("import_plan", job_id),
        }
        return self.region("import/row.html", context, "members", partial="dialog", status=status)


class RemoveRow(PlanView):
    def post(self, request: Request, job_id: UUID, number: int) -> HttpResponse:
        importing.remove_row(**self.told(job_id), number=number)
        return done(request, _("Removed from the import."), to=self.url("import_plan", job_id))


class Discard(PlanView):
    def post(self, request: Request, job_id: UUID) -> HttpResponse:
        importing.discard_import(**self.told(job_id))
        return go(request, self.url("import"), _("Discarded. Nobody was invited."))


class Confirm(PlanView):
    """Hands the plan over. A small one is done by the time of the answer, a large one can be watched."""

    def post(self, request: Request, job_id: UUID) -> HttpResponse:
        job = importing.confirm_import(**self.told(job_id))
        if job.finished_at is None:
            return go(request, self.url("job", job.pk))
        text = ngettext("%(count)s person was imported.", "%(count)s people were imported.", job.changed)
        return go(request, self.url("job", job.pk), text % {"count": intcomma(job.changed)})


def download(content: bytes, kind: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _title(file: str) -> Sentence:
    return Sentence("Import of %(file)s", file=file) if file else Sentence("Import of a pasted list")


def _people(count: int) -> str:
    return ngettext("%(count)s row", "%(count)s rows", count) % {"count": intcomma(count)}


def _fields(job: Job) -> Sequence[str]:
    """As they were chosen, or as the header lets guess."""
    chosen = job.parameters["columns"] or job.parameters["guessed"]
    return [*chosen, *[""] * (job.parameters["width"] - len(chosen))]


def _left_out(job: Job) -> str:
    """Names of the columns that nobody reads."""
    named = zip(job.parameters["header"], job.parameters["columns"], strict=False)
    return ", ".join(name for name, field in named if not field and name)


def _filters(show: str, counted: Mapping[str, int], rejected: int, base_url: str) -> list[dict[str, Any]]:
    every = [("", _("All"), sum(counted.values()))]
    if rejected:
        every.append((REJECTED, _("Cannot be imported"), rejected))
    every += [(result.value, word(), counted[result]) for result, (word, *_) in _OUTLOOK.items() if result in counted]
    return [
        {"label": label, "count": intcomma(count), "url": _query(base_url, key, 1), "current": key == show}
        for key, label, count in every
    ]


def _outlook(row: JobRow) -> dict[str, str]:
    """Word, tone, icon and sentence of what a row would become."""
    result = Result(row.result)
    word, tone, icon = _OUTLOOK[result]
    return {"word": word(), "tone": tone, "icon": icon, "sentence": str(row.note or SENTENCES[result])}


def _query(base_url: str, show: str, number: int) -> str:
    query = ({"show": show} if show else {}) | ({"page": str(number)} if number > 1 else {})
    return f"{base_url}?{urlencode(query)}" if query else base_url
