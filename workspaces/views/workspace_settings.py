"""A workspace from inside, for those who run it: its settings, its history, and its end."""

from collections.abc import Iterable
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import HttpResponse, QueryDict
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.access import require_recent
from config.http import Request, go, page, plain_number
from workspaces.access import enter_workspace
from workspaces.actions import workspaces
from workspaces.catalogue import scheme_roles
from workspaces.filters import with_query
from workspaces.forms.fields import set_choices
from workspaces.forms.workspaces import DeleteWorkspace
from workspaces.forms.workspaces import WorkspaceSettings as SettingsForm
from workspaces.models import Workspace
from workspaces.policy import Decision, GrantFacts, Verb, decide
from workspaces.queries.history import PAGE, acts_in_workspace, entries_in_workspace
from workspaces.queries.resources import KindCount, blocking_resources
from workspaces.queries.roles import all_roles
from workspaces.queries.workspaces import joins_as
from workspaces.reasons import Reason
from workspaces.views.base import WorkspaceView
from workspaces.views.history import by_day, history_lines


class ManagedWorkspace(WorkspaceView):
    """Also for whoever manages all workspaces without opening them."""

    workspace_verb = Verb.EDIT_WORKSPACE

    def insist_on_entry(self) -> None:
        self.inside = enter_workspace(self.place, self._slug, managing=True)
        self.insist_on(self.workspace_verb)


class WorkspaceSettings(ManagedWorkspace):
    def get(self, request: Request) -> HttpResponse:
        workspace = self.inside.workspace
        present = {name: getattr(workspace, name) for name in workspaces.CHANGEABLE}
        return self.draw(request, self.form(initial={**present, "joining_role": self.joins_as()}))

    def post(self, request: Request) -> HttpResponse:
        form = self.form(request.POST)
        if not form.is_valid():
            return self.draw(request, form, status=422)
        workspaces.change_workspace(
            actor=self.place.actor,
            organization_id=self.place.organization.pk,
            workspace_id=self.inside.workspace.pk,
            **form.cleaned_data,
        )
        return go(request, self.here("workspace_settings"), _("The settings are saved."))

    def form(self, data: QueryDict | None = None, **options: Any) -> SettingsForm:
        """Only a shared workspace can be open to members, and only there a label says anything."""
        form = SettingsForm(data, **options)
        if self.inside.workspace.kind != Workspace.Kind.SHARED:
            del form.fields["label"], form.fields["is_open"], form.fields["joining_role"]
        else:
            set_choices(form, joining_role=self.joining_roles())
        return form

    def joins_as(self) -> int:
        organization = self.place.organization
        return joins_as(self.inside.workspace, organization.scheme, all_roles(organization).workspace)

    def joining_roles(self) -> list[tuple[int, str]]:
        """The lowest, the present one, and what this person could give to everyone here."""
        roles, lowest = all_roles(self.place.organization), scheme_roles(self.place.organization.scheme)[0].id
        offered = {lowest, self.joins_as()}
        for pk, role in roles.workspace.items():
            given = GrantFacts(role.permissions, is_everyone=True)
            if self.decide(Verb.ADD_TO_WORKSPACE, role=role, grant=given):
                offered.add(pk)
        return [(pk, roles.names[pk]) for pk in roles.workspace if pk in offered]

    def draw(self, request: Request, form: SettingsForm, *, status: int = 200) -> HttpResponse:
        workspace = self.inside.workspace
        archives, deletes = self.decide(Verb.ARCHIVE_WORKSPACE), self.decide(Verb.DELETE_WORKSPACE)
        context = self.context(
            "workspace_settings",
            form=form,
            action_url=request.path,
            facts=[
                (_("Address"), f"/o/{self.place.organization.slug}/w/{workspace.slug}/"),
                (_("Kind"), workspace.get_kind_display()),
                (_("Made"), date_format(workspace.created_at, _("j F Y"))),
            ],
            people_url=self.here("workspace_members") if self.decide(Verb.VIEW_WORKSPACE_MEMBERS) else "",
            add_url=self.here("workspace_add") if self.decide(Verb.ADD_TO_WORKSPACE) else "",
            archive_url=self.here("workspace_reopen" if workspace.archived_at else "workspace_archive"),
            archive_reason=why_not(archives),
            delete_url=self.here("workspace_delete"),
            delete_reason=why_not(deletes),
        )
        return page(request, "workspaces/settings.html", context, status=status)


def why_not(decision: Decision) -> str:
    """The sentence of a refusal; having to confirm one's identity on the way is none."""
    return "" if decision.reason in (None, Reason.CONFIRM) else str(decision.reason.sentence)


class Archive(ManagedWorkspace):
    workspace_verb = Verb.ARCHIVE_WORKSPACE

    def get(self, request: Request) -> HttpResponse:
        context = {
            "name": self.inside.workspace.name,
            "action_url": request.path,
            "back_url": self.here("workspace_settings"),
        }
        return self.region("workspaces/archive.html", context, "workspace_settings", partial="dialog")

    def post(self, request: Request) -> HttpResponse:
        workspaces.archive_workspace(
            actor=self.place.actor,
            organization_id=self.place.organization.pk,
            workspace_id=self.inside.workspace.pk,
        )
        text = _("%(name)s is archived.") % {"name": self.inside.workspace.name}
        return go(request, self.here("workspace_settings"), text)


class Reopen(ManagedWorkspace):
    workspace_verb = Verb.ARCHIVE_WORKSPACE

    def post(self, request: Request) -> HttpResponse:
        workspaces.reopen_workspace(
            actor=self.place.actor,
            organization_id=self.place.organization.pk,
            workspace_id=self.inside.workspace.pk,
        )
        text = _("%(name)s is open again.") % {"name": self.inside.workspace.name}
        return go(request, self.here("workspace_settings"), text)


class Delete(ManagedWorkspace):
    """Needs a fresh proof of identity before it even asks (P15). While resources remain it names them instead."""

    workspace_verb = Verb.DELETE_WORKSPACE

    def get(self, request: Request) -> HttpResponse:
        return self.draw(request, DeleteWorkspace())

    def post(self, request: Request) -> HttpResponse:
        require_recent(request)
        form, name = DeleteWorkspace(request.POST), self.inside.workspace.name
        if form.is_valid() and form.cleaned_data["name"].strip() != name:
            form.add_error("name", _("That is not its name. Type it exactly as it is written above."))
        if blocking_resources(self.inside.workspace.pk):
            return self.draw(request, form, status=409)
        if not form.is_valid():
            return self.draw(request, form, status=422)
        workspaces.delete_workspace(
            actor=self.place.actor,
            organization_id=self.place.organization.pk,
            workspace_id=self.inside.workspace.pk,
            confirmed_name=name,
        )
        return go(request, self.url("workspaces"), _("%(name)s is deleted.") % {"name": name})

    def draw(self, request: Request, form: DeleteWorkspace, *, status: int = 200) -> HttpResponse:
        workspace = self.inside.workspace
        restores = decide(self.place.facts, Verb.RESTORE_WORKSPACE)
        context = {
            "form": form,
            "name": workspace.name,
            "blocking": self.blocking(blocking_resources(workspace.pk)),
            "restores": bool(restores),
            "action_url": request.path,
            "back_url": self.here("workspace_settings"),
        }
        return self.region("workspaces/delete.html", context, "workspace_settings", partial="dialog", status=status)

    def blocking(self, counts: Iterable[KindCount]) -> list[dict[str, str]]:
        """Kinds and counts, with where to find them: in the list of resources, or in the product that counted them."""
        here = QueryDict(mutable=True)
        base_url = self.here("workspace_resources")
        return [
            {
                "kind": each.kind,
                "count": intcomma(each.count),
                "url": with_query(base_url, here, kind=each.kind) if each.registered else each.url,
            }
            for each in counts
        ]


class WorkspaceHistory(ManagedWorkspace):
    """What changed in this workspace and about it; of acts that reach further, only what is its own."""

    workspace_verb = Verb.VIEW_WORKSPACE_HISTORY

    def get(self, request: Request) -> HttpResponse:
        before, workspace = plain_number(request.GET.get("before")), self.inside.workspace
        acts = acts_in_workspace(self.place.organization.pk, workspace.pk, PAGE + 1, before=before)
        lines = history_lines(acts, entries_in_workspace(workspace.pk))
        base_url, none, count = self.here("workspace_history"), QueryDict(), len(lines[:PAGE])
        context = {
            "base_url": base_url,
            "filters": {"chips": [], "active": []},
            "count": "",
            "days": by_day(lines[:PAGE]),
            "pager": {
                "text": ngettext("%(count)s act", "%(count)s acts", count) % {"count": count},
                "first_url": base_url if before else "",
                "next_url": with_query(base_url, none, before=str(lines[PAGE - 1]["id"])) if len(lines) > PAGE else "",
            },
        }
        return self.region("workspaces/history.html", context, "workspace_history", partial="history")
