"""Bulk actions as objects: bar, preview and dispatch are drawn from the registry. They work on a stored Selection.

A new one: write a set-based function in `actions`, describe it by a subclass here (or in your app), and `register` it.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.names import clean_name
from workspaces.access import Place
from workspaces.actions import grants, groups, members
from workspaces.catalogue import Code, Scope
from workspaces.forms.fields import choice
from workspaces.models import Group, Member
from workspaces.plans import Outcome, Proposal
from workspaces.policy import Verb, decide
from workspaces.queries.choices import (
    giveable_groups,
    giveable_places,
    giveable_roles,
    groups_of,
    manages_some_group,
    manages_some_workspace,
    role_name,
    workspaces_of,
)
from workspaces.queries.facts import roles_of
from workspaces.queries.groups import is_taken
from workspaces.selections import Chosen

if TYPE_CHECKING:
    pass


class BulkForm(forms.Form):
    """What an action asks for beside the people. Choices are limited to what the person may give."""

    def __init__(self, place: Place, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in self.choices(place).items():
            field = self.fields[name]
            assert isinstance(field, forms.TypedChoiceField)
            field.choices = choices

    def choices(self, place: Place) -> Mapping[str, Sequence[tuple[int | str, str]]]:
        return {}


class BulkAction(ABC):
    """One action: what it is called, whether it is offered, what it proposes, and which write performs it."""

    name: ClassVar[str]
    order: ClassVar[int]
    verb: ClassVar[Verb]
    label: ClassVar[Promise]
    icon: ClassVar[str]
    button: ClassVar[Promise]
    done: ClassVar[Promise]
    foot: ClassVar[Promise | str] = ""
    title: ClassVar[Promise | str] = "%(label)s"  # may name the label and what `after` says
    danger: ClassVar[bool] = False
    form: ClassVar[type[BulkForm]] = BulkForm

    def is_offered(self, place: Place) -> bool:
        """Is the button worth drawing? Whether it may be done to each person is the plan's to say."""
        return bool(decide(place.facts, self.verb))

    @abstractmethod
    def propose(self, place: Place, data: Mapping[str, Any]) -> Proposal: ...

    @abstractmethod
    def perform(self, place: Place, chosen: Chosen, data: Mapping[str, Any]) -> Outcome: ...

    def before(self, member: Member) -> str:
        """A person's present value, as the preview shows it; member comes with role selected."""
        return ""

    def after(self, place: Place, data: Mapping[str, Any]) -> str:
        """The new value of all of them, for the preview."""
        return ""


REGISTRY: dict[str, BulkAction] = {}


def register(action: BulkAction) -> None:
    REGISTRY[action.name] = action


def offered(place: Place) -> list[BulkAction]:
    """Those worth drawing, in the order of the bar."""
    actions = sorted(REGISTRY.values(), key=lambda action: action.order)
    return [action for action in actions if action.is_offered(place)]


class RoleForm(BulkForm):
    role = choice(_("New role"))

    def choices(self, place: Place) -> Mapping[str, Sequence[tuple[int | str, str]]]:
        return {"role": giveable_roles(place.organization, place.facts)}


class UpdateRole(BulkAction):
    order = 1
    name, verb, icon, form = "role", Verb.UPDATE_ROLE, "key", RoleForm
    label, button, done = _("Update role"), _("Update role of"), _("Role updated")
    title = _("Update role to %(after)s")

    def propose(self, place: Place, data: Mapping[str, Any]) -> Proposal:
        return members.propose_role(roles_of(place.organization, Scope.ORGANIZATION)[data["role"]])

    def perform(self, place: Place, chosen: Chosen, data: Mapping[str, Any]) -> Outcome:
        return members.update_roles(
            actor=place.actor, organization_id=place.organization.pk, chosen=chosen, role_id=data["role"]
        )

    def before(self, member: Member) -> str:
        return member.role.name

    def after(self, place: Place, data: Mapping[str, Any]) -> str:
        return role_name(data["role"])


class GroupForm(BulkForm):
    """One of the groups, or the name of one that is made in the same step."""

    group = choice(_("Group"), required=False, empty_value=None)
    new_group = forms.CharField(label=_("Or a new group, called"), required=False, strip=False)

    def __init__(self, place: Place, *args: Any, **kwargs: Any) -> None:
        super().__init__(place, *args, **kwargs)
        self.place = place
        if not decide(place.facts, Verb.CREATE_GROUP, organization=place.policies):
            del self.fields["new_group"]

    def choices(self, place: Place) -> Mapping[str, Sequence[tuple[int | str, str]]]:
        return {"group": [("", str(_("Choose a group"))), *giveable_groups(place.organization, place.facts)]}

    def clean_new_group(self) -> str:
        given = self.cleaned_data["new_group"].strip()
        name = clean_name(given) if given else ""
        if name and is_taken(self.place.organization, name):
            raise forms.ValidationError(_("There is a group of this name already. Choose it above."), "name_taken")
        return name

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("group") and data.get("new_group"):
            self.add_error("new_group", _("Choose a group or name a new one, not both."))
        elif not self.errors and not data.get("group") and not data.get("new_group"):
            self.add_error("group", _("Choose a group or name a new one."))
        return data


class AddToGroup(BulkAction):
    order = 2
    name, verb, icon, form = "group", Verb.ADD_TO_GROUP, "users-group", GroupForm
    label, button, done = _("Add to group"), _("Add"), _("Added to the group")
    title = _("Add to %(after)s")

    def is_offered(self, place: Place) -> bool:
        creates = decide(place.facts, Verb.CREATE_GROUP, organization=place.policies)
        return super().is_offered(place) or bool(creates) or manages_some_group(place.facts)

    def propose(self, place: Place, data: Mapping[str, Any]) -> Proposal:
        if data.get("new_group"):
            return groups.FOUNDING
        return groups.propose_adding(place.facts, place.organization, data["group"])

    def perform(self, place: Place, chosen: Chosen, data: Mapping[str, Any]) -> Outcome:
        where, name = place.organization.pk, data.get("new_group")
        if name:
            return groups.add_to_new_group(actor=place.actor, organization_id=where, chosen=chosen, name=name)
        return groups.add_to_group(actor=place.actor, organization_id=where, chosen=chosen, group_id=data["group"])

    def after(self, place: Place, data: Mapping[str, Any]) -> str:
        return data.get("new_group") or groups_of(place.organization, [data["group"]])[0][1]


class RemoveFromGroup(BulkAction):
    """Of one group, offered on its own page only."""

    order = 1
    name, verb, icon, danger = "remove", Verb.REMOVE_FROM_GROUP, "user-minus", True
    label, button, done = _("Remove from group"), _("Remove"), _("Removed from the group")

    def __init__(self, group: Group) -> None:
        self.group = group

    def propose(self, place: Place, data: Mapping[str, Any]) -> Proposal:
        return groups.propose_removing(place.facts, place.organization, self.group.pk)

    def perform(self, place: Place, chosen: Chosen, data: Mapping[str, Any]) -> Outcome:
        return groups.remove_from_group(
            actor=place.actor, organization_id=place.organization.pk, chosen=chosen, group_id=self.group.pk
        )

    def before(self, member: Member) -> str:
        return self.group.name

    def after(self, place: Place, data: Mapping[str, Any]) -> str:
        return str(_("Removed"))


class WorkspaceForm(BulkForm):
    workspace = choice(_("Workspace"))
    workspace_role = choice(_("Role there"))

    def choices(self, place: Place) -> Mapping[str, Sequence[tuple[int | str, str]]]:
        workspaces, roles = giveable_places(place.organization, place.facts)
        return {"workspace": workspaces, "workspace_role": roles}


class AddToWorkspace(BulkAction):
    order = 3
    name, verb, icon, form = "workspace", Verb.ADD_TO_WORKSPACE, "stack-2", WorkspaceForm
    label, button, done = _("Add to workspace"), _("Add"), _("Added to the workspace")
    title = _("Add as %(after)s")

    def is_offered(self, place: Place) -> bool:
        return place.facts.holds(Code.WORKSPACES_ACCESS_ALL) or manages_some_workspace(place.organization, place.facts)

    def propose(self, place: Place, data: Mapping[str, Any]) -> Proposal:
        return grants.propose_workspace(place.facts, place.organization, data["workspace"], data["workspace_role"])

    def perform(self, place: Place, chosen: Chosen, data: Mapping[str, Any]) -> Outcome:
        return grants.add_to_workspace(
            actor=place.actor,
            organization_id=place.organization.pk,
            chosen=chosen,
            workspace_id=data["workspace"],
            role_id=data["workspace_role"],
        )

    def after(self, place: Place, data: Mapping[str, Any]) -> str:
        [(_pk, workspace)] = workspaces_of(place.organization, [data["workspace"]])
        return f"{role_name(data['workspace_role'])}, {workspace}"


class Suspend(BulkAction):
    order = 5
    name, verb, icon = "suspend", Verb.SUSPEND, "player-pause"
    label, button, done = _("Suspend"), _("Suspend"), _("Suspended")
    foot = _(
        "Their rights in this organization end on their next request. Groups and roles stay for when they come back."
    )

    def propose(self, place: Place, data: Mapping[str, Any]) -> Proposal:
        return members.SUSPENSION

    def perform(self, place: Place, chosen: Chosen, data: Mapping[str, Any]) -> Outcome:
        return members.suspend_members(actor=place.actor, organization_id=place.organization.pk, chosen=chosen)

    def before(self, member: Member) -> str:
        return str(_("Joined"))

    def after(self, place: Place, data: Mapping[str, Any]) -> str:
        return str(_("Suspended"))


class Reactivate(BulkAction):
    order = 6
    name, verb, icon = "reactivate", Verb.REACTIVATE, "player-play"
    label, button, done = _("Reactivate"), _("Reactivate"), _("Reactivated")
    foot = _("They have their former groups and roles again from their next request on.")

    def propose(self, place: Place, data: Mapping[str, Any]) -> Proposal:
        return members.REACTIVATION

    def perform(self, place: Place, chosen: Chosen, data: Mapping[str, Any]) -> Outcome:
        return members.reactivate_members(actor=place.actor, organization_id=place.organization.pk, chosen=chosen)

    def before(self, member: Member) -> str:
        return str(_("Suspended"))

    def after(self, place: Place, data: Mapping[str, Any]) -> str:
        return str(_("Joined"))


class Remove(BulkAction):
    order = 8
    name, verb, icon, danger = "remove", Verb.REMOVE, "trash", True
    label, button, done = _("Delete members"), _("Remove"), _("Removed")
    foot = _("They lose all roles and groups here, and the invitations they sent. They come back only by invitation.")

    def propose(self, place: Place, data: Mapping[str, Any]) -> Proposal:
        return members.REMOVAL

    def perform(self, place: Place, chosen: Chosen, data: Mapping[str, Any]) -> Outcome:
        return members.remove_members(actor=place.actor, organization_id=place.organization.pk, chosen=chosen)

    def after(self, place: Place, data: Mapping[str, Any]) -> str:
        return str(_("Removed"))


class Revoke(BulkAction):
    order = 7
    name, verb, icon, danger = "revoke", Verb.REVOKE, "mail-x", True
    label, button, done = _("Revoke"), _("Revoke"), _("Invitations revoked")
    foot = _("Their links stop working, and they leave the list.")

    def propose(self, place: Place, data: Mapping[str, Any]) -> Proposal:
        return members.REVOCATION

    def perform(self, place: Place, chosen: Chosen, data: Mapping[str, Any]) -> Outcome:
        return members.revoke_invitations(actor=place.actor, organization_id=place.organization.pk, chosen=chosen)

    def after(self, place: Place, data: Mapping[str, Any]) -> str:
        return str(_("Revoked"))


for _action in (UpdateRole, AddToGroup, AddToWorkspace, Suspend, Reactivate, Revoke, Remove):
    register(_action())
