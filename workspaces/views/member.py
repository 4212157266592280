"""The acts of a row: each is a GET that says what it will do, and a POST that does it."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from config.http import Request, done, go
from config.ui.people import hue, initials
from workspaces.access import member_of
from workspaces.actions import members
from workspaces.actions.parting import leave_organization
from workspaces.forms import RoleOfMember
from workspaces.forms.resources import HeirForm
from workspaces.models import Member
from workspaces.plans import Outcome, Proposal, make_plan
from workspaces.policy import State, Verb
from workspaces.queries.choices import giveable_roles
from workspaces.queries.people import Placements, placements_of
from workspaces.queries.resources import owned_by, suggestions
from workspaces.reasons import Reason
from workspaces.selections import Chosen
from workspaces.views.base import OrganizationView
from workspaces.views.resources import say_owned
from workspaces.views.succession import HandOver


def person(member: Member) -> dict[str, Any]:
    """A member as dialogs and pages show them."""
    name = member.directory.name or member.address
    return {
        "id": member.pk,
        "name": name,
        "address": member.address,
        "initials": initials(name),
        "hue": hue(member.pk),
        "first_name": name.split()[0] if member.directory.name else name,
        "waiting": member.joined_at is None,
    }


def state_of(member: Member) -> State:
    if member.joined_at is None:
        return State.WAITING
    return State.SUSPENDED if member.suspended_at is not None else State.JOINED


class MemberRole(OrganizationView):
    """The role dropdown of a row, and the same as a dialog where no script offers it."""

    verb = Verb.VIEW_MEMBERS

    def get(self, request: Request, member_id: int) -> HttpResponse:
        member = member_of(self.place, member_id)
        return self.draw(request, member, RoleOfMember(self.choices(), initial={"role": member.role_id}))

    def post(self, request: Request, member_id: int) -> HttpResponse:
        member = member_of(self.place, member_id)
        form = RoleOfMember(self.choices(), request.POST)
        if not form.is_valid():
            return self.draw(request, member, form, status=422)
        role_id = form.cleaned_data["role"]
        chosen = Chosen.one(member.pk)
        organization_id = self.place.organization.pk
        members.update_roles(
            actor=self.place.actor, organization_id=organization_id, chosen=chosen, role_id=role_id
        ).insist()
        words = {"name": person(member)["name"], "role": dict(self.choices())[role_id]}
        return done(request, _("%(name)s is now %(role)s.") % words, to=self.url("members"))

    def choices(self) -> list[tuple[int, str]]:
        return giveable_roles(self.place.organization, self.place.facts)

    def draw(self, request: Request, member: Member, form: RoleOfMember, *, status: int = 200) -> HttpResponse:
        context = {
            "person": person(member),
            "form": form,
            "action_url": request.path,
            "back_url": self.url("members"),
        }
        return self.region("members/role.html", context, "members", partial="dialog", status=status)


class MemberAct(OrganizationView, ABC):
    """An act that says what it will do before it does it. Subclasses propose and perform."""

    verb = Verb.VIEW_MEMBERS
    template: ClassVar[str]

    @abstractmethod
    def proposal(self, member: Member) -> Proposal: ...

    @abstractmethod
    def perform(self, member: Member, chosen: Chosen) -> Outcome: ...

    @abstractmethod
    def said(self, member: Member) -> str:
        """What the toast says afterwards."""

    def points(self, member: Member) -> list[str]:
        """The consequences, in plain words with numbers."""
        return []

    def more(self, member: Member) -> dict[str, Any]:
        """What else the dialog shows."""
        return {}

    def get(self, request: Request, member_id: int) -> HttpResponse:
        return self.draw(request, member_of(self.place, member_id))

    def draw(self, request: Request, member: Member, *, status: int = 200) -> HttpResponse:
        chosen = Chosen.one(member.pk).members(self.place.organization)
        plan = make_plan(self.place.facts, self.place.organization, chosen, self.proposal(member))
        refusal = next((str(reason.sentence) for reason in plan.refused), "")
        context = {
            "person": person(member),
            "organization": {"name": self.place.organization.name},
            "refusal": refusal,
            "points": [] if refusal else self.points(member),
            "action_url": request.path,
            "back_url": self.url("members"),
            **self.more(member),
        }
        return self.region(self.template, context, "members", partial="dialog", status=status)

    def post(self, request: Request, member_id: int) -> HttpResponse:
        member = member_of(self.place, member_id)
        said = self.said(member)
        self.perform(member, Chosen.one(member.pk)).insist()
        return done(request, said, to=self.url("members"))


class SuspendMember(MemberAct):
    template = "members/suspend.html"

    def said(self, member: Member) -> str:
        return _("%(name)s is suspended.") % {"name": person(member)["name"]}

    def proposal(self, member: Member) -> Proposal:
        return members.SUSPENSION

    def points(self, member: Member) -> list[str]:
        return _held_sentences(placements_of(self.place.organization, member))

    def perform(self, member: Member, chosen: Chosen) -> Outcome:
        organization_id = self.place.organization.pk
        return members.suspend_members(actor=self.place.actor, organization_id=organization_id, chosen=chosen)


class ReactivateMember(MemberAct):
    template = "members/reactivate.html"

    def said(self, member: Member) -> str:
        return _("%(name)s is active again.") % {"name": person(member)["name"]}

    def proposal(self, member: Member) -> Proposal:
        return members.REACTIVATION

    def points(self, member: Member) -> list[str]:
        return _held_sentences(placements_of(self.place.organization, member)) or [
            _("%(role)s of the organization") % {"role": member.role.label}
        ]

    def perform(self, member: Member, chosen: Chosen) -> Outcome:
        organization_id = self.place.organization.pk
        return members.reactivate_members(actor=self.place.actor, organization_id=organization_id, chosen=chosen)


class RemoveMember(MemberAct):
    """Removes a member, or takes the invitation of a waiting one back."""

    template = "members/remove.html"
    heir: HeirForm | None = None
    invitations: HandOver | None = None

    def said(self, member: Member) -> str:
        text = _("%(name)s is removed.") if member.joined_at else _("The invitation of %(name)s is revoked.")
        return text % {"name": person(member)["name"]}

    def proposal(self, member: Member) -> Proposal:
        return members.REMOVAL if member.joined_at else members.REVOCATION

    def points(self, member: Member) -> list[str]:
        placed = _placed_sentences(placements_of(self.place.organization, member))
        if member.joined_at is None:
            return [_("The link in their mail stops working."), *placed]
        back = _("They come back only by a new invitation. A receipt of what ended stays in the history.")
        return [*placed, *self.hand_over(member).sentences(), back]

    def more(self, member: Member) -> dict[str, Any]:
        """Who is to own what they own, and to answer for whom they asked in; asked where there is something."""
        context = self.hand_over(member).context()
        owned = owned_by(member.pk) if member.joined_at else []
        if not owned:
            return context
        form = self.heir or HeirForm(self.place.organization, required=False)
        return {**context, "owned": say_owned(owned), "heir_form": form, "people": suggestions(self.place.organization)}

    def hand_over(self, member: Member) -> HandOver:
        """What becomes of the invitations that they sent; read once."""
        if self.invitations is None:
            leaving = self.place.organization.members.filter(pk=member.pk, joined_at__isnull=False)
            data = self.request.POST if self.request.method == "POST" else None
            self.invitations = HandOver.of(self.place.organization, leaving, data)
        return self.invitations

    def post(self, request: Request, member_id: int) -> HttpResponse:
        self.heir = HeirForm(self.place.organization, request.POST, required=False)
        member = member_of(self.place, member_id)
        if not self.heir.is_valid() or not self.hand_over(member).is_settled(request.POST.get("counted", "")):
            return self.draw(request, member, status=422)
        return super().post(request, member_id)

    def perform(self, member: Member, chosen: Chosen) -> Outcome:
        ids: dict[str, Any] = {"actor": self.place.actor, "organization_id": self.place.organization.pk}
        if member.joined_at is None:
            return members.revoke_invitations(**ids, chosen=chosen)
        heir_id = self.heir.cleaned_data["heir"] if self.heir is not None else None
        successor_id = self.hand_over(member).successor_id
        return members.remove_members(**ids, chosen=chosen, heir_id=heir_id, successor_id=successor_id)


def _held_sentences(placed: Placements) -> list[str]:
    """ "Editor in Research, through Data team", at most five."""
    sentences = [
        _("%(role)s in %(workspace)s") % {"role": path.role, "workspace": path.workspace}
        + (f", {_('through')} {path.through}" if path.through else "")
        for path in placed.paths
    ]
    more = len(sentences) - 5
    return [*sentences[:5], *([_("and %(count)s more") % {"count": more}] if more > 0 else [])]


def _placed_sentences(placed: Placements, *, is_own: bool = False) -> list[str]:
    """is_own: said to the person themself."""
    sentences = []
    if placed.direct:
        count = len(placed.direct)
        theirs = ngettext(
            "They lose their role in %(count)s workspace: %(names)s.",
            "They lose their roles in %(count)s workspaces: %(names)s.",
            count,
        )
        own = ngettext(
            "You lose your role in %(count)s workspace: %(names)s.",
            "You lose your roles in %(count)s workspaces: %(names)s.",
            count,
        )
        text = own if is_own else theirs
        sentences.append(text % {"count": count, "names": ", ".join(path.workspace for path in placed.direct)})
    if placed.groups:
        count = len(placed.groups)
        theirs = ngettext("They leave %(count)s group: %(names)s.", "They leave %(count)s groups: %(names)s.", count)
        own = ngettext("You leave %(count)s group: %(names)s.", "You leave %(count)s groups: %(names)s.", count)
        text = own if is_own else theirs
        sentences.append(text % {"count": count, "names": ", ".join(placed.groups)})
    return sentences


class Leave(OrganizationView):
    """One's own way out, with who is to own what one owns and to answer for whom one asked in."""

    heir: HeirForm | None = None

    def get(self, request: Request) -> HttpResponse:
        return self.draw(request, self.hand_over())

    def hand_over(self) -> HandOver:
        leaving = self.place.organization.members.filter(pk=self.place.member.pk)
        data = self.request.POST if self.request.method == "POST" else None
        return HandOver.of(self.place.organization, leaving, data)

    def draw(self, request: Request, hand_over: HandOver, *, status: int = 200) -> HttpResponse:
        chosen = Chosen.one(self.place.member.pk).members(self.place.organization)
        plan = make_plan(self.place.facts, self.place.organization, chosen, members.LEAVING)
        reason = next(iter(plan.refused), None)
        context = {
            "organization": {"name": self.place.organization.name},
            "refusal": str(OWN_SENTENCES.get(reason, reason.sentence)) if reason else "",
            "points": [] if reason else self.points(hand_over),
            **hand_over.context(),
            **self.owned(),
            "action_url": request.path,
            "back_url": reverse("my_access"),
        }
        return self.region("my/leave.html", context, "my_access", partial="dialog", status=status)

    def points(self, hand_over: HandOver) -> list[str]:
        placed = _placed_sentences(placements_of(self.place.organization, self.place.member), is_own=True)
        return [*placed, *hand_over.sentences(is_own=True)]

    def owned(self) -> dict[str, Any]:
        """What they own and who is to own it, where they own something."""
        owned = owned_by(self.place.member.pk)
        if not owned:
            return {}
        form = self.heir or HeirForm(self.place.organization, required=False)
        sentences = say_owned(owned, is_own=True)
        return {"owned": sentences, "heir_form": form, "people": suggestions(self.place.organization)}

    def post(self, request: Request) -> HttpResponse:
        name, hand_over = self.place.organization.name, self.hand_over()
        self.heir = HeirForm(self.place.organization, request.POST, required=False)
        if not self.heir.is_valid() or not hand_over.is_settled(request.POST.get("counted", "")):
            return self.draw(request, hand_over, status=422)
        leave_organization(
            actor=self.place.actor,
            organization_id=self.place.organization.pk,
            heir_id=self.heir.cleaned_data["heir"],
            successor_id=hand_over.successor_id,
        )
        return go(request, reverse("home"), _("You left %(organization)s.") % {"organization": name})


# The same reasons, said to the person themself.
OWN_SENTENCES = {
    Reason.OWNER: lazy("You own this organization. Hand it over first, under Settings, Ownership."),
    Reason.LAST_ORGANIZATION_ADMIN: lazy("You are its last active admin. Make someone else admin first."),
    Reason.LAST_WORKSPACE_ADMIN: lazy("You are the last admin of a workspace. Name another admin there first."),
}
