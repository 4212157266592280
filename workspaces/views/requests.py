"""Requests: asking, and deciding. Each act is a GET that shows what it is about, and a POST that does it."""

from typing import Any, ClassVar

from django import forms
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import pgettext

from config.http import Request, done, go, page, plain_number
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

SENT = lazy("Your request is with those who can decide it.")


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
        if not request.htmx:
            context |= self.context("requests")
        return page(request, "requests/page.html", context, partial="requests")

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


def state_of(each: AccessRequest) -> dict[str, str]:
    if each.approved_at:
        return {"word": _("Approved"), "icon": "check", "tone": "ok"}
    if each.declined_at:
        return {"word": _("Declined"), "icon": "x", "tone": "bad"}
    if each.withdrawn_at:
        return {"word": _("Withdrawn"), "icon": "arrow-back-up", "tone": "plain"}
    return {"word": _("Waiting"), "icon": "hourglass", "tone": "invited"}


class Dialog(OrganizationView):
    """A form in a dialog, or on a page of its own without JavaScript."""

    verb = Verb.ASK_FOR_ACCESS
    template: ClassVar[str] = "requests/dialog.html"

    def draw(self, request: Request, form: forms.Form | None, *, status: int = 200, **words: Any) -> HttpResponse:
        context = {"form": form, "action_url": request.get_full_path(), "back_url": self.url("requests"), **words}
        if not request.htmx:
            context |= self.context("requests")
        return page(request, self.template, context, partial="dialog", status=status)


class Ask(Dialog):
    """Asks for a role in a workspace; ?workspace= chooses it beforehand."""

    def form(self, data: Any = None, **initial: Any) -> AskForWorkspace:
        form = AskForWorkspace(data, initial=initial)
        roles = all_roles(self.place.organization)
        set_choices(
            form,
            workspace=workspaces_to_ask_for(self.place.organization),
            role=[(pk, roles.names[pk]) for pk in roles.workspace],
        )
        return form

    def get(self, request: Request) -> HttpResponse:
        return self.show(request, self.form(workspace=plain_number(request.GET.get("workspace"))))

    def post(self, request: Request) -> HttpResponse:
        form = self.form(request.POST)
        if not form.is_valid():
            return self.show(request, form, status=422)
        requests.ask_for_access(
            actor=self.place.actor,
            organization_id=self.place.organization.pk,
            workspace_id=form.cleaned_data["workspace"],
            role_id=form.cleaned_data["role"],
            message=form.cleaned_data["message"],
        )
        return go(request, self.url("requests"), str(SENT))

    def show(self, request: Request, form: forms.Form, *, status: int = 200) -> HttpResponse:
        title, submit = _("Ask for access"), _("Send the request")
        return self.draw(request, form, status=status, title=title, submit=submit, more_url=self.url("request_role"))


class AskForRole(Dialog):
    """Asks for a higher role in the organization."""

    def form(self, data: Any = None) -> AskForOrganizationRole:
        form = AskForOrganizationRole(data)
        roles = all_roles(self.place.organization)
        held = self.place.facts.permissions
        offered = [(pk, roles.names[pk]) for pk, role in roles.organization.items() if not role.permissions <= held]
        set_choices(form, role=offered)
        return form

    def get(self, request: Request) -> HttpResponse:
        return self.show(request, self.form())

    def post(self, request: Request) -> HttpResponse:
        form = self.form(request.POST)
        if not form.is_valid():
            return self.show(request, form, status=422)
        requests.ask_for_role(
            actor=self.place.actor,
            organization_id=self.place.organization.pk,
            role_id=form.cleaned_data["role"],
            message=form.cleaned_data["message"],
        )
        return go(request, self.url("requests"), str(SENT))

    def show(self, request: Request, form: forms.Form, *, status: int = 200) -> HttpResponse:
        title, submit = _("Ask for a higher role"), _("Send the request")
        return self.draw(request, form, status=status, title=title, submit=submit)


class AskToKeep(Dialog):
    """Asks for a later end of one's own role in a workspace."""

    def get(self, request: Request, grant_id: int) -> HttpResponse:
        return self.show(request, AskForTime(), grant_id)

    def post(self, request: Request, grant_id: int) -> HttpResponse:
        form = AskForTime(request.POST)
        if not form.is_valid():
            return self.show(request, form, grant_id, status=422)
        requests.ask_to_keep(
            actor=self.place.actor,
            organization_id=self.place.organization.pk,
            grant_id=grant_id,
            message=form.cleaned_data["message"],
        )
        return go(request, self.url("requests"), str(SENT))

    def show(self, request: Request, form: forms.Form, grant_id: int, *, status: int = 200) -> HttpResponse:
        grant = ending_grant(self.place.member, grant_id)
        if grant is None:
            raise Http404
        words = {"role": grant.role.label, "workspace": grant.workspace.name}
        title = _("Ask to keep %(role)s in %(workspace)s") % words
        return self.draw(request, form, status=status, title=title, submit=_("Send the request"), until=grant.ends_at)


class Deciding(Dialog):
    """An act on somebody's open request, for whoever may decide it; for everybody else it does not exist."""

    def request_of(self, request_id: int) -> AccessRequest:
        found = open_request(self.place.organization, request_id)
        if found is None or not may_decide(self.place.organization, self.place.facts, found):
            raise Http404
        return found

    def about(self, asked: AccessRequest) -> dict[str, Any]:
        name = name_of(asked.member)
        return {
            "person": {"name": name, "initials": initials(name), "hue": hue(asked.member_id)},
            "what": what_of(asked, self.place.actor.user_id),
            "message": message_of(asked),
            "asked_at": asked.asked_at,
        }


class Approve(Deciding):
    def form(self, asked: AccessRequest, data: Any = None) -> Approval:
        form = Approval(data)
        choices = giveable_instead(self.place.organization, self.place.facts, asked)
        if choices:
            set_choices(form, role=choices)
            form.initial["role"] = next(iter(asked.placements.all())).role_id
            form.fields["role"].required = True
        else:
            del form.fields["role"]
        if not any(placement.workspace_id for placement in asked.placements.all()):
            del form.fields["until"]
        return form

    def get(self, request: Request, request_id: int) -> HttpResponse:
        asked = self.request_of(request_id)
        return self.show(request, asked, self.form(asked))

    def post(self, request: Request, request_id: int) -> HttpResponse:
        asked = self.request_of(request_id)
        form = self.form(asked, request.POST)
        if not form.is_valid():
            return self.show(request, asked, form, status=422)
        requests.approve_request(
            actor=self.place.actor,
            organization_id=self.place.organization.pk,
            request_id=asked.pk,
            role_id=form.cleaned_data.get("role"),
            ends_at=form.cleaned_data.get("until"),
            reply=form.cleaned_data["reply"],
        )
        words = {"name": name_of(asked.member)}
        return done(request, _("%(name)s has it now.") % words, to=self.url("requests"), refresh="requests:refresh")

    def show(self, request: Request, asked: AccessRequest, form: forms.Form, *, status: int = 200) -> HttpResponse:
        title = _("Approve what %(name)s asks for?") % {"name": name_of(asked.member)}
        return self.draw(request, form, status=status, title=title, submit=_("Approve"), **self.about(asked))


class Decline(Deciding):
    def get(self, request: Request, request_id: int) -> HttpResponse:
        return self.show(request, self.request_of(request_id), Refusal())

    def post(self, request: Request, request_id: int) -> HttpResponse:
        asked = self.request_of(request_id)
        form = Refusal(request.POST)
        if not form.is_valid():
            return self.show(request, asked, form, status=422)
        requests.decline_request(
            actor=self.place.actor,
            organization_id=self.place.organization.pk,
            request_id=asked.pk,
            reply=form.cleaned_data["reply"],
        )
        words = {"name": name_of(asked.member)}
        text = _("Declined what %(name)s asked for.") % words
        return done(request, text, to=self.url("requests"), refresh="requests:refresh")

    def show(self, request: Request, asked: AccessRequest, form: forms.Form, *, status: int = 200) -> HttpResponse:
        title = _("Decline what %(name)s asks for?") % {"name": name_of(asked.member)}
        return self.draw(request, form, status=status, title=title, submit=_("Decline"), **self.about(asked))


class Withdraw(OrganizationView):
    """The asker's own way back; the button posts."""

    verb = Verb.ASK_FOR_ACCESS

    def post(self, request: Request, request_id: int) -> HttpResponse:
        requests.withdraw_request(
            actor=self.place.actor, organization_id=self.place.organization.pk, request_id=request_id
        )
        return done(request, _("The request is withdrawn."), to=self.url("requests"), refresh="requests:refresh")
