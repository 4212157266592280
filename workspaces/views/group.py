"""One group's page: who is in it, who manages it, what it gives and where, and what changed."""

from dataclasses import replace
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from config.http import Request
from config.ui import rows
from config.ui.people import hue, initials
from config.ui.templatetags.ui import relative
from workspaces.filters import Query, with_query
from workspaces.policy import MemberFacts, State, Verb, decide
from workspaces.queries.groups import Given, Person, added_to, listed
from workspaces.queries.history import acts_on_group
from workspaces.queries.member_sql import CANDIDATES, COUNT_CAP
from workspaces.queries.members import Found, Page, member_page
from workspaces.queries.roles import Roles, all_roles
from workspaces.tables import pill_of
from workspaces.views.groups import GroupView, face
from workspaces.views.history import history_lines
from workspaces.views.paging import capped, pager


class GroupPage(GroupView):
    """Answers htmx with the table alone, or with all of the group where the whole is drawn anew."""

    def get(self, request: Request) -> HttpResponse:
        query = Query.read(request.GET)
        only_here = replace(query.filters, group_ids=(self.group.pk,))
        query = replace(query, filters=only_here, sort="name", descending=False)
        found = member_page(self.place.organization.pk, query.filters, cursor=query.cursor)
        context = self.table(found, query)
        whole = not request.htmx or request.htmx.target == "group"
        if whole:
            context |= self.surroundings()
        return self.region("groups/group.html", context, "groups", partial="group" if whole else "people")

    def table(self, found: Page, query: Query) -> dict[str, Any]:
        base_url, given = self.here("group"), self.request.GET
        roles = all_roles(self.place.organization)
        return {
            "group": face(self.group),
            "rows": self.rows(found.rows, roles),
            "count": _count(found),
            "total": intcomma(found.count) if found.count <= COUNT_CAP and not found.capped else "",
            "search": query.filters.search,
            "query": given.urlencode(),
            "base_url": base_url,
            "url": with_query(base_url, given, page=given.get("page")),
            "pager": pager(found, query.cursor, given, base_url),
            "add": self.act(Verb.ADD_TO_GROUP, "group_add"),
            "removal": self.act(Verb.REMOVE_FROM_GROUP, "group_removal"),
            "sees_members": self.sees_members(),
        }

    def sees_members(self) -> bool:
        return bool(decide(self.place.facts, Verb.VIEW_MEMBERS, organization=self.place.policies))

    def rows(self, found: list[Found], roles: Roles) -> list[dict[str, Any]]:
        since = added_to(self.group.pk, [each.id for each in found])
        moments = rows.Moments(timezone.now())
        removes = self.act(Verb.REMOVE_FROM_GROUP, "group_removal") != {"url": "", "reason": ""}
        sees = self.sees_members()
        drawn = []
        for each in found:
            pill = pill_of(each, timezone.now())
            added_at, added_by = since.get(each.id, (each.since, ""))
            drawn.append(
                {
                    "id": str(each.id),
                    "state": pill.state,
                    "pick": rows.pick(each.id) if removes else "",
                    "person": _person(each, self.url("member", each.id) if sees else ""),
                    "role": roles.names.get(each.role_id, ""),
                    "pill": rows.pill(pill.tone, pill.icon, pill.word, pill.detail),
                    "added": moments.draw(added_at),
                    "added_by": added_by,
                    "acts": self.row_acts(each, roles) if removes else "",
                }
            )
        return drawn

    def row_acts(self, found: Found, roles: Roles) -> SafeString:
        state = State.WAITING if found.joined_at is None else State.SUSPENDED if found.suspended_at else State.JOINED
        facts = MemberFacts(
            state,
            found.role_id,
            roles.organization[found.role_id].permissions,
            is_self=found.id == self.place.member.pk,
            is_owner=found.id == self.place.organization.owner_id,
        )
        reason = self.decide(Verb.REMOVE_FROM_GROUP, member=facts).reason
        url = self.here("group_remove", found.id)
        remove = rows.act(url, "user-minus", "w-remove", str(reason.sentence) if reason else "")
        return SafeString(f"{remove}{rows.menu(url, 'w-more')}")

    def surroundings(self) -> dict[str, Any]:
        """What stands around the table: head, managers, what it gives, what changed."""
        [about] = listed(self.place.organization, self.place.facts, [self.group])
        manages = not self.decide(Verb.NAME_MANAGERS).reason
        acts = history_lines(acts_on_group(self.place.organization.pk, self.group.pk)) if self.sees_history() else []
        return {
            "groups_url": self.url("groups"),
            "managers": [self.manager(each, manages=manages) for each in about.managers],
            "gives": [self.given(each) for each in about.gives],
            "hidden": about.hidden,
            "is_managed": about.is_managed,
            "carries_more": self.group_facts.carries_more and self.group_facts.is_managed,
            "edit": self.act(Verb.EDIT_GROUP, "group_edit"),
            "delete": self.act(Verb.DELETE_GROUP, "group_delete"),
            "name_manager": self.act(Verb.NAME_MANAGERS, "group_manager"),
            "acts_log": [{**line, "time": ""} for line in acts],
        }

    def sees_history(self) -> bool:
        return bool(decide(self.place.facts, Verb.VIEW_HISTORY)) or self.group_facts.is_managed

    def manager(self, person: Person, *, manages: bool) -> dict[str, Any]:
        return {
            "name": person.name,
            "initials": initials(person.name),
            "hue": hue(person.member_id),
            "url": self.url("member", person.member_id) if self.sees_members() else "",
            "is_you": person.member_id == self.place.member.pk,
            "is_waiting": person.is_waiting,
            "dismiss_url": self.here("group_manager_dismiss", person.member_id) if manages else "",
        }

    def given(self, given: Given) -> dict[str, Any]:
        return {
            "workspace": given.workspace,
            "initial": initials(given.workspace)[:1],
            "hue": hue(given.workspace_id),
            "url": reverse("workspace", args=[self.place.organization.slug, given.slug]),
            "role": given.role,
            "extras": given.extras,
            "until": given.ends_at,
            "ends_in": relative(given.ends_at) if given.ends_at else "",
            "granted_at": given.granted_at,
            "granted_by": given.granted_by,
            "reason": given.reason,
        }


def _person(found: Found, url: str) -> SafeString:
    title = found.name or found.address
    waiting = found.joined_at is None and not found.name
    picture = rows.avatar("" if waiting else initials(title), hue(found.id))
    line = rows.name(found.address if found.name else "")
    if url:
        return rows.person(found.id, url, picture, rows.name(title), line)
    return SafeString(f'{picture}<b id="n{found.id}">{rows.name(title)}</b><small>{line}</small>')


def _count(found: Page) -> str:
    if found.capped:
        return f"{intcomma(CANDIDATES)}+"
    return capped(found.count)
