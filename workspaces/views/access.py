"""The access explorer: who can do this, what can they do, can they do this. Plain GET forms; every answer has its
address.
"""

from functools import cached_property
from typing import Any

from django.http import Http404, HttpResponse, QueryDict
from django.utils.translation import gettext as _

from config.http import Request, plain_number, plain_words
from config.ui.people import hue, initials
from workspaces.access import member_of
from workspaces.actions.locking import insist
from workspaces.catalogue import Code, Permission
from workspaces.filters import with_query
from workspaces.forms.access import Question
from workspaces.models import Member
from workspaces.policy import Verb, decide
from workspaces.queries.catalogue import permissions
from workspaces.queries.choices import workspaces_of
from workspaces.queries.effective import No, check, codes_of, paths_in, paths_of, who_can
from workspaces.queries.effective.holders import Holder, Place
from workspaces.queries.explaining import abilities_of, explain, in_order, through
from workspaces.queries.exploring import people_like, remedy_for
from workspaces.queries.facts import workspace_permissions
from workspaces.queries.roles import Roles, all_roles
from workspaces.views.base import OrganizationView
from workspaces.views.member import person
from workspaces.views.why import ICONS, explained_row, standing_of, way_row

ASKS = ("who", "what", "can")


class Explore(OrganizationView):
    """For whoever manages the organization's people; for admins of workspaces, about those."""

    def insist_on_entry(self) -> None:
        if self.workspace_ids is not None and not self.workspace_ids:
            insist(decide(self.place.facts, Verb.EXPLORE_ACCESS))

    @cached_property
    def workspace_ids(self) -> set[int] | None:
        """Where they may look; None for everywhere."""
        if decide(self.place.facts, Verb.EXPLORE_ACCESS):
            return None
        held = workspace_permissions(self.place.organization, self.place.facts)
        return {pk for pk, codes in held.items() if Code.MEMBERS_WORKSPACE_MANAGE in codes}

    @cached_property
    def catalogue(self) -> dict[str, Permission]:
        return permissions()

    @cached_property
    def roles(self) -> Roles:
        return all_roles(self.place.organization)

    def get(self, request: Request) -> HttpResponse:
        ask = request.GET.get("ask", "")
        ask = ask if ask in ASKS else "who"
        answer = {"who": self.who, "what": self.what, "can": self.can}[ask](request.GET)
        status = 422 if answer.pop("wrong", False) else 200
        about = {"ask": ask, "tabs": self.tabs(ask), "base_url": self.url("access")}
        context = {**about, "form": None, "asked": None, "person": None, "people": [], "search": "", **answer}
        return self.region("access/page.html", context, "access", partial="answer", status=status)

    def tabs(self, current: str) -> list[dict[str, Any]]:
        labels = {"who": _("Who can do this?"), "what": _("What can they do?"), "can": _("Can they do this?")}
        return [
            {"label": label, "url": with_query(self.url("access"), QueryDict(), ask=ask), "current": ask == current}
            for ask, label in labels.items()
        ]

    def question(self, query: QueryDict) -> Question:
        """Unbound until something is asked."""
        places = workspaces_of(self.place.organization, self.workspace_ids)
        return Question(self.catalogue, places, query if "permission" in query else None)

    # --- who can do this

    def who(self, query: QueryDict) -> dict[str, Any]:
        form = self.question(query)
        if not form.is_bound or not form.is_valid():
            return {"form": form, "wrong": form.is_bound}
        code, workspace_id = form.cleaned_data["permission"], form.cleaned_data["workspace"]
        if workspace_id is None and self.workspace_ids is not None:
            insist(decide(self.place.facts, Verb.EXPLORE_ACCESS))
        found = who_can(self.place.organization, code, workspace_id, _place_of(query))
        following = ""
        if found.more:
            name, last = found.people[-1].place
            following = with_query(self.url("access"), query, after=str(last), name=name)
        return {
            "form": form,
            "asked": self.asked(code, workspace_id),
            "everyone": found.everyone,
            "holders": self.holders(found.people, code, workspace_id),
            "next_url": following,
            "first_url": with_query(self.url("access"), query, after=None, name=None) if "after" in query else "",
        }

    def holders(self, people: list[Holder], code: str, workspace_id: int | None) -> list[dict[str, Any]]:
        ids = [holder.member_id for holder in people]
        paths = {} if workspace_id is None else paths_in(self.place.organization, workspace_id, ids)
        rows = []
        for holder in people:
            carrying = [path for path in paths.get(holder.member_id, ()) if code in codes_of(self.roles, path)]
            rows.append(
                {
                    "name": holder.name,
                    "address": holder.address,
                    "initials": initials(holder.name),
                    "hue": hue(holder.member_id),
                    "url": self.can_url(holder.member_id, code, workspace_id),
                    "through": [
                        {
                            "icon": ICONS[path.kind],
                            "name": through(path),
                            "role": self.roles.names[path.role_id],
                            "until": path.ends_at,
                        }
                        for path in in_order(self.roles, carrying)
                    ],
                }
            )
        return rows

    # --- what can they do

    def what(self, query: QueryDict) -> dict[str, Any]:
        member = self.person(query)
        if member is None:
            return self.search(query)
        paths = paths_of(self.place.organization, member)
        if self.workspace_ids is not None:
            paths = [path for path in paths if path.workspace_id in self.workspace_ids]
        held = self.roles.organization[member.role_id].permissions
        return {
            **self.search(query),
            "person": {**person(member), "url": self.url("member", member.pk)},
            "standing": standing_of(member),
            "organization_role": self.roles.names[member.role_id],
            "organization_abilities": abilities_of(held, self.catalogue),
            "places": [
                explained_row(self.place, each, member.pk)
                for each in explain(self.place.organization, self.roles, paths, self.catalogue)
            ],
        }

    def search(self, query: QueryDict) -> dict[str, Any]:
        """People who fit what was typed; choosing one keeps the rest of the question."""
        text = plain_words(query.get("q"))
        found = people_like(self.place.organization, text, self.workspace_ids) if text else []
        base = self.url("access")
        return {
            "search": text,
            "people": [
                {
                    "name": one.name,
                    "address": one.address,
                    "initials": initials(one.name),
                    "hue": hue(one.id),
                    "url": with_query(base, query, person=str(one.id), q=None),
                }
                for one in found
            ],
        }

    def person(self, query: QueryDict) -> Member | None:
        """Raises Http404 for people who are not the organization's, or not to be seen by this admin."""
        if "person" not in query:
            return None
        member = member_of(self.place, plain_number(query.get("person")) or 0)
        if self.workspace_ids is not None and not any(
            path.workspace_id in self.workspace_ids for path in paths_of(self.place.organization, member)
        ):
            raise Http404
        return member

    # --- can they do this

    def can(self, query: QueryDict) -> dict[str, Any]:
        member = self.person(query)
        form = self.question(query)
        context: dict[str, Any] = {**self.search(query), "form": form}
        if member is not None:
            context["person"] = {**person(member), "url": self.url("member", member.pk)}
        if form.is_bound and not form.is_valid():
            return {**context, "wrong": True}
        if member is None or not form.is_bound:
            return context
        return {**context, **self.answer(member, form.cleaned_data["permission"], form.cleaned_data["workspace"])}

    def answer(self, member: Member, code: str, workspace_id: int | None) -> dict[str, Any]:
        if workspace_id is None and self.workspace_ids is not None:
            insist(decide(self.place.facts, Verb.EXPLORE_ACCESS))
        answer = check(self.place.organization.pk, member.pk, code, workspace_id)
        paths = [] if workspace_id is None else paths_in(self.place.organization, workspace_id, [member.pk])[member.pk]
        explained = explain(self.place.organization, self.roles, paths, self.catalogue)
        permission = self.catalogue[code]
        remedy = remedy_for(self.roles, code, permission.scope, workspace_id) if answer.no is No.NOT_HELD else None
        return {
            "asked": self.asked(code, workspace_id),
            "allowed": bool(answer),
            "because": SENTENCES[answer.no]() if answer.no else "",
            "ways": [
                {**way_row(self.place, way), "carries": code in codes_of(self.roles, way.path)}
                for place in explained
                for way in place.ways
            ],
            "organization_role": self.roles.names[member.role_id],
            "remedy": remedy,
        }

    def asked(self, code: str, workspace_id: int | None) -> dict[str, Any]:
        names = dict(workspaces_of(self.place.organization, [workspace_id] if workspace_id else []))
        permission = self.catalogue[code]
        return {
            "ability": str(permission.ability),
            "high_risk": permission.high_risk,
            "enforced_by": permission.enforced_by,
            "workspace": names.get(workspace_id or 0, ""),
        }

    def can_url(self, member_id: int, code: str, workspace_id: int | None) -> str:
        asked = {"ask": "can", "person": str(member_id), "permission": code}
        return with_query(
            self.url("access"), QueryDict(), **asked, workspace=str(workspace_id) if workspace_id else None
        )


def _place_of(query: QueryDict) -> Place | None:
    last = plain_number(query.get("after"))
    return (query.get("name", "").replace("\x00", "")[:300], last) if last else None


SENTENCES = {
    No.UNKNOWN: lambda: _("There is no such person or place."),
    No.WAITING: lambda: _("They have not accepted their invitation yet."),
    No.SUSPENDED: lambda: _("They are suspended: reactivate them first."),
    No.BLOCKED: lambda: _("Their account is blocked; an operator can unblock it."),
    No.DELETED: lambda: _("The workspace is deleted and gives no access until it is restored."),
    No.ARCHIVED: lambda: _("The workspace is archived, which leaves only viewing; reopen it first."),
    No.LOCKED: lambda: _("The resource is locked: roles only view it."),
    No.PRIVATE: lambda: _("The resource is private to its owner and collaborators."),
    No.NOT_HELD: lambda: _("None of their ways carries this permission."),
}
