"""Members of one organization who are probably the same person: a few of each kind, for an administrator to look at."""

from dataclasses import dataclass, field

from allauth.account.models import EmailAddress
from django.db.models import Count, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import StrIndex, Substr

from workspaces.models import Directory, Member, Organization

MOST = 50
"""Groups of members of one kind that are found at once; merging some brings up others."""
LARGE = 50_000
"""People beyond whom mailbox names are not compared: it takes a look at all of them, and finds too many."""


@dataclass(frozen=True, slots=True)
class Alike:
    """Members who share something: a name, or the part of the address before the @; sure: an address of one is proven
    to be the other's.
    """

    what: str
    shared: str
    members: list[Member] = field(default_factory=list)


def duplicates_in(organization: Organization) -> list[Alike]:
    """The sure ones first. Whoever stands in one group is not repeated in the next. A constant number of queries."""
    found = [*_same_person(organization), *_same_name(organization), *_same_mailbox(organization)]
    ids = {pk for _what, _shared, group in found for pk in group}
    members = Member.objects.filter(pk__in=ids).select_related("directory", "role").in_bulk()
    seen: set[int] = set()
    alike = []
    for what, shared, group in found:
        if not set(group) <= seen:
            alike.append(Alike(what, shared, [members[pk] for pk in group if pk in members]))
            seen.update(group)
    return alike


type Found = tuple[str, str, list[int]]


def _same_person(organization: Organization) -> list[Found]:
    """A waiting member whose address is a verified one of somebody who joined. They can accept and merge by themselves;
    many never do.
    """
    verified = EmailAddress.objects.filter(email=OuterRef(OuterRef("address")), verified=True)
    theirs = verified.filter(user__memberships__organization=organization).values("user__memberships__pk")
    mine = Member.objects.filter(pk__in=theirs, organization=organization, joined_at__isnull=False)
    waiting = Member.objects.filter(organization=organization, joined_at__isnull=True)
    rows = waiting.annotate(same=Subquery(mine.values("pk")[:1])).filter(same__isnull=False).order_by("pk")
    return [("person", address, [same, pk]) for pk, address, same in rows.values_list("pk", "address", "same")[:MOST]]


def _same_name(organization: Organization) -> list[Found]:
    """Whose names are the same, whatever the case."""
    named = Directory.objects.filter(organization=organization).exclude(name="")
    return _shared("name", named, "sort_name")


def _same_mailbox(organization: Organization) -> list[Found]:
    """mia@acme.example and mia@acme.test, in organizations where that says something."""
    here = Directory.objects.filter(organization=organization)
    if here[: LARGE + 1].count() > LARGE:
        return []
    mailbox = Substr("address", Value(1), StrIndex("address", Value("@")) - 1)
    return _shared("mailbox", here.annotate(mailbox=mailbox), "mailbox")


def _shared(what: str, rows: "QuerySet[Directory]", key: str) -> list[Found]:
    twice = rows.order_by(key).values(key).annotate(people=Count("pk")).filter(people__gt=1)
    keys = list(twice.values_list(key, flat=True)[:MOST])
    groups: dict[str, list[int]] = {}
    # Whoever has been here longest first: it is usually they who stay.
    matching = rows.filter(**{f"{key}__in": keys}).order_by(F("member__joined_at").asc(nulls_last=True), "pk")
    for shared, pk in matching.values_list(key, "pk")[: MOST * 10]:
        groups.setdefault(shared, []).append(pk)
    return [(what, shared, groups[shared][:10]) for shared in keys if len(groups.get(shared, ())) > 1]
