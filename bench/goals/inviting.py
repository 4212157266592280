"""Goal 10: ten thousand pasted addresses, read, checked, entered, placed, recorded and queued."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.db import connection, models

from accounts.addresses import split
from accounts.models import OutgoingMail
from bench.goals.crowds import CROWD, Crowd, as_many, cost_of_change, per_second
from bench.measuring import Cost, Meter, comparison, undone
from bench.people import Cast
from bench.references import asking
from bench.results import Result, at_most, times_less
from bench.web import Place, Wrong
from invitations.actions.inviting import invite
from invitations.asking import Ask, Report
from invitations.models import Invitation
from workspaces.catalogue import BuiltIn
from workspaces.models import Act, Activity, Directory, Entry, Grant, Group, GroupMember, Member, Workspace
from workspaces.sql import insert_rows

ROUNDS = 4
FEW = 100
# In the order in which rows refer to each other.
TABLES: tuple[type[models.Model], ...] = (
    OutgoingMail, Member, Directory, Activity, Invitation, GroupMember, Grant, Act, Entry,
)  # fmt: skip
type Rows = dict[type[models.Model], tuple[list[str], list[Sequence[Any]]]]


def measure(place: Place, meter: Meter) -> Iterator[Result]:
    crowd, text, ask = Crowd(place), _pasted(), _ask(place)
    rows = _rows_made(crowd, text, ask)
    rounds = [
        (_ours(crowd, meter, text, ask), _copied(meter, rows), _one_by_one(crowd, meter, text, ask))
        for _ in range(ROUNDS)
    ][1:]
    compared = comparison([(ours, copied) for ours, copied, _ in rounds])
    what, at = f"invitation of {CROWD:,}", place.scale.name
    ours = per_second(compared.subject)
    yield at_most(10, what, at, ours, f"COPY {compared.reference}", measured=compared.ratio, bar=2)
    compared = comparison([(ours, naive) for ours, _, naive in rounds])
    reference = f"one by one {compared.reference} (from {FEW})"
    yield times_less(10, what, at, compared.subject, reference, measured=1 / compared.ratio, bar=50)


def _pasted() -> str:
    """A list as people paste it: every third address with a name, several separators."""
    people = Cast("new").people(CROWD, waiting=0)
    entries = (f"{each.name} <{each.address}>" if each.number % 3 == 0 else each.address for each in people)
    return "".join(f"{entry}{(', ', '; ', chr(10))[place % 3]}" for place, entry in enumerate(entries))


def _ask(place: Place) -> Ask:
    group = Group.objects.filter(organization=place.organization).order_by("-pk").values_list("pk", flat=True)[:1].get()
    workspace = (
        Workspace.objects.filter(organization=place.organization).order_by("-pk").values_list("pk", flat=True)[:1].get()
    )
    return Ask(
        BuiltIn.MEMBER, group_ids=[group], placements={workspace: BuiltIn.STANDARD_EDITOR}, message="Welcome aboard."
    )


def _ours(crowd: Crowd, meter: Meter, text: str, ask: Ask) -> Cost:
    reports: list[Report] = []
    before = _newest()

    def prepare() -> Callable[[], object]:
        actor, organization_id = crowd.actor(), crowd.place.organization.pk
        return lambda: reports.append(
            invite(actor=actor, organization_id=organization_id, entries=split(text), ask=ask)
        )

    def check() -> None:
        made = {table: _since(table, before[table]).count() for table in TABLES if table is not Act}
        if set(made.values()) != {CROWD} or not all(line.result.is_good for line in reports[0].lines):
            raise Wrong(f"Not everybody was asked in: {made}")

    return cost_of_change(meter, prepare, check)


def _rows_made(crowd: Crowd, text: str, ask: Ask) -> Rows:
    """What the invitation wrote, to be written again by COPY alone."""
    before = _newest()
    with undone():
        invite(actor=crowd.actor(), organization_id=crowd.place.organization.pk, entries=split(text), ask=ask)
        return {table: _read(table, before[table]) for table in TABLES}


def _read(table: type[models.Model], newest: int) -> tuple[list[str], list[Sequence[Any]]]:
    fields = [field for field in table._meta.concrete_fields if not field.generated]
    names = ", ".join(f'"{field.column}"' for field in fields)
    with connection.cursor() as cursor:
        key = table._meta.pk.column
        cursor.execute(f'SELECT {names} FROM "{table._meta.db_table}" WHERE "{key}" > %s ORDER BY "{key}"', [newest])
        return [field.attname for field in fields], cursor.fetchall()


def _copied(meter: Meter, rows: Rows) -> Cost:
    def copy() -> None:
        for table, (names, values) in rows.items():
            insert_rows(table, names, values)

    return cost_of_change(meter, lambda: copy)


def _one_by_one(crowd: Crowd, meter: Meter, text: str, ask: Ask) -> Cost:
    def prepare() -> Callable[[], object]:
        actor, entries = crowd.actor(), split(text)[:FEW]
        return lambda: asking.ask_each(actor, crowd.place.organization.pk, entries, ask)

    return as_many(cost_of_change(meter, prepare), FEW, CROWD)


def _newest() -> dict[type[models.Model], int]:
    return {table: table._default_manager.order_by("-pk").values_list("pk", flat=True).first() or 0 for table in TABLES}


def _since(table: type[models.Model], newest: int) -> models.QuerySet[Any]:
    return table._default_manager.filter(pk__gt=newest)
