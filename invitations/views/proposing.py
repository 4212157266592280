"""Proposing people, and deciding proposals one by one or many at once."""

from abc import ABC, abstractmethod
from typing import Any

from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.addresses import split
from config.http import Request, done, go, plain_number
from config.refusals import Refusal
from config.ui.people import hue, initials
from invitations.actions import proposing
from invitations.asking import Report, Result
from invitations.forms.inviting import LIST_LENGTH, DecideProposals, ProposePeople
from invitations.models import ProposedPerson
from invitations.queries.invitations import Known
from invitations.queries.proposals import PAGE, open_proposals, proposals_in, state_of
from workspaces.policy import Verb
from workspaces.queries.requests import workspaces_to_ask_for
from workspaces.views.base import OrganizationView
from workspaces.views.proposals import STATES
from workspaces.views.requests import Dialog, name_of, request_tabs

AT_FIELD = {"invalid_address", "proposed"}
"""Refusals that stand at the field of the addresses."""


class Propose(Dialog):
    """A member's list of people, with a workspace and the reason."""

    verb = Verb.PROPOSE_PEOPLE

    def form(self, data: QueryDict | None = None) -> ProposePeople:
        return ProposePeople(workspaces_to_ask_for(self.place.organization), data)

    def words(self) -> dict[str, Any]:
        title = _("Propose people for %(name)s") % {"name": self.place.organization.name}
        return {"title": title, "submit": _("Propose"), "back_url": reverse("my_access")}

    def perform(self, form: Any) -> HttpResponse:
        try:
            count = proposing.propose_people(
                **self.told,
                entries=split(form.cleaned_data["addresses"][:LIST_LENGTH]),
                workspace_id=form.cleaned_data["workspace"],
                message=form.cleaned_data["message"],
            )
        except Refusal as refusal:
            if refusal.code not in AT_FIELD:
                raise
            form.add_error("addresses", str(refusal.sentence))
            response = self.draw(form, status=refusal.status)
            if refusal.retry_after is not None:
                response["Retry-After"] = str(refusal.retry_after)
            return response
        text = ngettext("%(count)s person is proposed.", "%(count)s people are proposed.", count)
        return go(self.request, reverse("my_access"), text % {"count": count})


class Proposals(OrganizationView):
    """Whom members propose, for whoever may invite."""

    verb = Verb.INVITE

    def get(self, request: Request) -> HttpResponse:
        decided = request.GET.get("state") == "decided"
        found = proposals_in(
            self.place.organization, is_open=not decided, before=plain_number(request.GET.get("before"))
        )
        here = self.url("proposals")
        state = "&state=decided" if decided else ""
        context = {
            "tabs": request_tabs(self, "proposals"),
            "rows": [self.row(person, found.known.get(person.address)) for person in found.people],
            "decided": decided,
            "other_url": here if decided else f"{here}?state=decided",
            "next_url": f"{here}?before={found.next_before}{state}" if found.next_before else "",
            "approve_url": self.url("proposals_approve"),
            "decline_url": self.url("proposals_decline"),
        }
        return self.region("proposals/page.html", context, "requests", partial="proposals")

    def row(self, person: ProposedPerson, known: Known | None) -> dict[str, Any]:
        return {
            **_about(person),
            "proposer": name_of(person.proposed_by),
            "proposer_url": self.url("member", person.proposed_by_id),
            "known": "" if known is None else _("is invited already") if known.waits else _("is a member already"),
            "state": STATES[state_of(person)],
            "decided_by": person.decided_by.display_name if person.decided_by else "",
            "reply": person.reply,
        }


def _about(person: ProposedPerson) -> dict[str, Any]:
    name = person.name or person.address
    return {
        "id": person.pk,
        "name": name,
        "address": person.address if person.name else "",
        "initials": initials(name),
        "hue": hue(person.pk),
        "workspace": person.workspace.name if person.workspace else "",
        "message": person.message,
        "proposed_at": person.proposed_at,
    }


class Deciding(OrganizationView, ABC):
    """What is about to be decided of the chosen ones (id, as often as needed), with a word to the proposers."""

    verb = Verb.INVITE

    def get(self, request: Request) -> HttpResponse:
        return self.draw(request, DecideProposals(), _numbers(request.GET.getlist("id")))

    def draw(self, request: Request, form: DecideProposals, ids: list[int], *, status: int = 200) -> HttpResponse:
        people = open_proposals(self.place.organization, ids[:PAGE])
        if not people:
            return go(request, self.url("proposals"), _("Choose somebody who is not decided yet."))
        context = {
            "title": self.title(len(people)),
            "submit": self.button(),
            "note": self.note(),
            "people": [_about(person) for person in people],
            "form": form,
            "action_url": request.path,
            "back_url": self.url("proposals"),
        }
        return self.region("proposals/dialog.html", context, "requests", partial="dialog", status=status)

    def post(self, request: Request) -> HttpResponse:
        form = DecideProposals(request.POST)
        ids = _numbers(request.POST.getlist("id"))[:PAGE]
        if not form.is_valid():
            return self.draw(request, form, ids, status=422)
        text = self.decide(ids, form.cleaned_data["reply"])
        return done(request, text, to=self.url("proposals"), refresh="proposals:refresh")

    @abstractmethod
    def title(self, count: int) -> str: ...

    @abstractmethod
    def button(self) -> str: ...

    def note(self) -> str:
        return ""

    @abstractmethod
    def decide(self, ids: list[int], reply: str) -> str:
        """Carries it out, and says what became of it."""


class ApprovePeople(Deciding):
    def title(self, count: int) -> str:
        return ngettext("Invite %(count)s proposed person?", "Invite %(count)s proposed people?", count) % {
            "count": count
        }

    def button(self) -> str:
        return _("Invite")

    def note(self) -> str:
        return _(
            "Each gets an invitation from you, as Member, with the lowest role in their workspace if you may give that."
        )

    def decide(self, ids: list[int], reply: str) -> str:
        report = proposing.approve_people(
            actor=self.place.actor, organization_id=self.place.organization.pk, proposal_ids=ids, reply=reply
        )
        return _outcome(report)


class DeclinePeople(Deciding):
    def title(self, count: int) -> str:
        return ngettext("Decline %(count)s proposal?", "Decline %(count)s proposals?", count) % {"count": count}

    def button(self) -> str:
        return _("Decline")

    def decide(self, ids: list[int], reply: str) -> str:
        count = proposing.decline_people(
            actor=self.place.actor, organization_id=self.place.organization.pk, proposal_ids=ids, reply=reply
        )
        return ngettext("%(count)s proposal is declined.", "%(count)s proposals are declined.", count) % {
            "count": count
        }


class WithdrawProposal(OrganizationView):
    """The proposer's own way back; the button posts."""

    verb = Verb.ASK_FOR_ACCESS

    def post(self, request: Request, proposal_id: int) -> HttpResponse:
        proposing.withdraw_proposal(
            actor=self.place.actor, organization_id=self.place.organization.pk, proposal_id=proposal_id
        )
        return done(request, _("The proposal is withdrawn."), to=reverse("my_access"))


def _numbers(texts: list[str]) -> list[int]:
    return [number for text in texts if (number := plain_number(text)) is not None]


def _outcome(report: Report) -> str:
    """ "3 are invited. 1 is a member already. 1 stays open: over a limit." """
    invited = report.count(Result.INVITED, Result.RENEWED)
    members = report.count(Result.MEMBER)
    rest = len(report.lines) - invited - members
    parts = [
        ngettext("%(count)s is invited.", "%(count)s are invited.", invited) % {"count": invited},
        ngettext("%(count)s is a member already.", "%(count)s are members already.", members) % {"count": members},
        ngettext("%(count)s stays open: %(why)s", "%(count)s stay open: %(why)s", rest)
        % {"count": rest, "why": next((line.sentence for line in report.lines if line.result.needs_a_look), "")},
    ]
    return " ".join(part for part, count in zip(parts, (invited, members, rest), strict=True) if count)
