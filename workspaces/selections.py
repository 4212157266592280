"""How a set of members enters a read or a write: a few ids of one request, or a stored Selection."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet, Value
from django.db.models.fields import UUIDField
from django.db.models.functions import Now

from workspaces.models import Member, Organization, Selection, SelectionItem
from workspaces.models.members import MemberQuerySet
from workspaces.policy import BULK_LIMIT
from workspaces.sql import delete_rows, insert_select, of_ids

LIFE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Either ids (at most a page of them) or the id of a stored selection."""

    ids: tuple[int, ...] = ()
    selection_id: UUID | None = None

    @classmethod
    def one(cls, member_id: int) -> "Chosen":
        return cls(ids=(member_id,))

    def members(self, organization: Organization) -> MemberQuerySet:
        """Those of them who are still members; ids of other organizations match nothing (P3)."""
        members = Member.objects.filter(organization=organization)
        if self.selection_id is None:
            return members.filter(pk__in=of_ids(self.ids))
        return members.filter(pk__in=SelectionItem.objects.filter(selection=self.selection_id).values("member"))


def store(
    organization: Organization, members: "QuerySet[Member]", user_id: int | None = None, *, is_limited: bool = True
) -> Selection:
    """Stores exactly the members that the queryset matches now. Of what people choose one more than BULK_LIMIT at most:
    count is exact up to there. What follows from it has no limit.

    With a user it is theirs to come back to; without, the caller discards it.
    """
    with transaction.atomic():
        selection = Selection.objects.create(organization=organization, created_by_id=user_id)
        # In the order of ids, since whatever is done to a set walks its tables in the order in which it was stored.
        rows = members.order_by("pk").values_list(Value(selection.pk, UUIDField()), "pk")
        rows = rows[: BULK_LIMIT + 1] if is_limited else rows
        selection.count = insert_select(SelectionItem, ["selection_id", "member_id"], rows)
        selection.save(update_fields=["count"])
    return selection


def own(organization: Organization, user_id: int | None, key: str) -> Selection | None:
    """The person's stored selection in this organization; None for every other key."""
    try:
        uuid = UUID(key)
    except ValueError:
        return None
    return Selection.objects.filter(pk=uuid, organization=organization, created_by_id=user_id or 0).first()


def discard(selection: Selection) -> None:
    """Two DELETEs, whatever its size."""
    delete_rows(SelectionItem.objects.filter(selection=selection.pk))
    delete_rows(Selection.objects.filter(pk=selection.pk))


def discard_old() -> int:
    """Discards what nobody will come back to; returns how many. Safe to run any number of times at once."""
    old = list(Selection.objects.filter(created_at__lt=Now() - LIFE))
    for selection in old:
        discard(selection)
    return len(old)
