"""Asking for access, and deciding it. What an approver gives goes through the same actions as by hand, with their
rights.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.actors import Actor
from accounts.models import User
from accounts.outbox import cancel, queue_mail
from config.refusals import Refusal
from workspaces.actions import grants, groups, members, resources
from workspaces.actions.locking import Locked, insist, locked
from workspaces.catalogue import Scope
from workspaces.history import ACCESS_ASKED, REQUEST_APPROVED, REQUEST_DECLINED, REQUEST_WITHDRAWN
from workspaces.models import (
    AccessRequest,
    Collaborator,
    Grant,
    Member,
    Origin,
    RequestedPlacement,
    Resource,
    Workspace,
)
from workspaces.policy import Verb, decide
from workspaces.queries.facts import roles_of, workspace_facts
from workspaces.queries.requests import DECIDED_MAIL, MADE_MAIL, OPEN, approvers_of, ending_grant, may_decide
from workspaces.reasons import Reason
from workspaces.selections import Chosen

AGAIN_AFTER = timedelta(hours=24)
"""After a refusal, the same thing can be asked for again."""
PER_DAY = 10
"""Requests of one member within 24 hours."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing asked for: a role in a workspace, a place in a group, a collaboration on a resource (with its level),
    or (none of these) an organization role.
    """

    role_id: int | None = None
    workspace_id: int | None = None
    group_id: int | None = None
    resource_id: int | None = None
    level: str = ""


def ask_for_access(
    *, actor: Actor, organization_id: int, workspace_id: int, role_id: int, message: str = ""
) -> AccessRequest:
    """Asks for a role in a workspace. Locks the organization. Raises Http404 for what it does not have, Refusal 409
    where nothing would change or the same is asked already, 429 for asking too often.
    """
    with locked(actor=actor, organization_id=organization_id) as held:
        member = _asker(held)
        role = roles_of(held.organization, Scope.WORKSPACE).get(role_id)
        shared = Workspace.objects.alive().filter(organization=held.organization, kind=Workspace.Kind.SHARED)
        workspace = shared.filter(pk=workspace_id, archived_at__isnull=True).first()
        if role is None or workspace is None:
            raise Http404
        here = workspace_facts(held.organization, held.facts, [workspace.pk])[workspace.pk]
        if role.permissions <= here.permissions:
            raise Refusal(_("You hold this in the workspace already."), 409, Reason.UNCHANGED)
        return _ask(held, member, Asked(role_id, workspace_id=workspace_id), message)


def ask_for_role(*, actor: Actor, organization_id: int, role_id: int, message: str = "") -> AccessRequest:
    """Asks for an organization role. Locks the organization. Raises as `ask_for_access`."""
    with locked(actor=actor, organization_id=organization_id) as held:
        member = _asker(held)
        role = roles_of(held.organization, Scope.ORGANIZATION).get(role_id)
        if role is None:
            raise Http404
        if role.permissions <= held.facts.permissions:
            raise Refusal(_("Your role includes this already."), 409, Reason.UNCHANGED)
        return _ask(held, member, Asked(role_id), message)


def ask_to_keep(*, actor: Actor, organization_id: int, grant_id: int, message: str = "") -> AccessRequest:
    """Asks for a later end of one's own grant; nobody extends it themself. Raises as `ask_for_access`."""
    with locked(actor=actor, organization_id=organization_id) as held:
        member = _asker(held)
        grant = ending_grant(member, grant_id)
        if grant is None:
            raise Http404
        asked = Asked(grant.role_id, workspace_id=grant.workspace_id)
        return _ask(held, member, asked, message, kind=AccessRequest.Kind.RENEWAL)


def hold(held: Locked, member: Member, rest: Iterable[Asked], inviter: str) -> AccessRequest | None:
    """What an inviter may no longer give becomes one request of the person who joined, with the inviter's name as its
    message. Called under the lock.
    """
    rest = list(rest)
    if not rest:
        return None
    wanted = AccessRequest.objects.create(
        organization=held.organization,
        member=member,
        kind=AccessRequest.Kind.HELD,
        message=inviter,
    )
    _place(wanted, rest)
    held.record(ACCESS_ASKED, subject=member.pk, payload={"request": wanted.pk})
    _tell_approvers(wanted)
    return wanted


def approve_request(
    *,
    actor: Actor,
    organization_id: int,
    request_id: int,
    role_id: int | None = None,
    ends_at: datetime | None = None,
    reply: str = "",
) -> None:
    """Gives what was asked for (role_id: another role instead), as far as the approver may: all of it or nothing.

    Locks the organization. Raises Refusal 409 where somebody has decided already, and what the giving itself raises.
    """
    with locked(actor=actor, organization_id=organization_id) as held:
        wanted = _open(held, request_id)
        for placement in wanted.placements.all():
            _give(actor, wanted, _asked(placement, role_id), ends_at)
        _decide(held, wanted, reply, approved_at=Now())
        held.record(REQUEST_APPROVED, subject=wanted.member_id, payload={"request": wanted.pk})


def decline_request(*, actor: Actor, organization_id: int, request_id: int, reply: str = "") -> None:
    """Says no, with the reason that the person is told. Locks the organization. Raises as `approve_request`."""
    with locked(actor=actor, organization_id=organization_id) as held:
        wanted = _open(held, request_id)
        _decide(held, wanted, reply, declined_at=Now())
        held.record(REQUEST_DECLINED, subject=wanted.member_id, payload={"request": wanted.pk})


def withdraw_request(*, actor: Actor, organization_id: int, request_id: int) -> None:
    """The asker's own way back. Raises Http404 for somebody else's request, Refusal 409 for a decided one."""
    with locked(actor=actor, organization_id=organization_id) as held:
        wanted = _of(held, request_id).filter(member=held.facts.member_id or 0).first()
        if wanted is None:
            raise Http404
        _insist_open(wanted)
        AccessRequest.objects.filter(pk=wanted.pk).update(withdrawn_at=Now())
        cancel(MADE_MAIL, [wanted.pk], reason=gettext_noop("The request was withdrawn."))
        held.record(REQUEST_WITHDRAWN, subject=wanted.member_id, payload={"request": wanted.pk})


def _asker(held: Locked) -> Member:
    insist(decide(held.facts, Verb.ASK_FOR_ACCESS))
    return Member.objects.get(pk=held.facts.member_id or 0)


def _ask(
    held: Locked,
    member: Member,
    asked: Asked,
    message: str,
    *,
    kind: AccessRequest.Kind = AccessRequest.Kind.ACCESS,
) -> AccessRequest:
    _insist_not_too_often(member, asked)
    wanted = AccessRequest.objects.create(
        organization=held.organization, member=member, kind=kind, message=message.strip()
    )
    _place(wanted, [asked])
    held.record(ACCESS_ASKED, subject=member.pk, scope=asked.workspace_id, payload={"request": wanted.pk})
    _tell_approvers(wanted)
    return wanted


def _place(wanted: AccessRequest, rest: Iterable[Asked]) -> None:
    RequestedPlacement.objects.bulk_create(
        RequestedPlacement(
            request=wanted,
            role_id=each.role_id,
            workspace_id=each.workspace_id,
            group_id=each.group_id,
            resource_id=each.resource_id,
            level=each.level,
        )
        for each in rest
    )


def _insist_not_too_often(member: Member, asked: Asked) -> None:
    """One open request for the same place, none within a day of a refusal, and so many a day."""
    mine = AccessRequest.objects.filter(member=member).exclude(kind=AccessRequest.Kind.HELD)
    same = mine.filter(placements__workspace=asked.workspace_id, placements__group=asked.group_id)
    if same.filter(OPEN).exists():
        raise Refusal(_("You have asked for this already. Wait for the answer, or withdraw it first."), 409, "asked")
    if same.filter(declined_at__gt=Now() - AGAIN_AFTER).exists():
        sentence = _("This was declined within the last day. Ask again tomorrow.")
        raise Refusal(sentence, 429, "asked", retry_after=int(AGAIN_AFTER.total_seconds()))
    if mine.filter(asked_at__gt=Now() - timedelta(days=1)).count() >= PER_DAY:
        sentence = _("You have asked often today. Ask again tomorrow.")
        raise Refusal(sentence, 429, "asked", retry_after=int(AGAIN_AFTER.total_seconds()))


def _of(held: Locked, request_id: int) -> "QuerySet[AccessRequest]":
    return AccessRequest.objects.filter(organization=held.organization, pk=request_id)


def _open(held: Locked, request_id: int) -> AccessRequest:
    """The request for somebody who may decide it; nobody decides their own."""
    wanted = _of(held, request_id).first()
    if wanted is None or not may_decide(held.organization, held.facts, wanted):
        raise Http404
    _insist_open(wanted)
    return wanted


def _insist_open(wanted: AccessRequest) -> None:
    if wanted.approved_at or wanted.declined_at or wanted.withdrawn_at:
        raise Reason.DECIDED.refusal()


def _asked(placement: RequestedPlacement, role_id: int | None) -> Asked:
    """role_id: another role than the one asked for."""
    return Asked(
        role_id or placement.role_id, placement.workspace_id, placement.group_id, placement.resource_id, placement.level
    )


def _give(actor: Actor, wanted: AccessRequest, asked: Asked, ends_at: datetime | None) -> None:
    here, chosen = wanted.organization_id, Chosen.one(wanted.member_id)
    if asked.resource_id is not None:
        _share(actor, wanted, asked.resource_id, asked.level)
        return
    if asked.group_id is not None:
        outcome = groups.add_to_group(actor=actor, organization_id=here, chosen=chosen, group_id=asked.group_id)
    elif asked.workspace_id is None:
        outcome = members.update_roles(actor=actor, organization_id=here, chosen=chosen, role_id=asked.role_id or 0)
    elif kept := _standing(wanted, asked):
        outcome = grants.change_grants(
            actor=actor, organization_id=here, workspace_id=asked.workspace_id, grant_ids=[kept], ends_at=ends_at
        )
    else:
        outcome = grants.give_role(
            actor=actor,
            organization_id=here,
            workspace_id=asked.workspace_id,
            role_id=asked.role_id or 0,
            chosen=chosen,
            origin=Origin.REQUEST,
            ends_at=ends_at,
        )
    outcome.insist()


def _share(actor: Actor, wanted: AccessRequest, resource_id: int, level: str) -> None:
    """Whoever has come to more by themselves keeps it."""
    mine = Collaborator.objects.filter(resource=resource_id, member=wanted.member_id)
    owned = Resource.objects.filter(pk=resource_id, owner=wanted.member_id)
    if owned.exists() or mine.filter(level__in={level, Collaborator.Level.EDIT}).exists():
        return
    here, member_id = wanted.organization_id, wanted.member_id
    resources.share(actor=actor, organization_id=here, resource_id=resource_id, level=level, member_id=member_id)


def _standing(wanted: AccessRequest, asked: Asked) -> int | None:
    """The grant that a renewal asks to keep, if it still stands."""
    if wanted.kind != AccessRequest.Kind.RENEWAL:
        return None
    same = Grant.objects.live().filter(member=wanted.member_id, workspace=asked.workspace_id, role=asked.role_id)
    return same.values_list("pk", flat=True).first()


def _decide(held: Locked, wanted: AccessRequest, reply: str, **moment: Now) -> None:
    AccessRequest.objects.filter(pk=wanted.pk).update(decided_by=held.actor.user_id, reply=reply.strip(), **moment)
    cancel(MADE_MAIL, [wanted.pk], reason=gettext_noop("The request was decided."))
    user = User.objects.filter(memberships=wanted.member_id).first()
    if user is not None:
        organization_id = wanted.organization_id
        queue_mail(DECIDED_MAIL, user.email, user=user, subject_id=wanted.pk, organization_id=organization_id)


def _tell_approvers(wanted: AccessRequest) -> None:
    for user in approvers_of(wanted):
        queue_mail(MADE_MAIL, user.email, user=user, subject_id=wanted.pk, organization_id=wanted.organization_id)
