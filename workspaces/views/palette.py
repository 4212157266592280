"""The palette: a word leads to a person, group, workspace, page or act. A page of its own without JavaScript."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from config.http import Request, back_url, page, plain_words
from config.ui.people import hue, initials
from workspaces.catalogue import invite_label
from workspaces.names import fold
from workspaces.policy import Verb, decide
from workspaces.queries.choices import may_invite
from workspaces.queries.palette import FEW, Hit, groups_named, people_named, workspaces_named
from workspaces.views.base import OrganizationView
from workspaces.views.frame import frame


class Palette(OrganizationView):
    """Asks what is visible to the person and nothing else; a constant number of queries."""

    def get(self, request: Request) -> HttpResponse:
        text = plain_words(request.GET.get("q"))
        shell = frame(self.place, "palette")
        sections = [*self.named(text), self.pages(text, shell["items"])]
        context = {
            "search": text,
            "sections": [section for section in sections if section["hits"]],
            "base_url": request.path,
            "back_url": back_url(request) if request.htmx else self.url("organization"),
            "shell": shell,
        }
        middle = bool(request.htmx) and request.htmx.target == "palette-results"
        return page(request, "ui/palette.html", context, partial="results" if middle else "dialog")

    def named(self, text: str) -> list[dict[str, Any]]:
        """People only once something is typed: nobody looks for the first six of the alphabet."""
        organization, facts, policies = self.place.organization, self.place.facts, self.place.policies
        sees_members = bool(text) and bool(decide(facts, Verb.VIEW_MEMBERS, organization=policies))
        sees_groups = bool(decide(facts, Verb.VIEW_GROUPS, organization=policies))
        people = people_named(organization, text) if sees_members else []
        groups = groups_named(organization, facts, text, own=not sees_groups) if text else []
        workspaces = workspaces_named(organization, facts, text)
        return [
            {"label": _("People"), "hits": [self.hit(each, "person", self.url("member", each.id)) for each in people]},
            {"label": _("Groups"), "hits": [self.hit(each, "group", self.url("group", each.id)) for each in groups]},
            {
                "label": _("Workspaces"),
                "hits": [self.hit(each, "workspace", self.url("workspace", each.slug)) for each in workspaces],
            },
        ]

    def hit(self, found: Hit, kind: str, url: str) -> dict[str, Any]:
        letters = initials(found.name)
        return {
            "label": found.name,
            "detail": found.detail,
            "kind": kind,
            "initials": letters if kind == "person" else letters[:1],
            "hue": hue(found.id),
            "url": url,
        }

    def pages(self, text: str, items: list[dict[str, Any]]) -> dict[str, Any]:
        """Pages and acts whose words begin with what is typed, each letter for letter."""
        offered = [{"label": each["label"], "icon": each["icon"], "url": each["url"]} for each in items]
        terms = fold(text).split()
        hits = [each for each in [*offered, *self.acts()] if _says(str(each["label"]), terms)]
        return {"label": _("Pages and actions"), "hits": hits[: 2 * FEW]}

    def acts(self) -> list[dict[str, Any]]:
        """What can be begun from anywhere; dialog: where the page is a dialog of any other."""
        organization, facts, policies = self.place.organization, self.place.facts, self.place.policies
        acts: list[dict[str, Any]] = []
        if may_invite(organization, facts):
            acts.append({"label": invite_label(organization.scheme), "icon": "user-plus", "name": "invite"})
        if decide(facts, Verb.CREATE_GROUP, organization=policies):
            acts.append({"label": _("Create a group"), "icon": "users-group", "name": "group_create"})
        if decide(facts, Verb.CHANGE_SETTINGS):
            acts.append({"label": _("Ownership"), "icon": "crown", "name": "ownership"})
        dialogs = {"invite", "group_create"}
        here = [{**act, "url": self.url(act["name"]), "dialog": act["name"] in dialogs} for act in acts]
        return [
            *here,
            {"label": _("Switch organization"), "icon": "building", "url": reverse("switcher"), "dialog": True},
            {"label": _("Profile"), "icon": "user", "url": reverse("account_profile")},
            {"label": _("Security"), "icon": "shield", "url": reverse("mfa_index")},
            {"label": _("Sessions"), "icon": "devices", "url": reverse("usersessions_list")},
        ]


def _says(label: str, terms: list[str]) -> bool:
    words = fold(label).split()
    return all(any(word.startswith(term) for word in words) for term in terms)
