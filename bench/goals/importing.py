"""Goal 10: a table of ten thousand people with three dozen asks as a job: read, planned, confirmed, and done chunk by
chunk by the code that a worker runs. Beside it the same people pasted, with one ask for all.
"""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product

from django.utils import timezone

from accounts.actors import Actor
from accounts.addresses import Pasted
from accounts.models import OutgoingMail
from bench.goals.crowds import CROWD, Crowd, cost_of_change, per_second
from bench.measuring import Cost, Meter, comparison
from bench.people import Cast
from bench.results import Result, at_most
from bench.web import Place, Wrong
from config.sentences import Sentence
from invitations.actions.importing import confirm_import, plan_import
from invitations.actions.inviting import invite
from invitations.asking import Ask
from invitations.models import Invitation
from invitations.sheets import guess_columns, read_file
from workspaces.actions import jobs
from workspaces.catalogue import BuiltIn
from workspaces.models import Grant, Group, GroupMember, Job, Workspace

ROUNDS = 4
BAR = 4


def measure(place: Place, meter: Meter) -> Iterator[Result]:
    crowd, asks = Crowd(place), _Asks(place)
    rounds = [(_imported(crowd, meter, asks), _pasted(crowd, meter, asks)) for _ in range(ROUNDS)][1:]
    compared = comparison(rounds)
    yield at_most(
        10,
        f"import of {CROWD:,}, {len(asks.texts)} asks",
        place.scale.name,
        per_second(compared.subject),
        f"pasted {per_second(compared.reference)}",
        measured=compared.ratio,
        bar=BAR,
    )


class _Asks:
    """Three roles, three groups and four workspaces in every combination: as a table's texts, and one as an ask."""

    def __init__(self, place: Place) -> None:
        here = place.organization
        groups = list(Group.objects.filter(organization=here).order_by("-pk")[:3])
        workspaces = list(Workspace.objects.filter(organization=here).order_by("-pk")[:4])
        self.texts = [
            (role, group.name, f"{workspace.slug}: Viewer")
            for role, group, workspace in product(("Guest", "Member", "Admin"), groups, workspaces)
        ]
        self.one = Ask(BuiltIn.MEMBER, [groups[0].pk], {workspaces[0].pk: BuiltIn.STANDARD_VIEWER})

    def table(self) -> bytes:
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(("email", "name", "role", "groups", "workspaces"))
        for each in Cast("table").people(CROWD, waiting=0):
            writer.writerow((each.address, each.name, *self.texts[each.number % len(self.texts)]))
        return text.getvalue().encode()


def _imported(crowd: Crowd, meter: Meter, asks: _Asks) -> Cost:
    newest, table = _newest(), asks.table()

    def prepare() -> Callable[[], object]:
        # Admins are made only by whoever has just proven who they are.
        actor = replace(crowd.actor(), authenticated_at=timezone.now())
        return lambda: _import(actor, crowd.place.organization.pk, table)

    return cost_of_change(meter, prepare, lambda: _check(newest))


def _import(actor: Actor, organization_id: int, table: bytes) -> None:
    sheet = read_file(table)
    columns = guess_columns(sheet)
    job = plan_import(
        actor=actor,
        organization_id=organization_id,
        sheet=sheet,
        columns=columns,
        is_certain=True,
        defaults=Ask(BuiltIn.MEMBER),
        title=Sentence("People"),
    )
    confirm_import(actor=actor, organization_id=organization_id, job_id=job.pk)
    jobs.work_off(seconds=600)
    job = Job.objects.get(pk=job.pk)
    if (job.finished_at is None, job.changed) != (False, CROWD):
        raise Wrong(f"The import has done {job.changed} of {job.total} rows. {job.problem}")


def _pasted(crowd: Crowd, meter: Meter, asks: _Asks) -> Cost:
    newest = _newest()
    entries = [Pasted(each.address, each.name) for each in Cast("table").people(CROWD, waiting=0)]

    def prepare() -> Callable[[], object]:
        actor, organization_id = crowd.actor(), crowd.place.organization.pk
        return lambda: invite(actor=actor, organization_id=organization_id, entries=entries, ask=asks.one)

    return cost_of_change(meter, prepare, lambda: _check(newest))


TABLES = (Invitation, OutgoingMail, GroupMember, Grant)


def _newest() -> list[int]:
    return [table._default_manager.order_by("-pk").values_list("pk", flat=True)[0] for table in TABLES]


def _check(newest: list[int]) -> None:
    made = [table._default_manager.filter(pk__gt=pk).count() for table, pk in zip(TABLES, newest, strict=True)]
    if set(made) != {CROWD}:
        raise Wrong(f"Not everybody was asked in: {made}")
