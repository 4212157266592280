"""The form behind a hint of the overview."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class Instead(forms.Form):
    workspace = forms.TypedChoiceField(
        label=_("Workspace"), coerce=int, error_messages={"invalid_choice": _("Choose one of the list.")}
    )

    def __init__(self, choices: Sequence[tuple[int, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["workspace"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = list(choices)
