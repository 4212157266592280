"""Importing people over HTTP: upload or paste, columns, the plan, mending, downloads, confirming; with htmx and not."""

import io
import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from invitations.models import Invitation
from invitations.sheets import FIELDS, read_file
from tests.stage import Stage
from tests.visiting import HTMX, Answer, bare, body_of, events_of, link_of, queries_of, toast_of, visitor, words_of
from workspaces.actions import jobs
from workspaces.catalogue import BuiltIn
from workspaces.models import Grant, Job, JobRow, Member

PLAN = (
    "email,name,groups,workspaces\n"
    "anna@x.example,Anna A,Data team,Research: Viewer\n"
    "nora@new.example,,,\n"
    "ben@acme.example,,Data team,\n"
    "nobody,Bert B,,\n"
    "cara@x.example,=1+1,Data teem,\n"
)


def upload(stage: Stage, client: Client, content: str | bytes = PLAN, name: str = "people.csv", **entry: Any) -> Answer:
    raw = content.encode() if isinstance(content, str) else content
    data = {"file": SimpleUploadedFile(name, raw), "role": BuiltIn.MEMBER, "expires": 7, "language": "en", **entry}
    return client.post(stage.url("import/"), data)


def planned(stage: Stage, client: Client, content: str = PLAN) -> str:
    """The address of the plan's page."""
    answer = upload(stage, client, content)
    assert answer.status_code == 303, words_of(answer)
    return str(answer.url)


def rows_of(answer: Answer) -> list[str]:
    return re.findall(r'<li id="line(\d+)"', body_of(answer))


@pytest.mark.row("I26")
def test_a_file_becomes_a_plan_that_says_what_would_happen_and_then_happens(stage: Stage, priya: Client) -> None:
    url = planned(stage, priya)
    words = words_of(priya.get(url))
    assert "Import of people.csv 5 rows" in words
    for sentence in (
        "Import 3 people",
        "2 rows would be left out",
        "All 5 Cannot be imported 2 New 1 Invited already 1 Gains access 1 Invalid 1 Unknown name 1",
        "There is no @ in it.",
        "There is no group “Data teem”. Did you mean “Data team”?",
    ):
        assert sentence in words
    assert not Invitation.objects.filter(address="anna@x.example").exists()

    done = priya.post(f"{url}confirm/")
    assert done.status_code == 303
    words = words_of(priya.get(done.url))
    assert "3 people were imported." in words
    anna = Member.objects.get(address="anna@x.example")
    assert Grant.objects.filter(member=anna, workspace=stage.research, role=BuiltIn.STANDARD_VIEWER).exists()
    # What is done is looked at where jobs are.
    assert priya.get(url).url == done.url
    assert priya.post(f"{url}confirm/").status_code == 409


@pytest.mark.claim("P17")
def test_the_name_of_a_file_holds_nothing_that_turns_or_hides_its_text(stage: Stage, priya: Client) -> None:
    answer = upload(stage, priya, name="people\u202egpj.\u2066csv")
    assert "Import of peoplegpj.csv 5 rows" in words_of(priya.get(answer.url))


@pytest.mark.row("I26")
def test_pasted_rows_go_the_same_way_and_what_was_entered_stays_with_the_error(stage: Stage, priya: Client) -> None:
    entry = {"pasted": PLAN, "role": BuiltIn.GUEST, "expires": 3, "language": "de", "message": "x" * 1001}
    answer = priya.post(stage.url("import/"), entry)
    assert answer.status_code == 422
    assert "at most 1000 characters" in words_of(answer).replace(",", "")
    assert "cara@x.example,=1+1,Data teem" in body_of(answer)
    answer = priya.post(stage.url("import/"), {**entry, "message": "Welcome"})
    assert "Import of a pasted list 5 rows" in words_of(priya.get(answer.url))
    priya.post(f"{answer.url}confirm/")
    invitation = Invitation.objects.get(address="anna@x.example")
    assert (invitation.message, invitation.language) == ("Welcome", "de")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The submitted file is empty."),
        (b"PK\x03\x04rubbish", "This is no workbook that can be read."),
        (b"email\n" + b"a@x.example\n" * 10_001, "There are more than 10,000 rows in it."),
        (b"a" * (5 * 1024 * 1024 + 1), "The file is larger than 5 MB."),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_a_sentence(
    stage: Stage, priya: Client, content: bytes, sentence: str
) -> None:
    answer = upload(stage, priya, content)
    assert (answer.status_code, sentence in words_of(answer)) == (422, True)
    assert not Job.objects.exists()


def test_without_a_file_and_without_rows_the_page_says_what_is_missing(stage: Stage, priya: Client) -> None:
    answer = priya.post(stage.url("import/"), {"role": BuiltIn.MEMBER, "expires": 7})
    assert (answer.status_code, "Choose a file, or paste the rows." in words_of(answer)) == (422, True)


def test_columns_are_asked_for_where_no_header_tells_them(stage: Stage, priya: Client) -> None:
    answer = upload(stage, priya, "Anna A;anna@x.example;Berlin\nBen B;bert@x.example;Wien\n")
    assert answer.url.endswith("/columns/")
    plan_url = answer.url.removesuffix("columns/")
    assert priya.get(plan_url).url == answer.url
    words = words_of(priya.get(answer.url))
    assert "Column 1 Anna A · Ben B" in words
    wrong = priya.post(answer.url, {"column_0": "name", "column_1": "", "column_2": "name"})
    assert (wrong.status_code, "Say which column holds the addresses." in words_of(wrong)) == (422, True)
    twice = priya.post(answer.url, {"column_0": "name", "column_1": "email", "column_2": "name"})
    assert (twice.status_code, "Two columns cannot both be: Name." in words_of(twice)) == (422, True)
    assert priya.post(answer.url, {"column_0": "x", "column_1": "email", "column_2": ""}).status_code == 422
    right = priya.post(answer.url, {"column_0": "name", "column_1": "email", "column_2": ""})
    assert right.url == plan_url
    assert "Import 2 people" in words_of(priya.get(plan_url))


def test_columns_that_nobody_reads_are_named(stage: Stage, priya: Client) -> None:
    url = planned(stage, priya, "email,Phone,Name\nanna@x.example,+49 30,Anna\n")
    assert "Columns that are left out: Phone." in words_of(priya.get(url))


def test_a_row_is_mended_in_place_and_removed_without_a_script(stage: Stage, priya: Client) -> None:
    url = planned(stage, priya)
    page = words_of(priya.get(f"{url}rows/5/"))
    assert "Line 6" in page
    assert "Did you mean “Data team”?" in page
    again = priya.post(f"{url}rows/5/", {"email": "cara@x.example", "groups": "Data tim"})
    assert (again.status_code, "There is no group “Data tim”" in words_of(again)) == (422, True)
    good = priya.post(f"{url}rows/5/", {"email": "cara@x.example", "groups": "Data team"})
    assert (good.status_code, good.url) == (303, url)
    words = words_of(priya.get(url))
    assert "Line 6: Will be invited." in words
    assert "Import 4 people" in words
    assert priya.post(f"{url}rows/4/remove/").url == url
    assert "Every row can be imported." in words_of(priya.get(url))
    priya.post(f"{url}confirm/")
    assert Member.objects.filter(address="cara@x.example").exists()
    assert Job.objects.get().changed == 4


def test_with_the_script_it_happens_in_a_dialog_and_the_list_refreshes_itself(stage: Stage, priya: Client) -> None:
    url = planned(stage, priya)
    part = priya.get(f"{url}?show=rejected", headers=HTMX)
    assert rows_of(part) == ["4", "5"]
    assert "<html" not in body_of(part)
    dialog = priya.get(f"{url}rows/4/", headers=HTMX)
    assert 'hx-target="#dialog"' in body_of(dialog)
    assert "<html" not in body_of(dialog)
    wrong = priya.post(f"{url}rows/4/", {"email": "still nobody"}, headers=HTMX)
    assert (wrong.status_code, "table:refresh" in wrong["HX-Trigger"]) == (422, True)
    right = priya.post(f"{url}rows/4/", {"email": "bert@x.example"}, headers=HTMX)
    assert right.status_code == 204
    assert {"dialog:close", "table:refresh"} <= events_of(right)
    assert toast_of(right) == "Line 5: Will be invited."
    removed = priya.post(f"{url}rows/5/remove/", headers=HTMX)
    assert (removed.status_code, toast_of(removed)) == (204, "Removed from the import.")
    assert "No row is like that" in words_of(priya.get(f"{url}?show=rejected", headers=HTMX))
    done = priya.post(f"{url}confirm/", headers=HTMX)
    assert "/jobs/" in done["HX-Redirect"]


@pytest.mark.claim("P17")
def test_the_rejected_rows_can_be_downloaded_mended_and_uploaded_again(stage: Stage, priya: Client) -> None:
    answer = priya.get(f"{planned(stage, priya)}rejected.csv")
    assert answer["Content-Disposition"] == 'attachment; filename="rejected.csv"'
    text = answer.content.decode()
    assert text.splitlines() == [
        "\ufeffemail,name,role,groups,workspaces,reason",
        "nobody,Bert B,,,,There is no @ in it.",
        "cara@x.example,'=1+1,,Data teem,,There is no group “Data teem”. Did you mean “Data team”?",
    ]
    url = planned(stage, priya, text.replace("nobody", "bert@x.example").replace("teem", "team"))
    assert "Import 2 people" in words_of(priya.get(url))
    assert [row.data["name"] for row in JobRow.objects.filter(job=url.split("/")[-2]).order_by("number")] == [
        "Bert B",
        "=1+1",
    ]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_template_has_the_columns_and_comes_back_as_a_sheet(stage: Stage, priya: Client, kind: str) -> None:
    answer = priya.get(stage.url(f"import/template.{kind}"))
    assert answer["Content-Disposition"] == f'attachment; filename="people.{kind}"'
    if kind == "csv":
        assert read_file(answer.content + b"a@x.example,Anna,,,\r\n").header == FIELDS
    else:
        from openpyxl import load_workbook

        book = load_workbook(io.BytesIO(answer.content))
        people, names = book.worksheets
        assert [cell.value for cell in people[1]] == list(FIELDS)
        assert {"Member", "Data team", "Research", "Viewer"} <= {
            cell.value for row in names.iter_rows() for cell in row if isinstance(cell.value, str)
        }
    assert priya.get(stage.url("import/template.exe")).status_code == 404


def test_a_plan_is_discarded_with_all_that_it_held(stage: Stage, priya: Client) -> None:
    url = planned(stage, priya)
    assert priya.post(f"{url}discard/").url == stage.url("import/")
    assert not JobRow.objects.exists()
    assert priya.get(url).status_code == 404


@pytest.mark.claim("P3", "P2")
def test_plans_of_others_and_of_other_organizations_are_answered_like_unknown_ones(stage: Stage, priya: Client) -> None:
    url = planned(stage, priya)
    job = url.rstrip("/").rpartition("/")[2]
    unknown = "00000000-0000-4000-8000-000000000000"
    for client, slug in (
        (visitor(stage.acme.olga), stage.slug),
        (visitor(stage.northlab.zoe), stage.northlab.organization.slug),
    ):
        for path in ("", "columns/", "rows/1/", "rejected.csv"):
            one, other = (client.get(f"/o/{slug}/import/{each}/{path}") for each in (job, unknown))
            assert (one.status_code, bare(one)) == (404, bare(other))
        for path in ("columns/", "rows/1/", "rows/1/remove/", "confirm/", "discard/"):
            data = {"email": "a@x.example", "column_0": "email"}
            one, other = (client.post(f"/o/{slug}/import/{each}/{path}", data) for each in (job, unknown))
            assert (one.status_code, bare(one)) == (404, bare(other)), path
    assert Job.objects.get().queued_at is None
    assert priya.get(f"{url}rows/99/").status_code == 404


@pytest.mark.claim("P15")
def test_whoever_has_to_prove_who_they_are_first_finds_the_plan_again(stage: Stage) -> None:
    priya = visitor(stage.acme.priya, is_fresh=False)
    url = planned(stage, priya, "email,role\nanna@x.example,Admin\n")
    answer = priya.post(f"{url}confirm/", headers={"Referer": f"http://testserver{url}"})
    assert answer.status_code == 302
    assert url.replace("/", "%2F") in answer.url
    assert "Import 1 person" in words_of(priya.get(url))


def test_the_way_in_is_shown_to_whoever_may_invite(stage: Stage, priya: Client) -> None:
    link = f'href="{stage.url("import/")}"'
    assert link in body_of(priya.get(stage.url("members/")))
    assert link in body_of(priya.get(stage.url("invite/")))
    assert link not in body_of(visitor(stage.max).get(stage.url("members/")))


def test_long_plans_are_paged_by_their_lines_at_a_constant_number_of_queries(stage: Stage, priya: Client) -> None:
    few, many = (
        planned(stage, priya, "email\n" + "\n".join(f"p{number}@x.example" for number in range(count)))
        for count in (80, 160)
    )
    assert len(queries_of(priya, few)) == len(queries_of(priya, many))
    page = priya.get(many)
    assert "1–100 of 160" in words_of(page)
    following = link_of(page, "next")
    assert following is not None
    assert len(rows_of(priya.get(following))) == 60
    assert rows_of(priya.get(f"{many}?page=999999999999&show=nonsense")) == []


def test_a_large_plan_is_handed_to_a_worker_and_its_page_is_the_jobs(stage: Stage, priya: Client) -> None:
    url = planned(stage, priya, "email\n" + "\n".join(f"p{number}@x.example" for number in range(501)))
    answer = priya.post(f"{url}confirm/")
    job = Job.objects.get()
    assert answer.url == stage.url(f"jobs/{job.pk}/")
    assert (job.queued_at is not None, job.position) == (True, 0)
    jobs.work_off()
    job.refresh_from_db()
    assert (job.changed, job.finished_at is not None) == (501, True)


def test_whoever_was_signed_out_meanwhile_comes_back_to_the_page_that_they_were_on(stage: Stage, priya: Client) -> None:
    url = planned(stage, priya)
    there = f"http://testserver{url}?show=invited"
    for headers in ({"Referer": there}, {**HTMX, "HX-Current-URL": there}):
        answer = Client().post(f"{url}confirm/", headers=headers)
        assert (answer.status_code, answer.url) == (302, f"/accounts/login/?{urlencode({'next': there}, safe='/')}")
    elsewhere = Client().post(f"{url}confirm/", headers={"Referer": "https://evil.example/"})
    assert elsewhere.url == "/accounts/login/?next=/"
    assert Client().get(url).url == f"/accounts/login/?next={url}"


def test_the_address_of_a_button_says_that_there_is_nothing_to_open(stage: Stage, priya: Client) -> None:
    answer = priya.get(stage.url("invite/check/"))
    assert (answer.status_code, answer["Allow"]) == (405, "POST, OPTIONS")
    assert "This address only takes what a page sends to it." in words_of(answer)
    assert "only takes what a page sends" in toast_of(priya.get(stage.url("invite/check/"), headers=HTMX))
