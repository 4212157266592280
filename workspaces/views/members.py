"""The member table: one URL, page or region. Everything it shows is in the query string."""

from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import HttpResponse, QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from config.http import Request, page
from workspaces import bulk
from workspaces.catalogue import invite_label
from workspaces.filters import FilterForm, Query, active_pairs, chips, with_query
from workspaces.models import Organization
from workspaces.policy import Verb, decide
from workspaces.queries.accounts import unchecked_accounts
from workspaces.queries.choices import groups_of, may_invite, workspaces_of
from workspaces.queries.member_sql import CANDIDATES, COUNT_CAP
from workspaces.queries.members import Page, member_page
from workspaces.queries.roles import Roles, all_roles
from workspaces.queries.waiting import waiting_among
from workspaces.tables import MembersTable, Presenter
from workspaces.views.base import OrganizationView
from workspaces.views.paging import capped, pager

SORT_LABELS = {
    "name": lazy("Name"),
    "-added": lazy("Newest first"),
    "added": lazy("Oldest first"),
    "-active": lazy("Last active first"),
    "active": lazy("Longest away first"),
    "address": lazy("Address"),
}


class Members(OrganizationView):
    verb = Verb.VIEW_MEMBERS

    def get(self, request: Request) -> HttpResponse:
        organization, given = self.place.organization, request.GET
        query = Query.read(given)
        found = member_page(
            organization.pk, query.filters, sort=query.sort, descending=query.descending, cursor=query.cursor
        )
        roles = all_roles(organization)
        base_url = self.url("members")
        now = timezone.now()
        presenter = Presenter(
            self.place.facts,
            organization.owner_id,
            roles,
            found.everyone,
            now,
            base_url,
            columns=query.columns,
            accounts=unchecked_accounts(organization, [row.id for row in found.rows]),
            waiting=waiting_among(organization, found.rows, now) if decide(self.place.facts, Verb.RESEND) else {},
        )
        rows = presenter.present(found.rows)
        context = {
            "table": table_context(query, given, base_url, found, moving=any(row.moving for row in rows))
            | {"rows": rows},
            "search": query.filters.search,
            "filters": {
                "chips": chips(query, given, base_url, _names(organization, query, roles)),
                "url": with_query(self.url("member_filters"), given),
                "clear_url": base_url,
                "active": active_pairs(given),
            },
            "pager": pager(found, query.cursor, given, base_url),
            "role_choices": self.role_choices(roles),
            "bulk_actions": self.offered(base_url),
            "explore_url": self.url("access") if decide(self.place.facts, Verb.EXPLORE_ACCESS) else "",
            "invite_label": invite_label(organization.scheme),
            **self.asking_in(),
        }
        return self.region("members/page.html", context, "members", partial="members")

    def role_choices(self, roles: Roles) -> list[tuple[str, str]]:
        """Within what the person holds."""
        held = self.place.facts.permissions
        return [(str(pk), roles.names[pk]) for pk, role in roles.organization.items() if role.permissions <= held]

    def offered(self, base_url: str) -> list[dict[str, Any]]:
        """The bulk actions of the bar."""
        return [
            {
                "label": action.label,
                "icon": action.icon,
                "danger": action.danger,
                "url": f"{base_url}bulk/{action.name}/",
            }
            for action in bulk.offered(self.place)
        ]

    def asking_in(self) -> dict[str, str]:
        """Where people are asked in, for whoever may; else where they are proposed."""
        may = may_invite(self.place.organization, self.place.facts)
        proposes = not may and decide(self.place.facts, Verb.PROPOSE_PEOPLE, organization=self.place.policies)
        return {
            "invite_url": self.url("invite") if may else "",
            "import_url": self.url("import") if may else "",
            "propose_url": self.url("propose") if proposes else "",
        }


class MemberFilters(OrganizationView):
    """The filter panel: a dialog, and a page of its own without JavaScript."""

    verb = Verb.VIEW_MEMBERS

    def get(self, request: Request) -> HttpResponse:
        roles = all_roles(self.place.organization)
        role_choices = [(pk, roles.names[pk]) for pk in roles.organization]
        context = self.context(
            "members",
            form=FilterForm(self.place.organization, role_choices, request.GET),
            kept=[(name, value) for name in ("q", "sort", "columns") for value in request.GET.getlist(name)],
            base_url=self.url("members"),
            back_url=with_query(self.url("members"), request.GET),
            clear_url=self.url("members"),
            region="members",
            title=_("Filter members"),
        )
        return page(request, "ui/filter.html", context, partial="dialog")


def table_context(query: Query, given: QueryDict, base_url: str, found: Page, *, moving: bool) -> dict[str, Any]:
    sort = ("-" if query.descending else "") + query.sort
    person = _sorted(query, "name")
    return {
        "base_url": base_url,
        "url": with_query(base_url, given, page=given.get("page")),
        "query": given.urlencode(),
        "count": count_text(query, found),
        "total": intcomma(found.count) if found.count <= COUNT_CAP and not found.capped else "",
        "columns": _columns(query, given, base_url),
        "shows": {name: name in query.columns for name in MembersTable.base_columns},
        "sorted_person": person,
        "person_url": with_query(base_url, given, sort="-name" if person == "ascending" else "name"),
        "sorts": [
            {"label": str(label), "url": with_query(base_url, given, sort=name), "current": name == sort}
            for name, label in SORT_LABELS.items()
        ],
        "sort_label": str(SORT_LABELS.get(sort, SORT_LABELS["name"])),
        "hidden": [(name, value) for name in ("sort", "columns") for value in given.getlist(name)],
        "moving": moving,
    }


def _columns(query: Query, given: QueryDict, base_url: str) -> list[dict[str, Any]]:
    return [
        {
            "key": name,
            "label": str(column.verbose_name),
            "sortable": column.orderable is not False,
            "sorted": _sorted(query, name),
            "url": with_query(base_url, given, sort=name if _sorted(query, name) == "descending" else f"-{name}"),
            "visible": name in query.columns,
        }
        for name, column in MembersTable.base_columns.items()
    ]


def _sorted(query: Query, name: str) -> str:
    if query.sort != name or query.filters.search:
        return ""
    return "descending" if query.descending else "ascending"


def count_text(query: Query, found: Page) -> str:
    """ "1,284", "1,284 matching", "10,000+"."""
    if found.capped:
        return _("more than %(count)s matching") % {"count": intcomma(CANDIDATES)}
    number = capped(found.count)
    narrowed = bool(query.filters.search) or any(
        (
            query.filters.states,
            query.filters.role_ids,
            query.filters.group_ids,
            query.filters.workspace_ids,
            query.active,
        )
    )
    return _("%(count)s matching") % {"count": number} if narrowed else number


def _names(organization: Organization, query: Query, roles: Roles) -> dict[str, dict[int, str]]:
    """What the chips call the chosen groups and workspaces; asked only where some are chosen."""
    filters = query.filters
    return {
        "role": {pk: roles.names[pk] for pk in roles.organization},
        "group": dict(groups_of(organization, filters.group_ids)) if filters.group_ids else {},
        "workspace": dict(workspaces_of(organization, filters.workspace_ids)) if filters.workspace_ids else {},
    }
