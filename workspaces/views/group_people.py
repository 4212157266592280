"""The people of one group: putting them in, taking them out, naming its managers. Each act says what it will do."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, ClassVar

from django.http import HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.http import Request, done, plain_number, plain_words
from config.ui.people import hue, initials
from workspaces import bulk
from workspaces.access import member_of
from workspaces.actions import groups
from workspaces.filters import Query
from workspaces.models import Member, Selection
from workspaces.models.members import MemberQuerySet
from workspaces.plans import Outcome, Proposal, make_plan
from workspaces.policy import Verb, decide
from workspaces.queries.groups import (
    Person,
    candidates,
    impact_of_adding,
    impact_of_leaving,
    people_of,
)
from workspaces.queries.impact import Impact
from workspaces.queries.members import matching_members
from workspaces.selections import Chosen
from workspaces.views.bulk import BulkApply, BulkPreview
from workspaces.views.groups import GroupView, face, loss_sentence, who
from workspaces.views.member import person

MOST_PICKED = 100
"""People put in by one dialog; larger sets come from the members table."""
SHOWN_RISKS = 5


class Picking(GroupView, ABC):
    """A dialog that searches people and keeps the picked ones. Under htmx, typing and ticking draw its middle anew."""

    template: ClassVar[str] = "groups/pick.html"
    managing: ClassVar[bool] = False

    @abstractmethod
    def words(self) -> dict[str, str]:
        """title, help, submit, empty."""

    @abstractmethod
    def perform(self, picked: list[Person]) -> str:
        """Does it, and says what happened."""

    def points(self, picked: list[Person]) -> dict[str, list[str]]:
        """What picking them would mean: gains, risks."""
        return {"gains": [], "risks": []}

    def get(self, request: Request) -> HttpResponse:
        return self.draw(request, request.GET)

    def post(self, request: Request) -> HttpResponse:
        picked = self.picked(request.POST)
        if not picked:
            return self.draw(request, request.POST, error=_("Search and tick somebody first."), status=422)
        return done(request, self.perform(picked), to=self.here("group"))

    def picked(self, given: QueryDict) -> list[Person]:
        ids = [number for text in given.getlist("member")[:MOST_PICKED] if (number := plain_number(text))]
        return people_of(self.place.organization, ids)

    def draw(self, request: Request, given: QueryDict, *, error: str = "", status: int = 200) -> HttpResponse:
        search = plain_words(given.get("q"))
        by_name = bool(decide(self.place.facts, Verb.VIEW_MEMBERS, organization=self.place.policies))
        picked = self.picked(given)
        found = candidates(self.place.organization, self.group.pk, search, by_name=by_name, managing=self.managing)
        ids = {each.member_id for each in picked}
        context = {
            **self.words(),
            "group": face(self.group),
            "search": search,
            "by_name": by_name,
            "error": error,
            "picked": [_option(each) for each in picked],
            "found": [_option(each) for each in found if each.member_id not in ids],
            "kind": "radio" if self.managing else "checkbox",
            "action_url": request.path,
            "back_url": self.here("group"),
            **self.points(picked),
        }
        middle = bool(request.htmx) and request.htmx.target == "picking"
        return self.region(self.template, context, "groups", partial="picking" if middle else "dialog", status=status)


def _option(each: Person) -> dict[str, Any]:
    return {
        "id": str(each.member_id),
        "name": each.name,
        "address": each.address if each.name != each.address else "",
        "initials": initials(each.name),
        "hue": hue(each.member_id),
        "is_waiting": each.is_waiting,
    }


class AddPeople(Picking):
    """Names what the picked people gain by it."""

    group_verb = Verb.ADD_TO_GROUP

    def words(self) -> dict[str, str]:
        return {
            "title": _("Add people to %(name)s") % {"name": self.group.name},
            "help": "",
            "submit": _("Add to group"),
            "empty": _("Nobody who is not in the group already matches."),
        }

    def points(self, picked: list[Person]) -> dict[str, list[str]]:
        ids = [each.member_id for each in picked]
        joining = self.place.organization.members.filter(pk__in=ids)
        impacts = impact_of_adding(self.place.organization, self.group.pk, joining) if ids else []
        risks = sorted({risk for each in impacts for risk in _new_risks(each)})
        more = len(risks) - SHOWN_RISKS
        if more > 0:
            risks[SHOWN_RISKS:] = [_("and %(count)s more") % {"count": more}]
        gains = gain_sentences(impacts)
        if gains and any(each.is_waiting for each in picked):
            gains.append(_("Whoever is only invited has it once they accept."))
        return {"gains": gains, "risks": risks}

    def perform(self, picked: list[Person]) -> str:
        outcome = groups.add_to_group(
            actor=self.place.actor,
            organization_id=self.place.organization.pk,
            chosen=Chosen(ids=tuple(each.member_id for each in picked)),
            group_id=self.group.pk,
        )
        if not outcome.changed:
            outcome.insist()
        said = ngettext("Added %(count)s person.", "Added %(count)s people.", outcome.changed)
        return said % {"count": outcome.changed}


def gain_sentences(impacts: Iterable[Impact]) -> list[str]:
    """ "Mia Chen gains Editor in Research." and who has it already."""
    sentences = []
    for impact in impacts:
        place = {"role": impact.role, "workspace": impact.workspace}
        for crowd in impact.changed:
            gain = ngettext(
                "%(who)s gains %(role)s in %(workspace)s.", "%(who)s gain %(role)s in %(workspace)s.", crowd.count
            )
            sentences.append(gain % {**place, "who": who(crowd)})
        for crowd in impact.kept:
            has = ngettext(
                "%(who)s has %(role)s in %(workspace)s already.",
                "%(who)s have %(role)s in %(workspace)s already.",
                crowd.count,
            )
            sentences.append(has % {**place, "who": who(crowd)})
    return sentences


def _new_risks(impact: Impact) -> tuple[str, ...]:
    return impact.high_risk if impact.changed else ()


class NameManager(Picking):
    group_verb = Verb.NAME_MANAGERS
    managing = True

    def words(self) -> dict[str, str]:
        return {
            "title": _("Name a manager of %(name)s") % {"name": self.group.name},
            "help": _("A manager puts people into the group and takes them out, and gains no access by it."),
            "submit": _("Name manager"),
            "empty": _("Nobody who does not manage it already matches."),
        }

    def perform(self, picked: list[Person]) -> str:
        groups.name_manager(
            actor=self.place.actor,
            organization_id=self.place.organization.pk,
            group_id=self.group.pk,
            member_id=picked[0].member_id,
        ).insist()
        return _("%(name)s manages the group now.") % {"name": picked[0].name}


class OnePerson(GroupView, ABC):
    """An act on one person of the group: a dialog that says what it means, then the act."""

    @abstractmethod
    def words(self, member: Member) -> dict[str, str]:
        """title, submit."""

    @abstractmethod
    def proposal(self, member: Member) -> Proposal: ...

    @abstractmethod
    def perform(self, member: Member) -> Outcome: ...

    @abstractmethod
    def said(self, name: str) -> str: ...

    def points(self, member: Member) -> list[str]:
        return []

    def get(self, request: Request, member_id: int) -> HttpResponse:
        member = member_of(self.place, member_id)
        chosen = Chosen.one(member.pk).members(self.place.organization)
        plan = make_plan(self.place.facts, self.place.organization, chosen, self.proposal(member))
        refusal = next((str(reason.sentence) for reason in plan.refused), "")
        context = {
            **self.words(member),
            "person": person(member),
            "refusal": refusal,
            "points": [] if refusal else self.points(member),
            "action_url": request.path,
            "back_url": self.here("group"),
        }
        return self.region("groups/person.html", context, "groups", partial="dialog")

    def post(self, request: Request, member_id: int) -> HttpResponse:
        member = member_of(self.place, member_id)
        self.perform(member).insist()
        return done(request, self.said(str(person(member)["name"])), to=self.here("group"))


class Removal(OnePerson):
    group_verb = Verb.REMOVE_FROM_GROUP

    def words(self, member: Member) -> dict[str, str]:
        names = {"name": person(member)["name"], "group": self.group.name}
        return {"title": _("Remove %(name)s from %(group)s?") % names, "submit": _("Remove from group")}

    def proposal(self, member: Member) -> Proposal:
        return groups.propose_removing(self.place.facts, self.place.organization, self.group.pk)

    def points(self, member: Member) -> list[str]:
        leaving = Chosen.one(member.pk).members(self.place.organization)
        impacts = impact_of_leaving(self.place.organization, self.group.pk, leaving)
        lost = [_lost(each) for each in impacts if each.changed]
        kept = [
            _("%(role)s in %(workspace)s stays, by another way.") % {"role": each.role, "workspace": each.workspace}
            for each in impacts
            if each.kept
        ]
        return [*lost, *kept] or [_("They lose no access by it.")]

    def perform(self, member: Member) -> Outcome:
        return groups.remove_from_group(
            actor=self.place.actor,
            organization_id=self.place.organization.pk,
            chosen=Chosen.one(member.pk),
            group_id=self.group.pk,
        )

    def said(self, name: str) -> str:
        return _("%(name)s is out of the group.") % {"name": name}


def _lost(impact: Impact) -> str:
    words = {"role": impact.role, "workspace": impact.workspace, "left": impact.changed[0].role}
    if words["left"]:
        return _("They lose %(role)s in %(workspace)s; %(left)s remains.") % words
    return _("They lose %(role)s in %(workspace)s; no access remains there.") % words


class DismissManager(OnePerson):
    group_verb = Verb.NAME_MANAGERS

    def words(self, member: Member) -> dict[str, str]:
        names = {"name": person(member)["name"], "group": self.group.name}
        return {"title": _("Take the management of %(group)s from %(name)s?") % names, "submit": _("Dismiss manager")}

    def proposal(self, member: Member) -> Proposal:
        return groups.propose_dismissal(self.place.facts, self.place.organization, self.group.pk)

    def points(self, member: Member) -> list[str]:
        return [
            _("They no longer put people into the group or take them out. Their own access stays as it is."),
            _("Organization admins manage every group."),
        ]

    def perform(self, member: Member) -> Outcome:
        return groups.dismiss_manager(
            actor=self.place.actor,
            organization_id=self.place.organization.pk,
            group_id=self.group.pk,
            member_id=member.pk,
        )

    def said(self, name: str) -> str:
        return _("%(name)s no longer manages the group.") % {"name": name}


class RemovalPreview(GroupView, BulkPreview):
    """Taking many out at once: who goes, who does not and why, and what they lose by it."""

    group_verb = Verb.REMOVE_FROM_GROUP

    def action(self, name: str) -> bulk.BulkAction:
        return bulk.RemoveFromGroup()

    def data(self, form: bulk.BulkForm) -> dict[str, Any]:
        return {"group": self.group.pk}

    def kind(self, action: bulk.BulkAction) -> str:
        return "group.remove"

    def addresses(self, action: bulk.BulkAction) -> dict[str, str]:
        return {
            "preview_url": self.here("group_removal"),
            "action_url": self.here("group_removal_apply"),
            "back_url": self.here("group"),
        }

    def context(self, current: str = "groups", **more: object) -> dict[str, Any]:
        return super().context("groups", **more)

    def matching(self, query: Query) -> MemberQuerySet:
        return matching_members(self.place.organization, replace(query.filters, group_ids=(self.group.pk,)))

    def post(self, request: Request, name: str = "remove") -> HttpResponse:
        return super().post(request, name)

    def outlook(self, action: bulk.BulkAction, form: bulk.BulkForm, selection: Selection) -> dict[str, Any]:
        leaving = Chosen(selection_id=selection.pk).members(self.place.organization)
        impacts = impact_of_leaving(self.place.organization, self.group.pk, leaving)
        return super().outlook(action, form, selection) | {
            "foot": loss_sentence(impacts) or _("Nobody loses access by it.")
        }


class RemovalApply(RemovalPreview, BulkApply):
    """Performs it on the stored selection."""
