"""Importing people: a confirmed plan, once, row by row, and back again."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import OutgoingMail
from invitations.actions import importing
from invitations.models import Invitation
from tests.cast import (
    ACME,
    Acme,
    accept,
    ask_in,
    chosen,
    group_of,
    history,
    invite,
    member_of,
    open_invitation,
    person,
    place,
    refused,
    web,
    workspace_in,
)
from tests.imports import confirm, foreseen, plan, results, undo
from workspaces.actions import groups, jobs, members
from workspaces.actions.jobs import working
from workspaces.catalogue import BuiltIn
from workspaces.jobs import CHANGED_SINCE, GONE
from workspaces.models import Act, Grant, GroupMember, Job, Member, Workspace
from workspaces.reasons import Reason

# --- applying


@pytest.mark.row("I26")
@pytest.mark.claim("P21", "P9")
@pytest.mark.django_db
def test_a_confirmed_plan_asks_in_renews_and_gives_and_says_so_row_by_row(world: Acme) -> None:
    team = group_of(world.olga, world.organization, "Team")
    former = invite(world.olga, world.organization, "kim@acme.example")
    job = plan(
        world,
        "email,groups,workspaces\nnew@x.example,Team,Research: Editor\nkim@acme.example,Team,\n"
        "ben@acme.example,Team,Research: Viewer\nmia@acme.example,,Research: Admin\nbad,,\n",
    )
    done = confirm(world, job)
    assert foreseen(done) == {
        "new@x.example": ("changed", "Invited: Editor in Research, Team"),
        "kim@acme.example": ("changed", "Renewed: Team"),
        "ben@acme.example": ("changed", "Gained: Viewer in Research, Team"),
        "mia@acme.example": ("member", ""),
        "bad": ("invalid", "There is no @ in it."),
    }
    assert (done.changed, done.finished_at is not None) == (3, True)
    assert open_invitation(world.organization, "kim@acme.example").generation == former.generation + 1
    assert GroupMember.objects.filter(group=team).count() == 3
    kinds = {each.kind for each in history(world.organization)}
    assert {"invitation.sent", "invitation.renewed", "grant.given", "group.joined"} <= kinds
    with refused(409, "started"):
        confirm(world, job)


@pytest.mark.claim("P10")
@pytest.mark.django_db
def test_a_member_gains_what_they_lack_and_what_they_have_keeps_its_end(world: Acme) -> None:
    team, ben = group_of(world.olga, world.organization, "Team"), world.member(world.ben)
    place(world.olga, ben, world.research, BuiltIn.STANDARD_EDITOR)
    ends = timezone.now() + timedelta(days=9)
    Grant.objects.filter(member=ben).update(ends_at=ends)
    done = confirm(world, plan(world, "email,groups,workspaces\nben@acme.example,Team,Research: Editor\n"))
    assert foreseen(done) == {"ben@acme.example": ("changed", "Gained: Team")}
    assert list(team.memberships.values_list("member", flat=True)) == [ben.pk]
    assert Grant.objects.get(member=ben).ends_at == ends
    assert not history(world.organization, "grant.changed")


@pytest.mark.claim("P10", "P12")
@pytest.mark.django_db
def test_every_row_is_decided_anew_when_it_is_applied(world: Acme) -> None:
    team = group_of(world.olga, world.organization, "Team")
    job = plan(world, "email,groups,workspaces\na@x.example,Team,\nb@x.example,,Research: Editor\nc@x.example,,\n")
    assert set(results(job).values()) == {"invited"}
    groups.delete_group(actor=web(world.olga), organization_id=world.id, group_id=team.pk)
    Workspace.objects.filter(pk=world.research.pk).update(archived_at=Now())
    ask_in(world.olga, world.organization, "c@x.example")
    done = confirm(world, job)
    assert foreseen(done) == {
        "a@x.example": ("unknown", "There is no group “Team”."),
        "b@x.example": ("invalid", "The workspace is archived. Reopen it first."),
        "c@x.example": ("changed", "Renewed"),
    }


@pytest.mark.claim("P15")
@pytest.mark.django_db
def test_admins_are_made_only_by_whoever_has_just_proven_who_they_are(world: Acme) -> None:
    job = plan(world, "email,role\na@x.example,Admin\n", is_fresh=False)
    assert results(job) == {"a@x.example": "invited"}
    with refused(401, Reason.CONFIRM):
        confirm(world, job, is_fresh=False)
    assert results(confirm(world, job)) == {"a@x.example": "changed"}


@pytest.mark.django_db
def test_a_plan_in_which_nothing_can_be_done_is_not_started(world: Acme) -> None:
    job = plan(world, "mia@acme.example, rubbish")
    with refused(409, "nothing_to_do"):
        confirm(world, job)


def many(number: int, asks: int = 12) -> str:
    """Rows with as many different asks, every tenth one wrong."""
    lines = ["email,name,groups,workspaces"]
    for each in range(number):
        bad = each % 10 == 3
        group, workspace = f"Team {each % asks % 4}", ("Viewer", "Editor", "Admin")[each % asks // 4]
        lines.append(f"{'no address' if bad else f'p{each}@x.example'},P {each},{group},Research: {workspace}")
    return "\n".join(lines)


@pytest.mark.claim("P19")
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_acme")
def test_a_job_goes_on_after_its_worker_was_lost_and_does_each_row_once(monkeypatch: pytest.MonkeyPatch) -> None:
    world = ACME.set_up()
    for number in range(4):
        group_of(world.olga, world.organization, f"Team {number}")
    monkeypatch.setattr(importing.Importing, "chunk", 200)
    job = plan(world, many(700) + "\np0@x.example,Again,,\n")
    confirm(world, job)
    job.refresh_from_db()
    assert (job.queued_at is not None, job.position) == (True, 0)
    lost = uuid.uuid4()
    assert working.claim(lost) == job.pk
    # It does a chunk, begins another, and is gone: its lease ends without a word.
    assert working.continue_with(job.pk, lost)
    Job.objects.filter(pk=job.pk).update(claimed_until=Now() - timedelta(seconds=1))
    jobs.work_off()
    job.refresh_from_db()
    assert (job.finished_at is not None, job.position, job.changed) == (True, 701, 630)
    assert Invitation.objects.filter(address__startswith="p", address__endswith="@x.example").count() == 630
    assert OutgoingMail.objects.filter(recipient__endswith="@x.example").count() == 630
    assert dict(foreseen(job))["p0@x.example"][0] == "duplicate"  # its last row, three chunks later
    assert job.rows.filter(result="invalid").count() == 70


@pytest.mark.django_db
def test_a_few_more_asks_cost_no_more_reads_and_rows_cost_none(world: Acme) -> None:
    for number in range(4):
        group_of(world.olga, world.organization, f"Team {number}")

    def statements(rows: int, asks: int) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            plan(world, many(rows, asks))
        return len(captured)

    statements(10, 2)
    assert statements(20, 12) <= statements(10, 2)
    assert statements(400, 12) == statements(20, 12)


@pytest.mark.django_db
def test_a_chunk_costs_no_statement_more_for_more_asks(world: Acme) -> None:
    for number in range(4):
        group_of(world.olga, world.organization, f"Team {number}")

    def statements(asks: int, *, role: str) -> int:
        """Of a plan with as many asks, all with the same groups and workspaces among them."""
        text = many(120, asks).replace("@x.", f"@x{asks}.").replace("email,", "role,email,")
        header, *rows = text.splitlines()
        job = plan(world, "\n".join([header, *(f"{role},{row}" for row in rows)]))
        assert job.rows.filter(result__in=["invited", "renewed"]).count() == 108
        with CaptureQueriesContext(connection) as captured:
            assert confirm(world, job).changed == 108
        return len(captured)

    statements(4, role="Guest")
    assert statements(12, role="Guest") == statements(6, role="Guest")  # all of them new
    assert statements(12, role="Member") == statements(6, role="Member")  # renewed, in a higher role


@pytest.mark.claim("P9", "P21")
@pytest.mark.django_db
def test_each_row_of_a_chunk_gets_its_own_ask_and_the_history_tells_them_apart(world: Acme) -> None:
    red, blue = (group_of(world.olga, world.organization, name) for name in ("Red", "Blue"))
    invite(world.olga, world.organization, "kim@acme.example", role=BuiltIn.GUEST, groups=[red.pk])
    invite(world.olga, world.organization, "lee@acme.example", places={world.research.pk: BuiltIn.STANDARD_VIEWER})
    job = plan(
        world,
        "email,role,groups,workspaces\nnew@x.example,Guest,Red,Research: Viewer\nkim@acme.example,Member,Red; Blue,\n"
        "lee@acme.example,Admin,,Research: Viewer\nlast@x.example,Member,,\n"
        "more@x.example,Guest,Red,Research: Viewer\n",
    )
    newest = Act.objects.latest("pk").pk
    assert set(results(confirm(world, job)).values()) == {"changed"}
    given = {
        member.address: (
            member.role.name,
            sorted(member.group_memberships.values_list("group__name", flat=True)),
            list(member.grants.values_list("workspace", "role")),
        )
        for member in Member.objects.filter(invitation__isnull=False, joined_at=None).select_related("role")
    }
    viewer = [(world.research.pk, BuiltIn.STANDARD_VIEWER)]
    assert given == {
        "new@x.example": ("Guest", ["Red"], viewer),
        "more@x.example": ("Guest", ["Red"], viewer),
        "last@x.example": ("Member", [], []),
        "kim@acme.example": ("Member", ["Blue", "Red"], []),
        "lee@acme.example": ("Admin", [], viewer),
    }
    assert GroupMember.objects.filter(group__in=[red, blue]).count() == 4
    ids = dict(Member.objects.filter(address__in=given).values_list("address", "pk"))
    told = {
        (act.kind, tuple(act.payload.get("places", ()))): {
            (entry.subject_id, entry.before, entry.after) for entry in act.entries.all()
        }
        for act in Act.objects.filter(pk__gt=newest).prefetch_related("entries")
    }
    assert told == {
        ("invitation.sent", ("Viewer, Research", "Red")): {
            (ids["new@x.example"], "", "Guest"),
            (ids["more@x.example"], "", "Guest"),
        },
        ("invitation.sent", ()): {(ids["last@x.example"], "", "Member")},
        ("invitation.renewed", ("Blue", "Red")): {(ids["kim@acme.example"], "", "")},
        ("invitation.renewed", ("Viewer, Research",)): {(ids["lee@acme.example"], "", "")},
        ("member.role_changed", ()): {(ids["lee@acme.example"], "Member", "Admin")},
    }


# --- undoing


@pytest.mark.claim("P13", "P21")
@pytest.mark.django_db
def test_undoing_revokes_what_waits_and_takes_back_what_was_given(world: Acme) -> None:
    team = group_of(world.olga, world.organization, "Team")
    nia = person("nia@x.example", "Nia New")
    invite(world.olga, world.organization, "kim@acme.example")
    place(world.olga, world.member(world.ben), world.default, BuiltIn.STANDARD_ADMIN)
    done = confirm(
        world,
        plan(
            world,
            "email,groups,workspaces\nnew@x.example,Team,Research: Editor\nnia@x.example,Team,Research: Editor\n"
            "kim@acme.example,Team,\nben@acme.example,Team,Research: Viewer\n",
        ),
    )
    accept(nia, open_invitation(world.organization, "nia@x.example"))
    undone = undo(world, done)
    assert set(results(undone).values()) == {"changed"}
    assert not Member.objects.filter(address="new@x.example").exists()
    assert Invitation.objects.get(address="new@x.example").revoked_at is not None
    joined = member_of(world.organization, nia)
    assert joined.joined_at is not None
    assert not Grant.objects.filter(member=joined).exists()
    assert not GroupMember.objects.filter(group=team).exists()
    assert open_invitation(world.organization, "kim@acme.example")
    ben = Grant.objects.filter(member=world.member(world.ben))
    assert [grant.workspace for grant in ben] == [world.default]
    assert {each.kind for each in history(world.organization)[-8:]} >= {
        "invitation.revoked",
        "grant.removed",
        "group.left",
    }
    with refused(409, "not_undoable"):
        undo(world, done)


@pytest.mark.django_db
def test_undoing_leaves_alone_what_has_changed_since(world: Acme) -> None:
    team = group_of(world.olga, world.organization, "Team")
    invite(world.olga, world.organization, "kim@acme.example")
    done = confirm(
        world,
        plan(world, "email,groups\ngone@x.example,\nben@acme.example,Team\nkim@acme.example,\nmia@acme.example,Team\n"),
    )
    actor: dict[str, Any] = {"actor": web(world.olga), "organization_id": world.id}
    members.revoke_invitations(**actor, chosen=chosen(Member.objects.get(address="gone@x.example")))
    ben = chosen(world.member(world.ben))
    groups.remove_from_group(**actor, chosen=ben, group_id=team.pk)
    groups.add_to_group(**actor, chosen=ben, group_id=team.pk)
    undone = undo(world, done)
    assert results(undone) == {
        "gone@x.example": GONE,
        "ben@acme.example": CHANGED_SINCE,
        "kim@acme.example": "stays",
        "mia@acme.example": "changed",
    }
    assert [each.member for each in GroupMember.objects.filter(group=team)] == [world.member(world.ben)]


@pytest.mark.claim("P10", "P11")
@pytest.mark.django_db
def test_undoing_is_decided_with_the_rights_and_the_last_admins_of_now(world: Acme) -> None:
    lab = workspace_in(world.organization, "Lab")
    job = plan(world, "email,workspaces\nben@acme.example,Lab: Admin\n")
    done = confirm(world, job)
    assert Grant.objects.filter(workspace=lab).count() == 1
    undone = undo(world, done)
    assert list(results(undone).values()) == [Reason.LAST_WORKSPACE_ADMIN]
    assert Grant.objects.filter(workspace=lab).count() == 1
