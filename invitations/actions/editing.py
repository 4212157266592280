"""Changing an open invitation: role, groups, workspaces, message, expiry, language and address, together or not at all.

The link stays the same, and no mail goes out, unless the address changes or the editor asks for one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Subquery
from django.db.models.functions import Now
from django.http import Http404

from accounts.actors import Actor
from accounts.addresses import AddressError, canonical
from accounts.models import User
from config.refusals import Refusal
from invitations.actions.keeping import correct_address, resend
from invitations.models import Invitation
from invitations.queries.invitations import places_of_waiting
from workspaces.actions.grants import give_role, remove_grants
from workspaces.actions.groups import add_to_group, remove_from_group
from workspaces.actions.locking import Locked, insist, locked
from workspaces.actions.seats import insist_on_seats
from workspaces.catalogue import Scope
from workspaces.history import INVITATION_EDITED, ROLE_CHANGED, kept_moment
from workspaces.models import GroupMember, Member, Organization, Origin, Role
from workspaces.plans import Proposal, make_plan
from workspaces.policy import Verb, decide
from workspaces.queries.facts import actor_facts, roles_of
from workspaces.queries.seats import HELD
from workspaces.selections import Chosen


@dataclass(frozen=True, slots=True)
class Edit:
    """What an invitation is to say. groups and placements speak only of those that the editor may choose; all others
    stay as they are. placements: workspace -> role, None for none there. days: from now on; None leaves the expiry.
    """

    role_id: int
    address: str
    message: str
    language: str
    groups: Mapping[int, bool]
    placements: Mapping[int, int | None]
    days: int | None = None
    sends_again: bool = False


def edit_invitation(*, actor: Actor, organization_id: int, member_id: int, edit: Edit) -> bool:
    """Returns whether a new link was queued. Locks the organization.

    Raises Refusal 403 for what the editor may not give or touch, 409 and 422 for an address that cannot be asked, 429
    over the day's limits; Http404 for a member who is gone and for what the organization does not have.
    """
    try:
        address = canonical(edit.address)
    except AddressError as error:
        raise Refusal(str(error), 422, "invalid_address") from None
    with locked(actor=actor, organization_id=organization_id) as held:
        chosen = Chosen.one(member_id)
        plan = make_plan(
            held.facts, held.organization, chosen.members(held.organization), Proposal(Verb.EDIT_INVITATION)
        )
        plan.outcome(plan.changing).insist()
        invitation = Invitation.objects.select_related("member").filter(member__in=plan.accepted.values("pk")).first()
        if invitation is None or invitation.member is None:
            raise Http404
        member = invitation.member
        readdressed = member.address != address
        _change_words(held, invitation, edit)
        _change_role(held, invitation, member, edit.role_id)
        _change_groups(held, member, edit.groups)
        _change_placements(held, member, edit.placements)
        where: dict[str, Any] = {"actor": actor, "organization_id": organization_id}
        if readdressed:
            correct_address(**where, member_id=member.pk, address=address, days=edit.days)
        elif edit.sends_again:
            resend(**where, chosen=chosen, days=edit.days).insist()
        elif edit.days is not None:
            _change_expiry(held, invitation, member, edit.days)
        return readdressed or edit.sends_again


def _change_words(held: Locked, invitation: Invitation, edit: Edit) -> None:
    """The message stands in no history: it is personal, and the invitation has it."""
    if invitation.message != edit.message:
        held.record(INVITATION_EDITED, subject=invitation.member_id, payload={"field": "message"})
    if invitation.language != edit.language:
        held.record(
            INVITATION_EDITED,
            subject=invitation.member_id,
            before=invitation.language,
            after=edit.language,
            payload={"field": "language"},
        )
    Invitation.objects.filter(pk=invitation.pk).update(message=edit.message, language=edit.language)


def _change_role(held: Locked, invitation: Invitation, member: Member, role_id: int) -> None:
    """Decided like asking somebody in with it. Where the inviter could not give it, the editor answers for it."""
    if role_id == member.role_id:
        return
    role = roles_of(held.organization, Scope.ORGANIZATION).get(role_id)
    if role is None:
        raise Http404
    insist(decide(held.facts, Verb.INVITE, role=role))
    names = dict(Role.objects.filter(pk__in=[role_id, member.role_id]).values_list("pk", "name"))
    held.record(ROLE_CHANGED, subject=member.pk, before=names[member.role_id], after=names[role_id])
    Member.objects.filter(pk=member.pk).update(role_id=role_id)
    inviter = actor_facts(Actor(invitation.inviter_id, held.actor.source), held.organization)
    if not role.permissions <= inviter.permissions:
        editor = User.objects.get(pk=held.actor.user_id or 0)
        Member.objects.filter(pk=member.pk).update(invited_by=editor)
        Invitation.objects.filter(pk=invitation.pk).update(inviter=editor, inviter_name=editor.name)


def _change_groups(held: Locked, member: Member, groups: Mapping[int, bool]) -> None:
    present = set(GroupMember.objects.filter(member=member).values_list("group_id", flat=True))
    chosen = Chosen.one(member.pk)
    where: dict[str, Any] = {"actor": held.actor, "organization_id": held.organization.pk, "chosen": chosen}
    for group_id, wanted in groups.items():
        if wanted and group_id not in present:
            add_to_group(**where, group_id=group_id).insist()
        elif not wanted and group_id in present:
            remove_from_group(**where, group_id=group_id).insist()


def _change_placements(held: Locked, member: Member, placements: Mapping[int, int | None]) -> None:
    """The role that is shown of a workspace gives way to another one, or to none; what stands beside it stays."""
    present = places_of_waiting(member.pk)
    where: dict[str, Any] = {"actor": held.actor, "organization_id": held.organization.pk}
    for workspace_id, role_id in placements.items():
        place = present.get(workspace_id)
        if role_id == (place.role_id if place is not None else None):
            continue
        if role_id is not None:
            give_role(
                **where,
                workspace_id=workspace_id,
                role_id=role_id,
                chosen=Chosen.one(member.pk),
                origin=Origin.INVITATION,
            ).insist()
        if place is not None:
            remove_grants(**where, workspace_id=workspace_id, grant_ids=[place.grant_id]).insist()


def _change_expiry(held: Locked, invitation: Invitation, member: Member, days: int) -> None:
    """Counted from now. What had expired is open again, by the same link; for that it needs a seat."""
    if not Member.objects.filter(HELD, pk=member.pk).exists() and invitation.declined_at is None:
        insist_on_seats(held)
    until = Organization.objects.annotate(until=Now() + timedelta(days=days)).values_list("until", flat=True)
    held.record(
        INVITATION_EDITED,
        subject=member.pk,
        before=kept_moment(invitation.expires_at),
        after=kept_moment(until.get(pk=held.organization.pk)),
        payload={"field": "expiry"},
    )
    mine = Invitation.objects.filter(pk=invitation.pk)
    mine.update(expires_at=Now() + timedelta(days=days), expiry_recorded_at=None)
    Member.objects.filter(pk=member.pk).update(invited_until=Subquery(mine.values("expires_at")))
