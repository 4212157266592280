"""Jobs: chunk after chunk under the lock, resumed after a kill, cancelled, refused in the middle."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import Http404

from config.refusals import Refusal
from tests import cast
from tests.cast import Acme, group_of, history, refused, web
from tests.changes import CHUNK, MANY, do, done, large, results, undo, update_role
from workspaces import jobs as kinds
from workspaces.actions import groups, jobs, members, organizations
from workspaces.actions.jobs import working
from workspaces.actions.locking import locked
from workspaces.bulk.base import BulkJob
from workspaces.catalogue import BuiltIn
from workspaces.jobs import JobKind, RowResult
from workspaces.models import Act, Group, GroupMember, Job, JobRow
from workspaces.place import Place
from workspaces.reasons import Reason
from workspaces.selections import Chosen

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BulkJob, "chunk", CHUNK)


def lapse(job: Job) -> None:
    """The lease of its worker ended a moment ago."""
    Job.objects.filter(pk=job.pk).update(claimed_until=Now() - timedelta(seconds=1))


# --- chunk after chunk


def test_a_large_job_is_done_by_workers_in_chunks_in_the_order_of_its_rows(world: Acme) -> None:
    job = large(world, world.priya, "members.role", role=BuiltIn.GUEST)
    numbers = list(job.rows.order_by("member_id").values_list("number", flat=True))
    assert numbers == list(range(1, MANY + 1))
    assert jobs.work_off(seconds=0) == 1  # its time is up after the first chunk
    job.refresh_from_db()
    assert (job.position, job.changed, job.finished_at, job.claimed_by) == (CHUNK, CHUNK, None, None)
    assert set(results(job)[CHUNK:]) == {""}
    jobs.work_off()
    job.refresh_from_db()
    assert (job.position, job.changed, job.problem) == (MANY, MANY, "")
    assert job.finished_at is not None
    assert world.organization.members.filter(role=BuiltIn.GUEST).count() == MANY + 1  # and Tom
    acts = Act.objects.filter(kind="member.role_changed", actor_id=world.priya.pk)
    assert {(act.source, act.ip, act.request_id) for act in acts} == {("web", "192.0.2.1", "r1")}
    assert len(history(world.organization, "member.role_changed")) == MANY
    assert jobs.work_off() == 0


class Killed(BaseException):
    """What takes a worker away without a word."""


class Joining(JobKind):
    """Puts waiting people into a group, and meets with an accident at a row, as often as it is told to."""

    name = "tests.joining"
    accident: BaseException | None = None
    at_row = 1_050
    times = 1
    began = 0
    forgotten = 0

    def begin(self, place: Place, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        self.began += 1
        return {**parameters, "began": True}

    def apply(self, place: Place, parameters: Mapping[str, Any], rows: "QuerySet[JobRow]") -> Sequence[RowResult]:
        assert parameters["began"]
        chosen = Chosen(ids=tuple(row.member_id or 0 for row in rows))
        groups.add_to_group(
            actor=place.actor, organization_id=place.organization.pk, chosen=chosen, group_id=parameters["group"]
        )
        if self.accident is not None and self.times and any(row.number == self.at_row for row in rows):
            self.times -= 1
            raise self.accident
        return [RowResult(row.number, JobRow.CHANGED) for row in rows][self.forgotten :]


@pytest.fixture
def joining(monkeypatch: pytest.MonkeyPatch) -> Joining:
    kind = Joining()
    monkeypatch.setitem(kinds.REGISTRY, kind.name, kind)
    return kind


def test_a_kill_in_the_middle_loses_the_chunk_in_progress_and_repeats_nothing(world: Acme, joining: Joining) -> None:
    team = group_of(world.olga, world.organization, "Team")
    job = large(world, world.olga, "tests.joining", group=team.pk)
    joining.accident = Killed()
    with pytest.raises(Killed):
        jobs.work_off()
    job.refresh_from_db()
    assert (job.position, job.changed) == (CHUNK, CHUNK)
    assert GroupMember.objects.filter(group=team).count() == CHUNK
    assert jobs.work_off() == 0, "the lost worker's lease holds"
    lapse(job)
    jobs.work_off()
    job.refresh_from_db()
    assert (job.position, job.changed, joining.began) == (MANY, MANY, 1)
    assert job.finished_at is not None
    assert len(history(world.organization, "group.joined")) == MANY


def test_a_lapsed_lease_is_taken_over_by_one_worker_and_the_former_one_can_write_no_more(world: Acme) -> None:
    job = large(world, world.olga, "members.role", role=BuiltIn.GUEST)
    slow, quick, late = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    assert working.claim(slow) == job.pk
    assert working.claim(quick) is None
    lapse(job)
    assert working.claim(quick) == job.pk
    assert working.claim(late) is None
    job.refresh_from_db()
    with locked(actor=web(world.olga), organization_id=world.id) as held, pytest.raises(working.Lost):
        working.do_chunk(held, job, slow)


def test_an_error_is_tried_again_later_and_given_up_after_some_times(world: Acme, joining: Joining) -> None:
    team = group_of(world.olga, world.organization, "Team")
    job = large(world, world.olga, "tests.joining", group=team.pk)
    joining.accident, joining.times = ValueError("a mistake of ours"), 1
    jobs.work_off()
    job.refresh_from_db()
    assert (job.position, job.failures, job.claimed_by) == (CHUNK, 1, None)
    assert jobs.work_off() == 0, "not at once"
    joining.times = 99
    for _ in range(working.MAX_FAILURES + 1):
        lapse(job)
        jobs.work_off()
    job.refresh_from_db()
    assert job.finished_at is not None
    assert "What is done stays done" in str(job.problem)
    assert GroupMember.objects.filter(group=team).count() == job.changed == CHUNK


def test_a_kind_that_forgets_to_say_what_became_of_a_row_changes_nothing(world: Acme, joining: Joining) -> None:
    team = group_of(world.olga, world.organization, "Team")
    job = large(world, world.olga, "tests.joining", group=team.pk)
    joining.forgotten = 1
    jobs.work_off()
    job.refresh_from_db()
    assert (job.position, job.changed, job.failures) == (0, 0, 1)
    assert not team.memberships.exists()
    assert set(results(job)) == {""}


def test_a_refusal_in_the_middle_ends_the_job_with_its_sentence(world: Acme, joining: Joining) -> None:
    team = group_of(world.olga, world.organization, "Team")
    job = large(world, world.olga, "tests.joining", group=team.pk)
    joining.accident = Refusal("The day's limit is reached.", 429, "over_limit")
    jobs.work_off()
    job.refresh_from_db()
    assert (job.position, str(job.problem)) == (CHUNK, "The day's limit is reached.")
    assert job.finished_at is not None


@pytest.mark.claim("P12")
def test_whoever_loses_the_right_in_the_middle_changes_nobody_from_then_on(world: Acme) -> None:
    job = large(world, world.priya, "members.role", role=BuiltIn.GUEST)
    jobs.work_off(seconds=0)
    update_role(world, world.olga, world.member(world.priya), BuiltIn.MEMBER)
    jobs.work_off()
    job.refresh_from_db()
    assert (job.changed, job.problem) == (CHUNK, "")
    assert set(results(job)[CHUNK:]) == {Reason.NO_RIGHT}


@pytest.mark.claim("P14")
def test_a_job_of_somebody_who_is_suspended_in_the_middle_stops(world: Acme) -> None:
    job = large(world, world.priya, "members.role", role=BuiltIn.GUEST)
    jobs.work_off(seconds=0)
    members.suspend_members(
        actor=web(world.olga), organization_id=world.id, chosen=cast.chosen(world.member(world.priya))
    )
    jobs.work_off()
    job.refresh_from_db()
    assert (job.changed, str(job.problem)) == (CHUNK, "Whoever started it is not an active member any more.")
    assert job.finished_at is not None


def test_cancelling_stops_before_the_next_chunk_and_keeps_what_is_done(world: Acme) -> None:
    job = large(world, world.priya, "members.role", role=BuiltIn.GUEST)
    jobs.work_off(seconds=0)
    claimer = uuid.uuid4()
    working.claim(claimer)
    stopping = jobs.cancel_job(actor=web(world.olga), organization_id=world.id, job_id=job.pk)
    assert (stopping.finished_at, stopping.cancelled_at is None) == (None, False)
    lapse(job)
    jobs.work_off()
    job.refresh_from_db()
    assert (job.position, job.changed, job.finished_at is None) == (CHUNK, CHUNK, False)
    finished = done(world)
    with refused(409, "finished"):
        jobs.cancel_job(actor=web(world.olga), organization_id=world.id, job_id=finished.pk)


def test_a_plan_that_was_cancelled_cannot_be_confirmed_any_more(world: Acme) -> None:
    planned = jobs.plan_job(
        actor=web(world.olga),
        organization_id=world.id,
        kind="members.suspend",
        title="Suspend",
        parameters={},
        rows=world.organization.members.filter(user=world.ben),
    )
    jobs.cancel_job(actor=web(world.olga), organization_id=world.id, job_id=planned.pk)
    with refused(409, "started"):
        jobs.confirm_job(actor=web(world.olga), organization_id=world.id, job_id=planned.pk)
    assert not world.organization.members.filter(suspended_at__isnull=False).exists()


def test_a_job_of_an_organization_that_is_deleted_in_the_middle_is_gone_without_a_trace(world: Acme) -> None:
    job = large(world, world.priya, "members.role", role=BuiltIn.GUEST)
    claimer = uuid.uuid4()
    assert working.claim(claimer) == job.pk
    assert working.continue_with(job.pk, claimer)
    organizations.delete_organization(actor=web(world.olga), organization_id=world.id, confirmed_name="Acme")
    assert not working.continue_with(job.pk, claimer)
    assert jobs.work_off() == 0
    assert not Job.objects.exists()
    assert not JobRow.objects.exists()


def test_what_is_done_at_once_is_done_to_its_end_in_chunks_of_any_size(
    world: Acme, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BulkJob, "chunk", 2)
    who = [world.member(user) for user in (world.ben, world.tom, world.priya)]
    job = do(world, world.olga, "members.suspend", *who)
    assert (job.position, job.changed, job.finished_at is None) == (3, 3, False)


# --- at once


def test_a_plan_changes_nothing_and_is_confirmed_once_by_its_maker(world: Acme) -> None:
    ben = world.member(world.ben)
    planned = jobs.plan_job(
        actor=web(world.priya),
        organization_id=world.id,
        kind="members.role",
        title="Update role to Guest",
        parameters={"role": BuiltIn.GUEST},
        rows=world.organization.members.filter(pk=ben.pk),
    )
    assert [(row.number, row.text, row.result) for row in planned.rows.all()] == [(1, "Ben Weber", "")]
    assert jobs.work_off() == 0
    with pytest.raises(Http404):
        jobs.confirm_job(actor=web(world.olga), organization_id=world.id, job_id=planned.pk)
    job = jobs.confirm_job(actor=web(world.priya), organization_id=world.id, job_id=planned.pk)
    assert job.finished_at is not None
    ben.refresh_from_db()
    assert ben.role_id == BuiltIn.GUEST
    with refused(409, "started"):
        jobs.confirm_job(actor=web(world.priya), organization_id=world.id, job_id=planned.pk)


@pytest.mark.claim("P26")
def test_a_job_does_what_the_single_acts_do_one_after_the_other(world: Acme) -> None:
    everybody = list(world.organization.members.order_by("pk"))
    job = do(world, world.priya, "members.role", *everybody, role=BuiltIn.GUEST)
    at_once = dict(world.organization.members.values_list("pk", "role"))
    said = history(world.organization, "member.role_changed")
    undo(world, world.olga, job)
    for member in sorted(everybody, key=lambda each: each.user_id == world.priya.pk):  # the actor's own row last
        members.update_roles(
            actor=web(world.priya), organization_id=world.id, chosen=cast.chosen(member), role_id=BuiltIn.GUEST
        )
    assert dict(world.organization.members.values_list("pk", "role")) == at_once
    again = history(world.organization, "member.role_changed")[len(said) :]
    assert sorted(map(str, said)) == sorted(each for each in map(str, again) if "after='Guest'" in each)


def test_where_nothing_may_be_done_at_once_the_reason_is_told_and_no_job_and_no_new_group_remain(world: Acme) -> None:
    with refused(403, Reason.NO_RIGHT):
        do(world, world.mia, "members.role", world.member(world.ben), role=BuiltIn.GUEST)
    suspended = world.member(world.tom)
    members.suspend_members(actor=web(world.olga), organization_id=world.id, chosen=cast.chosen(suspended))
    with refused(409, Reason.SUSPENDED):
        do(world, world.olga, "members.group", suspended, group=None, new_group="Nobody")
    assert not Job.objects.exists()
    assert not Group.objects.filter(name="Nobody").exists()


def test_a_new_group_is_founded_once_for_all_chunks(world: Acme) -> None:
    job = large(world, world.olga, "members.group", group=None, new_group="Crowd")
    jobs.work_off()
    [group] = Group.objects.filter(name="Crowd")
    assert GroupMember.objects.filter(group=group).count() == MANY
    assert len(history(world.organization, "group.created")) == 1
    job.refresh_from_db()
    undone = undo(world, world.olga, job)
    assert undone.finished_at is None, "as large as what it undoes"
    jobs.work_off()
    assert not GroupMember.objects.filter(group=group).exists()


# --- what remains


def test_old_jobs_are_discarded_with_their_rows_and_what_undid_them(world: Acme) -> None:
    old = done(world)
    undo(world, world.olga, old)
    kept = done(world)
    Job.objects.filter(pk=old.pk).update(created_at=Now() - timedelta(days=91))
    assert jobs.discard_old_jobs() == 2
    assert jobs.discard_old_jobs() == 0
    assert list(Job.objects.values_list("pk", flat=True)) == [kept.pk]
    assert set(JobRow.objects.values_list("job", flat=True)) == {kept.pk}
