"""The invite page, and the check of addresses while they are typed."""

from collections.abc import Sequence
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.addresses import searched, split
from config.http import Request, confirm_in_new_tab, done
from config.refusals import Refusal
from invitations.actions import inviting
from invitations.asking import Ask, Line, Report, Result
from invitations.forms.inviting import LIST_LENGTH, InviteForm
from invitations.queries.invitations import suggestion
from invitations.queries.limits import quota_of
from workspaces.catalogue import BuiltIn, invite_title
from workspaces.place import Place
from workspaces.policy import BULK_LIMIT, Verb
from workspaces.queries.choices import may_invite
from workspaces.queries.seats import seats_of
from workspaces.reasons import Reason
from workspaces.views.base import OrganizationView
from workspaces.views.organizations import seat_sentence

SHOWN = 200
"""Addresses that are spoken of one by one after a POST; the rest is counted."""

OUTCOMES = {Result.INVITED: "ok", Result.RENEWED: "invited", Result.DUPLICATE: "member"}


class InvitingView(OrganizationView):
    """For whoever may invite into the organization, or, where its policy lets them, into a workspace that they
    manage.
    """

    def insist_on_entry(self) -> None:
        if not may_invite(self.place.organization, self.place.facts):
            self.insist_on(Verb.INVITE)


class Invite(InvitingView):
    """One or many addresses with one role, groups, workspaces, message and expiry; a result per address."""

    def get(self, request: Request) -> HttpResponse:
        return self.draw(request, InviteForm(self.place))

    def post(self, request: Request) -> HttpResponse:
        form = InviteForm(self.place, request.POST)
        if not form.is_valid():
            return self.draw(request, form, status=422)
        entries = split(form.cleaned_data["addresses"])
        try:
            report = inviting.invite(
                actor=self.place.actor, organization_id=self.place.organization.pk, entries=entries, ask=form.ask()
            )
        except Refusal as refusal:
            return self.refused(request, form, refusal)
        troubled = [line for line in report.lines if line.result.needs_a_look]
        if not troubled and report.count(Result.INVITED, Result.RENEWED):
            return done(request, sum_sentence(report, past=True), to=self.url("members"))
        # What was good is done; what needs a look stays in the box, with its reason.
        again = request.POST.copy()
        again["addresses"] = "\n".join(_typed(line) for line in troubled)
        return self.draw(request, InviteForm(self.place, initial=_initial(again, form)), report=report, status=422)

    def refused(self, request: Request, form: InviteForm, refusal: Refusal) -> HttpResponse:
        """The form again, with all that was typed and why not. Whoever has to confirm first does it in another tab."""
        if refusal.code == Reason.CONFIRM:
            text = _("Giving this role needs a fresh proof that it is you. {}, then invite.")
            form.add_error("role", confirm_in_new_tab(text, after=self.url("members")))
            return self.draw(request, form, status=403)
        form.add_error(None, str(refusal.sentence))
        response = self.draw(request, form, status=refusal.status)
        if refusal.retry_after is not None:
            response["Retry-After"] = str(refusal.retry_after)
        return response

    def draw(
        self, request: Request, form: InviteForm, *, report: Report | None = None, status: int = 200
    ) -> HttpResponse:
        invited = report is not None and bool(report.count(Result.INVITED, Result.RENEWED))
        context: dict[str, Any] = {
            "form": form,
            "workspace_fields": form.workspace_fields(),
            "title": invite_title(self.place.organization.scheme, self.place.organization.name),
            "action_url": self.url("invite"),
            "check_url": self.url("invite_check"),
            "import_url": self.url("import"),
            "external_account": self.place.organization.external_account_id,
            "back_url": self.url("members"),
            "results": _results([line for line in report.lines if not line.result.is_good])[:SHOWN] if report else [],
            "sum": sum_sentence(report, past=True) if report and invited else "",
            "rest": ", ".join(filter(None, (member_sentence(report), look_sentence(report)))) if report else "",
            "room": room_sentence(self.place),
        }
        response = self.region("invite/page.html", context, "members", partial="dialog", status=status)
        if invited:
            response["HX-Trigger"] = "table:refresh"
        return response


class CheckAddresses(InvitingView):
    """What would become of each address as typed. Writes nothing; a POST, since lists are long and addresses
    personal.
    """

    def post(self, request: Request) -> HttpResponse:
        entries = split(request.POST.get("addresses", "")[:LIST_LENGTH])[: BULK_LIMIT + 1]
        report = inviting.preview(
            actor=self.place.actor, organization_id=self.place.organization.pk, entries=entries, ask=Ask(BuiltIn.MEMBER)
        )
        by_text = {line.text: line for line in report.lines} | {
            line.address: line for line in report.lines if line.address
        }
        ordered = [(entry, by_text.get(entry.text) or by_text.get(searched(entry.text))) for entry in entries]
        domains = own_domains(self)
        results = [
            {**_result(line), "text": _as_typed(entry.name, entry.text), "suggestion": suggestion(entry.text, domains)}
            for entry, line in ordered
            if line is not None
        ]
        good = report.count(Result.INVITED, Result.RENEWED)
        submit = ngettext("Invite %(count)s person", "Invite %(count)s people", good) % {"count": intcomma(good)}
        return JsonResponse(
            {
                "entries": results,
                "sum": sum_sentence(report, past=False) if entries else "",
                "rest": member_sentence(report),
                "look": look_sentence(report),
                "room": room_sentence(self.place, good) if entries else "",
                "submit": submit if good else _("Invite"),
            }
        )


def own_domains(view: OrganizationView) -> list[str]:
    """The domain that a mistyped address of this organization was probably meant for: its owner's."""
    owner = view.place.organization.owner
    return [owner.address.rpartition("@")[2]] if owner is not None else []


def sum_sentence(report: Report, *, past: bool) -> str:
    """ "7 will be invited" before, "7 were invited" after. Mails are queued at most then: never "sent"."""
    count = report.count(Result.INVITED, Result.RENEWED)
    if past:
        text = ngettext("%(count)s was invited.", "%(count)s were invited.", count)
    else:
        text = ngettext("%(count)s will be invited", "%(count)s will be invited", count)
    return text % {"count": intcomma(count)}


def member_sentence(report: Report) -> str:
    members = report.count(Result.MEMBER)
    text = ngettext("%(count)s is a member already", "%(count)s are members already", members)
    return text % {"count": intcomma(members)} if members else ""


def look_sentence(report: Report) -> str:
    look = sum(line.result.needs_a_look for line in report.lines)
    return ngettext("%(count)s needs a look", "%(count)s need a look", look) % {"count": intcomma(look)} if look else ""


def room_sentence(place: Place, asked: int = 0) -> str:
    """How many more may be invited today and how many seats are free, now, or once so many are asked in."""
    left = max(0, quota_of(place.organization, place.actor.user_id).remaining - asked)
    text = ngettext(
        "You can invite %(count)s more person today.", "You can invite %(count)s more people today.", left
    ) % {"count": intcomma(left)}
    seats = seats_of(place.organization)
    return f"{text} {seat_sentence(seats)}" if seats is not None else text


def _results(lines: Sequence[Line]) -> list[dict[str, str]]:
    return [_result(line) for line in lines]


def _result(line: Line) -> dict[str, str]:
    return {
        "address": line.address or line.text[:254],
        "name": line.name,
        "outcome": OUTCOMES.get(line.result, str(line.result)),
        "sentence": line.sentence,
    }


def _typed(line: Line) -> str:
    return _as_typed(line.name, line.text)


def _as_typed(name: str, text: str) -> str:
    return f"{name} <{text}>" if name else text


def _initial(again: Any, form: InviteForm) -> dict[str, Any]:
    """The form as it was entered, but for the addresses that are done."""
    return {name: again.getlist(name) if name == "groups" else again.get(name) for name in form.fields if name in again}
