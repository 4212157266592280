"""Forms about workspaces. People are named by their address: it stays exact in an organization of any size."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.addresses import AddressError, canonical
from accounts.names import clean_name
from workspaces.forms.fields import choice
from workspaces.models import Member, Organization, Workspace
from workspaces.queries.workspaces import possible_admin

DESCRIPTION_LENGTH = 500


class MemberField(forms.CharField):
    """The address of an active member, guests aside; cleaned to the member, or None where nothing was entered. The page
    suggests addresses in a datalist of the id `people`.
    """

    organization: Organization

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(
            attrs={"list": "people", "autocomplete": "off", "spellcheck": "false", "inputmode": "email"}
        )
        super().__init__(widget=widget, **options)

    def clean(self, value: object) -> Member | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            member = possible_admin(self.organization, canonical(text))
        except AddressError:
            member = None
        if member is None:
            raise forms.ValidationError(_("No active member has this address."), code="unknown")
        return member


class _AboutPeople(forms.Form):
    """A form with a MemberField `admin`."""

    def __init__(self, organization: Organization, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields.get("admin")
        if isinstance(field, MemberField):
            field.organization = organization


class AboutWorkspace(forms.Form):
    # No max_length: the browser would cut what was typed; clean_name says how long it may be.
    name = forms.CharField(label=_("Name"), strip=False, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    description = forms.CharField(
        label=_("Description"), required=False, max_length=DESCRIPTION_LENGTH, widget=forms.Textarea(attrs={"rows": 2})
    )
    label = forms.ChoiceField(
        label=_("Label"),
        choices=Workspace.Label.choices,
        initial=Workspace.Label.TEAM,
        help_text=_("What the workspace is for. It changes no rights."),
    )
    is_open = forms.BooleanField(
        label=_("Open to members"),
        required=False,
        help_text=_("Members, guests aside, may join by themselves, with the lowest role."),
    )

    def clean_name(self) -> str:
        return clean_name(self.cleaned_data["name"])


class WorkspaceSettings(AboutWorkspace):
    """Its view fills the list: the lowest role, the present one, and what the person could give to everyone."""

    joining_role = choice(
        _("Role of those who join by themselves"),
        required=False,
        empty_value=None,
        help_text=_("Where it is open. None that manages members, nor one that holds more than you do here."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["is_open"].help_text = _("Members, guests aside, may join by themselves.")


class CreateWorkspace(AboutWorkspace, _AboutPeople):
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=[
            (Workspace.Kind.SHARED, _("Shared: for a team")),
            (Workspace.Kind.PERSONAL, _("Personal: for one person")),
        ],
        initial=Workspace.Kind.SHARED,
        widget=forms.RadioSelect,
    )
    admin = MemberField(label=_("First admin"), required=False)

    field_order = ("name", "description", "label", "kind", "is_open", "admin")

    def __init__(self, organization: Organization, *args: Any, names_admin: bool, **options: Any) -> None:
        super().__init__(organization, *args, **options)
        if names_admin:
            self.fields["admin"].help_text = _("Their address, or nothing: then it is you. A personal one is theirs.")
        else:
            del self.fields["admin"]


class DeleteWorkspace(forms.Form):
    """Its ids are its own: it stands over the page of the settings, which has a name too."""

    name = forms.CharField(
        label=_("Type the workspace's name to confirm"), widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, auto_id="id_delete_%s")


class RestoreWorkspace(_AboutPeople):
    admin = MemberField(
        label=_("Admin"), required=False, help_text=_("Nobody is left who runs it. Name an admin, or it is you.")
    )


class LeaveWorkspace(_AboutPeople):
    admin = MemberField(
        label=_("New admin"), help_text=_("They become admin before you go, and keep what else they have.")
    )
