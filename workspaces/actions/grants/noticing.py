"""Telling people that their access is about to end. The end itself is the clock's: nothing here ends anything."""

from collections.abc import Mapping
from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from accounts import outbox
from accounts.models import OutgoingMail
from workspaces.models import Grant, GroupManager, Member
from workspaces.queries.grants import ENDING_MAIL

NOTICE = timedelta(days=3)
BATCH = 1_000


def tell_of_ends() -> int:
    """Queues a mail for each grant that ends within NOTICE: to its member, or to the managers of its group. What ends
    for everyone is said on their pages only. Returns how many grants were claimed; safe to run any number of times at
    once.
    """
    with transaction.atomic():
        due = Grant.objects.live().filter(
            ends_at__lte=Now() + NOTICE,
            end_noticed_at__isnull=True,
            workspace__deleted_at__isnull=True,
            workspace__archived_at__isnull=True,
        )
        claimed = list(due.select_for_update(skip_locked=True, of=("self",)).order_by("ends_at")[:BATCH])
        Grant.objects.filter(pk__in=[grant.pk for grant in claimed]).update(end_noticed_at=Now())
        outbox.queue(_mails(claimed))
    return len(claimed)


def _mails(grants: list[Grant]) -> list[OutgoingMail]:
    members = Member.objects.effective().select_related("user")
    direct = members.in_bulk([grant.member_id for grant in grants if grant.member_id is not None])
    managers: dict[int, list[Member]] = {}
    for manager in GroupManager.objects.filter(
        group__in=[grant.group_id for grant in grants if grant.group_id is not None], member__in=members.values("pk")
    ).select_related("member__user"):
        managers.setdefault(manager.group_id, []).append(manager.member)
    return [_mail(grant, member) for grant in grants for member in _told(grant, direct, managers)]


def _told(grant: Grant, direct: Mapping[int, Member], managers: Mapping[int, list[Member]]) -> list[Member]:
    if grant.group_id is not None:
        return managers.get(grant.group_id, [])
    holder = direct.get(grant.member_id or 0)
    return [holder] if holder is not None else []


def _mail(grant: Grant, member: Member) -> OutgoingMail:
    assert member.user is not None
    return OutgoingMail(
        kind=ENDING_MAIL,
        recipient=member.user.email,
        user=member.user,
        subject_id=grant.pk,
        organization_id=member.organization_id,
    )
