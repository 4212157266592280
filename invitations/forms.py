"""Shapes of an ask and of an edit. Choices come from what the person may give (workspaces.bulk)."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from config.ui.people import hue, initials
from invitations.asking import Ask
from workspaces.access import Place
from workspaces.catalogue import BuiltIn
from workspaces.queries.choices import giveable_groups, giveable_places, giveable_roles

MESSAGE_LENGTH = 1000
LIFETIMES = (1, 3, 7, 14, 30)
LIST_LENGTH = 2_000_000  # characters: 10,000 addresses with names, with room


class InviteForm(forms.Form):
    """One list of addresses, and what goes with each of them. Workspaces come as one select each: workspace_<id>."""

    addresses = forms.CharField(
        label=_("Addresses"),
        strip=False,
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": _("Enter at least one address.")},
    )
    role = forms.TypedChoiceField(label=_("Organization role"), coerce=int)
    expires = forms.TypedChoiceField(label=_("Expires"), coerce=int)
    groups = forms.TypedMultipleChoiceField(
        label=_("Groups"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    message = forms.CharField(
        label=_("Message"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Stands in the mail and on the page they see."),
    )

    def __init__(self, place: Place, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.workspaces, workspace_roles = giveable_places(place.organization, place.facts)
        days = place.organization.invitation_days
        _choose(self, "role", giveable_roles(place.organization, place.facts))
        _choose(self, "groups", giveable_groups(place.organization, place.facts))
        _choose(self, "expires", [(n, _lifetime(n)) for n in sorted({*LIFETIMES, days})])
        self.fields["role"].initial = BuiltIn.MEMBER
        self.fields["role"].help_text = _("Works only where placed.")
        self.fields["expires"].initial = days
        self.fields["expires"].help_text = _("The link stops working then.")
        for pk, _name in self.workspaces:
            field = forms.TypedChoiceField(coerce=int, required=False, empty_value=None)
            field.choices = [("", _("No role")), *workspace_roles]
            self.fields[f"workspace_{pk}"] = field

    def clean_addresses(self) -> str:
        text: str = self.cleaned_data["addresses"]
        if not text.strip(" \t\r\n,;"):
            raise forms.ValidationError(self.fields["addresses"].error_messages["required"], code="required")
        if len(text) > LIST_LENGTH:
            raise forms.ValidationError(_("This list is too long. Invite at most 10,000 addresses at once."))
        return text

    def clean_message(self) -> str:
        text: str = self.cleaned_data["message"].replace("\r\n", "\n").strip()
        if len(text) > MESSAGE_LENGTH:
            raise forms.ValidationError(
                _("A message has at most %(limit)s characters; this one has %(given)s."),
                params={"limit": MESSAGE_LENGTH, "given": len(text)},
            )
        if any(ord(character) < 32 and character != "\n" for character in text):
            raise forms.ValidationError(_("A message is plain text: it cannot hold control characters."))
        return text

    def ask(self) -> Ask:
        """What a valid form asks for."""
        data = self.cleaned_data
        return Ask(
            role_id=data["role"],
            group_ids=data["groups"],
            placements={pk: data[f"workspace_{pk}"] for pk, _name in self.workspaces if data.get(f"workspace_{pk}")},
            message=data["message"],
            days=data["expires"],
        )

    def workspace_fields(self) -> list[dict[str, Any]]:
        return [
            {"name": name, "initial": initials(name)[:1], "hue": hue(pk), "field": self[f"workspace_{pk}"], "note": ""}
            for pk, name in self.workspaces
        ]


class EditMemberForm(forms.Form):
    """The organization role, and of somebody waiting the address."""

    address = forms.CharField(
        label=_("Address"), strip=True, help_text=_("A correction sends a new link; the former one ends.")
    )
    role = forms.TypedChoiceField(label=_("Organization role"), coerce=int)

    def __init__(self, roles: Sequence[tuple[int, str]], *args: Any, waiting: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choose(self, "role", roles)
        if not waiting:
            del self.fields["address"]


def _choose(form: forms.Form, name: str, choices: Sequence[tuple[int, Any]]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = list(choices)


def _lifetime(days: int) -> str:
    return ngettext("In %(days)s day", "In %(days)s days", days) % {"days": days}
