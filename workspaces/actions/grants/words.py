"""How the history words a grant: "Editor + deployments.create until 2026-12-05 (Quarter end)"."""

from collections.abc import Iterable
from datetime import UTC, datetime

from django.db.models import Case, CharField, Exists, F, OuterRef, Subquery, Value, When
from django.db.models.aggregates import StringAgg
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Concat, Left, TruncDate

from workspaces.models import Entry, GrantPermission

LONGEST = Entry._meta.get_field("after").max_length or 0

_EXTRAS = GrantPermission.objects.filter(grant=OuterRef("pk")).order_by()
_JOINED = _EXTRAS.values("grant").annotate(codes=StringAgg("permission", delimiter=Value(", ")))
EXTRAS = Case(
    When(Exists(_EXTRAS), then=Concat(Value(" + "), Subquery(_JOINED.values("codes")))),
    default=Value(""),
    output_field=CharField(),
)
END = Case(
    When(ends_at__isnull=True, then=Value("")),
    default=Concat(Value(" until "), Cast(TruncDate("ends_at", tzinfo=UTC), CharField())),
    output_field=CharField(),
)
REASON = Case(
    When(reason="", then=Value("")),
    default=Concat(Value(" ("), F("reason"), Value(")"), output_field=CharField()),
    output_field=CharField(),
)


def extras_words(codes: Iterable[str]) -> str:
    named = ", ".join(sorted(codes))
    return f" + {named}" if named else ""


def end_words(ends_at: datetime | None) -> str:
    return f" until {ends_at.astimezone(UTC):%Y-%m-%d}" if ends_at else ""


def reason_words(reason: str) -> str:
    return f" ({reason})" if reason else ""


def as_it_stands() -> Combinable:
    """A row of grants in words, as an expression over it."""
    return in_words()


def in_words(
    role: str | None = None, extras: str | None = None, end: str | None = None, reason: str | None = None
) -> Combinable:
    """The same with some of its parts replaced by words that are known already."""
    parts = [
        F("role__name") if role is None else Value(role),
        EXTRAS if extras is None else Value(extras),
        END if end is None else Value(end),
        REASON if reason is None else Value(reason),
    ]
    return Left(Concat(*parts, output_field=CharField()), LONGEST)
