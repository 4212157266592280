"""Groups: the list of them, making one, changing it, and its end."""

from collections.abc import Iterable
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.http import Request, go, plain_words
from config.ui.people import hue, initials
from workspaces.actions import groups
from workspaces.actions.locking import insist
from workspaces.filters import with_query
from workspaces.forms.groups import NamedGroup
from workspaces.models import Group
from workspaces.policy import Decision, GroupFacts, Verb, decide
from workspaces.queries.choices import manages_some_group
from workspaces.queries.facts import group_facts
from workspaces.queries.groups import (
    GroupPage,
    Listed,
    group_of,
    group_page,
    impact_of_removal,
    is_taken,
    orphaned_workspaces,
)
from workspaces.queries.impact import Crowd, Impact
from workspaces.reasons import Reason
from workspaces.views.base import OrganizationView
from workspaces.views.paging import extent

SHOWN = 3
"""Managers and grants named in a row of the list; the rest is counted."""


class Groups(OrganizationView):
    """All groups for whoever may see them, else those that the person manages."""

    def get(self, request: Request) -> HttpResponse:
        sees_all = bool(decide(self.place.facts, Verb.VIEW_GROUPS, organization=self.place.policies))
        if not sees_all and not manages_some_group(self.place.facts):
            self.insist_on(Verb.VIEW_GROUPS)
        search = plain_words(request.GET.get("q"))
        after, before = (request.GET.get(name, "").replace("\x00", "")[:254] for name in ("after", "before"))
        found = group_page(
            self.place.organization, self.place.facts, search, after=after, before=before, own=not sees_all
        )
        base_url = self.url("groups")
        creates = decide(self.place.facts, Verb.CREATE_GROUP, organization=self.place.policies)
        context = {
            "rows": [self.row(each) for each in found.groups],
            "count": intcomma(found.count),
            "search": search,
            "base_url": base_url,
            "url": request.get_full_path(),
            "is_own": not sees_all,
            "create_url": self.url("group_create") if creates else "",
            "pager": self.pager(found, first=None if after or before else 1),
        }
        return self.region("groups/page.html", context, "groups", partial="groups")

    def row(self, listed: Listed) -> dict[str, Any]:
        group = listed.group
        return {
            **face(group),
            "url": self.url("group", group.pk),
            "members": intcomma(listed.members),
            "managers": _first([each.name for each in listed.managers]),
            "gives": [f"{given.role} · {given.workspace}" for given in listed.gives[:SHOWN]],
            "gives_more": max(len(listed.gives) - SHOWN, 0) + listed.hidden,
            "is_managed": listed.is_managed,
        }

    def pager(self, found: GroupPage, *, first: int | None) -> dict[str, str]:
        base, query = self.url("groups"), self.request.GET
        return {
            "text": extent(len(found.groups), found.count, first=first),
            "previous_url": with_query(base, query, after=None, before=found.before) if found.before else "",
            "next_url": with_query(base, query, before=None, after=found.after) if found.after else "",
        }


def _first(names: list[str]) -> str:
    """ "Lena Lindt, Max Muster +2"."""
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" +{more}" if more > 0 else "")


def face(group: Group) -> dict[str, Any]:
    return {
        "id": group.pk,
        "name": group.name,
        "description": group.description,
        "initial": initials(group.name)[:1],
        "hue": hue(group.pk),
    }


class GroupView(OrganizationView):
    """A page or an act of one group, for whoever may see it. group_verb: what they must be allowed to do with it."""

    group_verb: Verb | None = None
    group: Group
    group_facts: GroupFacts

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        self._group_id: int = kwargs.pop("group_id")
        return super().dispatch(request, *args, **kwargs)

    def insist_on_entry(self) -> None:
        group = group_of(self.place.organization, self._group_id)
        if group is None:
            raise Http404
        self.group = group
        self.group_facts = group_facts(self.place.organization, self.place.facts, [group.pk])[group.pk]
        self.insist_on(Verb.VIEW_GROUPS)
        if self.group_verb is not None:
            self.insist_on(self.group_verb)

    def decide(self, verb: Verb, **facts: Any) -> Decision:
        return decide(self.place.facts, verb, group=self.group_facts, organization=self.place.policies, **facts)

    def insist_on(self, verb: Verb) -> None:
        insist(self.decide(verb))

    def act(self, verb: Verb, url_name: str) -> dict[str, str]:
        """A button: absent (no url, no reason), greyed with its reason, or with its address."""
        reason = self.decide(verb).reason
        if reason is Reason.NO_RIGHT:
            return {"url": "", "reason": ""}
        if reason is not None:
            return {"url": "", "reason": str(reason.sentence)}
        return {"url": self.here(url_name), "reason": ""}

    def here(self, name: str, *args: object) -> str:
        return self.url(name, self.group.pk, *args)

    def context(self, current: str = "groups", **more: object) -> dict[str, Any]:
        return super().context(current, **more)


class CreateGroup(OrganizationView):
    verb = Verb.CREATE_GROUP

    def get(self, request: Request) -> HttpResponse:
        return self.draw(request, self.form())

    def post(self, request: Request) -> HttpResponse:
        form = self.form(request.POST)
        if not form.is_valid():
            return self.draw(request, form, status=422)
        group = groups.create_group(
            actor=self.place.actor, organization_id=self.place.organization.pk, **form.cleaned_data
        )
        said = _("%(name)s is ready. Add the first people.") % {"name": group.name}
        return go(request, self.url("group", group.pk), said)

    def form(self, *given: Any) -> NamedGroup:
        return NamedGroup(lambda name: is_taken(self.place.organization, name), *given)

    def draw(self, request: Request, form: NamedGroup, *, status: int = 200) -> HttpResponse:
        manages_all = bool(decide(self.place.facts, Verb.EDIT_GROUP))
        context = {
            "form": form,
            "title": _("Create a group"),
            "note": "" if manages_all else _("You become its manager: you put people in and take them out."),
            "submit": _("Create group"),
            "action_url": request.path,
            "back_url": self.url("groups"),
        }
        return self.region("groups/form.html", context, "groups", partial="dialog", status=status)


class EditGroup(GroupView):
    group_verb = Verb.EDIT_GROUP

    def get(self, request: Request) -> HttpResponse:
        return self.draw(request, self.form(initial={"name": self.group.name, "description": self.group.description}))

    def post(self, request: Request) -> HttpResponse:
        form = self.form(request.POST)
        if not form.is_valid():
            return self.draw(request, form, status=422)
        organization_id = self.place.organization.pk
        groups.change_group(
            actor=self.place.actor, organization_id=organization_id, group_id=self.group.pk, **form.cleaned_data
        )
        return go(request, self.here("group"), _("The group is saved."))

    def form(self, *given: Any, **more: Any) -> NamedGroup:
        return NamedGroup(lambda name: is_taken(self.place.organization, name, self.group.pk), *given, **more)

    def draw(self, request: Request, form: NamedGroup, *, status: int = 200) -> HttpResponse:
        context = {
            "form": form,
            "title": _("Edit %(name)s") % {"name": self.group.name},
            "note": "",
            "submit": _("Save"),
            "action_url": request.path,
            "back_url": self.here("group"),
        }
        return self.region("groups/form.html", context, "groups", partial="dialog", status=status)


class DeleteGroup(GroupView):
    """Says first who really loses which access by it, and who keeps it another way."""

    group_verb = Verb.DELETE_GROUP

    def get(self, request: Request) -> HttpResponse:
        organization = self.place.organization
        orphaned = orphaned_workspaces(organization, self.group.pk)
        context = {
            "group": face(self.group),
            "refusal": groups.orphaning_sentence(orphaned) if orphaned else "",
            "ways_out": [{"label": each.name, "url": self.url("workspace_members", each.slug)} for each in orphaned],
            "places": [loss(each) for each in impact_of_removal(organization, self.group.pk)],
            "action_url": request.path,
            "back_url": self.here("group"),
        }
        return self.region("groups/delete.html", context, "groups", partial="dialog")

    def post(self, request: Request) -> HttpResponse:
        groups.delete_group(actor=self.place.actor, organization_id=self.place.organization.pk, group_id=self.group.pk)
        return go(request, self.url("groups"), _("The group %(name)s is deleted.") % {"name": self.group.name})


# --- what an impact says


def loss(impact: Impact) -> dict[str, Any]:
    """One workspace of a loss, in sentences: who loses what, and who keeps it through what."""
    lines = [
        (_("%(who)s: %(role)s remains") if crowd.role else _("%(who)s: no access remains"), crowd)
        for crowd in impact.changed
    ]
    return {
        "workspace": impact.workspace,
        "role": impact.role,
        "losing": impact.changing,
        "keeping": impact.keeping,
        "lost": [line % {"who": who(crowd), "role": crowd.role} for line, crowd in lines],
        "kept": [f"{who(crowd)}: {through(crowd)}" for crowd in impact.kept],
    }


def loss_sentence(impacts: Iterable[Impact]) -> str:
    """ "Research: 2 people lose Editor, 1 keeps it another way." for each workspace, in one line."""
    sentences = []
    for impact in impacts:
        lose = ngettext("%(count)s person loses %(role)s", "%(count)s people lose %(role)s", impact.changing)
        keep = ngettext("%(count)s keeps it another way", "%(count)s keep it another way", impact.keeping)
        parts = [lose % {"count": intcomma(impact.changing), "role": impact.role}] if impact.changing else []
        parts += [keep % {"count": intcomma(impact.keeping)}] if impact.keeping else []
        if parts:
            sentences.append(f"{impact.workspace}: {', '.join(parts)}.")
    return " ".join(sentences)


def who(crowd: Crowd) -> str:
    """ "Mia Chen, Ben Weber and 10 more"."""
    names = [name for _pk, name in crowd.people]
    more = crowd.count - len(names)
    if more:
        return _("%(names)s and %(count)s more") % {"names": ", ".join(names), "count": intcomma(more)}
    return ", ".join(names)


def through(crowd: Crowd) -> str:
    """By what people hold it beside the group."""
    words = {
        "direct": _("by a direct grant"),
        "everyone": _("as part of everyone"),
        "organization": _("as %(role)s of the organization") % {"role": crowd.role},
        "group": _("through %(group)s") % {"group": crowd.through},
    }
    return words[crowd.kind]
