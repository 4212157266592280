"""Undoing what a job did, for a day: a fresh act, decided anew, which leaves alone what has changed since."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.db.models.functions import Now
from django.http import Http404
from django.utils import timezone

from invitations.models import Invitation
from tests import cast
from tests.cast import Acme, accept, grant_group, group_of, open_invitation, person, refused, web
from tests.changes import CHUNK, MANY, do, done, large, results, undo, update_role
from workspaces import jobs as kinds
from workspaces.actions import grants, groups, jobs, members
from workspaces.bulk.base import BulkJob
from workspaces.catalogue import BuiltIn, Code, Scope
from workspaces.jobs import CHANGED_SINCE, GONE
from workspaces.models import Grant, GrantPermission, Job, JobRow, Member
from workspaces.reasons import Reason

pytestmark = pytest.mark.django_db

EDITOR, VIEWER, ADMIN = BuiltIn.STANDARD_EDITOR, BuiltIn.STANDARD_VIEWER, BuiltIn.STANDARD_ADMIN


@pytest.fixture(autouse=True)
def _chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BulkJob, "chunk", CHUNK)


def test_undoing_a_change_of_roles_gives_everybody_their_former_one(world: Acme) -> None:
    ben, priya, tom = (world.member(user) for user in (world.ben, world.priya, world.tom))
    job = do(world, world.olga, "members.role", ben, priya, tom, role=BuiltIn.GUEST)
    assert job.changed == 2  # Tom is a guest already
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


def test_an_undo_that_was_cancelled_before_it_changed_anybody_leaves_the_job_to_be_undone(world: Acme) -> None:
    job = large(world, world.olga, "members.role", role=BuiltIn.GUEST)
    jobs.work_off()
    first = undo(world, world.olga, job)
    with refused(409, "not_undoable"):
        undo(world, world.olga, job)
    jobs.cancel_job(actor=web(world.olga), organization_id=world.id, job_id=first.pk)
    second = undo(world, world.olga, job)
    jobs.work_off()
    second.refresh_from_db()
    assert (second.changed, second.problem) == (MANY, "")
    assert list(Job.objects.filter(undoes=job)) == [second]
    assert set(JobRow.objects.values_list("job", flat=True)) == {job.pk, second.pk}
    with refused(409, "not_undoable"):
        undo(world, world.olga, job)


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
