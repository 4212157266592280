"""What the invitee does: accept or decline. Opening a link does neither (ACCEPTANCE P6)."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Q
from django.db.models.functions import Now
from django.http import Http404

from accounts.actors import Actor
from accounts.models import User
from config.refusals import Refusal
from invitations.models import Invitation
from invitations.policy import ACCEPTABLE, State
from invitations.queries import Clocked, at_now, state_of, verified_addresses
from workspaces.actions import directory
from workspaces.actions.locking import Locked, locked
from workspaces.actions.requests import Asked, hold
from workspaces.catalogue import BuiltIn, Scope
from workspaces.history import (
    INVITATION_ACCEPTED,
    INVITATION_DECLINED,
    INVITATION_MERGED,
    PLACEMENT_DROPPED,
    ROLE_CHANGED,
)
from workspaces.models import Collaborator, Grant, GroupMember, Member, Organization, Resource
from workspaces.policy import ActorFacts, RoleFacts, Verb, decide
from workspaces.queries.facts import actor_facts, group_facts, roles_of, workspace_facts
from workspaces.queries.resources import approach


@dataclass(frozen=True, slots=True)
class Joined:
    """The member that the invitee is now; dropped counts what the inviter could no longer give."""

    organization: Organization
    member_id: int
    dropped: int


def accept(*, actor: Actor, invitation_id: int, generation: int) -> Joined:
    """Makes the actor a member. Single use: one UPDATE decides, by the database's clock.

    Raises Refusal 403 unless a *verified* address of theirs is the invited one (P7), 409 by the invitation's state or
    for a suspended member. Locks the organization, then the person.
    """
    organization_id = _organization_of(invitation_id)
    with locked(actor=actor, organization_id=organization_id) as held:
        invitation = _current(invitation_id, generation)
        # Locked, so that the account neither ends nor loses its address meanwhile.
        user = User.objects.select_for_update(no_key=True).filter(pk=actor.user_id or 0, is_active=True).first()
        if user is None or invitation.address not in verified_addresses(user.pk):
            raise Refusal("This invitation is for another address than those of your account.", 403, "wrong_account")
        _insist_open(invitation)
        waiting = invitation.member
        assert waiting is not None  # an open invitation has its waiting member
        present = held.organization.members.filter(user=user).first()
        if present is not None and present.suspended_at is not None:
            raise Refusal("Your membership is suspended. An administrator has to reactivate it.", 409, "suspended")
        _use_up(invitation, generation, user)
        dropped = _drop_what_is_not_grantable(held, invitation, waiting)
        if present is None:
            member = _join(waiting, user)
            held.record(INVITATION_ACCEPTED, subject=member.pk, before="Invited", after="Joined")
        else:
            member = present
            _merge(held, waiting, present)
            held.record(INVITATION_MERGED, subject=member.pk)
        hold(held, member, dropped, inviter=invitation.inviter_name)
        return Joined(held.organization, member.pk, len(dropped))


def decline(*, actor: Actor, invitation_id: int, generation: int) -> None:
    """Says no for the holder of the link; the waiting member stays and says so. Raises Refusal 409 by state. Locks the
    organization.
    """
    with locked(actor=actor, organization_id=_organization_of(invitation_id)) as held:
        invitation = _current(invitation_id, generation)
        _insist_open(invitation)
        # One moment for both: the member shows what the invitation says.
        Invitation.objects.filter(pk=invitation.pk).update(declined_at=invitation.now)
        Member.objects.filter(invitation=invitation).update(declined_at=invitation.now)
        held.record(INVITATION_DECLINED, subject=invitation.member_id, before="Pending", after="Declined")


def _organization_of(invitation_id: int) -> int:
    organization_id = Invitation.objects.filter(pk=invitation_id).values_list("organization_id", flat=True).first()
    if organization_id is None:
        raise Http404
    return organization_id


def _current(invitation_id: int, generation: int) -> Clocked:
    """The invitation as it stands under the lock; a link of a former generation is told so."""
    invitation = at_now(Invitation.objects.filter(pk=invitation_id)).select_related("member").first()
    if invitation is None:
        raise Http404
    if invitation.generation != generation and invitation.accepted_at is None and invitation.revoked_at is None:
        raise Refusal("A newer link was sent to you. This one no longer works.", 409, "replaced")
    return invitation


def _insist_open(invitation: Clocked) -> None:
    found = state_of(invitation)
    if found not in ACCEPTABLE:
        raise Refusal(_SENTENCES[found], 409, found)


_SENTENCES = {
    State.ACCEPTED: "This invitation was accepted already.",
    State.REVOKED: "This invitation was withdrawn.",
    State.DECLINED: "This invitation was declined.",
    State.EXPIRED: "This invitation has expired.",
}


def _use_up(invitation: Clocked, generation: int, user: User) -> None:
    """Whoever changes the row first has accepted; everybody else learns its state."""
    used = Invitation.objects.filter(
        Q(accepted_at__isnull=True, revoked_at__isnull=True, declined_at__isnull=True),
        pk=invitation.pk,
        generation=generation,
        expires_at__gt=Now(),
    ).update(accepted_at=Now(), accepted_by=user)
    if not used:
        _insist_open(invitation)
        raise Refusal(_SENTENCES[State.EXPIRED], 409, State.EXPIRED)


def _join(waiting: Member, user: User) -> Member:
    Member.objects.filter(pk=waiting.pk).update(
        user=user, joined_at=Now(), invited_until=None, declined_at=None, mail=None
    )
    member = Member.objects.select_related("user").get(pk=waiting.pk)
    directory.enter([member])
    return member


def _merge(held: Locked, waiting: Member, present: Member) -> None:
    """The waiting member's placements go to the member whom the person is already; only ever adds (P9)."""
    roles = roles_of(held.organization, Scope.ORGANIZATION)
    if roles[present.role_id].permissions < roles[waiting.role_id].permissions:
        held.record(ROLE_CHANGED, subject=present.pk, before=present.role.name, after=waiting.role.name)
        Member.objects.filter(pk=present.pk).update(role_id=waiting.role_id)
    mine = Grant.objects.filter(member=present)
    for grant in Grant.objects.filter(member=waiting):
        same = mine.filter(workspace=grant.workspace_id, role=grant.role_id)
        if not same.exists():
            Grant.objects.filter(pk=grant.pk).update(member=present)
        elif grant.ends_at is None:
            same.update(ends_at=None)
        else:
            same.filter(ends_at__lt=grant.ends_at).update(ends_at=grant.ends_at)
    taken = GroupMember.objects.filter(member=present).values("group")
    GroupMember.objects.filter(member=waiting).exclude(group__in=taken).update(member=present)
    shared = Collaborator.objects.filter(member=present).values("resource")
    Collaborator.objects.filter(member=waiting).exclude(resource__in=shared).update(member=present)
    Resource.objects.filter(owner=waiting).update(owner=present)
    Invitation.objects.filter(member=waiting).update(member=None)
    waiting.delete()


def _drop_what_is_not_grantable(held: Locked, invitation: Clocked, waiting: Member) -> list[Asked]:
    """Re-checks role and placements against the rights that those who gave them hold now; takes the rest away, records
    it, and returns it.
    """
    organization = held.organization
    givers: dict[int | None, ActorFacts] = {}

    def facts_of(user_id: int | None) -> ActorFacts:
        if user_id not in givers:
            givers[user_id] = actor_facts(Actor(user_id, held.actor.source), organization)
        return givers[user_id]

    dropped = _lower_role(held, waiting, facts_of(invitation.inviter_id))
    workspace_roles = roles_of(organization, Scope.WORKSPACE)
    for grant in Grant.objects.filter(member=waiting).select_related("role").prefetch_related("extra_permissions"):
        giver = facts_of(grant.granted_by_id)
        place = workspace_facts(organization, giver, [grant.workspace_id])[grant.workspace_id]
        role = workspace_roles.get(grant.role_id)
        extras = frozenset(extra.permission for extra in grant.extra_permissions.all())
        given = RoleFacts(role.id, role.permissions | extras) if role is not None else None
        if given is None or not decide(giver, Verb.ADD_TO_WORKSPACE, workspace=place, role=given):
            held.record(PLACEMENT_DROPPED, subject=waiting.pk, scope=grant.workspace_id, before=grant.role.name)
            if role is not None:  # else it is none of the present scheme: nobody could give it
                dropped.append(Asked(grant.role_id, workspace_id=grant.workspace_id))
            grant.delete()
    for membership in GroupMember.objects.filter(member=waiting).select_related("group"):
        giver = facts_of(membership.added_by_id)
        group = group_facts(organization, giver, [membership.group_id])[membership.group_id]
        if not decide(giver, Verb.ADD_TO_GROUP, group=group):
            held.record(PLACEMENT_DROPPED, subject=waiting.pk, before=membership.group.name)
            dropped.append(Asked(group_id=membership.group_id))
            membership.delete()
    _drop_what_is_not_shareable(held, waiting, facts_of)
    return dropped


def _drop_what_is_not_shareable(held: Locked, waiting: Member, facts_of: Callable[[int | None], ActorFacts]) -> None:
    """The same for resources: whoever shared one must still be able to."""
    for row in Collaborator.objects.filter(member=waiting).select_related("resource"):
        giver = facts_of(row.added_by_id)
        found = approach(held.organization, giver, row.resource_id)
        if found is None or not found.may_share(giver, row.level):
            held.record(PLACEMENT_DROPPED, subject=waiting.pk, before=row.get_level_display())
            row.delete()


def _lower_role(held: Locked, waiting: Member, inviter: ActorFacts) -> list[Asked]:
    """The organization role, or the most of Member and Guest that the inviter can still give."""
    roles = roles_of(held.organization, Scope.ORGANIZATION)
    if roles[waiting.role_id].permissions <= inviter.permissions:
        return []
    wanted = Asked(waiting.role_id)
    fallback: RoleFacts = roles[BuiltIn.GUEST]
    if roles[BuiltIn.MEMBER].permissions <= inviter.permissions & roles[waiting.role_id].permissions:
        fallback = roles[BuiltIn.MEMBER]
    held.record(PLACEMENT_DROPPED, subject=waiting.pk, before=waiting.role.name)
    Member.objects.filter(pk=waiting.pk).update(role_id=fallback.id)
    waiting.role_id = fallback.id
    return [wanted]
