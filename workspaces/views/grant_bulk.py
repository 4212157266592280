"""Many roles of a workspace at once, in two steps: preview, then apply. Chosen are grants, or people of the merged
list, whose direct grants they then are.
"""

from abc import abstractmethod
from typing import Any, ClassVar

from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import Http404, HttpResponse, QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from config.http import Request, plain_number, plain_words
from config.refusals import Refusal
from config.sentences import Sentence
from config.ui.people import hue, initials
from workspaces import bulk
from workspaces.actions import grants, jobs
from workspaces.actions.grants.standing import GrantPlan
from workspaces.forms.grants import RoleHere
from workspaces.models import Grant, Job, JobRow
from workspaces.models.members import MemberQuerySet
from workspaces.policy import BULK_LIMIT, Verb
from workspaces.queries.choices import role_name
from workspaces.queries.grants import grants_of, matching_grants, named_grants, without_grants
from workspaces.queries.roles import all_roles
from workspaces.queries.workspace_people import people_of
from workspaces.reasons import Reason
from workspaces.selections import Chosen
from workspaces.views.grant_rows import principal_name
from workspaces.views.jobs import started
from workspaces.views.selecting import own_selection, select, ticked
from workspaces.views.workspace_people import PeopleView, read_filters

SHOWN = 20
ROLE, REMOVE = "role", "remove"
LABELS: dict[str, Promise] = {ROLE: lazy("Update roles"), REMOVE: lazy("Remove access")}


class GrantBulk(PeopleView):
    """What both steps share; the address says what is to be done."""

    workspace_verb = Verb.CHANGE_GRANT
    names: ClassVar[tuple[str, str]]  # of the addresses of preview and apply
    back: ClassVar[str]

    @abstractmethod
    def ids_of(self, chosen: str) -> list[int]:
        """The grants of a choice that a form carries."""

    @abstractmethod
    def choose(self, given: QueryDict) -> str:
        """The choice as the preview carries it to the second step. Raises Refusal 422 where nothing is chosen."""

    def left_out(self, chosen: str) -> list[dict[str, Any]]:
        """Chosen people without a grant of their own."""
        return []

    def form(self, name: str, data: QueryDict) -> RoleHere | None:
        if name not in LABELS:
            raise Http404
        if name == REMOVE:
            return None
        return RoleHere(self.giveable(all_roles(self.place.organization)), data if "role" in data else None)

    def plan(self, ids: list[int], form: RoleHere | None) -> GrantPlan:
        if form is None:
            return grants.plan_removal(self.setting(), ids)
        return grants.plan_change(self.setting(), ids, grants.Change(role_id=form.cleaned_data["role"]))

    def draw(
        self, request: Request, name: str, chosen: str, form: RoleHere | None, *, status: int = 200
    ) -> HttpResponse:
        context = {
            "form": form,
            "danger": name == REMOVE,
            "selection_id": chosen,
            "preview_url": self.here(self.names[0], name),
            "action_url": self.here(self.names[1], name),
            "back_url": self.here(self.back),
            "title": LABELS[name],
            "summary": _("Nothing changes until you confirm."),
        }
        if form is None or (form.is_bound and form.is_valid()):
            context |= self.outlook(name, chosen, form)
        return self.region("members/bulk.html", context, "workspace_members", partial="dialog", status=status)

    def outlook(self, name: str, chosen: str, form: RoleHere | None) -> dict[str, Any]:
        plan = self.plan(self.ids_of(chosen), form)
        roles = all_roles(self.place.organization)
        after = _("No role") if form is None else roles.names[form.cleaned_data["role"]]
        refused = [(reason, grant.id) for reason, each in plan.refused.items() for grant in each]
        shown = {grant.pk: grant for grant in named_grants([grant.id for grant in plan.accepted[:SHOWN]])}
        stopped = {grant.pk: grant for grant in named_grants([pk for _reason, pk in refused[:SHOWN]])}
        wont = [_line(stopped[pk], reason=str(reason.sentence)) for reason, pk in refused[:SHOWN] if pk in stopped]
        wont += self.left_out(chosen)
        will, more = len(plan.accepted), len(refused) - SHOWN
        submit = ngettext("%(label)s (%(count)s)", "%(label)s (%(count)s)", will)
        return {
            "will": [_line(grant, before=grant.role.label, after=after) for grant in shown.values()],
            "will_count": intcomma(will),
            "will_more": intcomma(will - SHOWN) if will > SHOWN else "",
            "wont": wont[:SHOWN],
            "wont_count": intcomma(len(refused) + len(self.left_out(chosen))),
            "wont_more": intcomma(more) if more > 0 else "",
            "foot": _("What they have through groups and everyone stays."),
            "blocked": "" if will else _("Nothing of it can be changed so."),
            "submit": submit % {"label": LABELS[name], "count": intcomma(will)},
        }

    def start(self, ids: list[int], form: RoleHere | None) -> Job:
        """The job that does it: at once, or in a worker where it is large."""
        about: dict[str, Any] = {"workspace": self.inside.workspace.pk}
        chosen = [grant for grant in named_grants(ids) if grant.workspace_id == self.inside.workspace.pk]
        if len(chosen) > BULK_LIMIT:
            raise Reason.TOO_MANY.refusal()
        here = self.inside.workspace.name
        if form is None:
            kind, title = bulk.GRANT_REMOVAL.name, Sentence("Remove access in %(workspace)s", workspace=here)
        else:
            about["role"] = form.cleaned_data["role"]
            role, kind = role_name(about["role"]), bulk.GRANT_ROLE.name
            title = Sentence("Update role in %(workspace)s to %(role)s", workspace=here, role=role)
        return jobs.start_job(
            actor=self.place.actor,
            organization_id=self.place.organization.pk,
            kind=kind,
            title=title,
            parameters=about,
            rows=[
                JobRow(member_id=grant.member_id, text=principal_name(grant), data={"grant": grant.pk})
                for grant in chosen
            ],
        )

    def preview(self, request: Request, name: str) -> HttpResponse:
        form = self.form(name, request.POST)
        return self.draw(request, name, self.choose(request.POST), form)

    def apply(self, request: Request, name: str) -> HttpResponse:
        form, chosen = self.form(name, request.POST), self.choose(request.POST)
        if form is not None and not form.is_valid():
            return self.draw(request, name, chosen, form, status=422)
        job = self.start(self.ids_of(chosen), form)
        return started(self, job, _said(job, is_removal=form is None), to=self.here(self.back))


class PeopleBulk(GrantBulk):
    """Of people: a stored selection, so that newcomers never slip in."""

    names, back = ("workspace_bulk", "workspace_bulk_apply"), "workspace_members"

    def choose(self, given: QueryDict) -> str:
        if "selection" in given:
            return str(own_selection(self.place, str(given["selection"])).pk)
        if given.get("all"):
            query = read_filters(QueryDict(given.get("query", "")))
            members = people_of(self.place.organization, self.inside.workspace, query)
        else:
            members = ticked(self.place, given)
        return str(select(self.place, members).pk)

    def ids_of(self, chosen: str) -> list[int]:
        return grants_of(self.inside.workspace, self.members(chosen))

    def members(self, chosen: str) -> MemberQuerySet:
        selection = own_selection(self.place, chosen)
        return Chosen(selection_id=selection.pk).members(self.place.organization)

    def left_out(self, chosen: str) -> list[dict[str, Any]]:
        without = without_grants(self.inside.workspace, self.members(chosen)).select_related("directory")[:SHOWN]
        return [
            _named(each.directory.name or each.address, each.pk, reason=str(Reason.NOT_DIRECT.sentence))
            for each in without
        ]


class GrantsBulk(GrantBulk):
    """Of grants: their ids."""

    names, back = ("grant_bulk", "grant_bulk_apply"), "workspace_grants"

    def choose(self, given: QueryDict) -> str:
        if given.get("all") and "selection" not in given:
            search = plain_words(QueryDict(given.get("query", "")).get("q"))
            return ",".join(map(str, matching_grants(self.inside.workspace, search)))
        texts = str(given["selection"]).split(",") if "selection" in given else given.getlist("grant")
        ids = [number for text in texts[: BULK_LIMIT + 1] if (number := plain_number(text))]
        if not ids:
            raise Refusal(_("Nothing is selected. Tick the rows first."), 422, "nobody")
        return ",".join(map(str, ids))

    def ids_of(self, chosen: str) -> list[int]:
        return [int(text) for text in chosen.split(",") if text]


class PeoplePreview(PeopleBulk):
    def post(self, request: Request, name: str) -> HttpResponse:
        return self.preview(request, name)


class PeopleApply(PeopleBulk):
    def post(self, request: Request, name: str) -> HttpResponse:
        return self.apply(request, name)


class GrantsPreview(GrantsBulk):
    def post(self, request: Request, name: str) -> HttpResponse:
        return self.preview(request, name)


class GrantsApply(GrantsBulk):
    def post(self, request: Request, name: str) -> HttpResponse:
        return self.apply(request, name)


def _said(job: Job, *, is_removal: bool) -> str:
    text = ngettext("%(count)s role changed.", "%(count)s roles changed.", job.changed)
    if is_removal:
        text = ngettext("%(count)s role taken away.", "%(count)s roles taken away.", job.changed)
    said, left = text % {"count": intcomma(job.changed)}, job.total - job.changed
    if left:
        more = ngettext("%(count)s was left as it is.", "%(count)s were left as they are.", left)
        said = f"{said} {more % {'count': intcomma(left)}}"
    return said


def _line(grant: Grant, **more: str) -> dict[str, Any]:
    return _named(principal_name(grant), grant.member_id or grant.group_id or 0, **more)


def _named(name: str, key: int, **more: str) -> dict[str, Any]:
    return {"name": name, "initials": initials(name), "hue": hue(key), **more}
