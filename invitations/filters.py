"""The query string of the Invitations list: read forgivingly, written back exactly."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.http import plain_words
from invitations.policy import State
from invitations.queries.stories import DELIVERY, Cursor, Filters
from workspaces.filters import with_query
from workspaces.forms.fields import set_choices

STATE_LABELS = {
    State.PENDING: gettext_lazy("Pending"),
    State.ACCEPTED: gettext_lazy("Accepted"),
    State.DECLINED: gettext_lazy("Declined"),
    State.EXPIRED: gettext_lazy("Expired"),
    State.REVOKED: gettext_lazy("Revoked"),
}
DELIVERY_LABELS = {
    "waiting": gettext_lazy("not sent yet"),
    "sent": gettext_lazy("sent"),
    "failing": gettext_lazy("refused, bounced or unsure"),
}
MINE = "me"
FILTER_NAMES = ("state", "mail", "by")


@dataclass(frozen=True, slots=True)
class InvitationQuery:
    """What the query string asks for; whatever it holds that means nothing is left out."""

    filters: Filters
    cursor: Cursor | None
    is_mine: bool

    @classmethod
    def read(cls, given: QueryDict, *, user_id: int | None, only_own: bool) -> "InvitationQuery":
        """only_own: the person may see no others'."""
        is_mine = given.get("by") == MINE
        delivery = given.get("mail", "")
        return cls(
            Filters(
                search=plain_words(given.get("q")),
                states=tuple(state for state in State if state.value in given.getlist("state")),
                delivery=delivery if delivery in DELIVERY else "",
                inviter_id=user_id if is_mine or only_own else None,
            ),
            Cursor.decode(given.get("page")),
            is_mine,
        )

    @property
    def is_narrowed(self) -> bool:
        return bool(self.filters.search or self.filters.states or self.filters.delivery or self.is_mine)


class InvitationFilterForm(forms.Form):
    state = forms.MultipleChoiceField(
        label=gettext_lazy("State"),
        choices=[(state.value, label) for state, label in STATE_LABELS.items()],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    mail = forms.ChoiceField(label=gettext_lazy("Mail"), required=False)
    by = forms.ChoiceField(label=gettext_lazy("Asked by"), required=False)

    def __init__(self, given: QueryDict, **kwargs: Any) -> None:
        initial = {"state": given.getlist("state"), "mail": given.get("mail", ""), "by": given.get("by", "")}
        super().__init__(initial=initial, auto_id="filter_%s", **kwargs)
        anything = ("", _("Any"))
        set_choices(self, mail=[anything, *DELIVERY_LABELS.items()], by=[anything, (MINE, _("Me"))])


def chips(query: InvitationQuery, given: QueryDict, base_url: str) -> list[dict[str, str]]:
    """The active filters with their values, and the address without each."""
    filters = query.filters
    values = {
        "state": (_("State"), ", ".join(str(STATE_LABELS[state]) for state in filters.states)),
        "mail": (_("Mail"), str(DELIVERY_LABELS[filters.delivery]) if filters.delivery else ""),
        "by": (_("Asked by"), _("Me") if query.is_mine else ""),
    }
    return [
        {"label": label, "value": value, "remove_url": with_query(base_url, given, **{name: None})}
        for name, (label, value) in values.items()
        if value
    ]


def active_pairs(given: QueryDict) -> list[tuple[str, str]]:
    """The filters as hidden fields, so that a search keeps them."""
    return [(name, value) for name in FILTER_NAMES for value in given.getlist(name) if value]
