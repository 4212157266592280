"""The state machine's moves on imports: a pasted table is planned, mended, applied at once or chunk by chunk, stopped.

Taking one back is the undo of a job (`tests.machine_access`).
"""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hypothesis import strategies as st

from accounts.actors import Actor
from config.sentences import Sentence
from invitations.actions import importing
from invitations.asking import Ask
from invitations.sheets import Entered, guess_columns, read_pasted
from tests import cast
from tests.machine_access import standing
from tests.machine_moves import BY_ADMIN, NUMBERS, OFTEN, SELDOM, WHO, calls
from tests.naive import Model
from tests.steps import Step, the, visible
from workspaces.actions import jobs
from workspaces.actions.jobs import planning, working
from workspaces.catalogue import BuiltIn, Scope
from workspaces.models import Group, Job, JobRow

# Of each row: whose address; and role, group, workspace and role there, or what the defaults say.
MAYBE = st.one_of(st.none(), NUMBERS)
ROWS = st.lists(st.tuples(NUMBERS, MAYBE, MAYBE, MAYBE, NUMBERS), min_size=1, max_size=5)
HOW = st.sampled_from(["at once", "at once", "slowly", "stopped"])
WHOLE = ("import_all", {**BY_ADMIN, "rows": ROWS, "how": HOW, "back": st.booleans()})
IMPORTING = calls(
    ("plan_import", {**BY_ADMIN, "rows": ROWS, "fresh": OFTEN}),
    WHOLE,
    WHOLE,
    ("mend_plan", {"who": WHO, "number": NUMBERS, "row": NUMBERS, "to": st.tuples(*[NUMBERS] * 5), "removes": SELDOM}),
    ("apply_plan", {"who": WHO, "number": NUMBERS, "own": OFTEN, "fresh": OFTEN, "slowly": st.booleans()}),
    ("apply_plan", {"who": WHO, "number": NUMBERS, "own": OFTEN, "fresh": OFTEN, "slowly": st.booleans()}),
    ("work_on", {}),
    ("work_on", {}),
    ("stop_job", {"who": WHO, "number": NUMBERS}),
    ("discard_plan", {"number": NUMBERS}),
)
CHUNK = 2


@contextmanager
def in_small_chunks() -> Iterator[None]:
    """Everything waits for a worker, who does two rows at a time."""
    former = planning.IMMEDIATE, importing.Importing.chunk
    planning.IMMEDIATE, importing.Importing.chunk = 0, CHUNK
    try:
        yield
    finally:
        planning.IMMEDIATE, importing.Importing.chunk = former


class ImportMoves:
    """What the machine itself brings, as for `tests.machine_access`."""

    now: Model
    world: Any
    step: Any
    actor: Any
    user: Any
    by: Any
    workspace: Any
    group: Any
    role: Any
    take_back: Any

    def plan_import(self, who: int, where: int, rows: list[tuple[Any, ...]], fresh: bool) -> Job | None:
        actor, organization = self.by(who, where, fresh)
        lines = ["\t".join(self.entered(organization, *row).texts().values()) for row in rows]
        sheet = read_pasted("\n".join(["email\tname\trole\tgroups\tworkspaces", *lines]))
        before = self.now
        job: Job | None = self.step(
            actor,
            lambda: importing.plan_import(
                actor=actor,
                organization_id=organization,
                sheet=sheet,
                columns=guess_columns(sheet),
                is_certain=True,
                defaults=Ask(BuiltIn.GUEST, days=7),
                title=Sentence("Import"),
            ),
        )
        self.check_untouched(before)
        if job is not None:
            for row in job.rows.exclude(result=""):
                check_forecast(self.now, organization, row)
        return job

    def import_all(self, who: int, where: int, rows: list[tuple[Any, ...]], how: str, back: bool) -> None:
        """Planned and applied, or stopped in the middle, and perhaps taken back before anything else has changed."""
        if self.going():
            self.work_on()
            return
        job = self.plan_import(who, where, rows, True)
        if job is None:
            return
        before, actor = self.now, self.maker(job)
        if how == "at once":
            self.apply(job, actor)
        else:
            self.queue(job, actor)
            while self.going():
                self.work_on()
                if how == "stopped":
                    self.stop_job(who, 1)
        if back and Job.objects.filter(pk=job.pk, changed__gt=0).exists():
            undone = self.take_back(actor, job)
            if undone is not None and not undone.rows.exclude(result__in=(JobRow.CHANGED, "stays")).exists():
                assert standing(self.now) == standing(before)

    def entered(
        self, organization: int, address: int, role: int | None, group: int | None, place: int | None, there: int
    ) -> Entered:
        """One row. Now and then what is no address, one in capitals, and one that nobody has an account for."""
        known = the([*self.world.addresses, "new@fresh.example", "no address"], address)
        return Entered(
            known.upper() if address % 5 == 0 else known,
            "",
            "" if role is None else self.now.role_names[self.role(organization, Scope.ORGANIZATION, role)],
            "" if group is None else self.group_name(self.group(organization, group)),
            ""
            if place is None
            else f"{self.now.workspaces[self.workspace(organization, place)].name}: "
            f"{self.now.role_names[self.role(organization, Scope.WORKSPACE, there)]}",
        )

    def group_name(self, group: int) -> str:
        return Group.objects.filter(pk=group).values_list("name", flat=True).first() or "Nowhere"

    def plans(self) -> list[Job]:
        return list(Job.objects.filter(kind=importing.KIND, queued_at=None, finished_at=None).order_by("created_at"))

    def maker(self, job: Job, fresh: bool = True) -> Actor:
        return cast.web(job.created_by or self.world.sam, is_fresh=fresh)

    def mend_plan(self, who: int, number: int, row: int, to: tuple[int, ...], removes: bool) -> None:
        """By its maker, or by whoever comes along, to whom it does not exist."""
        plans = self.plans()
        if not plans:
            return
        job, before = the(plans, number), self.now
        actor = self.maker(job) if row % 4 else self.actor(who, job.organization_id)
        about: dict[str, Any] = {"actor": actor, "organization_id": job.organization_id, "job_id": job.pk}
        about["number"] = 1 + row % job.total
        if removes:
            self.step(actor, lambda: importing.remove_row(**about))
        else:
            entered = self.entered(job.organization_id, *to)
            mended = self.step(actor, lambda: importing.correct_row(**about, entered=entered))
            if mended is not None:
                check_forecast(self.now, job.organization_id, mended)
        self.check_untouched(before)

    def discard_plan(self, number: int) -> None:
        plans = self.plans()
        if plans and number % 4 == 0:
            job, before = the(plans, number), self.now
            actor = self.maker(job)
            self.step(
                actor,
                lambda: importing.discard_import(actor=actor, organization_id=job.organization_id, job_id=job.pk),
            )
            self.check_untouched(before)

    def apply_plan(self, who: int, number: int, own: bool, fresh: bool, slowly: bool) -> None:
        """At once, or handed to a worker, who goes on in steps of its own while others change what they change."""
        plans = self.plans()
        if not plans:
            return
        job = the(plans, number)
        actor = self.maker(job, fresh) if own else self.actor(who, job.organization_id, fresh)
        (self.queue if slowly else self.apply)(job, actor)

    def apply(self, job: Job, actor: Actor) -> None:
        before = self.now
        done = self.step(actor, lambda: confirm(job, actor), by="import")
        self.check_import(before, actor, job, list(job.rows.order_by("number")) if done is not None else [])

    def queue(self, job: Job, actor: Actor) -> None:
        before = self.now
        with in_small_chunks():
            self.step(actor, lambda: confirm(job, actor))
        self.check_untouched(before)

    def going(self) -> list[Job]:
        return list(Job.objects.filter(queued_at__isnull=False, finished_at=None).order_by("queued_at"))

    def work_on(self) -> None:
        """A worker claims what is due, does a chunk, and gives it back."""
        claimer, before = uuid.uuid4(), self.now
        job_id = working.claim(claimer)
        if job_id is None:
            return
        job = Job.objects.get(pk=job_id)
        actor = working.actor_of(job)
        with in_small_chunks():
            self.step(actor, lambda: working.continue_with(job_id, claimer), by="import")
        Job.objects.filter(pk=job_id).update(claimed_by=None, claimed_until=None)
        now = Job.objects.get(pk=job_id)
        assert now.failures == 0
        rows = list(now.rows.filter(number__gt=job.position, number__lte=now.position).order_by("number"))
        assert len(rows) <= CHUNK
        assert all(row.result for row in rows)
        assert not now.rows.filter(number__gt=now.position).exclude(result="").exists()
        self.check_import(before, actor, job, rows)

    def stop_job(self, who: int, number: int) -> None:
        """Before its next chunk: what is done stays done."""
        going = self.going()
        if going:
            job, before = the(going, number), self.now
            actor = self.maker(job) if number % 2 else self.actor(who, job.organization_id)
            self.step(actor, lambda: jobs.cancel_job(actor=actor, organization_id=job.organization_id, job_id=job.pk))
            self.check_untouched(before)

    def check_untouched(self, before: Model) -> None:
        """A plan is a plan."""
        assert visible(self.now) == visible(before)
        assert (self.now.last_act, self.now.last_entry) == (before.last_act, before.last_entry)

    def check_import(self, before: Model, actor: Actor, job: Job, rows: Sequence[JobRow]) -> None:
        ImportStep(Step(before, self.now, actor, "import"), job.organization_id, rows).check()

    def check_taken_back(self, before: Model, job: Job) -> None:
        """Of an import that was undone: whoever still waited because of it is gone, nobody else; what it gave to others
        is all that they may have lost.
        """
        rows = list(job.rows.filter(result=JobRow.CHANGED))
        asked = {row.member_id for row in rows if row.before["was"] == "invited"}
        gone = before.members.keys() - self.now.members.keys()
        assert gone <= asked
        assert all(before.members[pk].joined_at is None for pk in gone)
        grants = {pk for row in rows for _workspace, pk in row.before["grants"]}
        places = {(group, row.member_id) for row in rows for group in row.before["groups"]}
        lost = {pk for pk in before.grants.keys() - self.now.grants.keys() if before.grants[pk].member_id not in gone}
        assert lost <= grants
        left = before.group_members.keys() - self.now.group_members.keys()
        assert {(group, pk) for group, pk in left if pk not in gone} <= places
        assert not self.now.grants.keys() - before.grants.keys()
        assert not self.now.group_members.keys() - before.group_members.keys()


def confirm(job: Job, actor: Actor) -> Job:
    return importing.confirm_import(actor=actor, organization_id=job.organization_id, job_id=job.pk)


def check_forecast(model: Model, organization: int, row: JobRow) -> None:
    """What a plan says of an address is so at that moment."""
    known = model.member_at(organization, row.text)
    if row.result == "invited":
        assert known is None
    elif row.result == "renewed":
        assert known is not None
        assert known.joined_at is None
    elif row.result in ("gains", "member"):
        assert known is not None
        assert known.joined_at is not None


class ImportStep:
    """Some rows that were applied, held against what became of the people they name."""

    def __init__(self, step: Step, organization: int, rows: Sequence[JobRow]) -> None:
        self.before, self.after = step.before, step.after
        self.organization, self.rows = organization, rows
        self.done = [row for row in rows if row.result == JobRow.CHANGED]

    def check(self) -> None:
        for row in self.done:
            self.check_done(row)
        new = self.after.members.keys() - self.before.members.keys()
        assert new == {row.member_id for row in self.done if row.before["was"] == "invited"}
        assert not self.before.members.keys() - self.after.members.keys()
        touched = {row.member_id for row in self.done}
        for pk in self.before.members.keys() - touched:
            assert holdings(self.before, pk) == holdings(self.after, pk)

    def check_done(self, row: JobRow) -> None:
        """It leads to whom the naive model finds, gives what it names, and takes nothing."""
        known, member = self.before.member_at(self.organization, row.text), self.after.members[row.member_id or 0]
        was = row.before["was"]
        if was == "invited":
            assert known is None
            assert (member.address, member.joined_at) == (row.text, None)
        else:
            assert known is not None
            assert known.pk == member.pk
            assert (known.joined_at is None) == (was == "renewed")
            assert self.before.roles[known.role_id] <= self.after.roles[member.role_id]
            assert was == "renewed" or known.role_id == member.role_id
            for mine, theirs in zip(holdings(self.before, member.pk), holdings(self.after, member.pk), strict=True):
                assert mine <= theirs
        self.check_named(row, member.pk)
        gained = {(group, member.pk) for group in row.before["groups"]}
        assert gained <= self.after.group_members.keys() - self.before.group_members.keys()
        for _workspace, pk in row.before["grants"]:
            assert self.after.is_live(self.after.grants[pk])
            assert pk not in self.before.grants or not self.before.is_live(self.before.grants[pk])

    def check_named(self, row: JobRow, member: int) -> None:
        """What the texts of the row name is theirs now."""
        entered, person = Entered.of(row.data), self.after.members[member]
        if entered.role and row.before["was"] == "invited":
            assert self.after.role_names[person.role_id] == entered.role
        groups = Group.objects.filter(pk__in=self.after.groups_of(member)).values_list("name", flat=True)
        assert not entered.groups or entered.groups in groups
        if entered.workspaces:
            name, role = entered.workspaces.split(": ")
            places = {
                (self.after.workspaces[one.workspace_id].name, self.after.role_names[one.role_id])
                for one in self.after.grants.values()
                if one.member_id == member and self.after.is_live(one)
            }
            assert (name, role) in places


def holdings(model: Model, member: int) -> tuple[set[int], set[tuple[Any, ...]]]:
    """Groups, and live grants with their terms."""
    return model.groups_of(member), {
        (one.workspace_id, one.role_id, one.ends_at, model.extras.get(one.pk))
        for one in model.grants.values()
        if one.member_id == member and model.is_live(one)
    }
