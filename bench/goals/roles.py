"""Goal 8: the role of ten thousand members changes, with a history entry each, and an Admin remains."""

from collections.abc import Callable, Iterator

from django.db import connection

from accounts.models import User
from bench.goals.crowds import CROWD, FEW, Crowd, as_many, cost_of_change, entries_since, newest_entry
from bench.measuring import Cost, Meter, comparison
from bench.references import row_by_row
from bench.results import Result, at_most, times_less
from bench.web import Place, Wrong
from workspaces.actions.members import update_roles
from workspaces.catalogue import BuiltIn
from workspaces.models import Member
from workspaces.plans import Outcome
from workspaces.queries.admins import organization_admins

ROUNDS = 4
BARE_UPDATE = """
    UPDATE workspaces_member SET role_id = %s
    WHERE id IN (SELECT member_id FROM workspaces_selectionitem WHERE selection_id = %s)
"""


def measure(place: Place, meter: Meter) -> Iterator[Result]:
    crowd = Crowd(place)
    rounds = [(_ours(crowd, meter), _bare(crowd, meter), _row_by_row(crowd, meter)) for _ in range(ROUNDS)][1:]
    compared = comparison([(ours, bare) for ours, bare, _ in rounds])
    what, at = f"role change of {CROWD:,}", place.scale.name
    yield at_most(8, what, at, compared.subject, f"bare UPDATE {compared.reference}", measured=compared.ratio, bar=2.5)
    compared = comparison([(ours, single) for ours, _, single in rounds])
    reference = f"row by row {compared.reference} (from {FEW})"
    yield times_less(8, what, at, compared.subject, reference, measured=1 / compared.ratio, bar=20)


def _ours(crowd: Crowd, meter: Meter) -> Cost:
    """The hard case: every Admin but the owner is chosen and the owner's account is blocked, so one has to stay."""
    organization = crowd.place.organization
    members, newest = crowd.draw_with_admins(), newest_entry()
    outcomes: list[Outcome] = []

    def prepare() -> Callable[[], object]:
        User.objects.filter(pk=crowd.place.owner.pk).update(is_active=False)
        chosen, actor = crowd.store(members), crowd.actor(crowd.admins[-1])
        return lambda: outcomes.append(
            update_roles(actor=actor, organization_id=organization.pk, chosen=chosen, role_id=BuiltIn.GUEST)
        )

    def check() -> None:
        changed = Member.objects.filter(pk__in=members, role=BuiltIn.GUEST).count()
        if not outcomes[0].changed == changed == entries_since(newest) == CROWD - 1:
            raise Wrong(f"{outcomes[0]} with {entries_since(newest)} entries")
        if organization_admins(organization).count() != 1:
            raise Wrong("The organization was left without an Admin.")

    return cost_of_change(meter, prepare, check)


def _bare(crowd: Crowd, meter: Meter) -> Cost:
    members = crowd.draw(CROWD)

    def prepare() -> Callable[[], object]:
        selection_id = crowd.store(members).selection_id

        def update() -> None:
            with connection.cursor() as cursor:
                cursor.execute(BARE_UPDATE, [BuiltIn.GUEST, selection_id])
                if cursor.rowcount != CROWD:
                    raise Wrong(f"The bare UPDATE changed {cursor.rowcount} rows.")

        return update

    return cost_of_change(meter, prepare)


def _row_by_row(crowd: Crowd, meter: Meter) -> Cost:
    members = crowd.draw(FEW)
    cost = cost_of_change(
        meter, lambda: lambda: row_by_row.change_roles(crowd.place.organization, members, BuiltIn.GUEST)
    )
    return as_many(cost, FEW, CROWD)
