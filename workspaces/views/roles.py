"""Roles: the matrix of each scope, one role in words with those who hold it, and two beside each other."""

from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.http import Request, page, plain_number
from config.refusals import Refusal
from workspaces.actions.roles import insist_may_touch
from workspaces.catalogue import FIRST_CUSTOM_ROLE_ID, Scope
from workspaces.models import Role
from workspaces.policy import RoleFacts, Verb, decide
from workspaces.queries.facts import roles_of, workspace_facts, workspace_permissions
from workspaces.queries.history import acts_on_role
from workspaces.queries.role_holders import Holders, holders_of, people_with
from workspaces.queries.role_matrix import Area, areas_of
from workspaces.queries.roles import found_role, roles_at
from workspaces.views.base import OrganizationView
from workspaces.views.history import history_lines
from workspaces.views.role_words import abilities, changed_words, matrix, people, restrictions, role_words

FOLDED = 30
"""An area with more permissions than this is closed until somebody opens it."""


class RolesView(OrganizationView):
    """A page about the roles of the organization, for whoever belongs to it."""

    verb = Verb.VIEW_ROLES

    def role(self, role_id: int | None) -> Role:
        """Raises Http404 for a role that the organization does not have."""
        role = found_role(self.place.organization, role_id) if role_id is not None else None
        if role is None:
            raise Http404
        return role

    def url_of(self, role: Role) -> str:
        return self.url("role", role.pk)

    def roles(self, scope: Scope) -> list[tuple[Role, RoleFacts]]:
        facts = roles_of(self.place.organization, scope)
        return [(role, facts[role.pk]) for role in roles_at(self.place.organization, scope)]


class RoleMatrix(RolesView):
    """What each role can and cannot do, printed from the rules."""

    def get(self, request: Request) -> HttpResponse:
        scope = Scope.ORGANIZATION if request.GET.get("scope") == "organization" else Scope.WORKSPACE
        roles = self.roles(scope)
        manages = bool(decide(self.place.facts, Verb.MANAGE_ROLES))
        context = self.context(
            "roles",
            scope=scope,
            tabs=[
                {
                    "label": label,
                    "url": f"{self.url('roles')}{query}",
                    "current": scope == each,
                    "count": len(roles_at(self.place.organization, each)),
                }
                for each, label, query in (
                    (Scope.WORKSPACE, _("In workspaces"), ""),
                    (Scope.ORGANIZATION, _("In the organization"), "?scope=organization"),
                )
            ],
            roles=[role_words(role, self.url_of(role)) for role, _facts in roles],
            areas=[
                {**area, "open": area["count"] <= FOLDED}
                for area in matrix(areas_of(scope), [facts for _role, facts in roles])
            ],
            scheme=self.place.organization.get_scheme_display() if scope == Scope.WORKSPACE else "",
            scheme_url=self.url("scheme") if decide(self.place.facts, Verb.CHANGE_SCHEME) else "",
            create_url=f"{self.url('role_new')}?scope={scope}" if manages else "",
        )
        return page(request, "roles/matrix.html", context)


class RolePage(RolesView):
    """One role: what it can and cannot do in words, and who holds it."""

    def get(self, request: Request, role_id: int) -> HttpResponse:
        role = self.role(role_id)
        scope = Scope(role.scope)
        facts, areas = roles_of(self.place.organization, scope)[role.pk], areas_of(scope)
        every = {code for area in areas for code in area.codes}
        context = self.context(
            "roles",
            role=role_words(role),
            roles_url=f"{self.url('roles')}?scope={scope}",
            restrictions=restrictions(facts.permissions, scope),
            can=abilities(areas, facts.permissions),
            can_count=len(facts.permissions),
            cannot=abilities(areas, every - facts.permissions),
            cannot_count=len(every - facts.permissions),
            acts=self.acts(role),
            others=[(other.pk, other.label) for other, _facts in self.roles(scope) if other != role],
            compare_url=self.url("role_compare", role.pk),
            acts_log=self.changes(role, areas) if decide(self.place.facts, Verb.VIEW_HISTORY) else [],
            **self.holders(role),
        )
        return page(request, "roles/role.html", context)

    def acts(self, role: Role) -> list[dict[str, Any]]:
        """What can be done with it; what cannot says why. Nothing for whoever manages no roles."""
        if not decide(self.place.facts, Verb.MANAGE_ROLES):
            return []
        copy = {"label": _("Copy"), "icon": "copy", "url": f"{self.url('role_new')}?copy={role.pk}", "reason": ""}
        if role.pk < FIRST_CUSTOM_ROLE_ID:
            return [copy]
        reason = ""
        try:
            insist_may_touch(self.place.facts, role)
        except Refusal as refusal:
            reason = str(refusal)
        edit = {"label": _("Edit"), "icon": "pencil", "url": self.url("role_edit", role.pk), "reason": reason}
        delete = {"label": _("Delete"), "icon": "trash", "url": self.url("role_delete", role.pk), "reason": reason}
        return [edit, copy, {**delete, "danger": True, "dialog": True}]

    def changes(self, role: Role, areas: list[Area]) -> list[dict[str, Any]]:
        """Its history, with the permissions that came and went."""
        acts = acts_on_role(self.place.organization.pk, role.pk)
        payloads = {act.pk: act.payload for act in acts}
        known = [permission for area in areas for line in area.lines for permission in line.permissions]
        return [
            {**line, "time": "", **changed_words(payloads.get(line["id"], {}), known)} for line in history_lines(acts)
        ]

    def holders(self, role: Role) -> dict[str, Any]:
        """Only those whom the reader may see."""
        if role.scope == Scope.ORGANIZATION:
            return self.members_with(role)
        seen = self.workspaces_seen()
        held = holders_of(self.place.organization, role, seen)
        return {
            "places": [self.place_words(holders) for holders in held.places],
            "places_count": ngettext("%(count)s workspace", "%(count)s workspaces", held.count)
            % {"count": intcomma(held.count)},
            "places_more": intcomma(held.count - len(held.places)) if held.count > len(held.places) else "",
            "sees_all": bool(decide(self.place.facts, Verb.UPDATE_ROLE)),
        }

    def members_with(self, role: Role) -> dict[str, Any]:
        if not decide(self.place.facts, Verb.VIEW_MEMBERS, organization=self.place.policies):
            return {"places": [], "places_count": "", "hidden": True}
        count, first = people_with(self.place.organization, role)
        return {
            "members": {
                "count": people(count),
                "names": [{"name": name, "url": self.url("member", pk)} for pk, name in first],
                "more": intcomma(count - len(first)) if count > len(first) else "",
                "url": f"{self.url('members')}?role={role.pk}",
            }
        }

    def workspaces_seen(self) -> list[int]:
        """The workspaces whose people this person may see."""
        organization, facts = self.place.organization, self.place.facts
        held = workspace_facts(organization, facts, workspace_permissions(organization, facts))
        return [
            pk
            for pk, workspace in held.items()
            if decide(facts, Verb.VIEW_WORKSPACE, workspace=workspace)
            and decide(facts, Verb.VIEW_WORKSPACE_MEMBERS, workspace=workspace, organization=self.place.policies)
        ]

    def place_words(self, holders: Holders) -> dict[str, Any]:
        groups = [_("%(name)s (%(size)s)") % {"name": name, "size": people(size)} for name, size in holders.groups]
        more = holders.count - len(holders.people)
        return {
            "name": holders.name,
            "url": self.url("workspace_members", holders.slug),
            "people": [name for _pk, name in holders.people],
            "people_more": intcomma(more) if more > 0 else "",
            "groups": groups,
            "groups_more": max(0, holders.group_count - len(groups)) or "",
            "everyone": holders.is_everyone,
        }


class RoleCompare(RolesView):
    """Two roles of a scope: first what only one of them can."""

    def get(self, request: Request, role_id: int) -> HttpResponse:
        role = self.role(role_id)
        scope = Scope(role.scope)
        roles = dict(self.roles(scope))
        other = self.other(role, list(roles), plain_number(request.GET.get("with")))
        areas = areas_of(scope)
        every = frozenset(code for area in areas for code in area.codes)
        mine, theirs = roles[role].permissions, roles[other].permissions
        parts = [
            (_("Only %(name)s can") % {"name": role.label}, mine - theirs),
            (_("Only %(name)s can") % {"name": other.label}, theirs - mine),
            (_("Both can"), mine & theirs),
            (_("Neither can"), every - mine - theirs),
        ]
        context = self.context(
            "roles",
            role=role_words(role, self.url_of(role)),
            other=role_words(other, self.url_of(other)),
            others=[(each.pk, each.label) for each in roles if each != role],
            roles_url=f"{self.url('roles')}?scope={scope}",
            action_url=request.path,
            summary=_summary(role, other, mine, theirs),
            differences=[_part(label, codes, areas) for label, codes in parts[:2]],
            alike=[_part(label, codes, areas) for label, codes in parts[2:]],
        )
        return page(request, "roles/compare.html", context)

    def other(self, role: Role, roles: list[Role], wanted: int | None) -> Role:
        """The wanted one, or the one next to it. Raises Http404 for one of another scope."""
        others = [each for each in roles if each != role]
        if wanted is None and others:
            return others[min(roles.index(role), len(others) - 1)]
        for each in others:
            if each.pk == wanted:
                return each
        raise Http404


def _part(label: str, codes: frozenset[str], areas: list[Any]) -> dict[str, Any]:
    return {"label": label, "count": intcomma(len(codes)), "areas": abilities(areas, codes)}


def _summary(role: Role, other: Role, mine: frozenset[str], theirs: frozenset[str]) -> str:
    words = {"mine": role.label, "theirs": other.label}
    if mine == theirs:
        return _("%(mine)s and %(theirs)s can do the same.") % words
    if mine < theirs:
        return _("%(theirs)s can do all that %(mine)s can, and more.") % words
    if theirs < mine:
        return _("%(mine)s can do all that %(theirs)s can, and more.") % words
    number = len(mine & theirs)
    both = ngettext("They share %(count)s permission.", "They share %(count)s permissions.", number)
    return _("Each of them can do what the other cannot.") + " " + both % {"count": number}
