"""Jobs: chunk after chunk under the lock, resumed after a kill, cancelled, refused in the middle, undone for a day."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.db.models.functions import Now
from django.http import Http404
from django.utils import timezone

from accounts.models import User
from config.refusals import Refusal
from invitations.models import Invitation
from tests import cast
from tests.cast import Acme, accept, grant_group, group_of, history, open_invitation, person, refused, web
from workspaces import jobs as kinds
from workspaces.actions import grants, groups, jobs, members
from workspaces.actions.jobs import working
from workspaces.actions.locking import locked
from workspaces.catalogue import BuiltIn, Code, Scope
from workspaces.jobs import CHANGED_SINCE, GONE, JobKind, RowResult
from workspaces.models import Act, Grant, GrantPermission, Group, GroupMember, Job, JobRow, Member
from workspaces.place import Place
from workspaces.reasons import Reason
from workspaces.selections import Chosen

pytestmark = pytest.mark.django_db

MANY = 1_100
EDITOR, VIEWER, ADMIN = BuiltIn.STANDARD_EDITOR, BuiltIn.STANDARD_VIEWER, BuiltIn.STANDARD_ADMIN


def do(acme: Acme, by: User, kind: str, *who: Member, **parameters: Any) -> Job:
    """A change of a few members through the machinery, done at once."""
    rows = acme.organization.members.filter(pk__in=[member.pk for member in who])
    return jobs.start_job(
        actor=web(by), organization_id=acme.id, kind=kind, title="A change", parameters=parameters, rows=rows
    )


def undo(acme: Acme, by: User, job: Job, *, is_fresh: bool = True) -> Job:
    return jobs.undo_job(actor=web(by, is_fresh=is_fresh), organization_id=acme.id, job_id=job.pk)


def crowd(acme: Acme, count: int = MANY) -> list[int]:
    """Waiting members, more than are done at once."""
    addresses = [f"p{number}@crowd.example" for number in range(count)]
    cast.ask_in(acme.olga, acme.organization, *addresses)
    return list(acme.organization.members.filter(joined_at__isnull=True).order_by("pk").values_list("pk", flat=True))


def large(acme: Acme, by: User, kind: str, **parameters: Any) -> Job:
    """A confirmed job over the crowd, which waits for a worker."""
    ids = crowd(acme)
    job = jobs.start_job(
        actor=web(by),
        organization_id=acme.id,
        kind=kind,
        title="A large change",
        parameters=parameters,
        rows=acme.organization.members.filter(pk__in=ids),
    )
    assert (job.finished_at, job.position, job.total) == (None, 0, MANY)
    return job


def results(job: Job) -> list[str]:
    return list(job.rows.order_by("number").values_list("result", flat=True))


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
    assert (job.position, job.changed, job.finished_at, job.claimed_by) == (jobs.CHUNK, jobs.CHUNK, None, None)
    assert set(results(job)[jobs.CHUNK :]) == {""}
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

    def begin(self, place: Place, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        self.began += 1
        return {**parameters, "began": True}

    def apply(self, place: Place, parameters: Mapping[str, Any], rows: Sequence[JobRow]) -> Sequence[RowResult]:
        assert parameters["began"]
        chosen = Chosen(ids=tuple(row.member_id or 0 for row in rows))
        groups.add_to_group(
            actor=place.actor, organization_id=place.organization.pk, chosen=chosen, group_id=parameters["group"]
        )
        if self.accident is not None and self.times and any(row.number == self.at_row for row in rows):
            self.times -= 1
            raise self.accident
        return [RowResult(row.number, JobRow.CHANGED) for row in rows]


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
    assert (job.position, job.changed) == (jobs.CHUNK, jobs.CHUNK)
    assert GroupMember.objects.filter(group=team).count() == jobs.CHUNK
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
    assert (job.position, job.failures, job.claimed_by) == (jobs.CHUNK, 1, None)
    assert jobs.work_off() == 0, "not at once"
    joining.times = 99
    for _ in range(working.MAX_FAILURES + 1):
        lapse(job)
        jobs.work_off()
    job.refresh_from_db()
    assert job.finished_at is not None
    assert "What is done stays done" in str(job.problem)
    assert GroupMember.objects.filter(group=team).count() == job.changed == jobs.CHUNK


def test_a_refusal_in_the_middle_ends_the_job_with_its_sentence(world: Acme, joining: Joining) -> None:
    team = group_of(world.olga, world.organization, "Team")
    job = large(world, world.olga, "tests.joining", group=team.pk)
    joining.accident = Refusal("The day's limit is reached.", 429, "over_limit")
    jobs.work_off()
    job.refresh_from_db()
    assert (job.position, str(job.problem)) == (jobs.CHUNK, "The day's limit is reached.")
    assert job.finished_at is not None


@pytest.mark.claim("P12")
def test_whoever_loses_the_right_in_the_middle_changes_nobody_from_then_on(world: Acme) -> None:
    job = large(world, world.priya, "members.role", role=BuiltIn.GUEST)
    jobs.work_off(seconds=0)
    update_role(world, world.olga, world.member(world.priya), BuiltIn.MEMBER)
    jobs.work_off()
    job.refresh_from_db()
    assert (job.changed, job.problem) == (jobs.CHUNK, "")
    assert set(results(job)[jobs.CHUNK :]) == {Reason.NO_RIGHT}


@pytest.mark.claim("P14")
def test_a_job_of_somebody_who_is_suspended_in_the_middle_stops(world: Acme) -> None:
    job = large(world, world.priya, "members.role", role=BuiltIn.GUEST)
    jobs.work_off(seconds=0)
    members.suspend_members(
        actor=web(world.olga), organization_id=world.id, chosen=cast.chosen(world.member(world.priya))
    )
    jobs.work_off()
    job.refresh_from_db()
    assert (job.changed, str(job.problem)) == (jobs.CHUNK, "Whoever started it is not an active member any more.")
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
    assert (job.position, job.changed, job.finished_at is None) == (jobs.CHUNK, jobs.CHUNK, False)
    finished = done(world)
    with refused(409, "finished"):
        jobs.cancel_job(actor=web(world.olga), organization_id=world.id, job_id=finished.pk)


def done(world: Acme) -> Job:
    return do(world, world.olga, "members.role", world.member(world.ben), role=BuiltIn.GUEST)


def update_role(world: Acme, by: User, member: Member, role: int) -> None:
    members.update_roles(actor=web(by), organization_id=world.id, chosen=cast.chosen(member), role_id=role).insist()


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


# --- undo


def test_undoing_a_change_of_roles_gives_everybody_their_former_one(world: Acme) -> None:
    ben, priya, tom = (world.member(user) for user in (world.ben, world.priya, world.tom))
    job = do(world, world.olga, "members.role", ben, priya, tom, role=BuiltIn.GUEST)
    assert results(job) == [JobRow.CHANGED, JobRow.CHANGED, Reason.UNCHANGED] or job.changed == 2
    back = undo(world, world.olga, job)
    assert (back.changed, back.total, back.undoes_id) == (2, 2, job.pk)
    assert dict(world.organization.members.values_list("user", "role"))[priya.user_id] == BuiltIn.ADMIN
    assert dict(world.organization.members.values_list("user", "role"))[ben.user_id] == BuiltIn.MEMBER


@pytest.mark.claim("P15")
def test_undoing_what_makes_somebody_admin_asks_for_a_fresh_proof_of_identity(world: Acme) -> None:
    job = do(world, world.olga, "members.role", world.member(world.priya), role=BuiltIn.MEMBER)
    with refused(401, Reason.CONFIRM):
        undo(world, world.olga, job, is_fresh=False)
    assert undo(world, world.olga, job).changed == 1
    steward = cast.custom_role(world.organization, "Steward", Scope.ORGANIZATION, Code.MEMBERS_ORG_MANAGE)
    ben = world.member(world.ben)
    do(world, world.olga, "members.role", ben, role=steward.pk)
    job = do(world, world.olga, "members.role", ben, role=BuiltIn.GUEST)
    with refused(401, Reason.CONFIRM):
        undo(world, world.olga, job, is_fresh=False)
    job = do(world, world.olga, "members.role", ben, role=BuiltIn.MEMBER)
    assert undo(world, world.olga, job, is_fresh=False).changed == 1


def test_undoing_an_addition_takes_them_out_and_leaves_who_was_taken_out_and_put_in_since(world: Acme) -> None:
    team = group_of(world.olga, world.organization, "Team")
    ben, tom, mia = (world.member(user) for user in (world.ben, world.tom, world.mia))
    job = do(world, world.olga, "members.group", ben, tom, mia, group=team.pk)
    about: dict[str, Any] = {"actor": web(world.olga), "organization_id": world.id, "group_id": team.pk}
    groups.remove_from_group(**about, chosen=cast.chosen(tom, mia))
    groups.add_to_group(**about, chosen=cast.chosen(tom))
    back = undo(world, world.olga, job)
    assert {row.member_id: row.result for row in back.rows.all()} == {
        ben.pk: JobRow.CHANGED,
        tom.pk: CHANGED_SINCE,
        mia.pk: CHANGED_SINCE,
    }
    assert list(team.memberships.values_list("member", flat=True)) == [tom.pk]


def test_undoing_a_removal_from_a_group_puts_them_back(world: Acme) -> None:
    ben, tom = world.member(world.ben), world.member(world.tom)
    team = group_of(world.olga, world.organization, "Team", ben, tom)
    job = do(world, world.olga, "group.remove", ben, tom, group=team.pk)
    assert not team.memberships.exists()
    members.remove_members(actor=web(world.olga), organization_id=world.id, chosen=cast.chosen(tom))
    back = undo(world, world.olga, job)
    assert {row.member_id: row.result for row in back.rows.all()} == {ben.pk: JobRow.CHANGED, tom.pk: GONE}
    assert list(team.memberships.values_list("member", flat=True)) == [ben.pk]


def terms(world: Acme) -> set[tuple[Any, ...]]:
    """Who holds what in Research, for how long, why, and what beyond the role."""
    return {
        (
            grant.principal_key,
            grant.role_id,
            grant.ends_at,
            grant.reason,
            tuple(sorted(grant.extra_permissions.values_list("permission", flat=True))),
        )
        for grant in Grant.objects.live().filter(workspace=world.research)
    }


def give(world: Acme, member: Member, role: int, **more: Any) -> None:
    grants.give_role(
        actor=web(world.olga),
        organization_id=world.id,
        workspace_id=world.research.pk,
        role_id=role,
        chosen=cast.chosen(member),
        **more,
    ).insist()


def soon(days: int = 30) -> Any:
    return timezone.now() + timedelta(days=days)


def test_undoing_an_addition_to_a_workspace_brings_the_former_end_and_reason_back(world: Acme) -> None:
    ben, tom = world.member(world.ben), world.member(world.tom)
    give(world, ben, EDITOR, ends_at=soon(), reason="Quarter end")
    before = terms(world)
    job = do(world, world.olga, "members.workspace", ben, tom, workspace=world.research.pk, workspace_role=EDITOR)
    assert job.changed == 2
    assert undo(world, world.olga, job).changed == 2
    assert terms(world) == before


def grant_job(world: Acme, kind: str, ids: Sequence[int], **parameters: Any) -> Job:
    return jobs.start_job(
        actor=web(world.olga),
        organization_id=world.id,
        kind=kind,
        title="Roles in Research",
        parameters={"workspace": world.research.pk, **parameters},
        rows=[JobRow(member_id=None, text="x", data={"grant": pk}) for pk in ids],
    )


def _mixed(world: Acme) -> list[int]:
    """Grants of every kind: with an end, a reason and more permissions, two of one person, a group's, everyone's."""
    ben, tom = world.member(world.ben), world.member(world.tom)
    team = group_of(world.olga, world.organization, "Team", tom)
    give(world, ben, EDITOR, ends_at=soon(), reason="Quarter end", extra_permissions=["deployments.create"])
    give(world, ben, VIEWER)
    give(world, tom, VIEWER, ends_at=soon(60))
    grant_group(team, world.research, VIEWER)
    cast.grant_everyone(world.research, VIEWER)
    return list(Grant.objects.filter(workspace=world.research).order_by("pk").values_list("pk", flat=True))


@pytest.mark.claim("P11")
@pytest.mark.parametrize(("kind", "more"), [("grants.role", {"role": EDITOR}), ("grants.remove", {})])
def test_undoing_changes_in_a_workspace_gives_every_grant_back_as_it_was(
    world: Acme, kind: str, more: dict[str, int]
) -> None:
    ids = _mixed(world)
    before = terms(world)
    job = grant_job(world, kind, ids, **more)
    assert terms(world) != before
    back = undo(world, world.olga, job)
    assert set(results(back)) == {JobRow.CHANGED}
    assert terms(world) == before
    assert GrantPermission.objects.filter(grant__workspace=world.research).count() == 1


def test_a_grant_that_was_changed_since_or_would_have_ended_is_left_alone(world: Acme) -> None:
    ben, tom = world.member(world.ben), world.member(world.tom)
    give(world, ben, EDITOR)
    give(world, tom, EDITOR, ends_at=soon())
    ids = list(Grant.objects.filter(workspace=world.research, member__in=[ben, tom]).values_list("pk", flat=True))
    job = grant_job(world, "grants.remove", ids)
    give(world, ben, EDITOR)
    row = job.rows.get(data__grant=ids[1])
    row.before["was"][0]["ends"] = (timezone.now() - timedelta(minutes=1)).isoformat()
    row.save()
    assert sorted(results(undo(world, world.olga, job))) == [CHANGED_SINCE, kinds.ENDED]


def test_undoing_a_suspension_reactivates_and_the_other_way_round(world: Acme) -> None:
    ben, tom = world.member(world.ben), world.member(world.tom)
    first = do(world, world.olga, "members.suspend", ben, tom)
    assert undo(world, world.olga, first).changed == 2
    assert not world.organization.members.filter(suspended_at__isnull=False).exists()
    members.suspend_members(actor=web(world.olga), organization_id=world.id, chosen=cast.chosen(ben))
    second = do(world, world.olga, "members.reactivate", ben)
    assert undo(world, world.olga, second).changed == 1
    ben.refresh_from_db()
    assert ben.suspended_at is not None


@pytest.mark.claim("P23", "P13")
def test_undoing_a_removal_asks_them_in_again_with_their_former_role_and_placements(world: Acme) -> None:
    ben = world.member(world.ben)
    update_role(world, world.olga, ben, BuiltIn.GUEST)
    team = group_of(world.olga, world.organization, "Team", ben)
    give(world, ben, EDITOR, ends_at=soon(), reason="Quarter end", extra_permissions=["deployments.create"])
    before = {each[1:] for each in terms(world) if each[0] == ben.pk}
    job = do(world, world.olga, "members.remove", ben, world.member(world.tom))
    assert not world.organization.members.filter(user=world.ben).exists()
    back = undo(world, world.olga, job)
    assert back.changed == 2
    waiting = world.organization.members.get(address=world.ben.email)
    assert (waiting.joined_at, waiting.role_id) == (None, BuiltIn.GUEST), "they come back only by invitation"
    assert {each[1:] for each in terms(world) if each[0] == waiting.pk} == before
    assert list(team.memberships.values_list("member", flat=True)) == [waiting.pk]
    joined = accept(world.ben, open_invitation(world.organization, world.ben.email))
    assert joined.member_id == waiting.pk
    assert Invitation.objects.filter(member=waiting).count() == 1


def test_whoever_was_asked_in_again_since_is_left_alone(world: Acme) -> None:
    job = do(world, world.olga, "members.remove", world.member(world.ben))
    cast.invite(world.olga, world.organization, world.ben.email)
    assert results(undo(world, world.olga, job)) == [CHANGED_SINCE]


def test_revoking_and_resending_cannot_be_undone(world: Acme) -> None:
    cast.invite(world.olga, world.organization, "nora@new.example")
    for kind in ("members.resend", "members.revoke"):
        job = do(world, world.olga, kind, world.organization.members.get(address="nora@new.example"))
        assert job.changed == 1
        with refused(409, "not_undoable"):
            undo(world, world.olga, job)


@pytest.mark.claim("P10")
def test_undo_is_decided_anew_by_the_rights_of_whoever_undoes(world: Acme) -> None:
    leader = person("lee@acme.example", "Lee Lead")
    cast.join(world.olga, world.organization, leader, role=BuiltIn.ADMIN)
    job = do(world, leader, "members.suspend", world.member(world.ben), world.member(world.tom))
    update_role(world, world.olga, world.member(leader), BuiltIn.MEMBER)
    back = undo(world, leader, job)
    assert results(back) == [Reason.NO_RIGHT] * 2, "their own job, and no right to change it any more"


def test_a_job_is_undone_once_and_within_a_day_and_seen_by_its_maker_and_who_manages_members(world: Acme) -> None:
    job = done(world)
    with pytest.raises(Http404):
        undo(world, world.mia, job)
    Job.objects.filter(pk=job.pk).update(finished_at=F("finished_at") - timedelta(days=1))
    with refused(409, "not_undoable"):
        undo(world, world.olga, job)
    Job.objects.filter(pk=job.pk).update(finished_at=Now())
    back = undo(world, world.priya, job)
    for again in (job, back):
        with refused(409, "not_undoable"):
            undo(world, world.olga, again)


@pytest.mark.claim("P11")
def test_undoing_never_takes_the_last_admin(world: Acme) -> None:
    job = do(
        world,
        world.olga,
        "members.workspace",
        world.member(world.ben),
        workspace=world.research.pk,
        workspace_role=ADMIN,
    )
    mias = Grant.objects.get(workspace=world.research, member=world.member(world.mia))
    grants.remove_grants(
        actor=web(world.olga), organization_id=world.id, workspace_id=world.research.pk, grant_ids=[mias.pk]
    ).insist()
    assert results(undo(world, world.olga, job)) == [Reason.LAST_WORKSPACE_ADMIN]


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
