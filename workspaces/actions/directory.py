"""Keeps the directory: one row per member, made from what people are called."""

from collections.abc import Iterable

from workspaces.models import Activity, Directory, Member
from workspaces.names import NEVER, folded


def enter(members: Iterable[Member]) -> None:
    """Enters new members, or renews the entries of changed ones. members come with user selected.

    Called inside the transaction that changed them.
    """
    rows = []
    for member in members:
        name = member.user.name if member.user is not None and member.user.name else member.name
        sort_name, search_text = folded(name, member.address)
        rows.append(
            Directory(
                member=member,
                organization_id=member.organization_id,
                name=name,
                sort_name=sort_name,
                address=member.address,
                search_text=search_text,
                since=member.joined_at or member.created_at,
            )
        )
    Directory.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["member"],
        update_fields=["name", "sort_name", "address", "search_text", "since"],
    )
    Activity.objects.bulk_create(
        [Activity(member_id=row.member_id, organization_id=row.organization_id, last_active_at=NEVER) for row in rows],
        ignore_conflicts=True,
    )


def person_changed(user_id: int) -> None:
    """Renews the person's entries in all their organizations; registered with `accounts`.

    Locks the members' rows: without the organization's lock they could be removed meanwhile, and leave entries behind.
    """
    mine = Member.objects.filter(user_id=user_id).order_by("pk")
    enter(mine.select_for_update(of=("self",), no_key=True).select_related("user"))
