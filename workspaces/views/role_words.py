"""What the pages about roles say in words: what a role can and cannot do, and what a change of it does to whom."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.ui.templatetags.ui import relative
from workspaces.catalogue import FIRST_CUSTOM_ROLE_ID, Code, Permission, Scope, role_label
from workspaces.models import Role
from workspaces.policy import RoleFacts
from workspaces.queries.catalogue import Enforcer
from workspaces.queries.role_effects import Effects
from workspaces.queries.role_matrix import Area, Line, capital, in_words

PLACES_SHOWN = 10
WORDS_SHOWN = 8


def role_words(role: Role, url: str = "") -> dict[str, Any]:
    return {
        "id": role.pk,
        "name": role.label,
        "audience": role_label(role.pk, role.audience),
        "scope": role.scope,
        "is_custom": role.pk >= FIRST_CUSTOM_ROLE_ID,
        "url": url,
    }


# --- the matrix


def matrix(areas: Iterable[Area], roles: Sequence[RoleFacts]) -> list[dict[str, Any]]:
    """Areas with their lines, and for each role a cell."""
    return [
        {
            "name": area.name,
            "count": len(area.codes),
            "sums": [_sum(area, role.permissions) for role in roles],
            "enforcers": [enforcer_words(enforcer) for enforcer in area.enforcers],
            "lines": [
                {**line_words(line, len(area.enforcers) > 1), "cells": [cell(line, role.permissions) for role in roles]}
                for line in area.lines
            ],
        }
        for area in areas
    ]


def _sum(area: Area, held: frozenset[str]) -> dict[str, Any]:
    number, all_of = len(held.intersection(area.codes)), len(area.codes)
    words = _("all") if number == all_of else _("none") if not number else f"{number} / {all_of}"
    return {"words": words, "tone": "all" if number == all_of else "none" if not number else "some"}


def line_words(line: Line, name_product: bool = False) -> dict[str, Any]:
    first = line.permissions[0]
    notes = [str(permission.explanation) for permission in line.permissions if permission.explanation]
    notes.append(_("Enforced by %(product)s.") % {"product": first.enforced_by})
    notes.append(_("In the interface: %(codes)s") % {"codes": ", ".join(each.code for each in line.permissions)})
    return {
        "label": line.label,
        "is_pair": line.is_pair,
        "high_risk": line.high_risk,
        "risk": _risk(line),
        "note": " ".join(notes),
        "explanation": " ".join(notes[:-2]),
        "product": first.enforced_by if name_product else "",
    }


def _risk(line: Line) -> str:
    if not line.high_risk:
        return ""
    risky = [permission for permission in line.permissions if permission.high_risk]
    return _("High risk") if len(risky) == len(line.permissions) else _("High risk to write")


def cell(line: Line, held: frozenset[str]) -> dict[str, str]:
    """An icon and a word, so that nothing hangs on a colour."""
    has = [permission.code in held for permission in line.permissions]
    if not any(has):
        return {"icon": "x", "word": _("No"), "tone": "cannot"}
    if not line.is_pair:
        return {"icon": "check", "word": _("Yes"), "tone": "can"}
    if all(has):
        return {"icon": "pencil", "word": _("Read/Write"), "tone": "can"}
    return {"icon": "eye" if has[0] else "pencil", "word": _("Read") if has[0] else _("Write"), "tone": "can"}


def enforcer_words(enforcer: Enforcer) -> str:
    """Roster answers itself; of other products it is known when they asked last."""
    if enforcer.name == "Roster":
        return _("Enforced by Roster")
    words = {"product": enforcer.name}
    if enforcer.asked_at is None:
        return _("Enforced by %(product)s, which has not asked yet") % words
    return _("Enforced by %(product)s, last asked %(when)s") % {**words, "when": relative(enforcer.asked_at)}


# --- one role


def restrictions(held: Collection[str], scope: str) -> list[dict[str, Any]]:
    """The three that people ask about first: billing, ownership, access."""
    can_pay, can_read = "billing.manage" in held, "billing.view" in held
    billing = _("Manages billing") if can_pay else _("Reads billing, changes nothing") if can_read else _("No billing")
    gives = Code.MEMBERS_ORG_MANAGE in held or Code.MEMBERS_WORKSPACE_MANAGE in held
    where = _("Changes who has access") if scope == Scope.ORGANIZATION else _("Changes who has access to the workspace")
    return [
        {"can": can_pay or can_read, "words": billing},
        {"can": gives, "words": where if gives else _("No changes of who has access")},
        {"can": False, "words": _("No change of ownership: only the owner hands the organization over")},
    ]


def abilities(areas: Iterable[Area], codes: Collection[str]) -> list[dict[str, Any]]:
    """The permissions among the codes in words, by area; areas without any are left out."""
    found = []
    for area in areas:
        words = [_ability(line, codes) for line in area.lines]
        if any(words):
            found.append({"name": area.name, "entries": [each for each in words if each]})
    return found


def _ability(line: Line, codes: Collection[str]) -> dict[str, Any] | None:
    within = in_words(codes, line.permissions)
    if not within:
        return None
    if not line.is_pair:
        text = line.label
    elif len(within) == len(line.permissions):
        text = _("%(thing)s: read and write") % {"thing": line.label}
    else:
        text = capital(str(within[0].ability))
    return {
        "text": text,
        "high_risk": any(permission.high_risk for permission in within),
        "note": line_words(line)["note"],
    }


def changed_words(payload: Mapping[str, Any], known: Sequence[Permission]) -> dict[str, Any]:
    """The permissions that came into a role and went from it, for a line of its history."""
    before, after = (frozenset(payload.get(which, ())) for which in ("before", "after"))
    came, went = in_words(after - before, known), in_words(before - after, known)
    label = _("%(came)s added, %(went)s taken out") % {"came": len(came), "went": len(went)}
    return {
        "changes_label": label if came or went else "",
        "changes": [{"subject": capital(str(each.ability)), "before": "", "after": _("added")} for each in came]
        + [{"subject": capital(str(each.ability)), "before": "", "after": _("taken out")} for each in went],
    }


# --- what a change does


def effects_words(effects: Effects, known: Mapping[str, Permission]) -> dict[str, Any]:
    """Who gains and loses what, high-risk permissions first."""
    return {
        "is_none": effects.is_none,
        "gaining": _gain(effects) if effects.gaining else "",
        "losing": _lose(effects) if effects.losing else "",
        "gained": _named(effects.gained, known),
        "lost": _named(effects.lost, known),
        "opens_all": Code.WORKSPACES_ACCESS_ALL in effects.gained,
        "places": [
            {
                "name": place.name,
                "gaining": intcomma(place.gaining) if place.gaining else "",
                "losing": intcomma(place.losing) if place.losing else "",
            }
            for place in effects.places[:PLACES_SHOWN]
        ],
        "places_more": intcomma(len(effects.places) - PLACES_SHOWN) if len(effects.places) > PLACES_SHOWN else "",
    }


def _gain(effects: Effects) -> str:
    number = effects.gaining
    if effects.at_least:
        words = ngettext("At least %(count)s person gains", "At least %(count)s people gain", number)
    else:
        words = ngettext("%(count)s person gains", "%(count)s people gain", number)
    return words % {"count": intcomma(number)}


def _lose(effects: Effects) -> str:
    number = effects.losing
    if effects.at_least:
        words = ngettext("At least %(count)s person loses", "At least %(count)s people lose", number)
    else:
        words = ngettext("%(count)s person loses", "%(count)s people lose", number)
    return words % {"count": intcomma(number)}


def people(count: int) -> str:
    return ngettext("%(count)s person", "%(count)s people", count) % {"count": intcomma(count)}


def _named(codes: Collection[str], known: Mapping[str, Permission]) -> dict[str, Any]:
    words = [
        {"text": capital(str(permission.ability)), "high_risk": permission.high_risk}
        for permission in in_words(codes, known.values())
    ]
    words.sort(key=lambda word: not word["high_risk"])
    more = words[WORDS_SHOWN:]
    return {"first": words[:WORDS_SHOWN], "more": more, "count": len(more)}
