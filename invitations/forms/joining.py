"""Shapes of joining by oneself: a domain, the workspaces that go with it, an invite link."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from invitations.asking import Ask
from invitations.forms.inviting import WithPlaces, lifetime
from workspaces.catalogue import BuiltIn
from workspaces.forms.fields import set_choices, several
from workspaces.place import Place
from workspaces.queries.choices import giveable_groups, giveable_places, giveable_roles, lowest_places

LIFETIMES = (1, 3, 7, 14, 30, 90)
DOMAIN_LENGTH = 300  # as typed; a canonical one has at most 253 characters (RFC 1035, 2.3.4)


class AddDomain(forms.Form):
    domain = forms.CharField(
        label=_("Domain"),
        max_length=DOMAIN_LENGTH,
        help_text=_("Exactly as it stands after the @, such as acme.example. Subdomains do not count."),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}),
        error_messages={"required": _("Enter a domain, such as acme.example.")},
    )


class JoinPlaces(forms.Form):
    """The workspaces in which whoever joins gets the lowest role."""

    workspaces = several(_("Workspaces"))

    def __init__(self, place: Place, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, workspaces=lowest_places(place.organization, place.facts))


class LinkForm(WithPlaces):
    """An invite link, and what it gives."""

    name = forms.CharField(
        label=_("Name"),
        strip=False,
        help_text=_("For you and the other admins, such as Summer school 2027. It stands in the history."),
        error_messages={"required": _("Give the link a name.")},
    )
    role = forms.TypedChoiceField(label=_("Organization role"), coerce=int)
    expires = forms.TypedChoiceField(label=_("Expires"), coerce=int, required=False, empty_value=None)
    most_uses = forms.IntegerField(
        label=_("Most uses"),
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text=_("Empty: as many as come."),
    )
    allowed_domain = forms.CharField(
        label=_("Only for addresses at"),
        required=False,
        max_length=DOMAIN_LENGTH,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}),
        help_text=_("A domain, such as acme.example. Empty: any confirmed address."),
    )
    groups = several(_("Groups"))

    def __init__(self, place: Place, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        organization, facts = place.organization, place.facts
        self.offer_places(*giveable_places(organization, facts))
        set_choices(
            self,
            role=giveable_roles(organization, facts),
            groups=giveable_groups(organization, facts),
            expires=[*((days, lifetime(days)) for days in LIFETIMES), ("", _("Never"))],
        )
        self.fields["role"].initial = BuiltIn.MEMBER
        self.fields["expires"].initial = 7

    def ask(self) -> Ask:
        """What a valid form asks for."""
        data = self.cleaned_data
        return Ask(data["role"], data["groups"], self.placements())
