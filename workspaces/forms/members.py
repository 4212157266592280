"""Forms about one member."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from workspaces.forms.fields import set_choices
from workspaces.forms.resources import PersonField, found_member
from workspaces.models import Member, Organization


class RoleOfMember(forms.Form):
    role = forms.TypedChoiceField(label=_("Organization role"), coerce=int)

    def __init__(self, choices: Sequence[tuple[int, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, role=choices)


class SuccessorField(PersonField):
    """A member who answers for the open invitations of people who leave; may be left empty."""

    def __init__(self, **options: Any) -> None:
        label = _("Hand open invitations over to")
        help_text = _("Their address. What their rights do not cover is revoked.")
        super().__init__(label=label, help_text=help_text, required=False, **options)


class SuccessorForm(forms.Form):
    """Beside it the dialog carries "counted": what it said of how many go and how many end."""

    successor = SuccessorField()

    def __init__(self, organization: Organization, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organization = organization

    def clean_successor(self) -> int | None:
        return found_member(self.organization, self.cleaned_data["successor"])


class IntoForm(forms.Form):
    """Into whom a member is merged."""

    into = PersonField(label=_("Into whom"), help_text=_("The address of the member who stays."))

    def __init__(self, organization: Organization, member: Member, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organization, self.member = organization, member

    def clean_into(self) -> int | None:
        member_id = found_member(self.organization, self.cleaned_data["into"])
        if member_id == self.member.pk:
            raise forms.ValidationError(_("This is the same member. Name another one."))
        return member_id
