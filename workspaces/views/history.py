"""The history page, and its lines wherever else they stand."""

from collections.abc import Iterable
from datetime import date
from itertools import groupby
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import Q, QuerySet
from django.http import HttpResponse, QueryDict
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from config.http import Request, plain_number, plain_words
from config.ui.people import hue, initials
from workspaces.filters import with_query
from workspaces.history import KINDS, stored_field, stored_place, stored_words
from workspaces.models import Act
from workspaces.policy import Verb
from workspaces.queries.history import PAGE, Line, Names, acts_of, lines_of, matching_acts, names_for
from workspaces.views.base import OrganizationView


class History(OrganizationView):
    """Newest first, by day; narrowed by what a person, group or workspace is called."""

    verb = Verb.VIEW_HISTORY

    def get(self, request: Request) -> HttpResponse:
        before = plain_number(request.GET.get("before"))
        search = plain_words(request.GET.get("q"))
        organization_id = self.place.organization.pk
        acts = acts_of(organization_id, before=before)
        if search:
            acts = acts.filter(matching_acts(organization_id, search))
        lines = history_lines(acts[: PAGE + 1])
        base_url = self.url("history")
        found = QueryDict(mutable=True)
        if search:
            found["q"] = search
        context = {
            "base_url": base_url,
            "search": search,
            "filters": {"chips": [], "active": []},
            "count": "",
            "days": by_day(lines[:PAGE]),
            "pager": {
                "text": _("%(count)s acts") % {"count": len(lines[:PAGE])} if lines else "",
                "first_url": with_query(base_url, found) if before else "",
                "next_url": with_query(base_url, found, before=str(lines[PAGE - 1]["id"])) if len(lines) > PAGE else "",
            },
        }
        return self.region("history/page.html", context, "history", partial="history")


def history_lines(acts: "QuerySet[Act]", only: Q | None = None) -> list[dict[str, Any]]:
    """Acts as the templates draw them (templates/history/act.html). only: of their entries, those that match."""
    lines = lines_of(acts, only)
    names = names_for(lines)
    return [_line(line, names) for line in lines]


def by_day(lines: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {**_day_names(date), "acts": list(acts)}
        for date, acts in groupby(lines, key=lambda line: timezone.localtime(line["at"]).date())
    ]


def _day_names(day: date) -> dict[str, str]:
    """ "Today, Saturday 21 November", "Thursday, 19 November", "12 March 2025, Wednesday"."""
    today = timezone.localdate()
    distance = (today - day).days
    if distance <= 1:
        return {"label": _("Yesterday") if distance else _("Today"), "date": date_format(day, _("l j F"))}
    if distance < 7:
        return {"label": date_format(day, "l"), "date": date_format(day, _("j F"))}
    return {
        "label": date_format(day, _("j F") if day.year == today.year else _("j F Y")),
        "date": date_format(day, "l"),
    }


def _line(line: Line, names: Names) -> dict[str, Any]:
    act, kind = line.act, KINDS[line.act.kind]
    first = line.entries[0] if line.entries else None
    actor = names.users.get(act.actor_id, _("Deleted account")) if act.actor_id else ""
    if not actor and kind.by_subject and first is not None:
        actor = names.thing(kind.subject, first.subject_id)
    same = {(entry.before, entry.after) for entry in line.entries}
    before, after = next(iter(same)) if len(same) == 1 else ("", "")
    behalf = names.users.get(act.on_behalf_of_id, "") if act.on_behalf_of_id else ""
    field = act.payload.get("field")
    return {
        "id": act.pk,
        "icon": kind.icon,
        "tone": kind.tone,
        "initials": initials(actor) if actor else "",
        "hue": hue(act.actor_id or 0),
        "sentence": format_html("<b>{}</b> {}", actor or "Roster", _sentence(line, names)),
        "before": stored_words(kind, before, field),
        "after": stored_words(kind, after, field),
        "note": _note(act, behalf, names.word(act)),
        "source": SOURCES.get(act.source, act.source),
        "at": act.at,
        "time": f"{timezone.localtime(act.at):%H:%M}",
        "changes_label": _("%(count)s changes") % {"count": intcomma(line.count)} if len(line.entries) > 1 else "",
        "changes": [
            {
                "subject": names.thing(kind.subject, entry.subject_id) or _("somebody"),
                "before": stored_words(kind, entry.before, field),
                "after": stored_words(kind, entry.after, field),
            }
            for entry in line.entries
        ]
        if len(line.entries) > 1
        else [],
    }


def _note(act: Act, behalf: str, word: str) -> str:
    """On whose behalf, where an invitation puts people, and what somebody wrote beside it."""
    notes = [_("On behalf of %(name)s") % {"name": behalf}] if behalf else []
    if places := act.payload.get("places"):
        notes.append(_("With %(places)s") % {"places": "; ".join(stored_place(place) for place in places)})
    if word:
        notes.append(_("“%(word)s”") % {"word": word})
    return ". ".join(notes)


SOURCES = {
    "web": lazy("Web"),
    "admin": lazy("Support staff"),
    "command": lazy("Command line"),
    "worker": lazy("Scheduled"),
}


# What several changed things are called together.
COUNTED = {
    "member": lazy("%(count)s people"),
    "group": lazy("%(count)s groups"),
    "workspace": lazy("%(count)s workspaces"),
    "role": lazy("%(count)s roles"),
    "resource": lazy("%(count)s resources"),
}


def _payload_word(key: str, value: object) -> str:
    return stored_field(str(value)) if key == "field" else str(value).replace("_", " ")


def _sentence(line: Line, names: Names) -> SafeString:
    """The kind's sentence with its things in bold; names are escaped."""
    kind = KINDS[line.act.kind]
    changed = len({entry.subject_id for entry in line.entries}) or line.count
    if changed > 1:
        subject = COUNTED.get(kind.subject, COUNTED["member"]) % {"count": intcomma(changed)}
    else:
        subject = names.thing(kind.subject, line.entries[0].subject_id) if line.entries else ""
    scopes = {names.thing(kind.scope, entry.scope_id) for entry in line.entries}
    bold = {
        "subject": format_html("<b>{}</b>", subject or _("somebody")),
        "scope": format_html("<b>{}</b>", ", ".join(sorted(scopes))),
        **{key: format_html("<b>{}</b>", _payload_word(key, value)) for key, value in line.act.payload.items()},
    }
    return format_html(str(kind.sentence), **bold)
