"""What can be done to members who are chosen on a table: role, groups, workspaces, suspension, removal.

A new one: write a set-based function in `actions`, describe it by a subclass here (or in your app), and `register` it.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts.names import clean_name
from config.sentences import Sentence, together
from workspaces import jobs
from workspaces.actions import grants, groups, members, undoing
from workspaces.bulk.base import BulkAction, BulkForm, BulkJob, register
from workspaces.catalogue import Code, Scope
from workspaces.forms.fields import choice
from workspaces.forms.members import SuccessorField
from workspaces.forms.resources import PersonField, found_member
from workspaces.models import JobRow, Member
from workspaces.models.members import MemberQuerySet
from workspaces.place import Place
from workspaces.plans import Outcome, Proposal, make_plan
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
from workspaces.queries.resources import Owned, of_owners, owned_by
from workspaces.selections import Chosen
from workspaces.successions import covered_by, sent_by, succession_sentences

if TYPE_CHECKING:
    pass


class RoleForm(BulkForm):
    role = choice(_("New role"))

    def choices(self, place: Place) -> Mapping[str, Sequence[tuple[int | str, str]]]:
        return {"role": giveable_roles(place.organization, place.facts)}


class UpdateRole(BulkAction):
    order = 1
    name, verb, icon, form = "role", Verb.UPDATE_ROLE, "key", RoleForm
    label, button, done = Sentence("Update role"), _("Update role of"), _("Role updated")
    title = gettext_noop("Update role to %(after)s")
    way_back = _("Everybody gets the role again that they had before.")

    def propose(self, place: Place, data: Mapping[str, Any]) -> Proposal:
        role = roles_of(place.organization, Scope.ORGANIZATION).get(data["role"])
        if role is None:  # deleted since a large change was begun
            raise Http404
        return members.propose_role(role)

    def perform(self, place: Place, chosen: Chosen, data: Mapping[str, Any]) -> Outcome:
        return members.update_roles(
            actor=place.actor, organization_id=place.organization.pk, chosen=chosen, role_id=data["role"]
        )

    def remember(self, place: Place, data: Mapping[str, Any], ids: Collection[int]) -> undoing.Before:
        return undoing.role_states(ids)

    def undo(self, place: Place, data: Mapping[str, Any], rows: Sequence[JobRow]) -> Mapping[int, str]:
        return undoing.restore_roles(place, rows, data["role"])

    def before(self, member: Member) -> str:
        return member.role.label

    def after(self, place: Place, data: Mapping[str, Any]) -> Sentence | str:
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
    label, button, done = Sentence("Add to group"), _("Add"), _("Added to the group")
    title = gettext_noop("Add to %(after)s")
    way_back = _("They are taken out of the group again, and lose what it gives them.")

    def is_offered(self, place: Place) -> bool:
        creates = decide(place.facts, Verb.CREATE_GROUP, organization=place.policies)
        return super().is_offered(place) or bool(creates) or manages_some_group(place.facts)

    def propose(self, place: Place, data: Mapping[str, Any]) -> Proposal:
        if data.get("new_group"):
            return groups.FOUNDING
        return groups.propose_adding(place.facts, place.organization, data["group"])

    def begin(self, place: Place, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """A new group is founded once, with the first chunk."""
        name = data.get("new_group")
        if not name:
            return data
        group = groups.create_group(actor=place.actor, organization_id=place.organization.pk, name=name)
        return {"group": group.pk}

    def perform(self, place: Place, chosen: Chosen, data: Mapping[str, Any]) -> Outcome:
        return groups.add_to_group(
            actor=place.actor, organization_id=place.organization.pk, chosen=chosen, group_id=data["group"]
        )

    def mark(self, place: Place, data: Mapping[str, Any], ids: Collection[int]) -> undoing.Before:
        return undoing.memberships(data["group"], ids)

    def undo(self, place: Place, data: Mapping[str, Any], rows: Sequence[JobRow]) -> Mapping[int, str]:
        return undoing.take_back(place, rows, data["group"])

    def after(self, place: Place, data: Mapping[str, Any]) -> str:
        return data.get("new_group") or groups_of(place.organization, [data["group"]])[0][1]


class RemoveFromGroup(BulkAction):
    """Of one group, offered on its own page only."""

    order = 1
    name, verb, icon, danger = "remove", Verb.REMOVE_FROM_GROUP, "user-minus", True
    label, button, done = Sentence("Remove from group"), _("Remove"), _("Removed from the group")
    way_back = _("They are put into the group again, and gain what it gives them.")

    def heading(self, place: Place, data: Mapping[str, Any]) -> Sentence:
        return Sentence("Remove from %(name)s", name=self.group_name(place, data))

    def propose(self, place: Place, data: Mapping[str, Any]) -> Proposal:
        return groups.propose_removing(place.facts, place.organization, data["group"])

    def perform(self, place: Place, chosen: Chosen, data: Mapping[str, Any]) -> Outcome:
        return groups.remove_from_group(
            actor=place.actor, organization_id=place.organization.pk, chosen=chosen, group_id=data["group"]
        )

    def undo(self, place: Place, data: Mapping[str, Any], rows: Sequence[JobRow]) -> Mapping[int, str]:
        return undoing.put_back(place, rows, data["group"])

    def before(self, member: Member) -> str:
        return str(_("In the group"))

    def after(self, place: Place, data: Mapping[str, Any]) -> str:
        return str(_("Removed"))

    def group_name(self, place: Place, data: Mapping[str, Any]) -> str:
        return groups_of(place.organization, [data["group"]])[0][1]


class WorkspaceForm(BulkForm):
    workspace = choice(_("Workspace"))
    workspace_role = choice(_("Role there"))

    def choices(self, place: Place) -> Mapping[str, Sequence[tuple[int | str, str]]]:
        workspaces, roles = giveable_places(place.organization, place.facts)
        return {"workspace": workspaces, "workspace_role": roles}


class AddToWorkspace(BulkAction):
    order = 3
    name, verb, icon, form = "workspace", Verb.ADD_TO_WORKSPACE, "stack-2", WorkspaceForm
    way_back = _("The role is taken away again; who held it for less long before gets that end back.")
    label, button, done = Sentence("Add to workspace"), _("Add"), _("Added to the workspace")
    title = gettext_noop("Add as %(after)s")

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

    def remember(self, place: Place, data: Mapping[str, Any], ids: Collection[int]) -> undoing.Before:
        states = undoing.grant_states(data["workspace"], ids, [data["workspace_role"]])
        return {pk: {"was": states.get(pk, [])} for pk in ids}

    def mark(self, place: Place, data: Mapping[str, Any], ids: Collection[int]) -> undoing.Before:
        states = undoing.grant_states(data["workspace"], ids, [data["workspace_role"]])
        return {pk: {"now": states.get(pk, [])} for pk in ids}

    def undo(self, place: Place, data: Mapping[str, Any], rows: Sequence[JobRow]) -> Mapping[int, str]:
        wanted = {row.member_id or 0: undoing.Restored(row.before["was"], row.before["now"]) for row in rows}
        return undoing.restore_grants(place, data["workspace"], wanted)

    def after(self, place: Place, data: Mapping[str, Any]) -> Sentence | str:
        [(_pk, workspace)] = workspaces_of(place.organization, [data["workspace"]])
        return together([role_name(data["workspace_role"]), workspace], ", ")


class Suspend(BulkAction):
    order = 5
    name, verb, icon = "suspend", Verb.SUSPEND, "player-pause"
    label, button, done = Sentence("Suspend"), _("Suspend"), _("Suspended")
    way_back = _("They are reactivated, with their former groups and roles.")
    foot = _(
        "Their rights in this organization end on their next request. Groups and roles stay for when they come back."
    )

    def propose(self, place: Place, data: Mapping[str, Any]) -> Proposal:
        return members.SUSPENSION

    def perform(self, place: Place, chosen: Chosen, data: Mapping[str, Any]) -> Outcome:
        return members.suspend_members(actor=place.actor, organization_id=place.organization.pk, chosen=chosen)

    def mark(self, place: Place, data: Mapping[str, Any], ids: Collection[int]) -> undoing.Before:
        return undoing.suspensions(ids)

    def undo(self, place: Place, data: Mapping[str, Any], rows: Sequence[JobRow]) -> Mapping[int, str]:
        return undoing.undo_suspension(place, rows)

    def before(self, member: Member) -> str:
        return str(_("Joined"))

    def after(self, place: Place, data: Mapping[str, Any]) -> str:
        return str(_("Suspended"))


class Reactivate(BulkAction):
    order = 6
    name, verb, icon = "reactivate", Verb.REACTIVATE, "player-play"
    label, button, done = Sentence("Reactivate"), _("Reactivate"), _("Reactivated")
    way_back = _("They are suspended again.")
    foot = _("They have their former groups and roles again from their next request on.")

    def propose(self, place: Place, data: Mapping[str, Any]) -> Proposal:
        return members.REACTIVATION

    def perform(self, place: Place, chosen: Chosen, data: Mapping[str, Any]) -> Outcome:
        return members.reactivate_members(actor=place.actor, organization_id=place.organization.pk, chosen=chosen)

    def undo(self, place: Place, data: Mapping[str, Any], rows: Sequence[JobRow]) -> Mapping[int, str]:
        return undoing.undo_reactivation(place, rows)

    def before(self, member: Member) -> str:
        return str(_("Suspended"))

    def after(self, place: Place, data: Mapping[str, Any]) -> str:
        return str(_("Joined"))


class RemoveForm(BulkForm):
    """Who owns what they own, and who answers for their open invitations, once they are gone; nobody has to."""

    is_optional = True
    heir = PersonField(label=_("New owner"), required=False)
    successor = SuccessorField()

    def __init__(self, place: Place, *args: Any, **kwargs: Any) -> None:
        super().__init__(place, *args, **kwargs)
        self.place = place

    def fit(self, chosen: MemberQuerySet) -> None:
        self.chosen = chosen
        if not of_owners(chosen).exists():
            del self.fields["heir"]

    def clean_heir(self) -> int | None:
        heir_id = found_member(self.place.organization, self.cleaned_data["heir"])
        if heir_id is not None:
            going = make_plan(self.place.facts, self.place.organization, self.chosen, members.REMOVAL).accepted
            if going.filter(pk=heir_id).exists():
                raise forms.ValidationError(_("Choose an active member who stays."))
        return heir_id

    def clean_successor(self) -> int | None:
        return found_member(self.place.organization, self.cleaned_data["successor"])


class Remove(BulkAction):
    order = 8
    name, verb, icon, danger, form = "remove", Verb.REMOVE, "trash", True, RemoveForm
    asks_first = True
    label, button, done = Sentence("Delete members"), _("Remove"), _("Removed")
    way_back = _(
        "They are asked in again with their former role, groups and workspaces, and come back when they accept. "
        "Invitations that they had sent and resources that they owned do not come back."
    )
    foot = _("They lose all roles and groups here, and the invitations they sent. They come back only by invitation.")

    def propose(self, place: Place, data: Mapping[str, Any]) -> Proposal:
        return members.REMOVAL

    def perform(self, place: Place, chosen: Chosen, data: Mapping[str, Any]) -> Outcome:
        return members.remove_members(
            actor=place.actor,
            organization_id=place.organization.pk,
            chosen=chosen,
            heir_id=data.get("heir"),
            successor_id=data.get("successor"),
        )

    def owned(self, members: MemberQuerySet) -> Sequence[Owned]:
        return owned_by(members)

    def counted(self, place: Place, members: MemberQuerySet, data: Mapping[str, Any]) -> str:
        successor_id = data.get("successor")
        goes = 0 if successor_id is None else covered_by(place.organization, members, successor_id)
        return f"{goes} of {sent_by(place.organization, members)}"

    def guard(self, place: Place, members: MemberQuerySet, data: Mapping[str, Any]) -> str:
        return " ".join([str(self.foot), *succession_sentences(place.organization, members, data.get("successor"))])

    def remember(self, place: Place, data: Mapping[str, Any], ids: Collection[int]) -> undoing.Before:
        return undoing.departing(ids)

    def undo(self, place: Place, data: Mapping[str, Any], rows: Sequence[JobRow]) -> Mapping[int, str]:
        return undoing.return_removed(place, rows)

    def after(self, place: Place, data: Mapping[str, Any]) -> str:
        return str(_("Removed"))


class Revoke(BulkAction):
    order = 7
    name, verb, icon, danger = "revoke", Verb.REVOKE, "mail-x", True
    label, button, done = Sentence("Revoke"), _("Revoke"), _("Invitations revoked")
    foot = _("Their links stop working, and they leave the list.")

    def propose(self, place: Place, data: Mapping[str, Any]) -> Proposal:
        return members.REVOCATION

    def perform(self, place: Place, chosen: Chosen, data: Mapping[str, Any]) -> Outcome:
        return members.revoke_invitations(actor=place.actor, organization_id=place.organization.pk, chosen=chosen)

    def after(self, place: Place, data: Mapping[str, Any]) -> str:
        return str(_("Revoked"))


for _action in (UpdateRole, AddToGroup, AddToWorkspace, Suspend, Reactivate, Revoke, Remove):
    register(_action())
jobs.register(BulkJob(RemoveFromGroup(), "group.remove"))
