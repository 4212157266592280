"""The same changes the plain way: one row after the other through the ORM, with one history entry each."""

from collections.abc import Iterator, Sequence

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models.functions import Now

from accounts.actors import Actor
from invitations.models import Invitation
from workspaces.catalogue import BuiltIn
from workspaces.models import Act, Departure, DeparturePlacement, Entry, Grant, Label, Member, Organization, Workspace


class LastAdmin(Exception):
    """Nobody else would be left to administer it."""


def change_roles(organization: Organization, members: Sequence[int], role_id: int) -> None:
    act = Act.objects.create(organization_id=organization.pk, kind="member.role_changed", source="web")
    for pk in members:
        member = Member.objects.select_related("role").get(pk=pk)
        before = member.role.name
        member.role_id = role_id
        member.save()
        Entry.objects.create(act=act, subject_id=pk, before=before, after="Guest")


def remove(actor: Actor, organization_id: int, members: Sequence[int]) -> None:
    """Each in a transaction of its own, with the guards, and with all that a removal ends and leaves; what hangs on a
    member goes by Django's own cascade.
    """
    for pk in members:
        with transaction.atomic():
            _remove(actor, organization_id, pk)


def _remove(actor: Actor, organization_id: int, pk: int) -> None:
    organization = Organization.objects.select_for_update(no_key=True).get(pk=organization_id)
    Member.objects.effective().get(organization=organization, user=actor.user_id, role=BuiltIn.ADMIN)
    member = Member.objects.select_related("directory").get(organization=organization, pk=pk)
    _insist_on_other_admins(organization, member)
    waiting = list(_asked_in_by(organization, member))
    _end(actor, member, Departure.Cause.REMOVED, before="Joined")
    for each in waiting:
        _end(actor, each, Departure.Cause.REVOKED, before="Invited")


def _insist_on_other_admins(organization: Organization, member: Member) -> None:
    admins = Member.objects.filter(organization=organization, role=BuiltIn.ADMIN).effective()
    if member.pk == organization.owner_id:
        raise LastAdmin
    if member.role_id == BuiltIn.ADMIN and not admins.exclude(pk=member.pk).exists():
        raise LastAdmin
    paths = Grant.objects.filter(
        workspace__organization=organization, workspace__kind=Workspace.Kind.SHARED, role=BuiltIn.STANDARD_ADMIN,
        ends_at=None,
    )  # fmt: skip
    others = Member.objects.effective().exclude(pk=member.pk)
    for path in [*paths.filter(member=member), *paths.filter(group__memberships__member=member)]:
        left = paths.filter(workspace=path.workspace_id)
        if (
            not left.filter(member__in=others).exists()
            and not left.filter(group__memberships__member__in=others).exists()
        ):
            raise LastAdmin


def _asked_in_by(organization: Organization, member: Member) -> Iterator[Member]:
    """Waiting members whom the person asked in, and those who are the person at another address."""
    addresses = EmailAddress.objects.filter(user=member.user_id, verified=True).values_list("email", flat=True)
    waiting = Member.objects.select_related("directory").filter(organization=organization, joined_at=None)
    yield from waiting.filter(
        invitation__inviter=member.user_id, invitation__accepted_at=None, invitation__revoked_at=None
    )
    yield from waiting.filter(address__in=list(addresses))


def _end(actor: Actor, member: Member, cause: Departure.Cause, *, before: str) -> None:
    departure = Departure.objects.create(
        member_id=member.pk, organization_id=member.organization_id, user_id=member.user_id, address=member.address,
        name=member.directory.name, role_id=member.role_id, cause=cause,
    )  # fmt: skip
    placements = [
        DeparturePlacement(departure=departure, group_id=each.group_id) for each in member.group_memberships.all()
    ]
    placements += [
        DeparturePlacement(departure=departure, workspace_id=each.workspace_id, role_id=each.role_id)
        for each in member.grants.all()
    ]
    DeparturePlacement.objects.bulk_create(placements)
    Label.objects.create(kind="member", object_id=member.pk, text=member.directory.name or member.address)
    Invitation.objects.filter(member=member, accepted_at=None, revoked_at=None).update(revoked_at=Now())
    act = Act.objects.create(
        organization_id=member.organization_id, kind="member.removed", source="web", actor_id=actor.user_id
    )
    Entry.objects.create(act=act, subject_id=member.pk, before=before)
    member.delete()
