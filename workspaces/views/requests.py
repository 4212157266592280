"""Requests: asking, and deciding. Each act is a GET that shows what it is about, and a POST that does it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import Http404, HttpResponse, QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from config.http import Request, done, go, plain_number
from config.ui.people import hue, initials
from workspaces import registry
from workspaces.actions import requests
from workspaces.emails import message_of, what_of
from workspaces.forms.fields import set_choices
from workspaces.forms.requests import (
    Approval,
    AskForOrganizationRole,
    AskForTime,
    AskForWorkspace,
    Refusal,
)
from workspaces.models import AccessRequest, Member
from workspaces.policy import Verb, decide
from workspaces.queries.requests import (
    ending_grant,
    giveable_instead,
    may_decide,
    my_requests,
    open_request,
    requests_for,
    workspaces_to_ask_for,
)
from workspaces.queries.roles import all_roles
from workspaces.views.base import OrganizationView
from workspaces.views.proposals import STATES


class Requests(OrganizationView):
    """What waits for this person's decision, what was decided, and what they asked for themself."""

    verb = Verb.ASK_FOR_ACCESS

    def get(self, request: Request) -> HttpResponse:
        decided = request.GET.get("state") == "decided"
        found = requests_for(
            self.place.organization,
            self.place.facts,
            is_open=not decided,
            before=plain_number(request.GET.get("before")),
        )
        here = self.url("requests")
        state = "&state=decided" if decided else ""
        context = {
            "tabs": request_tabs(self, "decided" if decided else "open"),
            "rows": [self.row(each) for each in found.requests],
            "decided": decided,
            "mine": [self.row(each) for each in my_requests(self.place.member)] if not decided else [],
            "next_url": f"{here}?before={found.next_before}{state}" if found.next_before else "",
            "ask_url": self.url("request_new"),
        }
        return self.region("requests/page.html", context, "requests", partial="requests")

    def row(self, each: AccessRequest) -> dict[str, Any]:
        name = name_of(each.member)
        is_open = not (each.approved_at or each.declined_at or each.withdrawn_at)
        mine = each.member_id == self.place.member.pk
        return {
            "id": each.pk,
            "name": name,
            "initials": initials(name),
            "hue": hue(each.member_id),
            "url": self.url("member", each.member_id),
            "what": what_of(each, self.place.actor.user_id),
            "kind": each.get_kind_display() if each.kind != AccessRequest.Kind.ACCESS else "",
            "message": message_of(each),
            "asked_at": each.asked_at,
            "state": state_of(each),
            "decided_by": each.decided_by.display_name if each.decided_by else "",
            "reply": each.reply,
            "approve_url": self.url("request_approve", each.pk) if is_open and not mine else "",
            "decline_url": self.url("request_decline", each.pk) if is_open and not mine else "",
            "withdraw_url": self.url("request_withdraw", each.pk) if is_open and mine else "",
        }


def request_tabs(view: OrganizationView, current: str) -> list[dict[str, Any]]:
    """current: open, decided, or the name of a page that another app brings."""
    here = view.url("requests")
    tabs = [("open", pgettext("requests", "Open"), here), ("decided", _("Decided"), f"{here}?state=decided")]
    tabs += [
        (each.name, str(each.label), view.url(each.name))
        for each in registry.further_requests
        if decide(view.place.facts, each.verb)
    ]
    return [{"label": label, "url": url, "current": name == current} for name, label, url in tabs]


def name_of(member: Member) -> str:
    return member.directory.name or member.address


def state_of(each: AccessRequest) -> Mapping[str, Any]:
    if each.approved_at:
        return STATES["approved"]
    if each.declined_at:
        return STATES["declined"]
    return STATES["withdrawn" if each.withdrawn_at else "waiting"]


class Dialog(OrganizationView, ABC):
    """A form in a dialog, or on a page of its own without JavaScript; the POST does what it says."""

    verb = Verb.ASK_FOR_ACCESS

    @abstractmethod
    def form(self, data: QueryDict | None = None) -> forms.Form: ...

    @abstractmethod
    def words(self) -> dict[str, Any]:
        """title, submit, and what else the dialog says."""

    @abstractmethod
    def perform(self, form: Any) -> HttpResponse:
        """form: a valid one."""

    @property
    def told(self) -> dict[str, Any]:
        """What every action is told."""
        return {"actor": self.place.actor, "organization_id": self.place.organization.pk}

    def get(self, request: Request, **ids: int) -> HttpResponse:
        return self.draw(self.form())

    def post(self, request: Request, **ids: int) -> HttpResponse:
        form = self.form(request.POST)
        return self.perform(form) if form.is_valid() else self.draw(form, status=422)

    def draw(self, form: forms.Form, *, status: int = 200) -> HttpResponse:
        about = {"form": form, "action_url": self.request.get_full_path(), "back_url": self.url("requests")}
        return self.region("requests/dialog.html", about | self.words(), "requests", partial="dialog", status=status)


class Asking(Dialog):
    """One's own request, which goes to those who can decide it."""

    @abstractmethod
    def ask(self, data: dict[str, Any]) -> None: ...

    def perform(self, form: Any) -> HttpResponse:
        self.ask(form.cleaned_data)
        return go(self.request, self.url("requests"), _("Your request is with those who can decide it."))


class Ask(Asking):
    """For a role in a workspace; ?workspace= chooses it beforehand."""

    def form(self, data: QueryDict | None = None) -> AskForWorkspace:
        form = AskForWorkspace(data, initial={"workspace": plain_number(self.request.GET.get("workspace"))})
        roles = all_roles(self.place.organization)
        set_choices(
            form,
            workspace=workspaces_to_ask_for(self.place.organization),
            role=[(pk, roles.names[pk]) for pk in roles.workspace],
        )
        return form

    def words(self) -> dict[str, Any]:
        title, submit = _("Ask for access"), _("Send the request")
        return {"title": title, "submit": submit, "more_url": self.url("request_role")}

    def ask(self, data: dict[str, Any]) -> None:
        requests.ask_for_access(
            **self.told, workspace_id=data["workspace"], role_id=data["role"], message=data["message"]
        )


class AskForRole(Asking):
    """For a higher role in the organization."""

    def form(self, data: QueryDict | None = None) -> AskForOrganizationRole:
        form = AskForOrganizationRole(data)
        roles = all_roles(self.place.organization)
        held = self.place.facts.permissions
        offered = [(pk, roles.names[pk]) for pk, role in roles.organization.items() if not role.permissions <= held]
        set_choices(form, role=offered)
        return form

    def words(self) -> dict[str, Any]:
        return {"title": _("Ask for a higher role"), "submit": _("Send the request")}

    def ask(self, data: dict[str, Any]) -> None:
        requests.ask_for_role(**self.told, role_id=data["role"], message=data["message"])


class AskToKeep(Asking):
    """For a later end of one's own role in a workspace."""

    def form(self, data: QueryDict | None = None) -> AskForTime:
        return AskForTime(data)

    def words(self) -> dict[str, Any]:
        grant = ending_grant(self.place.member, self.kwargs["grant_id"])
        if grant is None:
            raise Http404
        names = {"role": grant.role.label, "workspace": grant.workspace.name}
        title = _("Ask to keep %(role)s in %(workspace)s") % names
        return {"title": title, "submit": _("Send the request"), "until": grant.ends_at}

    def ask(self, data: dict[str, Any]) -> None:
        requests.ask_to_keep(**self.told, grant_id=self.kwargs["grant_id"], message=data["message"])


class Deciding(Dialog):
    """An act on somebody's open request, for whoever may decide it; for everybody else it does not exist."""

    @cached_property
    def asked(self) -> AccessRequest:
        found = open_request(self.place.organization, self.kwargs["request_id"])
        if found is None or not may_decide(self.place.organization, self.place.facts, found):
            raise Http404
        return found

    @property
    def names(self) -> dict[str, str]:
        """Who asks, for sentences."""
        return {"name": name_of(self.asked.member)}

    def words(self) -> dict[str, Any]:
        name = name_of(self.asked.member)
        return {
            "person": {"name": name, "initials": initials(name), "hue": hue(self.asked.member_id)},
            "what": what_of(self.asked, self.place.actor.user_id),
            "message": message_of(self.asked),
            "asked_at": self.asked.asked_at,
        }

    @abstractmethod
    def settle(self, data: dict[str, Any]) -> str:
        """Decides, and says what."""

    def perform(self, form: Any) -> HttpResponse:
        return done(self.request, self.settle(form.cleaned_data), to=self.url("requests"), refresh="requests:refresh")


class Approve(Deciding):
    def form(self, data: QueryDict | None = None) -> Approval:
        form = Approval(data)
        choices = giveable_instead(self.place.organization, self.place.facts, self.asked)
        if choices:
            set_choices(form, role=choices)
            form.initial["role"] = next(iter(self.asked.placements.all())).role_id
            form.fields["role"].required = True
        else:
            del form.fields["role"]
        if not any(placement.workspace_id for placement in self.asked.placements.all()):
            del form.fields["until"]
        return form

    def words(self) -> dict[str, Any]:
        title = _("Approve what %(name)s asks for?") % self.names
        return {**super().words(), "title": title, "submit": _("Approve")}

    def settle(self, data: dict[str, Any]) -> str:
        role_id, ends_at = data.get("role"), data.get("until")
        requests.approve_request(
            **self.told, request_id=self.asked.pk, role_id=role_id, ends_at=ends_at, reply=data["reply"]
        )
        return _("%(name)s has it now.") % self.names


class Decline(Deciding):
    def form(self, data: QueryDict | None = None) -> Refusal:
        return Refusal(data)

    def words(self) -> dict[str, Any]:
        title = _("Decline what %(name)s asks for?") % self.names
        return {**super().words(), "title": title, "submit": _("Decline")}

    def settle(self, data: dict[str, Any]) -> str:
        requests.decline_request(**self.told, request_id=self.asked.pk, reply=data["reply"])
        return _("Declined what %(name)s asked for.") % self.names


class Withdraw(OrganizationView):
    """The asker's own way back; the button posts."""

    verb = Verb.ASK_FOR_ACCESS

    def post(self, request: Request, request_id: int) -> HttpResponse:
        requests.withdraw_request(
            actor=self.place.actor, organization_id=self.place.organization.pk, request_id=request_id
        )
        return done(request, _("The request is withdrawn."), to=self.url("requests"), refresh="requests:refresh")
