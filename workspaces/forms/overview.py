"""The form behind a hint of the overview."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from workspaces.forms.fields import choice, set_choices


class Instead(forms.Form):
    workspace = choice(_("Workspace"))

    def __init__(self, choices: Sequence[tuple[int, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, workspace=choices)
