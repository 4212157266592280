"""The same changes the plain way: one row after the other through the ORM, with one history entry each."""

from collections.abc import Sequence

from django.db.models.functions import Now

from invitations.models import Invitation
from workspaces.models import Act, Departure, DeparturePlacement, Entry, Label, Member, Organization


def change_roles(organization: Organization, members: Sequence[int], role_id: int) -> None:
    act = _act(organization, "member.role_changed")
    for pk in members:
        member = Member.objects.select_related("role").get(pk=pk)
        before = member.role.name
        member.role_id = role_id
        member.save()
        Entry.objects.create(act=act, subject_id=pk, before=before, after="Guest")


def remove(organization: Organization, members: Sequence[int]) -> None:
    """With the receipt that a removal leaves; what hangs on a member goes by Django's own cascade."""
    act = _act(organization, "member.removed")
    for pk in members:
        member = Member.objects.select_related("directory").get(pk=pk)
        name = member.directory.name
        departure = Departure.objects.create(
            member_id=pk, organization=organization, user_id=member.user_id, address=member.address, name=name,
            role_id=member.role_id, cause=Departure.Cause.REMOVED,
        )  # fmt: skip
        placements = [
            DeparturePlacement(departure=departure, group_id=each.group_id) for each in member.group_memberships.all()
        ]
        placements += [
            DeparturePlacement(departure=departure, workspace_id=each.workspace_id, role_id=each.role_id)
            for each in member.grants.all()
        ]
        DeparturePlacement.objects.bulk_create(placements)
        Label.objects.create(kind="member", object_id=pk, text=name or member.address)
        Invitation.objects.filter(
            organization=organization, inviter=member.user_id, accepted_at=None, revoked_at=None
        ).update(revoked_at=Now())
        Entry.objects.create(act=act, subject_id=pk, before="Joined")
        member.delete()


def _act(organization: Organization, kind: str) -> Act:
    return Act.objects.create(organization_id=organization.pk, kind=kind, source="web")
