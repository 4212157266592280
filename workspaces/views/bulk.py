"""Bulk actions in two steps: choose (stores the selection) and preview, then apply. Both answer the same for one or
10,000.
"""

from collections.abc import Mapping
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import Http404, HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.http import Request
from config.sentences import Sentence
from config.ui.people import hue, initials
from workspaces import bulk
from workspaces.actions import jobs
from workspaces.filters import Query
from workspaces.forms.resources import PersonField
from workspaces.models import Job, Member, Selection
from workspaces.models.members import MemberQuerySet
from workspaces.plans import Plan, make_plan
from workspaces.policy import Verb
from workspaces.queries.members import matching_members
from workspaces.queries.resources import suggestions
from workspaces.reasons import Reason
from workspaces.selections import Chosen
from workspaces.views.base import OrganizationView
from workspaces.views.jobs import started
from workspaces.views.resources import say_owned
from workspaces.views.selecting import own_selection, select, ticked

SHOWN = 20
"""People named per list of the preview; the rest is counted."""


class BulkView(OrganizationView):
    verb = Verb.VIEW_MEMBERS

    def addresses(self, action: bulk.BulkAction) -> dict[str, str]:
        """Where the dialog is drawn anew, where it is confirmed, and what it stands before."""
        return {
            "preview_url": self.url("bulk_preview", action.name),
            "action_url": self.url("bulk_apply", action.name),
            "back_url": self.url("members"),
        }

    def matching(self, query: Query) -> MemberQuerySet:
        """Everybody whom the table shows under its query."""
        return matching_members(self.place.organization, query.filters)

    def action(self, name: str) -> bulk.BulkAction:
        action = bulk.REGISTRY.get(name)
        if action is None:
            raise Http404
        return action

    def form(self, action: bulk.BulkAction, selection: Selection, data: QueryDict | None) -> bulk.BulkForm:
        form = action.form(self.place, data)
        form.fit(Chosen(selection_id=selection.pk).members(self.place.organization))
        return form

    def data(self, form: bulk.BulkForm) -> Mapping[str, Any]:
        """What the action is told beside the people; the parameters of its job."""
        return form.cleaned_data

    def kind(self, action: bulk.BulkAction) -> str:
        """Of the job that does it."""
        return f"members.{action.name}"

    def chosen(self, given: QueryDict) -> Selection:
        """The stored selection: made from the ticked rows or the table's query, or the one that the preview carries."""
        if "selection" in given:
            return own_selection(self.place, str(given["selection"]))
        if given.get("all"):
            members = self.matching(Query.read(QueryDict(given.get("query", ""))))
        else:
            members = ticked(self.place, given)
        return select(self.place, members)


class BulkPreview(BulkView):
    """What would happen to whom. Changes nothing but the stored selection."""

    def post(self, request: Request, name: str) -> HttpResponse:
        return self.draw(request, self.action(name), self.chosen(request.POST))

    def draw(
        self, request: Request, action: bulk.BulkAction, selection: Selection, *, status: int = 200
    ) -> HttpResponse:
        asked = any(field in request.POST for field in action.form.base_fields)
        at_once = action.form.is_optional or not action.form.base_fields
        form = self.form(action, selection, request.POST if asked or at_once else None)
        names_people = any(isinstance(field, PersonField) for field in form.fields.values())
        context = {
            "form": form if form.fields else None,
            "people": suggestions(self.place.organization) if names_people else [],
            "danger": action.danger,
            "selection_id": str(selection.pk),
            **self.addresses(action),
            **self.outlook(action, form, selection),
        }
        return self.region("members/bulk.html", context, "members", partial="dialog", status=status)

    def outlook(self, action: bulk.BulkAction, form: bulk.BulkForm, selection: Selection) -> dict[str, Any]:
        """The preview itself, once everything that the action asks for is given."""
        count = ngettext("%(count)s person", "%(count)s people", selection.count) % {"count": intcomma(selection.count)}
        if not form.is_bound or not form.is_valid():
            return {"title": f"{action.label}: {count}", "summary": _("Nothing changes until you confirm.")}
        chosen = Chosen(selection_id=selection.pk).members(self.place.organization)
        data = self.data(form)
        plan = self.plan(action, chosen, data)
        after = action.after(self.place, data)
        left = sum(number for number, _members in plan.refused.values())
        wont = [
            _person(member, reason=str(reason.sentence))
            for reason, (_number, members) in plan.refused.items()
            for member in _named(members)
        ]
        verb = ngettext("%(verb)s %(count)s person", "%(verb)s %(count)s people", plan.changing)
        return {
            "title": _title(action, after, plan.changing, left),
            "summary": f"{count}. {_('Nothing changes until you confirm.')}",
            "will": [_person(member, before=action.before(member), after=after) for member in _named(plan.accepted)],
            "will_count": intcomma(plan.changing),
            "will_more": intcomma(plan.changing - SHOWN) if plan.changing > SHOWN else "",
            "wont": wont[:SHOWN],
            "wont_count": intcomma(left),
            "wont_more": intcomma(left - SHOWN) if left > SHOWN else "",
            "owned": say_owned(action.owned(plan.accepted)),
            "counted": action.counted(self.place, plan.accepted, form.cleaned_data),
            "foot": action.guard(self.place, plan.accepted, form.cleaned_data),
            "blocked": "" if plan.changing else _("Nobody of them can be changed so."),
            "submit": verb % {"verb": action.button, "count": intcomma(plan.changing)},
        }

    def plan(self, action: bulk.BulkAction, chosen: MemberQuerySet, data: Mapping[str, Any]) -> Plan:
        """Raises Refusal 401 where it asks for a fresh proof of identity."""
        plan = make_plan(self.place.facts, self.place.organization, chosen, action.propose(self.place, data))
        if Reason.CONFIRM in plan.refused:
            raise Reason.CONFIRM.refusal()
        return plan


class BulkApply(BulkPreview):
    """Does it to the stored selection as a job, decided anew under the lock: at once, or by a worker if it is large."""

    def post(self, request: Request, name: str) -> HttpResponse:
        action = self.action(name)
        selection = self.chosen(request.POST)
        form = self.form(action, selection, request.POST)
        if not form.is_valid():
            return self.draw(request, action, selection, status=422)
        chosen, data = Chosen(selection_id=selection.pk).members(self.place.organization), self.data(form)
        if not self.is_settled(action, chosen, data):
            return self.draw(request, action, selection, status=422)
        if selection.count > jobs.IMMEDIATE:
            self.plan(action, chosen, data)  # a worker cannot ask who they are
        job = jobs.start_job(
            actor=self.place.actor,
            organization_id=self.place.organization.pk,
            kind=self.kind(action),
            title=action.heading(self.place, data),
            parameters=data,
            rows=chosen,
        )
        return started(self, job, outcome_text(action, job), to=self.addresses(action)["back_url"])

    def is_settled(self, action: bulk.BulkAction, chosen: MemberQuerySet, data: Mapping[str, Any]) -> bool:
        """May it be done? What asks first, only once the person has seen what it does at present."""
        if not action.asks_first:
            return True
        plan = self.plan(action, chosen, data)
        seen = self.request.POST.get("counted", "")
        return not plan.changing or seen == action.counted(self.place, plan.accepted, data)


def outcome_text(action: bulk.BulkAction, job: Job) -> str:
    """ "Suspended: 12 people. 2 were left as they are." """
    text = ngettext("%(done)s: %(count)s person.", "%(done)s: %(count)s people.", job.changed) % {
        "done": action.done,
        "count": intcomma(job.changed),
    }
    left = job.total - job.changed
    if left:
        more = ngettext("%(count)s was left as they are.", "%(count)s were left as they are.", left)
        text = f"{text} {more % {'count': intcomma(left)}}"
    return text


def _title(action: bulk.BulkAction, after: Sentence | str, will: int, wont: int) -> str:
    what = str(Sentence(action.title, label=action.label, after=after))
    numbers = {"what": what, "will": intcomma(will), "wont": intcomma(wont)}
    if wont:
        return _("%(what)s: %(will)s will change, %(wont)s will not") % numbers
    return _("%(what)s: %(will)s will change") % numbers


def _named(members: MemberQuerySet) -> list[Member]:
    return list(members.select_related("directory", "role").order_by("directory__sort_name", "pk")[:SHOWN])


def _person(member: Member, **more: object) -> dict[str, Any]:
    name = member.directory.name or member.address
    return {"name": name, "initials": initials(name), "hue": hue(member.pk), **more}
