"""Forms about one member."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class RoleOfMember(forms.Form):
    role = forms.TypedChoiceField(label=_("Organization role"), coerce=int)

    def __init__(self, choices: Sequence[tuple[int, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["role"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = list(choices)
