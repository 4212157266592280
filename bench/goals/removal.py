"""Goal 9: ten thousand members are removed with everything that hangs on them, and a receipt each remains."""

from collections.abc import Callable, Iterator

from bench.goals.crowds import CROWD, FEW, Crowd, as_many, cost_of_change, entries_since, newest_entry
from bench.measuring import Cost, Meter, comparison
from bench.references import row_by_row
from bench.results import Result, times_less
from bench.web import Place, Wrong
from workspaces.actions.members import remove_members
from workspaces.models import Activity, Departure, DeparturePlacement, Directory, Grant, GroupMember, Label, Member
from workspaces.plans import Outcome

ROUNDS = 3
BAR = 50


def measure(place: Place, meter: Meter) -> Iterator[Result]:
    crowd = Crowd(place)
    pairs = [(_ours(crowd, meter), _row_by_row(crowd, meter)) for _ in range(ROUNDS)][1:]
    compared = comparison(pairs)
    reference = f"row by row {compared.reference} (from {FEW})"
    yield times_less(
        9, f"removal of {CROWD:,}", place.scale.name, compared.subject, reference, measured=1 / compared.ratio, bar=BAR
    )


def _ours(crowd: Crowd, meter: Meter) -> Cost:
    members, newest = crowd.draw(CROWD), newest_entry()
    held = _placements(members)
    outcomes: list[Outcome] = []

    def prepare() -> Callable[[], object]:
        chosen, actor = crowd.store(members), crowd.actor()
        organization_id = crowd.place.organization.pk
        return lambda: outcomes.append(remove_members(actor=actor, organization_id=organization_id, chosen=chosen))

    def check() -> None:
        if outcomes[0].changed != CROWD or outcomes[0].refused:
            raise Wrong(f"{outcomes[0]}")
        _insist_all_ended(members, held, newest)

    return cost_of_change(meter, prepare, check)


def _row_by_row(crowd: Crowd, meter: Meter) -> Cost:
    members, newest = crowd.draw(FEW), newest_entry()
    held = _placements(members)

    def prepare() -> Callable[[], object]:
        actor, organization_id = crowd.actor(), crowd.place.organization.pk
        return lambda: row_by_row.remove(actor, organization_id, members)

    return as_many(cost_of_change(meter, prepare, lambda: _insist_all_ended(members, held, newest)), FEW, CROWD)


def _insist_all_ended(members: list[int], held: int, newest: int) -> None:
    """Both ways come to the same end. held: placements that there were; newest: the last entry before."""
    left = sum(rows.objects.filter(pk__in=members).count() for rows in (Member, Directory, Activity))
    if left or _placements(members):
        raise Wrong(f"{left} rows are left, and {_placements(members)} placements.")
    receipts = Departure.objects.filter(pk__in=members).count()
    labels = Label.objects.filter(kind="member", object_id__in=members).count()
    placements = DeparturePlacement.objects.filter(departure__in=members).count()
    if (receipts, labels, placements, entries_since(newest)) != (len(members), len(members), held, len(members)):
        raise Wrong(f"{receipts} receipts, {labels} labels and {placements} placements do not tell what ended.")


def _placements(members: list[int]) -> int:
    return Grant.objects.filter(member__in=members).count() + GroupMember.objects.filter(member__in=members).count()
