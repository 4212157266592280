"""Each grant of a workspace by itself: the list, and the acts on one."""

from typing import Any

from django.http import Http404, HttpResponse, QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.http import Request, done, plain_number, plain_words
from workspaces.actions import grants
from workspaces.filters import with_query
from workspaces.forms.grants import EditGrant, RoleHere
from workspaces.models import Grant
from workspaces.policy import Verb
from workspaces.queries.effective import paths_in
from workspaces.queries.grants import everyone_count, grant_in, grants_page, losing_by
from workspaces.queries.member_sql import COUNT_CAP
from workspaces.queries.roles import Roles, all_roles
from workspaces.views.grant_rows import GrantPresenter, principal_name
from workspaces.views.groups import through, who
from workspaces.views.paging import capped, extent
from workspaces.views.workspace_people import PeopleView, views_of
from workspaces.views.workspace_person import remaining_words


class Grants(PeopleView):
    """The raw list."""

    def get(self, request: Request) -> HttpResponse:
        given = request.GET
        search = plain_words(given.get("q"))
        after = plain_number(given.get("after"))
        found = grants_page(self.inside.workspace, search=search, after=after)
        roles = all_roles(self.place.organization)
        base_url = self.here("workspace_grants")
        presenter = GrantPresenter(
            self.place.facts,
            self.inside.facts,
            roles,
            timezone.now(),
            base_url,
            person_url=self.here("workspace_members"),
            group_url=self.url("groups"),
        )
        count = capped(found.count)
        context = {
            "rows": presenter.present(found.rows),
            "count": _("%(count)s matching") % {"count": count} if search else count,
            "search": search,
            "base_url": base_url,
            "url": with_query(base_url, given, after=given.get("after")),
            "query": given.urlencode(),
            "selbar": {"query": given.urlencode(), "total": count if found.count <= COUNT_CAP else ""},
            "pager": {
                "text": extent(len(found.rows), found.count, first=1 if after is None else None),
                "first_url": with_query(base_url, given, after=None) if after is not None else "",
                "next_url": with_query(base_url, given, after=str(found.next)) if found.next is not None else "",
            },
            "views": views_of(self, "workspace_grants"),
            "role_choices": [(str(pk), name) for pk, name in self.giveable(roles)],
            "add_url": self.here("workspace_add") if self.decide(Verb.ADD_TO_WORKSPACE) else "",
            "bulk_actions": self.acts_on_many(base_url),
        }
        return self.region("grants/grants.html", context, "workspace_members", partial="grants")

    def acts_on_many(self, base_url: str) -> list[dict[str, Any]]:
        if not self.decide(Verb.CHANGE_GRANT):
            return []
        return [
            {"label": _("Update roles"), "icon": "key", "danger": False, "url": f"{base_url}bulk/role/"},
            {"label": _("Delete"), "icon": "trash", "danger": True, "url": f"{base_url}bulk/remove/"},
        ]


class GrantView(PeopleView):
    """About one live grant, whose id stands in the address."""

    grant: Grant
    roles: Roles

    def insist_on_entry(self) -> None:
        super().insist_on_entry()
        grant = grant_in(self.inside.workspace, self.kwargs["grant_id"])
        if grant is None:
            raise Http404
        self.grant = grant
        self.roles = all_roles(self.place.organization)

    @property
    def name(self) -> str:
        return principal_name(self.grant)

    @property
    def role(self) -> str:
        return self.roles.names.get(self.grant.role_id, self.grant.role.label)

    def about(self) -> dict[str, Any]:
        return {**super().about(), "grant_ids": [self.grant.pk]}

    def draw(self, request: Request, template: str, *, status: int = 200, **more: object) -> HttpResponse:
        context = {
            "name": self.name,
            "workspace_name": self.inside.workspace.name,
            "action_url": request.path,
            "back_url": self.here("workspace_grants"),
            **more,
        }
        return self.region(template, context, "workspace_members", partial="dialog", status=status)

    def done(self, request: Request, text: str) -> HttpResponse:
        return done(request, text, to=self.here("workspace_grants"))


class GrantRole(GrantView):
    """The role dropdown of a grant's row."""

    workspace_verb = Verb.CHANGE_GRANT

    def get(self, request: Request, grant_id: int) -> HttpResponse:
        return self.ask(request, RoleHere(self.giveable(self.roles), initial={"role": self.grant.role_id}))

    def ask(self, request: Request, form: RoleHere, *, status: int = 200) -> HttpResponse:
        revoke_url = self.here("grant_remove", self.grant.pk)
        return self.draw(request, "grants/role.html", status=status, form=form, revoke_url=revoke_url)

    def post(self, request: Request, grant_id: int) -> HttpResponse:
        form = RoleHere(self.giveable(self.roles), request.POST)
        if not form.is_valid():
            return self.ask(request, form, status=422)
        role_id = form.cleaned_data["role"]
        grants.change_grants(**self.about(), role_id=role_id).insist()
        return self.done(
            request, _("%(name)s is now %(role)s.") % {"name": self.name, "role": self.roles.names[role_id]}
        )


class GrantEdit(GrantView):
    """Role, extra permissions, end and reason of one grant."""

    workspace_verb = Verb.CHANGE_GRANT

    def get(self, request: Request, grant_id: int) -> HttpResponse:
        return self.ask(request, self.form())

    def post(self, request: Request, grant_id: int) -> HttpResponse:
        form = self.form(request.POST)
        if not form.is_valid():
            return self.ask(request, form, status=422)
        data = form.cleaned_data
        # Only what is different: whoever changes a part of it answers for it from then on.
        changed = set(form.changed_data)
        grants.change_grants(
            **self.about(),
            role_id=data["role"] if data["role"] != self.grant.role_id else None,
            ends_at=data["until"] if "until" in changed else grants.KEEP,
            reason=data["reason"],
            extra_permissions=data["extras"] if set(data["extras"]) != self.extras() else grants.KEEP,
        ).insist()
        return self.done(request, _("What %(name)s may do here is saved.") % {"name": self.name})

    def extras(self) -> set[str]:
        return {extra.permission for extra in self.grant.extra_permissions.all()}

    def form(self, *data: QueryDict) -> EditGrant:
        """Also the present role, which the editor may lack by now: the action says why not."""
        roles = self.giveable(self.roles)
        if self.grant.role_id not in dict(roles):
            roles = [(self.grant.role_id, self.role), *roles]
        initial = {
            "role": self.grant.role_id,
            "extras": sorted(self.extras()),
            "until": self.grant.ends_at,
            "reason": self.grant.reason,
        }
        held = self.inside.facts.permissions | self.extras()
        return EditGrant(roles, held, *data, initial=initial)

    def ask(self, request: Request, form: EditGrant, *, status: int = 200) -> HttpResponse:
        return self.draw(request, "grants/edit.html", status=status, form=form, has_extras=bool(self.extras()))


class GrantRemove(GrantView):
    """The trash: who really loses what, and who keeps it another way."""

    workspace_verb = Verb.REMOVE_GRANT

    def get(self, request: Request, grant_id: int) -> HttpResponse:
        plan = grants.plan_removal(self.setting(), [self.grant.pk])
        title = _("Take %(role)s in %(workspace)s from %(name)s?")
        return self.draw(
            request,
            "grants/act.html",
            title=title % {"role": self.role, "workspace": self.inside.workspace.name, "name": self.name},
            submit=_("Remove access"),
            refusal=next((str(reason.sentence) for reason in plan.refused), ""),
            points=self.points(),
        )

    def points(self) -> list[str]:
        if self.grant.member_id is not None:
            return [self.what_remains(self.grant.member_id)]
        return self.group_points() if self.grant.group_id is not None else self.everyone_points()

    def what_remains(self, member_id: int) -> str:
        paths = paths_in(self.place.organization, self.inside.workspace.pk, [member_id])[member_id]
        return remaining_words(self.name, self.roles, [path for path in paths if path.grant_id != self.grant.pk])

    def group_points(self) -> list[str]:
        points = []
        for impact in losing_by(self.place.organization, self.grant):
            for crowd in impact.changed:
                lose = ngettext("%(who)s loses %(role)s here", "%(who)s lose %(role)s here", crowd.count)
                rest = _(" and keeps %(rest)s.") % {"rest": crowd.role} if crowd.role else "."
                points.append(lose % {"who": who(crowd), "role": impact.role} + rest)
            for crowd in impact.kept:
                keep = ngettext("%(who)s keeps it %(through)s.", "%(who)s keep it %(through)s.", crowd.count)
                points.append(keep % {"who": who(crowd), "through": through(crowd)})
        return points or [_("Nobody is in the group: nobody loses anything.")]

    def everyone_points(self) -> list[str]:
        count = everyone_count(self.place.organization)
        text = ngettext(
            "%(count)s person loses %(role)s here, unless they hold it by themselves or through a group.",
            "%(count)s people lose %(role)s here, unless they hold it by themselves or through a group.",
            count,
        )
        return [text % {"count": capped(count), "role": self.role}]

    def post(self, request: Request, grant_id: int) -> HttpResponse:
        grants.remove_grants(**self.about()).insist()
        text = _("%(name)s no longer has %(role)s here.") % {"name": self.name, "role": self.role}
        return self.done(request, text)
