"""Goal 8: the role of ten thousand members as a job, planned row by row and done chunk by chunk by the code that a
worker runs, against the same change at once.
"""

from collections.abc import Callable, Iterator

from bench.goals.crowds import CROWD, Crowd, cost_of_change, entries_since, newest_entry, per_second
from bench.measuring import Cost, Meter, comparison
from bench.results import Result, at_most
from bench.web import Place, Wrong
from workspaces.actions.jobs import start_job, work_off
from workspaces.actions.members import update_roles
from workspaces.catalogue import BuiltIn
from workspaces.models import Job

ROUNDS = 4
BAR = 3


def measure(place: Place, meter: Meter) -> Iterator[Result]:
    crowd = Crowd(place)
    compared = comparison([(_as_job(crowd, meter), _at_once(crowd, meter)) for _ in range(ROUNDS)][1:])
    yield at_most(
        8,
        f"role change of {CROWD:,} as a job",
        place.scale.name,
        per_second(compared.subject),
        f"at once {per_second(compared.reference)}",
        measured=compared.ratio,
        bar=BAR,
    )


def _as_job(crowd: Crowd, meter: Meter) -> Cost:
    organization, newest = crowd.place.organization, newest_entry()

    def prepare() -> Callable[[], object]:
        chosen, actor = crowd.store(crowd.draw(CROWD)), crowd.actor()

        def change() -> None:
            start_job(
                actor=actor,
                organization_id=organization.pk,
                kind="members.role",
                title="Update role",
                parameters={"role": int(BuiltIn.GUEST)},
                rows=chosen.members(organization),
            )
            work_off(seconds=600)

        return change

    def check() -> None:
        job = Job.objects.latest("created_at")
        if job.finished_at is None or not job.changed == job.rows.count() == entries_since(newest) == CROWD:
            raise Wrong(f"The job has done {job.changed} of {job.total} rows. {job.problem}")

    return cost_of_change(meter, prepare, check)


def _at_once(crowd: Crowd, meter: Meter) -> Cost:
    organization, newest = crowd.place.organization, newest_entry()

    def prepare() -> Callable[[], object]:
        chosen, actor = crowd.store(crowd.draw(CROWD)), crowd.actor()
        return lambda: update_roles(actor=actor, organization_id=organization.pk, chosen=chosen, role_id=BuiltIn.GUEST)

    def check() -> None:
        if entries_since(newest) != CROWD:
            raise Wrong(f"{entries_since(newest)} of {CROWD} changed.")

    return cost_of_change(meter, prepare, check)
