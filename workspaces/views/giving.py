"""Giving roles in a workspace: quick add (role first, then people and groups), and the role of everyone."""

from collections.abc import Iterable
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from accounts.addresses import AddressError, Pasted, canonical, split
from config.http import Request, done, plain_number, plain_words
from config.ui.people import hue, initials
from workspaces.actions import grants
from workspaces.catalogue import Code, scheme_roles
from workspaces.forms.grants import EveryoneRole, Gift
from workspaces.policy import Verb
from workspaces.queries.catalogue import permissions
from workspaces.queries.effective import Radius, blast_radius
from workspaces.queries.grants import (
    Candidate,
    candidates,
    everyone_count,
    everyone_grants,
    members_of_groups,
    picked,
)
from workspaces.queries.people import members_at
from workspaces.queries.roles import Roles, all_roles
from workspaces.registry import Asked
from workspaces.selections import Chosen
from workspaces.views.paging import capped
from workspaces.views.workspace_people import PeopleView

MOST_PICKED = 100
"""People and groups given a role by one dialog; larger sets come from the members table."""


class GivingView(PeopleView):
    workspace_verb = Verb.ADD_TO_WORKSPACE

    def risks(self, codes: Iterable[str]) -> list[str]:
        """What deserves a second look among the permissions."""
        held = set(codes)
        return [str(each.ability) for code, each in permissions().items() if each.high_risk and code in held]


class QuickAdd(GivingView):
    """Typing and ticking draw the middle of the dialog anew. An address that nobody here has becomes an invitation."""

    def get(self, request: Request) -> HttpResponse:
        data = request.GET if "role" in request.GET else None
        roles = all_roles(self.place.organization)
        return self.draw(request, request.GET, Gift(self.giveable(roles), initial=self.initial(data, roles)))

    def initial(self, data: QueryDict | None, roles: Roles) -> dict[str, Any]:
        """What was entered before the search, or the everyday role."""
        if data is not None:
            return {name: data.get(name, "") for name in ("role", "until", "reason")}
        choices = self.giveable(roles)
        everyday = scheme_roles(self.place.organization.scheme)[-2].id
        return {"role": everyday if everyday in dict(choices) else choices[0][0] if choices else None}

    def post(self, request: Request) -> HttpResponse:
        form = Gift(self.giveable(all_roles(self.place.organization)), request.POST)
        chosen = picked(self.place.organization, request.POST.getlist("pick")[:MOST_PICKED])
        known, unknown, wrong = self.addressed(request.POST.get("q", ""))
        # What was searched for may still stand in the box; an address there is meant.
        if wrong and not (chosen and "@" not in request.POST.get("q", "")):
            return self.draw(request, request.POST, form, error=wrong, status=422)
        if not form.is_valid():
            return self.draw(request, request.POST, form, status=422)
        people = [each.id for each in chosen if not each.is_group] + known
        given = self.give(form.cleaned_data, people, [each.id for each in chosen if each.is_group])
        asked = self.ask(form.cleaned_data, unknown) if unknown else []
        bad = next((each for each in asked if not each.is_good), None)
        if bad is not None and not given:
            return self.draw(request, request.POST, form, error=f"{bad.text}: {bad.sentence}", status=422)
        return done(request, self.said(given, asked), to=self.here("workspace_members"))

    def addressed(self, text: str) -> tuple[list[int], list[str], str]:
        """What stands in the search box when it is sent: members by their address, addresses that nobody here has,
        and a sentence where it is neither.
        """
        entries = split(text.replace("\x00", "")[:5000])
        if not entries:
            return [], [], _("Search and tick somebody first, or type an address.")
        addresses, wrong = self._canonical(entries)
        if wrong:
            return [], [], wrong
        here = members_at(self.place.organization, addresses)
        unknown = [address for address in addresses if address not in here]
        if unknown and not self.decide(Verb.INVITE):
            sentence = _("Nobody here has the address %(address)s, and you cannot invite people.")
            return [], [], sentence % {"address": unknown[0]}
        return list(here.values()), unknown, ""

    def _canonical(self, entries: list[Pasted]) -> tuple[list[str], str]:
        addresses = []
        for entry in entries[:MOST_PICKED]:
            try:
                addresses.append(canonical(entry.text))
            except AddressError:
                sentence = _("“%(text)s” is nobody that is ticked, and no address. Tick somebody from the list.")
                return [], sentence % {"text": entry.text[:80]}
        return addresses, ""

    def give(self, data: dict[str, Any], people: list[int], groups: list[int]) -> int:
        """How many were given it. Raises the refusal where it was nobody."""
        if not people and not groups:
            return 0
        outcome = grants.give_role(
            **self.about(),
            role_id=data["role"],
            chosen=Chosen(ids=tuple(people)) if people else None,
            group_ids=groups,
            ends_at=data["until"],
            reason=data["reason"],
        )
        if not outcome.changed and outcome.refused:
            reason = next(iter(outcome.refused))
            raise reason.refusal()
        return outcome.changed

    def ask(self, data: dict[str, Any], addresses: list[str]) -> list[Asked]:
        return grants.ask_into_workspace(
            **self.about(),
            role_id=data["role"],
            addresses=addresses,
            ends_at=data["until"],
            reason=data["reason"],
        )

    def said(self, given: int, asked: list[Asked]) -> str:
        sentences = []
        if given:
            text = ngettext("Added %(count)s person or group.", "Added %(count)s people and groups.", given)
            sentences.append(text % {"count": given})
        good = [each for each in asked if each.is_good]
        if good:
            text = ngettext("%(count)s invitation is queued.", "%(count)s invitations are queued.", len(good))
            sentences.append(text % {"count": len(good)})
        sentences += [f"{each.text}: {each.sentence}" for each in asked if not each.is_good]
        return " ".join(sentences)

    def draw(
        self, request: Request, given: QueryDict, form: Gift, *, error: str = "", status: int = 200
    ) -> HttpResponse:
        search = plain_words(given.get("q"))
        chosen = picked(self.place.organization, given.getlist("pick")[:MOST_PICKED])
        keys = {each.key for each in chosen}
        found = [each for each in candidates(self.place.organization, search) if each.key not in keys]
        may_invite = bool(self.decide(Verb.INVITE))
        context = {
            "title": _("Add people to %(name)s") % {"name": self.inside.workspace.name},
            "form": form,
            "search": search,
            "error": error,
            "picked": [_option(each) for each in chosen],
            "found": [_option(each) for each in found],
            "invites": may_invite and not found and _is_address(search),
            "may_invite": may_invite,
            "reach": self.reach(chosen, form),
            "action_url": request.path,
            "back_url": self.here("workspace_members"),
        }
        partial = "picking" if request.htmx and request.htmx.target == "picking" else "dialog"
        return self.region("grants/add.html", context, "workspace_members", partial=partial, status=status)

    def reach(self, chosen: list[Candidate], form: Gift) -> dict[str, Any]:
        """How many people the groups bring, who of all that are ticked gains how much, and what of it deserves a second
        look.
        """
        groups = [each.id for each in chosen if each.is_group]
        if not groups:
            return {}
        count = members_of_groups(self.place.organization, groups)
        text = ngettext(
            "The groups bring %(count)s person, now and whoever joins them later.",
            "The groups bring %(count)s people, now and whoever joins them later.",
            count,
        )
        number = capped(count)
        role_id, roles = plain_number(str(form["role"].value())) or 0, all_roles(self.place.organization)
        role = roles.workspace.get(role_id)
        if role is None:
            return {"sentence": text % {"count": number}, "risks": []}
        radius = blast_radius(
            self.place.organization,
            self.inside.workspace.pk,
            role.permissions,
            member_ids=[each.id for each in chosen if not each.is_group],
            group_ids=groups,
        )
        gained = self.gained(radius, len(role.permissions), roles.names[role_id])
        return {"sentence": f"{text % {'count': number}} {gained}", "risks": radius.high_risk}

    def gained(self, radius: Radius, permissions: int, role: str) -> str:
        """In the words that everyone's dialog has."""
        if not radius.gaining:
            return _("Nobody gains anything new by it.")
        text = ngettext(
            "%(count)s person gets up to %(gained)s further permissions as %(role)s.",
            "%(count)s people get up to %(gained)s further permissions as %(role)s.",
            radius.gaining,
        )
        return text % {"count": intcomma(radius.gaining), "gained": permissions, "role": role}


def _is_address(text: str) -> bool:
    try:
        return bool(canonical(text))
    except AddressError:
        return False


def _option(each: Candidate) -> dict[str, Any]:
    return {
        "key": each.key,
        "name": each.name,
        "line": each.line,
        "initials": initials(each.name),
        "hue": hue(each.id),
        "is_group": each.is_group,
        "is_waiting": each.is_waiting,
    }


PRESETS = (
    # Title, what for, and which of the scheme's roles in rising order.
    (lazy("Shared data sets"), lazy("Everyone finds and reads them; the owners keep them."), 0),
    (lazy("Published models"), lazy("Everyone looks them up and uses them as they are."), 0),
    (lazy("Team space"), lazy("Everyone works in it, as in a common room."), -2),
)


class EveryoneHere(GivingView):
    """The role of everyone: what for, whom it reaches, what comes along; asked twice where they change things."""

    def get(self, request: Request) -> HttpResponse:
        present = everyone_grants(self.inside.workspace)
        roles = self.offered()
        wanted = plain_number(request.GET.get("role")) or 0
        lowest = scheme_roles(self.place.organization.scheme)[0].id
        initial: dict[str, Any] = {"role": lowest if lowest in dict(roles) else roles[0][0] if roles else None}
        if present:
            initial = {"role": present[-1].role_id, "until": present[-1].ends_at, "reason": present[-1].reason}
        if wanted in dict(roles):
            initial["role"] = wanted
        return self.draw(request, EveryoneRole(roles, self.careful(), initial=initial))

    def post(self, request: Request) -> HttpResponse:
        form = EveryoneRole(self.offered(), self.careful(), request.POST)
        if "preview" in request.POST:
            return self.draw(request, EveryoneRole(self.offered(), self.careful(), initial=request.POST.dict()))
        if not form.is_valid():
            return self.draw(request, form, status=422)
        data = form.cleaned_data
        present = everyone_grants(self.inside.workspace)
        if present:
            outcome = grants.change_grants(
                **self.about(),
                grant_ids=[present[-1].pk],
                role_id=data["role"],
                ends_at=data["until"],
                reason=data["reason"],
            )
        else:
            outcome = grants.give_role(
                **self.about(), role_id=data["role"], everyone=True, ends_at=data["until"], reason=data["reason"]
            )
        outcome.insist()
        role = dict(self.offered())[data["role"]]
        return done(request, _("Everyone is now %(role)s.") % {"role": role}, to=self.here("workspace_members"))

    def offered(self) -> list[tuple[int, str]]:
        """Roles that everyone may have: never those that manage members (P24)."""
        roles = all_roles(self.place.organization)
        manage = Code.MEMBERS_WORKSPACE_MANAGE
        return [(pk, name) for pk, name in self.giveable(roles) if manage not in roles.workspace[pk].permissions]

    def careful(self) -> set[int]:
        """Roles by which everyone comes to change things: all that hold more than the scheme's lowest role."""
        roles = all_roles(self.place.organization)
        lowest = roles.workspace[scheme_roles(self.place.organization.scheme)[0].id].permissions
        return {pk for pk, role in roles.workspace.items() if not role.permissions <= lowest}

    def draw(self, request: Request, form: EveryoneRole, *, status: int = 200) -> HttpResponse:
        role_id = plain_number(str(form["role"].value())) or 0
        roles = all_roles(self.place.organization)
        role = roles.workspace.get(role_id)
        present = everyone_grants(self.inside.workspace)
        before: frozenset[str] = frozenset().union(
            *(roles.workspace[grant.role_id].permissions for grant in present if grant.role_id in roles.workspace)
        )
        gained = role.permissions - before if role is not None else frozenset()
        context = {
            "title": _("Everyone in %(name)s") % {"name": self.inside.workspace.name},
            "form": form,
            "presets": self.presets(request),
            "reach": self.reach(len(gained), roles.names.get(role_id, "")),
            "risks": self.risks(gained),
            "is_careful": role_id in self.careful(),
            "remove_url": self.here("grant_remove", present[-1].pk) if present else "",
            "action_url": request.path,
            "back_url": self.here("workspace_members"),
        }
        return self.region("grants/everyone.html", context, "workspace_members", partial="dialog", status=status)

    def presets(self, request: Request) -> list[dict[str, Any]]:
        rising = scheme_roles(self.place.organization.scheme)
        offered = dict(self.offered())
        return [
            {
                "title": title,
                "text": text,
                "role": offered[rising[at].id],
                "url": f"{request.path}?role={rising[at].id}",
            }
            for title, text, at in PRESETS
            if rising[at].id in offered
        ]

    def reach(self, gained: int, role: str) -> str:
        count = everyone_count(self.place.organization)
        words = {"count": capped(count), "role": role, "gained": gained}
        if not gained:
            text = ngettext("It reaches %(count)s person.", "It reaches %(count)s people.", count)
            return f"{text % words} {_('Nobody gains anything new by it.')}"
        text = ngettext(
            "%(count)s person gets up to %(gained)s further permissions as %(role)s.",
            "%(count)s people get up to %(gained)s further permissions as %(role)s.",
            count,
        )
        return f"{text % words} {_('Guests do not; newcomers do, from their first day.')}"
