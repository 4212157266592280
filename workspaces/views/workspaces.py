"""Workspaces from outside: the list of them, making one, joining, leaving, and taking a deletion back."""

from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.http import Request, back_url, done, go, plain_number, plain_words
from config.ui.templatetags.ui import relative
from workspaces.actions import workspaces
from workspaces.catalogue import Code, top_role
from workspaces.filters import with_query
from workspaces.forms.workspaces import CreateWorkspace, LeaveWorkspace, RestoreWorkspace
from workspaces.models import Workspace
from workspaces.policy import Verb, decide
from workspaces.queries.roles import Roles, all_roles
from workspaces.queries.workspaces import (
    STATES,
    Line,
    Staying,
    has_admin,
    is_last_admin,
    joinable,
    joins_as,
    kept_after_leaving,
    listed,
    own_grants,
    page_of,
    restorable,
    suggested_admins,
)
from workspaces.views.base import OrganizationView, WorkspaceView
from workspaces.views.frame import badge
from workspaces.views.paging import extent


def kind_of(workspace: Workspace) -> str:
    """What sets a workspace apart: its label, or its kind where that is no shared one."""
    shared = workspace.kind == Workspace.Kind.SHARED
    return workspace.get_label_display() if shared else workspace.get_kind_display()


def people_words(people: int | None) -> str:
    if people is None:
        return _("Everyone")
    return ngettext("%(count)s person", "%(count)s people", people) % {"count": intcomma(people)}


class Workspaces(OrganizationView):
    """Those that the person sees, by name, with what they are there; archived and deleted ones apart."""

    def get(self, request: Request) -> HttpResponse:
        state = request.GET.get("state", "")
        state = state if state in STATES else "active"
        search = plain_words(request.GET.get("q"))
        organization, facts = self.place.organization, self.place.facts
        after = plain_number(request.GET.get("after"))
        lines, count, following = page_of(organization, facts, state=state, search=search, after=after)
        query = QueryDict(mutable=True)
        query.update(
            {key: value for key, value in {"state": state, "q": search}.items() if value and value != "active"}
        )
        base_url, roles = self.url("workspaces"), all_roles(organization)
        context: dict[str, Any] = {
            "state": state,
            "search": search,
            "base_url": base_url,
            "url": with_query(base_url, query, **({"after": str(after)} if after else {})),
            "states": self.states(state),
            "rows": [self.row(line, roles) for line in lines],
            "create_url": self.url("workspace_create") if self.may_create() else "",
            "pager": {
                "text": extent(len(lines), count, first=None if after else 1),
                "first_url": with_query(base_url, query) if after else "",
                "next_url": with_query(base_url, query, after=str(following)) if following else "",
            },
        }
        return self.region("workspaces/page.html", context, "workspaces", partial="workspaces")

    def may_create(self) -> bool:
        return bool(decide(self.place.facts, Verb.CREATE_WORKSPACE, organization=self.place.policies))

    def states(self, current: str) -> list[dict[str, Any]]:
        """Archived and deleted ones only where there are some to see."""
        words = {"active": _("Active"), "archived": _("Archived"), "deleted": _("Deleted")}
        base_url = self.url("workspaces")
        return [
            {
                "label": words[state],
                "url": base_url if state == "active" else f"{base_url}?state={state}",
                "current": state == current,
            }
            for state in STATES
            if state in {"active", current} or listed(self.place.organization, self.place.facts, state).exists()
        ]

    def row(self, line: Line, roles: Roles) -> dict[str, Any]:
        workspace, place = line.workspace, self.place
        shown = roles.shown(line.facts.permissions)
        opens = workspace.deleted_at is None and decide(place.facts, Verb.VIEW_WORKSPACE, workspace=line.facts)
        edits = workspace.deleted_at is None and decide(place.facts, Verb.EDIT_WORKSPACE, workspace=line.facts)
        return {
            **badge(workspace.name, workspace.pk),
            "id": workspace.pk,
            "url": self.url("workspace", workspace.slug) if opens else "",
            "about": workspace.description or _whose(workspace),
            "kind": kind_of(workspace),
            "is_open": workspace.is_open,
            "role": shown.role or (_("Custom") if shown.has_more else ""),
            "role_note": self.role_note(line, has_more=shown.has_more and bool(shown.role)),
            "people": people_words(line.people),
            "join_url": self.url("workspace_join", workspace.slug) if line.is_joinable else "",
            "settings_url": self.url("workspace_settings", workspace.slug) if edits else "",
            "restore_url": self.url("workspace_restore", workspace.pk) if workspace.deleted_at else "",
            "deleted_at": workspace.deleted_at,
            "goes": relative(line.until) if line.until else "",
        }

    def role_note(self, line: Line, *, has_more: bool) -> str:
        if line.facts.permissions and self.place.facts.holds(Code.WORKSPACES_ACCESS_ALL):
            return _("as %(role)s of the organization") % {"role": self.place.member.role.label}
        return _("and more") if has_more else ""


def _whose(workspace: Workspace) -> str:
    if workspace.person is None:
        return ""
    return _("Of %(name)s") % {"name": workspace.person.directory.name or workspace.person.address}


class Create(OrganizationView):
    """A new workspace, for whom `decide` lets make one."""

    verb = Verb.CREATE_WORKSPACE

    def get(self, request: Request) -> HttpResponse:
        return self.draw(request, self.form())

    def post(self, request: Request) -> HttpResponse:
        form = self.form(request.POST)
        if not form.is_valid():
            return self.draw(request, form, status=422)
        entered = dict(form.cleaned_data)
        admin = entered.pop("admin", None)
        workspace = workspaces.create_workspace(
            actor=self.place.actor,
            organization_id=self.place.organization.pk,
            admin_id=admin.pk if admin else None,
            **entered,
        )
        mine = admin is None or admin.pk == self.place.member.pk or self.place.facts.holds(Code.WORKSPACES_ACCESS_ALL)
        url = self.url("workspace", workspace.slug) if mine else self.url("workspaces")
        return go(request, url, _("%(name)s is ready.") % {"name": workspace.name})

    def form(self, data: QueryDict | None = None) -> CreateWorkspace:
        names_admin = bool(decide(self.place.facts, Verb.NAME_FIRST_ADMIN))
        return CreateWorkspace(self.place.organization, data, names_admin=names_admin)

    def draw(self, request: Request, form: CreateWorkspace, *, status: int = 200) -> HttpResponse:
        context = {
            "form": form,
            "people": suggested_admins(self.place.organization) if "admin" in form.fields else [],
            "top_role": top_role(self.place.organization.scheme).label,
            "action_url": request.path,
            "back_url": self.url("workspaces"),
        }
        return self.region("workspaces/create.html", context, "workspaces", partial="dialog", status=status)


class Restore(OrganizationView):
    """Takes a deletion back, and names an admin where none is left."""

    verb = Verb.RESTORE_WORKSPACE

    def get(self, request: Request, workspace_id: int) -> HttpResponse:
        workspace = self.workspace(workspace_id)
        return self.draw(request, workspace, RestoreWorkspace(self.place.organization))

    def post(self, request: Request, workspace_id: int) -> HttpResponse:
        workspace = self.workspace(workspace_id)
        form = RestoreWorkspace(self.place.organization, request.POST)
        if not form.is_valid():
            return self.draw(request, workspace, form, status=422)
        admin = form.cleaned_data["admin"]
        workspaces.restore_workspace(
            actor=self.place.actor,
            organization_id=self.place.organization.pk,
            workspace_id=workspace.pk,
            admin_id=admin.pk if admin else None,
        )
        text = _("%(name)s is restored, with everybody's rights in it.") % {"name": workspace.name}
        return done(request, text, to=self.url("workspaces"))

    def workspace(self, workspace_id: int) -> Workspace:
        workspace = restorable(self.place.organization).filter(pk=workspace_id).first()
        if workspace is None:
            raise Http404
        return workspace

    def draw(
        self, request: Request, workspace: Workspace, form: RestoreWorkspace, *, status: int = 200
    ) -> HttpResponse:
        lacks_admin = workspace.kind == Workspace.Kind.SHARED and not has_admin(workspace)
        context = {
            "form": form if lacks_admin or form.errors else None,
            "people": suggested_admins(self.place.organization) if lacks_admin else [],
            "name": workspace.name,
            "action_url": request.path,
            "back_url": f"{self.url('workspaces')}?state=deleted",
        }
        return self.region("workspaces/restore.html", context, "workspaces", partial="dialog", status=status)


class WorkspaceHome(WorkspaceView):
    """The people of the workspace for whoever may see them, its resources for everybody else."""

    def get(self, request: Request) -> HttpResponse:
        sees_people = self.decide(Verb.VIEW_WORKSPACE_MEMBERS)
        return HttpResponseRedirect(self.here("workspace_members" if sees_people else "workspace_resources"))


class Join(OrganizationView):
    """Into a workspace that is open to members. What is not open to this person does not exist for them."""

    def post(self, request: Request, workspace: str) -> HttpResponse:
        found = joinable(self.place.organization, self.place.facts).filter(slug=workspace).first()
        if found is None:
            raise Http404
        workspaces.join_workspace(
            actor=self.place.actor, organization_id=self.place.organization.pk, workspace_id=found.pk
        )
        roles = all_roles(self.place.organization)
        role = roles.names[joins_as(found, self.place.organization.scheme, roles.workspace)]
        text = _("You joined %(name)s as %(role)s.") % {"name": found.name, "role": role}
        return go(request, self.url("workspace", found.slug), text)


class Leave(WorkspaceView):
    """One's own way out; whoever is the last admin names the next one in the same step."""

    def get(self, request: Request) -> HttpResponse:
        return self.draw(request, LeaveWorkspace(self.place.organization) if self.is_last() else None)

    def post(self, request: Request) -> HttpResponse:
        form = LeaveWorkspace(self.place.organization, request.POST) if self.is_last() else None
        if form is not None and not form.is_valid():
            return self.draw(request, form, status=422)
        name = self.inside.workspace.name
        workspaces.leave_workspace(
            actor=self.place.actor,
            organization_id=self.place.organization.pk,
            workspace_id=self.inside.workspace.pk,
            heir_id=form.cleaned_data["admin"].pk if form is not None else None,
        )
        return go(request, reverse("my_access"), _("You left %(name)s.") % {"name": name})

    def is_last(self) -> bool:
        return is_last_admin(self.inside.workspace, self.place.member.pk)

    def refusal(self) -> str:
        if self.inside.workspace.kind == Workspace.Kind.PERSONAL:
            return _("This workspace is yours alone. Archive or delete it instead.")
        if not own_grants(self.inside.workspace, self.place.member.pk).exists():
            return _("You have no role of your own here: what you may do comes from elsewhere.")
        return ""

    def draw(self, request: Request, form: LeaveWorkspace | None, *, status: int = 200) -> HttpResponse:
        workspace = self.inside.workspace
        kept = kept_after_leaving(workspace, self.place.member.pk)
        refusal = self.refusal()
        context = {
            "name": workspace.name,
            "form": None if refusal else form,
            "people": suggested_admins(self.place.organization, workspace=workspace) if form else [],
            "refusal": refusal,
            "points": [_kept_words(each) for each in kept],
            "is_open": workspace.is_open,
            "action_url": request.path,
            "back_url": self.url("workspaces"),
        }
        return self.region("workspaces/leave.html", context, "workspace", partial="dialog", status=status)


def _kept_words(kept: Staying) -> str:
    if not kept.group:
        return _("You keep %(role)s, as everyone has it.") % {"role": kept.role}
    return _("You keep %(role)s through %(group)s.") % {"role": kept.role, "group": kept.group}


class ChooseDefault(WorkspaceView):
    """Where one begins; pressed again where one begins already, one begins nowhere in particular."""

    def post(self, request: Request) -> HttpResponse:
        workspace = self.inside.workspace
        begins_here = self.place.member.default_workspace_id == workspace.pk
        workspaces.choose_default_workspace(
            actor=self.place.actor,
            organization_id=self.place.organization.pk,
            workspace_id=None if begins_here else workspace.pk,
        )
        text = _("You no longer begin in %(name)s.") if begins_here else _("You begin in %(name)s from now on.")
        return go(request, back_url(request), text % {"name": workspace.name})
