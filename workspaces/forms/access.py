"""What is asked of access: who takes over where somebody goes, and the questions of the explorer."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from workspaces.catalogue import Permission, Scope
from workspaces.forms.fields import set_choices
from workspaces.forms.workspaces import MemberField
from workspaces.models import Member, Organization, Workspace


class HandOver(forms.Form):
    """One new admin for each workspace that would be left without."""

    def __init__(
        self, organization: Organization, workspaces: Iterable[Workspace], leaving: Member, *args: Any, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.leaving = leaving
        self.workspaces = list(workspaces)
        for workspace in self.workspaces:
            field = MemberField(
                label=_("New admin of %(name)s") % {"name": workspace.name},
                help_text=_("The address of an active member."),
            )
            field.organization = organization
            self.fields[f"heir-{workspace.pk}"] = field

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for name, heir in list(cleaned.items()):
            if heir is not None and heir.pk == self.leaving.pk:
                self.add_error(name, _("Choose somebody else: they are the one who goes."))
        return cleaned

    @property
    def heirs(self) -> dict[int, int]:
        return {workspace.pk: self.cleaned_data[f"heir-{workspace.pk}"].pk for workspace in self.workspaces}


SCOPES = {
    Scope.WORKSPACE: _("in a workspace"),
    Scope.RESOURCE: _("with a resource"),
    Scope.ORGANIZATION: _("in the organization"),
}


def permission_choices(permissions: Mapping[str, Permission]) -> list[tuple[str, list[tuple[str, str]]]]:
    """All permissions by scope and area, as a list to choose from."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for scope, words in SCOPES.items():
        for code, permission in permissions.items():
            if permission.scope == scope:
                ability = str(permission.ability)
                label = f"{permission.area} ({words})"
                groups.setdefault(label, []).append((code, ability[:1].upper() + ability[1:]))
    return list(groups.items())


class Question(forms.Form):
    """Which permission, and where; no place means the organization."""

    permission = forms.ChoiceField(label=_("Permission"))
    workspace = forms.TypedChoiceField(
        label=_("Workspace"),
        coerce=int,
        empty_value=None,
        error_messages={"required": _("Choose the workspace that you mean.")},
    )

    def __init__(
        self,
        permissions: Mapping[str, Permission],
        workspaces: list[tuple[int, str]],
        *args: Any,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.permissions = permissions
        set_choices(
            self,
            permission=[("", _("Choose what")), *permission_choices(permissions)],
            workspace=[("", _("Choose where")), *workspaces],
        )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        permission = self.permissions.get(cleaned.get("permission", ""))
        if permission is not None and permission.scope == Scope.ORGANIZATION:
            self.errors.pop("workspace", None)
            cleaned["workspace"] = None
        return cleaned
