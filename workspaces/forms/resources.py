"""Forms about who may reach a resource, and about default drives."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.addresses import AddressError, canonical
from workspaces.forms.fields import set_choices
from workspaces.models import Collaborator, Organization, Resource
from workspaces.queries.people import members_at

type People = Sequence[tuple[str, str]]
"""Addresses and names to choose from."""


class PersonField(forms.CharField):
    """An address; browsers offer those of the <datalist id="people"> beside the form."""

    widget = forms.TextInput(attrs={"list": "people", "autocomplete": "off", "spellcheck": "false"})

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        try:
            return canonical(text) if text else ""
        except AddressError as error:
            raise forms.ValidationError(str(error)) from error


def found_member(organization: Organization, address: str) -> int | None:
    """The id of the member who has the canonical address; None where nobody was named. Raises ValidationError where
    nobody has it.
    """
    if not address:
        return None
    member_id = members_at(organization, [address]).get(address)
    if member_id is None:
        raise forms.ValidationError(_("Nobody here has this address."))
    return member_id


class AccessOfResource(forms.Form):
    access = forms.ChoiceField(label=_("Who may reach it"), widget=forms.RadioSelect)

    def __init__(self, choices: Sequence[tuple[str, object]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, access=choices)


class ShareResource(forms.Form):
    address = PersonField(
        label=_("Address"),
        help_text=_("Somebody who is not here yet becomes a guest by invitation, and reaches this only."),
    )
    level = forms.ChoiceField(
        label=_("What they can do"),
        choices=Collaborator.Level.choices,
        initial=Collaborator.Level.VIEW,
        widget=forms.RadioSelect,
    )


class HeirForm(forms.Form):
    """Who is to own something: somebody of the organization."""

    heir = PersonField(label=_("New owner"))

    def __init__(self, organization: Organization, *args: Any, required: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organization = organization
        self.fields["heir"].required = required

    def clean_heir(self) -> int | None:
        return found_member(self.organization, self.cleaned_data["heir"])


class ChooseDrive(forms.Form):
    drive = forms.TypedChoiceField(label=_("Default drive"), coerce=int, required=False, empty_value=None)

    def __init__(self, drives: Sequence[tuple[int, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, drive=[("", _("None")), *drives])


ACCESS_HELP = {
    Resource.Access.FULL: _("Everybody in the workspace, each by their role there."),
    Resource.Access.VIEW: _(
        "Everybody in the workspace can view it. The owner, collaborators who edit, and admins keep their rights."
    ),
    Resource.Access.PRIVATE: _("The owner and collaborators only. Admins see its kind and its owner."),
}
