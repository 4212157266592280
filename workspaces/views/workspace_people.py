"""The people of a workspace: one row each, whatever the number of ways by which they are in it."""

from collections.abc import Sequence
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import Http404, HttpResponse, QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from config.http import Request, plain_number, plain_words
from workspaces.actions import grants
from workspaces.filters import STATE_LABELS, with_query
from workspaces.forms.fields import set_choices
from workspaces.forms.grants import PeopleFilters as FilterForm
from workspaces.models import Grant
from workspaces.people_table import PeoplePresenter
from workspaces.policy import Verb
from workspaces.queries.effective import Path, paths_in
from workspaces.queries.grants import everyone_count, everyone_grants
from workspaces.queries.member_sql import COUNT_CAP, STATES, Cursor
from workspaces.queries.members import Found
from workspaces.queries.roles import Roles, all_roles
from workspaces.queries.waiting import waiting_among
from workspaces.queries.workspace_people import SOURCES, PeopleFilters, people_page
from workspaces.views.base import WorkspaceView
from workspaces.views.paging import capped, pager

SOURCE_LABELS = {
    "direct": lazy("directly"),
    "group": lazy("a group"),
    "everyone": lazy("everyone"),
    "organization": lazy("the organization role"),
}
FILTER_NAMES = ("role", "source", "state")


def read_filters(given: QueryDict) -> PeopleFilters:
    """Forgivingly: whatever means nothing is left out."""
    roles = {number for text in given.getlist("role")[:50] if (number := plain_number(text))}
    return PeopleFilters(
        search=plain_words(given.get("q")),
        states=tuple(state for state in STATES if state in given.getlist("state")),
        role_ids=tuple(sorted(roles)),
        sources=tuple(source for source in SOURCES if source in given.getlist("source")),
    )


class PeopleView(WorkspaceView):
    """A page about the people of a workspace, for whoever may see them."""

    workspace_verb = Verb.VIEW_WORKSPACE_MEMBERS

    def about(self) -> dict[str, Any]:
        """What every action on grants here is told."""
        return {
            "actor": self.place.actor,
            "organization_id": self.place.organization.pk,
            "workspace_id": self.inside.workspace.pk,
        }

    def setting(self) -> grants.Setting:
        """What plans of changes here are made from."""
        setting = grants.setting_of(self.place.organization, self.place.facts, self.inside.workspace.pk)
        if setting is None:
            raise Http404
        return setting

    def presenter(self, roles: Roles, paths: dict[int, list[Path]], found: Sequence[Found] = ()) -> PeoplePresenter:
        """found: the rows to be, where it matters how it goes with those who wait."""
        now = timezone.now()
        return PeoplePresenter(
            organization=self.place.organization,
            actor=self.place.facts,
            workspace=self.inside.facts,
            roles=roles,
            paths=paths,
            now=now,
            base_url=self.here("workspace_members"),
            waiting=waiting_among(self.place.organization, found, now) if self.decide(Verb.INVITE) else {},
        )

    def giveable(self, roles: Roles) -> list[tuple[int, str]]:
        """The roles within what the person holds here, lowest first."""
        most = self.inside.facts.most
        within = [
            pk
            for pk, role in roles.workspace.items()
            if role.permissions <= self.inside.facts.permissions and (most is None or role.permissions <= most)
        ]
        return [(pk, roles.names[pk]) for pk in sorted(within, key=lambda pk: (roles.ranks[pk], pk))]


class WorkspacePeople(PeopleView):
    def get(self, request: Request) -> HttpResponse:
        organization, workspace, given = self.place.organization, self.inside.workspace, request.GET
        filters, cursor = read_filters(given), Cursor.decode(given.get("page"))
        found = people_page(organization, workspace, filters, cursor)
        roles = all_roles(organization)
        paths = paths_in(organization, workspace.pk, [each.id for each in found.rows])
        rows = self.presenter(roles, paths, found.rows).present(found.rows)
        base_url = self.here("workspace_members")
        is_plain = not any(given.get(name) for name in ("q", "page", *FILTER_NAMES))
        count = capped(found.count)
        context = {
            "table": {
                "rows": rows,
                "base_url": base_url,
                "url": with_query(base_url, given, page=given.get("page")),
                "query": given.urlencode(),
                "count": count if is_plain else _("%(count)s matching") % {"count": count},
                "total": intcomma(found.count) if found.count <= COUNT_CAP else "",
                "moving": any(row.moving for row in rows),
            },
            "search": filters.search,
            "filters": {
                "chips": chips(filters, given, base_url, roles),
                "url": with_query(self.here("workspace_member_filters"), given),
                "active": [(name, value) for name in FILTER_NAMES for value in given.getlist(name) if value],
            },
            "pager": pager(found, cursor, given, base_url),
            "everyone": self.everyone(roles) if is_plain else None,
            "views": views_of(self, "workspace_members"),
            **self.acts(roles),
        }
        return self.region("grants/people.html", context, "workspace_members", partial="people")

    def everyone(self, roles: Roles) -> dict[str, Any] | None:
        """The pinned row: what everyone may do here, and how many that are."""
        grants = everyone_grants(self.inside.workspace)
        may = self.decide(Verb.ADD_TO_WORKSPACE)
        if not grants and not may:
            return None
        count = everyone_count(self.place.organization)
        return {
            "role": ", ".join(_role_words(grant, roles) for grant in grants),
            "count": capped(count),
            "given": grants[-1] if grants else None,
            "by": _by(grants[-1]) if grants else "",
            "ends_at": min((grant.ends_at for grant in grants if grant.ends_at), default=None),
            "url": self.here("workspace_everyone") if may else "",
            "remove_url": self.here("grant_remove", grants[-1].pk) if grants and self.decide(Verb.REMOVE_GRANT) else "",
        }

    def acts(self, roles: Roles) -> dict[str, Any]:
        """What whoever manages the members can do to all of them."""
        may_add, may_change = bool(self.decide(Verb.ADD_TO_WORKSPACE)), bool(self.decide(Verb.CHANGE_GRANT))
        bulk_url = self.here("workspace_members") + "bulk/"
        actions = [
            {"label": _("Update roles"), "icon": "key", "danger": False, "url": f"{bulk_url}role/"},
            {"label": _("Remove access"), "icon": "trash", "danger": True, "url": f"{bulk_url}remove/"},
        ]
        return {
            "add_url": self.here("workspace_add") if may_add else "",
            "role_choices": [(str(pk), name) for pk, name in self.giveable(roles)] if may_change or may_add else [],
            "bulk_actions": actions if may_change else [],
        }


def views_of(view: WorkspaceView, current: str) -> list[dict[str, Any]]:
    """The two ways to look at it: merged by person, or each grant by itself."""
    both = ((_("By person"), "workspace_members"), (_("By grant"), "workspace_grants"))
    return [{"label": label, "url": view.here(name), "current": name == current} for label, name in both]


class WorkspacePeopleFilters(PeopleView):
    """The filter panel: a dialog, and a page of its own without JavaScript."""

    def get(self, request: Request) -> HttpResponse:
        roles = all_roles(self.place.organization)
        form = FilterForm(initial={name: request.GET.get(name, "") for name in FILTER_NAMES}, auto_id="filter_%s")
        anything = [("", _("Any"))]
        set_choices(
            form,
            role=[*anything, *((pk, roles.names[pk]) for pk in roles.workspace)],
            source=[*anything, *SOURCE_LABELS.items()],
            state=[*anything, *STATE_LABELS.items()],
        )
        base_url = self.here("workspace_members")
        context = {
            "form": form,
            "kept": [("q", value) for value in request.GET.getlist("q")],
            "base_url": base_url,
            "back_url": with_query(base_url, request.GET),
            "clear_url": base_url,
            "region": "people",
            "title": _("Filter people"),
        }
        return self.region("ui/filter.html", context, "workspace_members", partial="dialog")


def chips(filters: PeopleFilters, given: QueryDict, base_url: str, roles: Roles) -> list[dict[str, str]]:
    values: dict[str, tuple[str, Sequence[str]]] = {
        "role": (_("Role"), [roles.names.get(pk, _("unknown")) for pk in filters.role_ids]),
        "source": (_("Through"), [str(SOURCE_LABELS[source]) for source in filters.sources]),
        "state": (_("State"), [str(STATE_LABELS[state]) for state in filters.states]),
    }
    return [
        {"label": label, "value": ", ".join(shown), "remove_url": with_query(base_url, given, **{name: None})}
        for name, (label, shown) in values.items()
        if shown
    ]


def _role_words(grant: Grant, roles: Roles) -> str:
    extras = len(grant.extra_permissions.all())
    name = roles.names.get(grant.role_id, grant.role.label)
    return f"{name} + {extras}" if extras else name


def _by(grant: Grant) -> str:
    return grant.granted_by.display_name if grant.granted_by else "Roster"
