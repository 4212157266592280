"""Forms about roles in a workspace. Ends are days, which they include, in the time zone of whoever enters them."""

from collections.abc import Collection, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from workspaces.catalogue import Scope
from workspaces.forms.fields import NOT_OFFERED, LastDay, set_choices
from workspaces.forms.workspaces import MemberField
from workspaces.models import Organization
from workspaces.queries.role_matrix import areas_of, permissions_at

REASON = 200

type Roles = Sequence[tuple[int, str]]


def _role() -> forms.TypedChoiceField:
    wrong = {**NOT_OFFERED, "required": _("Choose a role.")}
    return forms.TypedChoiceField(label=_("Role"), coerce=int, error_messages=wrong)


def _until() -> LastDay:
    return LastDay(label=_("Until"), help_text=_("The last day. Empty: it does not end."))


def _reason() -> forms.CharField:
    return forms.CharField(label=_("Reason"), required=False, max_length=REASON)


class RoleHere(forms.Form):
    """The role dropdown: one of the roles, or that the access is removed."""

    role = _role()

    def __init__(self, roles: Roles, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        set_choices(self, role=roles)


class Gift(RoleHere):
    """What people and groups that are picked are given."""

    until = _until()
    reason = _reason()

    field_order = ("role", "until", "reason")


class EveryoneRole(forms.Form):
    """A role for everyone. sure: asked for where everyone would come to change things."""

    role = _role()
    until = _until()
    reason = _reason()
    sure = forms.BooleanField(label=_("Yes, everyone may change what is in it"), required=False)

    def __init__(self, roles: Roles, careful: Collection[int], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.careful = set(careful)
        set_choices(self, role=roles)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("role") in self.careful and not data.get("sure"):
            self.add_error("sure", _("Confirm this: it reaches everyone."))
        return data


class EditGrant(RoleHere):
    """extras: offered as far as the editor holds them."""

    extras = forms.MultipleChoiceField(
        label=_("Extra permissions"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Beyond the role, for this one only. You can give what you hold yourself."),
    )
    until = _until()
    reason = _reason()

    def __init__(self, roles: Roles, held: Collection[str], *args: Any, **options: Any) -> None:
        super().__init__(roles, *args, **options)
        known = permissions_at(Scope.WORKSPACE)
        offered = [
            (area.name, [(code, str(known[code].ability)) for code in area.codes if code in held])
            for area in areas_of(Scope.WORKSPACE)
        ]
        set_choices(self, extras=[(name, codes) for name, codes in offered if codes])


class HandOver(forms.Form):
    """Who takes over from the last admin."""

    heir = MemberField(label=_("New admin"), help_text=_("They become admin first, and keep what else they have."))

    def __init__(self, organization: Organization, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["heir"]
        assert isinstance(field, MemberField)
        field.organization = organization


class PeopleFilters(forms.Form):
    """The filter panel of a workspace's people."""

    role = forms.ChoiceField(label=_("Role"), required=False)
    source = forms.ChoiceField(label=_("Through"), required=False)
    state = forms.ChoiceField(label=_("State"), required=False)
