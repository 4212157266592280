"""Planning imports: what would become of each row, and mending it."""

from typing import Any

import pytest
from django.http import Http404
from pytest_django import Settings

from accounts.models import OutgoingMail
from config.refusals import Refusal
from invitations.actions import importing
from invitations.models import Invitation
from invitations.sheets import Columns, Entered, guess_columns, read_pasted
from tests.cast import (
    Acme,
    custom_role,
    group_of,
    invite,
    northlab,
    open_invitation,
    refused,
    web,
    workspace_in,
)
from tests.imports import confirm, defaults, foreseen, plan, results
from workspaces.catalogue import BuiltIn, Scope
from workspaces.models import Grant, GroupMember, Job, JobRow, Member, Workspace
from workspaces.reasons import Reason

# --- planning


@pytest.mark.row("I26", "I32")
@pytest.mark.claim("P16")
@pytest.mark.django_db
def test_a_plan_says_of_each_row_what_would_become_of_it_and_changes_nothing(world: Acme) -> None:
    team = group_of(world.olga, world.organization, "Data team")
    invite(world.olga, world.organization, "kim@acme.example")
    before = (Member.objects.count(), Invitation.objects.count(), OutgoingMail.objects.count())
    job = plan(
        world,
        "email\tname\trole\tgroups\tworkspaces\n"
        "new@x.example\tNia New\tmember\tdata TEAM\tresearch: editor; default: Viewer\n"
        "kim@acme.example\t\t\t\t\n"
        "ben@acme.example\t\t\tData team\t\n"
        "mia@acme.example\t\t\t\t\n"
        "NEW@x.example\t\t\t\t\n"
        "not an address\t\t\t\t\n"
        "line@x.example\tA\u202eB\t\t\t\n"
        "team@x.example\t\t\tData teem\t\n"
        "role@x.example\t\tMembre\t\t\n"
        "place@x.example\t\t\t\tReserch: Editor\n"
        "bare@x.example\t\t\t\tResearch\n",
    )
    found = {row.number: (row.result, str(row.note)) for row in job.rows.all()}
    assert [found[number][0] for number in range(1, 12)] == [
        "invited", "renewed", "gains", "member", "duplicate", "invalid", "invalid", "unknown", "unknown", "unknown",
        "unknown",
    ]  # fmt: skip
    assert found[3][1] == "Data team"
    assert found[6][1] == "There is no @ in it."
    assert found[8][1] == "There is no group “Data teem”. Did you mean “Data team”?"
    assert found[9][1] == "There is no organization role “Membre”. Did you mean “Member”?"
    assert found[10][1] == "There is no workspace “Reserch”. Did you mean “Research”?"
    assert "Research: Editor" in found[11][1]
    assert (Member.objects.count(), Invitation.objects.count(), OutgoingMail.objects.count()) == before
    assert not GroupMember.objects.filter(group=team).exists()
    assert job.queued_at is None


@pytest.mark.claim("P10", "P18")
@pytest.mark.django_db
def test_limits_and_rights_stand_in_the_plan_row_by_row(world: Acme, settings: Settings) -> None:
    custom_role(world.organization, "Auditor", Scope.ORGANIZATION, "history.view", "billing.manage")
    settings.INVITATIONS_PER_DAY = Invitation.objects.filter(organization=world.id).count() + 1
    rows = "email,role,workspaces\na@x.example,,\nb@x.example,,\n"
    assert results(plan(world, rows)) == {"a@x.example": "invited", "b@x.example": "over_limit"}
    settings.INVITATIONS_PER_DAY = 100
    # Mia is Admin of Research and nothing else: the policy lets her ask people in there.
    rows = (
        "email,role,workspaces\na@x.example,,Research: Viewer\nb@x.example,Admin,Research: Viewer\n"
        "c@x.example,,\nd@x.example,,default: Viewer\n"
    )
    assert results(plan(world, rows, world.mia)) == {
        "a@x.example": "invited",
        "b@x.example": "above_rights",
        "c@x.example": "above_rights",
        "d@x.example": "above_rights",
    }
    with refused(403, Reason.NO_RIGHT):
        plan(world, rows, world.ben)


@pytest.mark.claim("P3")
@pytest.mark.django_db
def test_names_of_what_somebody_does_not_see_are_unknown_and_never_proposed(world: Acme) -> None:
    workspace_in(world.organization, "Merger")
    rows = "email,workspaces\na@x.example,Merger: Viewer\nb@x.example,Mergers: Viewer\n"
    notes = {note for _result, note in foreseen(plan(world, rows, world.mia)).values()}
    assert notes == {"There is no workspace “Merger”.", "There is no workspace “Mergers”."}
    assert results(plan(world, rows)) == {"a@x.example": "invited", "b@x.example": "unknown"}


@pytest.mark.django_db
def test_of_two_workspaces_with_one_name_the_address_part_tells_which(world: Acme) -> None:
    second = Workspace.objects.create(organization=world.organization, name="Research", slug="research-2")
    rows = "email,workspaces\na@x.example,Research: Viewer\nb@x.example,research-2: Viewer\n"
    job = plan(world, rows)
    assert foreseen(job)["a@x.example"] == (
        "unknown",
        "Several workspaces are called “Research”. Write one of these instead: research, research-2.",
    )
    confirm(world, job)
    assert Grant.objects.filter(workspace=second, member__address="b@x.example").exists()


@pytest.mark.django_db
def test_what_a_row_leaves_empty_comes_from_the_defaults(world: Acme) -> None:
    team = group_of(world.olga, world.organization, "Team")
    ask = defaults(
        role_id=BuiltIn.GUEST,
        group_ids=(team.pk,),
        placements={world.research.pk: BuiltIn.STANDARD_VIEWER},
        message="Hello",
        days=3,
        language="de",
    )
    confirm(world, plan(world, "email,role,groups\na@x.example,,\nb@x.example,Member,\n", ask=ask))
    a, b = (world.organization.members.get(address=f"{name}@x.example") for name in "ab")
    assert (a.role_id, b.role_id) == (BuiltIn.GUEST, BuiltIn.MEMBER)
    assert GroupMember.objects.filter(group=team).count() == 2
    assert Grant.objects.filter(workspace=world.research, member__in=[a, b]).count() == 2
    invitation = open_invitation(world.organization, "a@x.example")
    assert (invitation.message, invitation.language, (invitation.expires_at - invitation.sent_at).days) == (
        "Hello",
        "de",
        3,
    )


# --- correcting


@pytest.mark.django_db
def test_a_row_is_mended_in_place_and_checked_at_once(world: Acme) -> None:
    job = plan(world, "email,role\nno-address,\nb@x.example,Membr\nb@x.example,\n")
    assert list(results(job).values()) == ["invalid", "duplicate"]
    told: dict[str, Any] = {"actor": web(world.priya), "organization_id": world.id, "job_id": job.pk}
    assert importing.correct_row(**told, number=1, entered=Entered("a@x.example")).result == "invited"
    # The second row gives the address up, so the third one is the first of its address.
    row = importing.correct_row(**told, number=2, entered=Entered("c@x.example", role="Membr"))
    assert (row.result, str(row.note)) == (
        "unknown",
        "There is no organization role “Membr”. Did you mean “Member”?",
    )
    assert results(job) == {"a@x.example": "invited", "c@x.example": "unknown", "b@x.example": "invited"}
    importing.remove_row(**told, number=2)
    assert results(job) == {"a@x.example": "invited", "b@x.example": "invited"}
    done = confirm(world, job)
    assert (done.total, done.changed, results(done)) == (2, 2, {"a@x.example": "changed", "b@x.example": "changed"})


@pytest.mark.django_db
def test_columns_can_be_chosen_anew_and_what_was_mended_by_hand_stays(world: Acme) -> None:
    sheet = read_pasted("a@x.example;Anna\nb@x.example;Ben\n")
    told: dict[str, Any] = {"actor": web(world.priya), "organization_id": world.id}
    job = importing.plan_import(
        **told, sheet=sheet, columns=guess_columns(sheet), is_certain=False, defaults=defaults(), title="Import"
    )
    assert set(results(job).values()) == {""}
    told["job_id"] = job.pk
    importing.choose_columns(**told, columns=Columns(("email", "role")))
    assert set(results(job).values()) == {"unknown"}
    importing.correct_row(**told, number=2, entered=Entered("z@x.example", "Zoe"))
    importing.choose_columns(**told, columns=Columns(("email", "name")))
    assert results(job) == {"a@x.example": "invited", "z@x.example": "invited"}
    assert [row.data["name"] for row in job.rows.order_by("number")] == ["Anna", "Zoe"]
    with pytest.raises(Refusal):
        importing.choose_columns(**told, columns=Columns(("name", "name")))


@pytest.mark.claim("P3")
@pytest.mark.django_db
def test_a_plan_is_its_makers_alone(world: Acme) -> None:
    job = plan(world, "a@x.example")
    other = northlab()
    for actor, organization in ((web(world.olga), world.id), (web(other.zoe), other.id)):
        told: dict[str, Any] = {"actor": actor, "organization_id": organization, "job_id": job.pk}
        for act in (importing.confirm_import, importing.discard_import):
            with pytest.raises(Http404):
                act(**told)
        with pytest.raises(Http404):
            importing.correct_row(**told, number=1, entered=Entered("b@x.example"))
        with pytest.raises(Http404):
            importing.remove_row(**told, number=1)
    importing.discard_import(actor=web(world.priya), organization_id=world.id, job_id=job.pk)
    assert not Job.objects.exists()
    assert not JobRow.objects.exists()
