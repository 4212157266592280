"""The member table's query string: read forgivingly, written back exactly. Chips and the URL are the same thing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.http import plain_number, plain_words
from workspaces.forms.fields import set_choices
from workspaces.models import Organization
from workspaces.queries.choices import groups_of, workspaces_of
from workspaces.queries.member_sql import SORTS, STATES, Cursor, Filters
from workspaces.tables import DEFAULT_COLUMNS, MembersTable

STATE_LABELS = {
    "joined": gettext_lazy("Joined"),
    "invited": gettext_lazy("Invited"),
    "expired": gettext_lazy("Expired"),
    "declined": gettext_lazy("Declined"),
    "suspended": gettext_lazy("Suspended"),
}
ACTIVE_CHOICES = {
    "7": gettext_lazy("within 7 days"),
    "30": gettext_lazy("within 30 days"),
    "-30": gettext_lazy("not for 30 days"),
    "-90": gettext_lazy("not for 90 days"),
}
TWO_FACTOR = {"on": gettext_lazy("on"), "off": gettext_lazy("off")}
FILTER_NAMES = ("state", "role", "group", "workspace", "two_factor", "active")


@dataclass(frozen=True, slots=True)
class Query:
    """What the query string asks for; whatever it holds that means nothing is left out."""

    filters: Filters
    sort: str
    descending: bool
    cursor: Cursor | None
    columns: tuple[str, ...]
    active: str = ""

    @classmethod
    def read(cls, given: QueryDict, *, now: datetime | None = None) -> "Query":
        now = now or timezone.now()
        sort = given.get("sort", "name")
        descending = sort.startswith("-")
        active = given.get("active", "")
        active = active if active in ACTIVE_CHOICES else ""
        edge = now - timedelta(days=abs(int(active))) if active else None
        two_factor = given.get("two_factor", "")
        wanted = tuple(name for name in MembersTable.base_columns if name in given.getlist("columns"))
        return cls(
            filters=Filters(
                search=plain_words(given.get("q")),
                states=tuple(state for state in STATES if state in given.getlist("state")),
                role_ids=_ids(given, "role"),
                group_ids=_ids(given, "group"),
                workspace_ids=_ids(given, "workspace"),
                two_factor=two_factor == "on" if two_factor in TWO_FACTOR else None,
                active_after=edge if not active.startswith("-") else None,
                active_before=edge if active.startswith("-") else None,
            ),
            sort=sort.lstrip("-") if sort.lstrip("-") in SORTS else "name",
            descending=descending,
            cursor=Cursor.decode(given.get("page")),
            columns=wanted or DEFAULT_COLUMNS,
            active=active,
        )


def _ids(given: QueryDict, name: str) -> tuple[int, ...]:
    numbers = (plain_number(text) for text in given.getlist(name)[:50])
    return tuple(sorted({number for number in numbers if number is not None}))


class FilterForm(forms.Form):
    """The filter panel. Choices are those of the organization."""

    state = forms.MultipleChoiceField(
        label=gettext_lazy("State"),
        choices=list(STATE_LABELS.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    role = forms.ChoiceField(label=gettext_lazy("Role"), required=False)
    group = forms.ChoiceField(label=gettext_lazy("Group"), required=False)
    workspace = forms.ChoiceField(label=gettext_lazy("Workspace"), required=False)
    two_factor = forms.ChoiceField(label=gettext_lazy("Two-factor"), required=False)
    active = forms.ChoiceField(label=gettext_lazy("Last active"), required=False)

    def __init__(self, organization: Organization, role_choices: list[tuple[int, str]], given: QueryDict) -> None:
        initial = {name: given.get(name, "") for name in FILTER_NAMES if name != "state"}
        super().__init__(initial={**initial, "state": given.getlist("state")}, auto_id="filter_%s")
        anything = ("", _("Any"))
        set_choices(
            self,
            role=[anything, *role_choices],
            group=[anything, *groups_of(organization)],
            workspace=[anything, *workspaces_of(organization)],
            two_factor=[anything, *TWO_FACTOR.items()],
            active=[anything, *ACTIVE_CHOICES.items()],
        )


def chips(query: Query, given: QueryDict, base_url: str, names: dict[str, dict[int, str]]) -> list[dict[str, str]]:
    """The active filters with their values, and the address without each. names: per filter, id -> name."""
    filters = query.filters
    values = {
        "state": (_("State"), [str(STATE_LABELS[state]) for state in filters.states]),
        "role": (_("Role"), [names["role"].get(pk, str(pk)) for pk in filters.role_ids]),
        "group": (_("Group"), [names["group"].get(pk, _("unknown")) for pk in filters.group_ids]),
        "workspace": (_("Workspace"), [names["workspace"].get(pk, _("unknown")) for pk in filters.workspace_ids]),
        "two_factor": (
            _("Two-factor"),
            [] if filters.two_factor is None else [str(TWO_FACTOR["on" if filters.two_factor else "off"])],
        ),
        "active": (_("Last active"), [str(ACTIVE_CHOICES[query.active])] if query.active else []),
    }
    return [
        {"label": label, "value": ", ".join(shown), "remove_url": with_query(base_url, given, **{name: None})}
        for name, (label, shown) in values.items()
        if shown
    ]


def with_query(base_url: str, given: QueryDict, **changes: str | None) -> str:
    """The address with some parameters changed; the page goes back to the first unless it is the change."""
    query = given.copy()
    if "page" not in changes:
        query.pop("page", None)
    for name, value in changes.items():
        query.pop(name, None)
        if value is not None:
            query[name] = value
    encoded = query.urlencode()
    return f"{base_url}?{encoded}" if encoded else base_url


def active_pairs(given: QueryDict) -> list[tuple[str, str]]:
    """The filters as hidden fields, so that a search keeps them."""
    return [(name, value) for name in FILTER_NAMES for value in given.getlist(name) if value]
