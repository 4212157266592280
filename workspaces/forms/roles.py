"""Forms about roles and their scheme."""

from collections.abc import Collection, Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.names import clean_name
from workspaces.forms.fields import NOT_OFFERED, set_choices


class RoleForm(forms.Form):
    """A role's name, audience and permissions, of those that the editor holds."""

    name = forms.CharField(label=_("Name"), strip=False, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    audience = forms.CharField(
        label=_("For whom"),
        max_length=200,
        required=False,
        help_text=_("One sentence, shown wherever somebody chooses a role."),
    )
    permissions = forms.MultipleChoiceField(
        label=_("Permissions"),
        error_messages={
            "required": _("Choose at least one permission."),
            "invalid_choice": _("A role can only hold what you hold yourself."),
        },
    )

    def __init__(self, held: Collection[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, permissions=[(code, code) for code in sorted(held)])

    def clean_name(self) -> str:
        return clean_name(self.cleaned_data["name"])

    @property
    def chosen(self) -> frozenset[str]:
        """The permissions that are ticked, valid or not."""
        if not self.is_bound:
            return frozenset(self.initial.get("permissions", ()))
        given = self.data
        return frozenset(given.getlist("permissions")) if isinstance(given, QueryDict) else frozenset()


class Replacement(forms.Form):
    """The role that takes the place of one that is deleted."""

    replacement = forms.TypedChoiceField(
        label=_("Takes its place"), coerce=int, empty_value=None, error_messages=NOT_OFFERED
    )

    def __init__(self, choices: Sequence[tuple[int, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, replacement=[("", _("Choose a role")), *choices])


class SchemeMapping(forms.Form):
    """What becomes of each role of the present scheme: one field for each way in which it is held."""

    def __init__(self, rows: Sequence[tuple[str, str, int]], choices: Sequence[tuple[int, str]], *args: Any) -> None:
        """rows: a field's name, its label, and the role that is proposed."""
        super().__init__(*args)
        for name, label, proposed in rows:
            self.fields[name] = forms.TypedChoiceField(
                label=label, coerce=int, choices=list(choices), initial=proposed, error_messages=NOT_OFFERED
            )
