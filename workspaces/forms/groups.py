"""Forms about groups."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.names import clean_name

DESCRIPTION_LENGTH = 500


class NamedGroup(forms.Form):
    """Name and description. is_taken says of a name whether another group has it, however it is written."""

    # No max_length: the browser would cut what was typed; the sentences say how long it may be.
    name = forms.CharField(label=_("Name"), strip=False, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    description = forms.CharField(
        label=_("Description"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("What the group is for. Everybody in the organization can read it."),
    )

    def __init__(self, is_taken: Callable[[str], bool], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_taken = is_taken

    def clean_name(self) -> str:
        name = clean_name(self.cleaned_data["name"])
        if self.is_taken(name):
            raise forms.ValidationError(_("There is a group of this name already. Choose another name."), "name_taken")
        return name

    def clean_description(self) -> str:
        text = " ".join(self.cleaned_data["description"].split())
        if len(text) > DESCRIPTION_LENGTH:
            raise forms.ValidationError(
                _("A description has at most %(limit)s characters; this one has %(given)s."),
                params={"limit": DESCRIPTION_LENGTH, "given": len(text)},
            )
        if any(ord(character) < 32 for character in text):
            raise forms.ValidationError(_("A description is plain text: it cannot hold control characters."))
        return text
