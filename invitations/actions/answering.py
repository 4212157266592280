"""What the invitee does: accept or decline. Opening a link does neither (ACCEPTANCE P6)."""

from django.db.models.functions import Now
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from accounts.actors import Actor
from accounts.models import User
from config.refusals import Refusal
from invitations.actions.grantable import Givers
from invitations.actions.joining import Joined
from invitations.actions.telling import mails_waiting, tell_inviter
from invitations.models import Invitation
from invitations.policy import ACCEPTABLE, State
from invitations.queries.invitations import DECLINED_MAIL, Clocked, at_now, state_of, verified_addresses
from workspaces.actions import directory
from workspaces.actions.locking import Locked, locked
from workspaces.actions.merging import Pair, fold, raise_role
from workspaces.actions.requests import Asked, hold
from workspaces.history import (
    COLLABORATION_DROPPED,
    INVITATION_ACCEPTED,
    INVITATION_DECLINED,
    INVITATION_EXPLAINED,
    INVITATION_MERGED,
    PLACEMENT_DROPPED,
    WORD_LABEL,
    kept_label,
)
from workspaces.models import Act, Collaborator, Grant, GroupMember, Label, Member
from workspaces.queries.resources import approach


def accept(*, actor: Actor, invitation_id: int, generation: int) -> Joined:
    """Makes the actor a member. Single use: one UPDATE decides, by the database's clock.

    Raises Refusal 403 unless a *verified* address of theirs is the invited one (P7), 409 by the invitation's state or
    for a suspended member. Locks the organization, then the person.
    """
    organization_id = organization_of(invitation_id)
    with locked(actor=actor, organization_id=organization_id) as held:
        invitation = current(invitation_id, generation)
        # Locked, so that the account neither ends nor loses its address meanwhile.
        user = User.objects.select_for_update(no_key=True).filter(pk=actor.user_id or 0, is_active=True).first()
        if user is None or invitation.address not in verified_addresses(user.pk):
            raise Refusal(_("This invitation is for another address than those of your account."), 403, "wrong_account")
        insist_open(invitation)
        waiting = invitation.member
        assert waiting is not None  # an open invitation has its waiting member
        present = held.organization.members.filter(user=user).first()
        if present is not None and present.suspended_at is not None:
            raise Refusal(_("Your membership is suspended. An administrator has to reactivate it."), 409, "suspended")
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
        return Joined(held.organization, member.pk, len(dropped), is_new=present is None)


def decline(*, actor: Actor, invitation_id: int, generation: int, word: str = "") -> None:
    """Says no for the holder of the link; the waiting member stays and says so. The inviter gets a mail, with the
    word if there is one (plain text). Raises Refusal 409 by state. Locks the organization.
    """
    with locked(actor=actor, organization_id=organization_of(invitation_id)) as held:
        invitation = current(invitation_id, generation)
        insist_open(invitation)
        # One moment for both: the member shows what the invitation says.
        Invitation.objects.filter(pk=invitation.pk).update(declined_at=invitation.now, decline_word=word)
        Member.objects.filter(invitation=invitation).update(declined_at=invitation.now)
        act = held.record(INVITATION_DECLINED, subject=invitation.member_id, before="Pending", after="Declined")
        _keep_word(act, word)
        tell_inviter(held, DECLINED_MAIL, invitation)


def explain_decline(*, actor: Actor, invitation_id: int, generation: int, word: str) -> None:
    """The word to the inviter after declining; there is one, once. Raises Refusal 409 by state. Locks the
    organization.
    """
    with locked(actor=actor, organization_id=organization_of(invitation_id)) as held:
        invitation = current(invitation_id, generation)
        if state_of(invitation) is not State.DECLINED or invitation.decline_word:
            raise Refusal(_("There is nothing more to say about this invitation."), 409, "said")
        Invitation.objects.filter(pk=invitation.pk).update(decline_word=word)
        _keep_word(held.record(INVITATION_EXPLAINED, subject=invitation.member_id), word)
        # A mail that still waits is written with the word; otherwise the inviter gets another one.
        if not mails_waiting(DECLINED_MAIL, invitation.pk):
            tell_inviter(held, DECLINED_MAIL, invitation)


def _keep_word(act: Act, word: str) -> None:
    """Personal, so it stands in the labels, which can be shredded, not in the entry."""
    if word:
        Label.objects.create(kind=WORD_LABEL, object_id=act.pk, text=word)


def organization_of(invitation_id: int) -> int:
    organization_id = Invitation.objects.filter(pk=invitation_id).values_list("organization_id", flat=True).first()
    if organization_id is None:
        raise Http404
    return organization_id


def current(invitation_id: int, generation: int) -> Clocked:
    """The invitation as it stands under the lock; a link of a former generation is told so."""
    invitation = at_now(Invitation.objects.filter(pk=invitation_id)).select_related("member").first()
    if invitation is None:
        raise Http404
    if invitation.generation != generation and invitation.accepted_at is None and invitation.revoked_at is None:
        raise Refusal(_("A newer link was sent to you. This one no longer works."), 409, "replaced")
    return invitation


def insist_open(invitation: Clocked) -> None:
    found = state_of(invitation)
    if found not in ACCEPTABLE:
        raise Refusal(SENTENCES[found], 409, found)


SENTENCES = {
    State.ACCEPTED: _("This invitation was accepted already."),
    State.REVOKED: _("This invitation was withdrawn."),
    State.DECLINED: _("This invitation was declined."),
    State.EXPIRED: _("This invitation has expired."),
}


def _use_up(invitation: Clocked, generation: int, user: User) -> None:
    """Whoever changes the row first has accepted; everybody else learns its state."""
    used = Invitation.objects.filter(
        pk=invitation.pk,
        generation=generation,
        accepted_at__isnull=True,
        revoked_at__isnull=True,
        declined_at__isnull=True,
        expires_at__gt=Now(),
    ).update(accepted_at=Now(), accepted_by=user)
    if not used:
        insist_open(invitation)
        raise Refusal(SENTENCES[State.EXPIRED], 409, State.EXPIRED)


def _join(waiting: Member, user: User) -> Member:
    Member.objects.filter(pk=waiting.pk).update(
        user=user, joined_at=Now(), invited_until=None, declined_at=None, mail=None
    )
    member = Member.objects.select_related("user").get(pk=waiting.pk)
    directory.enter([member])
    return member


def _merge(held: Locked, waiting: Member, present: Member) -> None:
    """What the waiting member was given goes to the member whom the person is already."""
    pair = Pair(waiting, present)
    raise_role(held, pair)
    fold(held, pair)
    Invitation.objects.filter(member=waiting).update(member=None)
    waiting.delete()


def _drop_what_is_not_grantable(held: Locked, invitation: Clocked, waiting: Member) -> list[Asked]:
    """Re-checks role and placements against the rights that those who gave them hold now; takes the rest away, records
    it, and returns it.
    """
    givers = Givers(held)
    dropped = _lower_role(held, waiting, givers.role_or_less(invitation.inviter_id, waiting.role_id))
    for grant in Grant.objects.filter(member=waiting).select_related("role").prefetch_related("extra_permissions"):
        extras = frozenset(extra.permission for extra in grant.extra_permissions.all())
        if not givers.may_place(grant.granted_by_id, grant.workspace_id, grant.role_id, extras):
            held.record(PLACEMENT_DROPPED, subject=waiting.pk, scope=grant.workspace_id, before=grant.role.name)
            if grant.role_id in givers.workspace_roles:
                dropped.append(Asked(grant.role_id, workspace_id=grant.workspace_id))
            grant.delete()
    for membership in GroupMember.objects.filter(member=waiting).select_related("group"):
        if not givers.may_add(membership.added_by_id, membership.group_id):
            held.record(PLACEMENT_DROPPED, subject=waiting.pk, before=membership.group.name)
            dropped.append(Asked(group_id=membership.group_id))
            membership.delete()
    return dropped + _drop_what_is_not_shareable(held, waiting, givers)


def _drop_what_is_not_shareable(held: Locked, waiting: Member, givers: Givers) -> list[Asked]:
    """The same for resources: whoever shared one must still be able to."""
    dropped = []
    for row in Collaborator.objects.filter(member=waiting):
        giver = givers.facts(row.added_by_id)
        found = approach(held.organization, giver, row.resource_id)
        if found is None or not found.may_share(giver, row.level):
            level = kept_label(Collaborator.Level(row.level).label)
            held.record(COLLABORATION_DROPPED, subject=waiting.pk, scope=row.resource_id, before=level)
            dropped.append(Asked(resource_id=row.resource_id, level=row.level))
            row.delete()
    return dropped


def _lower_role(held: Locked, waiting: Member, role_id: int) -> list[Asked]:
    if role_id == waiting.role_id:
        return []
    wanted = Asked(waiting.role_id)
    held.record(PLACEMENT_DROPPED, subject=waiting.pk, before=waiting.role.name)
    Member.objects.filter(pk=waiting.pk).update(role_id=role_id)
    waiting.role_id = role_id
    return [wanted]
