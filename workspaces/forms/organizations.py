"""Forms about the organization itself."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.names import clean_name
from workspaces.catalogue import Scheme
from workspaces.forms.fields import set_choices


class _Named(forms.Form):
    # No max_length: the browser would cut what was typed; clean_name says how long it may be.
    name = forms.CharField(label=_("Name"), strip=False, widget=forms.TextInput(attrs={"autocomplete": "organization"}))

    def clean_name(self) -> str:
        return clean_name(self.cleaned_data["name"])


class CreateOrganization(_Named):
    scheme = forms.ChoiceField(
        label=_("Workspace roles"),
        choices=Scheme.choices,
        initial=Scheme.STANDARD,
        widget=forms.RadioSelect,
        help_text=_("Which roles people can have in workspaces."),
    )
    with_default = forms.BooleanField(
        label=_("A “default” workspace where everyone can work at once"), required=False, initial=True
    )
    with_system = forms.BooleanField(
        label=_("A read-only “system” workspace (standard roles only)"), required=False, initial=True
    )


class Settings(_Named):
    invitation_days = forms.IntegerField(
        label=_("Invitations expire after"),
        min_value=1,
        max_value=30,
        help_text=_("Days, 1 to 30. Counts for invitations sent from now on."),
    )
    language = forms.ChoiceField(
        label=_("Language of invitations"),
        choices=settings.LANGUAGES,
        required=False,
        help_text=_("Whoever invites can choose another one."),
    )
    sends_reminders = forms.BooleanField(
        label=_("Remind people of open invitations"),
        required=False,
        help_text=_("On the third day and a day before the end, twice at most."),
    )
    members_see_members = forms.BooleanField(
        label=_("Members see the member list"),
        required=False,
        help_text=_("Otherwise only those who manage members do."),
    )
    workspace_admins_invite = forms.BooleanField(
        label=_("Workspace admins may invite into their workspaces"), required=False
    )
    members_create_workspaces = forms.BooleanField(
        label=_("Members may create workspaces"),
        required=False,
        help_text=_("Whoever creates one is its admin. Guests never may."),
    )
    members_create_groups = forms.BooleanField(
        label=_("Members may make groups"),
        required=False,
        help_text=_("Whoever makes one manages it. Guests never may."),
    )
    members_propose = forms.BooleanField(
        label=_("Members may propose people"),
        required=False,
        help_text=_("Whoever may invite decides. Guests never propose."),
    )
    external_account_id = forms.CharField(
        label=_("External account"),
        required=False,
        max_length=120,
        help_text=_("The account or tenant that host products compare with. Changing it makes its state unchecked."),
    )

    def clean_language(self) -> str:
        """Nothing sent leaves it as it is."""
        given: str = self.cleaned_data["language"] or self.initial["language"]
        return given


class Limits(forms.Form):
    """The operator's knobs of one organization."""

    seats = forms.IntegerField(
        label=_("Seats"),
        required=False,
        min_value=1,
        max_value=10_000_000,
        help_text=_("Members and pending invitations together. Empty: no limit. Too few send nobody away."),
    )
    invitations_per_day = forms.IntegerField(
        label=_("Invitations a day"),
        required=False,
        min_value=0,
        max_value=10_000_000,
        help_text=_("Empty: the installation's limit."),
    )


class DeleteOrganization(forms.Form):
    name = forms.CharField(
        label=_("Type the organization's name to confirm"), widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


class Successor(forms.Form):
    """The next owner, among the active members."""

    successor = forms.TypedChoiceField(label=_("New owner"), coerce=int, help_text=_("Active members, Admins first."))

    def __init__(self, choices: Sequence[tuple[int, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, successor=choices)
