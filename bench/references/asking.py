"""Invitations the plain way: each address is checked, entered, placed, recorded and queued by itself by the ORM."""

from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from accounts.actors import Actor
from accounts.addresses import Pasted, canonical
from accounts.models import OutgoingMail, User
from invitations.asking import Ask
from invitations.models import Invitation
from workspaces.models import (
    Act,
    Activity,
    Directory,
    Entry,
    Grant,
    Group,
    GroupMember,
    Member,
    Organization,
    Origin,
    Workspace,
)
from workspaces.names import NEVER, folded

DAY = timedelta(days=1)


def ask_each(actor: Actor, organization_id: int, entries: Iterable[Pasted], ask: Ask) -> None:
    for entry in entries:
        with transaction.atomic():
            _ask(actor, organization_id, entry, ask)


def _ask(actor: Actor, organization_id: int, entry: Pasted, ask: Ask) -> None:
    organization = Organization.objects.select_for_update(no_key=True).get(pk=organization_id)
    assert actor.user_id is not None
    inviter = User.objects.get(pk=actor.user_id)
    Member.objects.select_related("role").get(organization=organization, user=inviter)
    groups = [Group.objects.get(organization=organization, pk=pk) for pk in ask.group_ids]
    workspaces = [Workspace.objects.get(organization=organization, pk=pk) for pk in ask.placements]
    address = canonical(entry.text)
    if Member.objects.filter(organization=organization, address=address).exists():
        raise ValueError("is a member")
    if User.objects.filter(emailaddress__email=address, memberships__organization=organization).exists():
        raise ValueError("is a member by another address")
    recent = OutgoingMail.objects.filter(queued_at__gt=Now() - DAY)
    if recent.filter(organization_id=organization_id, recipient=address).count() > 2:
        raise ValueError("was mailed too often")
    if recent.filter(asked_by_id=inviter.pk).count() > 20_000:
        raise ValueError("too many today")
    expires = timezone.now() + timedelta(days=organization.invitation_days)
    mail = OutgoingMail.objects.create(
        kind="invitation", recipient=address, generation=1, organization_id=organization_id, asked_by_id=inviter.pk
    )
    member = Member.objects.create(
        organization=organization, address=address, name=entry.name, role_id=ask.role_id, invited_until=expires,
        invited_by=inviter, mail=mail,
    )  # fmt: skip
    sort_name, search_text = folded(entry.name, address)
    Directory.objects.create(
        member=member, organization=organization, name=entry.name, sort_name=sort_name, address=address,
        search_text=search_text, since=timezone.now(),
    )  # fmt: skip
    Activity.objects.create(member=member, organization=organization, last_active_at=NEVER)
    invitation = Invitation.objects.create(
        organization=organization, member=member, address=address, inviter=inviter, inviter_name=inviter.name,
        message=ask.message, expires_at=expires,
    )  # fmt: skip
    mail.subject_id = invitation.pk
    mail.save()
    for group in groups:
        GroupMember.objects.create(group=group, member=member, added_by=inviter)
    for workspace in workspaces:
        Grant.objects.create(
            workspace=workspace, member=member, role_id=ask.placements[workspace.pk], granted_by=inviter,
            origin=Origin.INVITATION,
        )  # fmt: skip
    act = Act.objects.create(organization_id=organization_id, kind="invitation.sent", actor_id=inviter.pk, source="web")
    Entry.objects.create(act=act, subject_id=member.pk, after="Member")
