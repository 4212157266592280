"""Importing people: what a table says, what would become of each row, and what does, once, and back again."""

import io
import uuid
import zipfile
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from pytest_django import Settings

from accounts.models import OutgoingMail, User
from config.refusals import Refusal
from config.ui.sheets import write_csv
from invitations.actions import importing
from invitations.asking import Ask
from invitations.models import Invitation
from invitations.sheets import (
    FIELDS,
    Columns,
    Entered,
    Sheet,
    UnreadableSheet,
    guess_columns,
    read_file,
    read_pasted,
    write_spreadsheet,
)
from invitations.sheets.columns import is_certain
from invitations.sheets.reading import clean_cell
from tests.cast import (
    ACME,
    Acme,
    accept,
    ask_in,
    chosen,
    custom_role,
    group_of,
    history,
    invite,
    member_of,
    northlab,
    open_invitation,
    person,
    place,
    refused,
    web,
    workspace_in,
)
from workspaces.actions import groups, jobs, members
from workspaces.actions.jobs import working
from workspaces.catalogue import BuiltIn, Scope
from workspaces.jobs import CHANGED_SINCE, GONE
from workspaces.models import Act, Grant, GroupMember, Job, JobRow, Member, Workspace
from workspaces.reasons import Reason

# --- reading


def people(sheet: Sheet) -> list[Entered]:
    columns = guess_columns(sheet)
    return [columns.entered(row.cells) for row in sheet.rows]


def workbook(*rows: tuple[object, ...], title: str = "People") -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def with_part(content: bytes, name: str, part: bytes) -> bytes:
    """The same workbook with one part replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(info.filename, part if info.filename == name else old.read(info))
    return out.getvalue()


@pytest.mark.row("I26")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_text_is_read_in_every_encoding_and_with_every_separator(encoding: str, separator: str) -> None:
    rows = [
        ["E-Mail-Adresse", "Name", "Rolle", "Gruppen"],
        ["zoe@x.example", "Zoë Müller", "Member", '"Data, Team; Berlin"'],
        ["", "", "", ""],
        ["ben@x.example", "Ben Weiß", "", ""],
    ]
    text = "\r\n".join(separator.join(row) for row in rows)
    assert people(read_file(text.encode(encoding))) == [
        Entered("zoe@x.example", "Zoë Müller", "Member", "Data, Team; Berlin"),
        Entered("ben@x.example", "Ben Weiß"),
    ]


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        ("email,name,role,groups,workspaces", FIELDS),
        ("Mail;Vorname;Nachname;Rolle;Gruppe", ("email", "first_name", "last_name", "role", "groups")),
        ("Given name\tSurname\tE-mail address\tPhone", ("first_name", "last_name", "email", "")),
        ("Vollständiger Name,ADRESSE,Arbeitsbereiche", ("name", "email", "workspaces")),
    ],
)
def test_a_header_in_english_or_german_says_what_the_columns_hold(header: str, fields: tuple[str, ...]) -> None:
    sheet = read_pasted(f"{header}\n{header.lower().replace('mail', 'x').replace('adresse', 'y')}")
    columns = guess_columns(sheet)
    assert columns.fields == fields
    assert is_certain(sheet, columns)


def test_two_columns_for_one_thing_and_columns_without_a_name_are_for_a_person_to_tell() -> None:
    twice = read_pasted("email;Mail;Name\na@x.example;b@x.example;Anna")
    assert (guess_columns(twice).repeated, guess_columns(twice).is_enough) == (("email",), False)
    bare = read_pasted("Anna;a@x.example;Berlin\nBen;b@x.example;Wien")
    assert guess_columns(bare).fields == ("", "email", "")
    assert not is_certain(bare, guess_columns(bare))
    assert bare.header == ()


@pytest.mark.row("I26")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a@x.example, b@x.example", [Entered("a@x.example"), Entered("b@x.example")]),
        ("Anna A <a@x.example>\nb@x.example", [Entered("a@x.example", "Anna A"), Entered("b@x.example")]),
        ("Email\tName\na@x.example\tAnna, A", [Entered("a@x.example", "Anna, A")]),
        ("email;name\na@x.example;Anna", [Entered("a@x.example", "Anna")]),
    ],
)
def test_what_is_pasted_is_a_table_or_a_list_of_addresses(text: str, expected: list[Entered]) -> None:
    assert people(read_pasted(text)) == expected


def test_a_spreadsheet_with_dates_numbers_formulas_and_empty_rows_is_read_as_it_shows() -> None:
    content = workbook(
        ("email", "name", "role", "groups", "started"),
        ("mia@x.example", 4711, None, "=1+1", date(2026, 11, 22)),
        (None, None, None, None, None),
        ("ben@x.example", 1.5, True, "Team", None),
    )
    sheet = read_file(content)
    # Nothing has computed the formula, and nothing will.
    assert [row.cells for row in sheet.rows] == [
        ("mia@x.example", "4711", "", "", "2026-11-22"),
        ("ben@x.example", "1.5", "True", "Team"),
    ]
    assert [row.line for row in sheet.rows] == [2, 4]


def _bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"<a>" + b" " * 60_000_000)
    return out.getvalue()


def _entities() -> bytes:
    laughs = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;">]><worksheet>&c;</worksheet>'
    return with_part(workbook(("email",), ("a@x.example",)), "xl/worksheets/sheet1.xml", laughs)


def _last_line() -> bytes:
    lines = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>a@x.example</t></is></c></row></sheetData></worksheet>'
    )
    return with_part(workbook(("email",)), "xl/worksheets/sheet1.xml", lines)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"x" * (5 * 1024 * 1024 + 1), "larger than 5 MB"),
        (_bomb(), "unpacks to too much"),
        (_entities(), "no workbook that can be read"),
        (_last_line(), "too many lines"),
        (b"PK\x03\x04 and then nothing", "no workbook that can be read"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old kind"),
        (b"\xff\xfe\x00\xd8\x00\x00", "no text that can be read"),
        (b"email\n" + b"a@x.example\n" * 10_001, "more than 10,000 rows"),
        (b'email,name\na@x.example,"Anna', "quotation mark"),
        (b"email\n\n\n", "nobody in it"),
        (b"", "nobody in it"),
        ("\n".join(["email,name", *[f"a@x.example,{'x' * 600}"] * 9000]).encode(), "larger than 5 MB"),
    ],
)
def test_what_is_hostile_or_no_table_is_refused_with_a_sentence(content: bytes, words: str) -> None:
    with pytest.raises(UnreadableSheet, match=words):
        read_file(content)


def test_one_shared_text_that_ten_thousand_cells_repeat_is_too_much_text() -> None:
    content = workbook(("email", "name"), *[(f"p{number}@x.example", "x" * 30_000) for number in range(300)])
    with pytest.raises(UnreadableSheet, match="too much text"):
        read_file(content)


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30).map(clean_cell)
TABLES = st.lists(st.tuples(*[CELLS] * 5).filter(any), min_size=1, max_size=8)


@given(TABLES)
def test_what_a_download_holds_is_read_back_as_it_was(rows: list[tuple[str, ...]]) -> None:
    """Formulas neutralised, separators and quotes and all: a rejected row that was mended is the row again."""
    written = write_csv([(*FIELDS, "reason"), *[(*row, "Why") for row in rows]])
    assert people(read_file(written.encode())) == [Entered(*map(clean_cell, row)) for row in rows]


WRITABLE = CELLS.filter(lambda text: all(character in "\t\n" or ord(character) >= 32 for character in text))


@given(st.lists(st.tuples(*[WRITABLE] * 5).filter(any), min_size=1, max_size=5))
def test_a_workbook_is_read_back_as_it_was_written(rows: list[tuple[str, ...]]) -> None:
    assert people(read_file(write_spreadsheet([("People", [FIELDS, *rows])]))) == [Entered(*row) for row in rows]


def test_no_cell_of_a_download_begins_like_a_formula() -> None:
    text = write_csv([("=1+1", "+49 30", "-x", "@SUM(A1)", "'=1")])
    assert text == "\ufeff'=1+1,'+49 30,'-x,'@SUM(A1),''=1\r\n"


# --- planning


def defaults(**what: Any) -> Ask:
    return Ask(**{"role_id": BuiltIn.MEMBER, "days": 7, **what})


def plan(world: Acme, text: str, by: User | None = None, *, ask: Ask | None = None, is_fresh: bool = True) -> Job:
    sheet = read_pasted(text)
    return importing.plan_import(
        actor=web(by or world.priya, is_fresh=is_fresh),
        organization_id=world.id,
        sheet=sheet,
        columns=guess_columns(sheet),
        is_certain=True,
        defaults=ask or defaults(),
        title="Import",
    )


def foreseen(job: Job) -> dict[str, tuple[str, str]]:
    rows = job.rows.order_by("number")
    return {text: (result, str(note)) for text, result, note in rows.values_list("text", "result", "note")}


def results(job: Job) -> dict[str, str]:
    return {text: result for text, (result, _note) in foreseen(job).items()}


def confirm(world: Acme, job: Job, by: User | None = None, *, is_fresh: bool = True) -> Job:
    return importing.confirm_import(
        actor=web(by or world.priya, is_fresh=is_fresh), organization_id=world.id, job_id=job.pk
    )


def undo(world: Acme, job: Job, by: User | None = None) -> Job:
    return jobs.undo_job(actor=web(by or world.priya), organization_id=world.id, job_id=job.pk)


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
    monkeypatch.setattr(working, "CHUNK", 200)
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
