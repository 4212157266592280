"""Jobs over HTTP: small changes answer at once and offer their undo, large ones lead to a page that tells all."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone

from tests import cast
from tests.stage import Stage, crowd
from tests.visiting import HTMX, Answer, body_of, events_of, hidden_of, link_of, queries_of, toast_of, visitor, words_of
from workspaces.actions import jobs
from workspaces.bulk.base import BulkJob
from workspaces.catalogue import BuiltIn
from workspaces.models import Grant, Job, JobRow, Member


def apply(stage: Stage, client: Client, act: str, *who: Member | int, **entry: Any) -> Answer:
    """The dialog's button, for ticked people."""
    headers = entry.pop("headers", {})
    ids = [each if isinstance(each, int) else each.pk for each in who]
    return client.post(stage.url(f"members/bulk/{act}/apply/"), {"member": ids, **entry}, headers=headers)


def undo_url(answer: Answer) -> str:
    return str(json.loads(answer["HX-Trigger"])["toast"].get("undo", ""))


def many(stage: Stage, count: int) -> list[int]:
    return crowd(stage, [(f"p{number}@crowd.example", f"Person {number}") for number in range(count)])


def test_a_small_change_answers_at_once_and_its_toast_takes_it_back(stage: Stage, priya: Client) -> None:
    ben = stage.member(stage.acme.ben)
    done = apply(stage, priya, "suspend", ben, stage.member(stage.sven), headers=HTMX)
    assert toast_of(done) == "Suspended: 1 person. 1 was left as they are."
    back = priya.post(undo_url(done), headers=HTMX)
    assert toast_of(back) == "Undone: 1 change."
    assert {"table:refresh", "job:refresh"} <= events_of(back)
    ben.refresh_from_db()
    assert ben.suspended_at is None
    assert priya.post(undo_url(done), headers=HTMX).status_code == 409


def test_without_javascript_the_message_leads_to_the_job_where_it_is_undone(stage: Stage, priya: Client) -> None:
    ben = stage.member(stage.acme.ben)
    listed = priya.get(apply(stage, priya, "role", ben, role=BuiltIn.GUEST).url)
    job = Job.objects.get()
    page_url = stage.url(f"jobs/{job.pk}/")
    assert f'<a href="{page_url}">See it or undo it</a>' in body_of(listed)
    shown = priya.get(page_url)
    assert "Update role to Guest" in words_of(shown)
    assert "Finished Priya Admin" in words_of(shown)
    asked = words_of(priya.get(f"{page_url}undo/"))
    assert "Undo “Update role to Guest”?" in asked
    assert "1 change will be taken back. Everybody gets the role again that they had before." in asked
    undone = priya.get(priya.post(f"{page_url}undo/").url)
    assert "Undone: 1 change." in words_of(undone)
    assert "Undo: Update role to Guest" in words_of(undone)
    ben.refresh_from_db()
    assert ben.role_id == BuiltIn.MEMBER
    assert "Undone Priya Admin" in words_of(priya.get(page_url))


def test_what_cannot_be_undone_offers_no_undo(stage: Stage, priya: Client) -> None:
    done = apply(stage, priya, "revoke", stage.nora, headers=HTMX)
    assert undo_url(done) == ""
    page_url = stage.url(f"jobs/{Job.objects.get().pk}/")
    assert "undo/" not in body_of(priya.get(page_url))
    assert "This cannot be undone, or not any more." in words_of(priya.get(f"{page_url}undo/"))


def test_a_role_taken_away_in_a_workspace_is_given_back_with_its_end(stage: Stage) -> None:
    mia = visitor(stage.acme.mia)
    cast.place(stage.acme.olga, stage.member(stage.acme.ben), stage.research, BuiltIn.STANDARD_EDITOR)
    grant = Grant.objects.get(workspace=stage.research, member=stage.member(stage.acme.ben))
    end = timezone.now() + timedelta(days=5)
    Grant.objects.filter(pk=grant.pk).update(ends_at=end, reason="Till Friday")
    done = mia.post(stage.url("w/research/grants/bulk/remove/apply/"), {"grant": [grant.pk]}, headers=HTMX)
    assert toast_of(done) == "1 role taken away."
    mia.post(undo_url(done), headers=HTMX)
    back = Grant.objects.get(workspace=stage.research, member=stage.member(stage.acme.ben))
    assert (back.role_id, back.ends_at, back.reason) == (BuiltIn.STANDARD_EDITOR, end, "Till Friday")


@pytest.mark.claim("P3")
def test_grants_of_other_workspaces_never_stand_in_a_job(stage: Stage) -> None:
    elsewhere = Grant.objects.exclude(workspace=stage.research).values_list("pk", flat=True)
    mia = visitor(stage.acme.mia)
    mia.post(stage.url("w/research/grants/bulk/remove/apply/"), {"grant": list(elsewhere)})
    assert not JobRow.objects.exists()


def test_a_large_change_leads_to_a_page_that_draws_its_progress_until_it_ends(
    stage: Stage, priya: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BulkJob, "chunk", 1_000)
    many(stage, 1_100)
    led = apply(stage, priya, "role", all="1", query="", role=BuiltIn.GUEST, headers=HTMX)
    job = Job.objects.get()
    page_url = stage.url(f"jobs/{job.pk}/")
    assert led["HX-Redirect"] == page_url
    waiting = priya.get(page_url)
    assert "Waiting for a worker" in words_of(waiting)
    assert "every 1s" in body_of(waiting)
    jobs.work_off(seconds=0)
    running = priya.get(f"{page_url}?poll=1", headers={**HTMX, "HX-Target": "progress"})
    assert "Running" in words_of(running)
    assert "1,000 of 1,110" in words_of(running)
    assert '<progress class="r-bar" max="100" value="90"' in body_of(running)
    assert "<html" not in body_of(running)
    assert "HX-Trigger" not in running
    jobs.work_off()
    over = priya.get(f"{page_url}?poll=1", headers={**HTMX, "HX-Target": "progress"})
    assert "Finished" in words_of(over)
    assert "Changed 1,107 Left as they are 3" in words_of(over)
    assert "1 They own the organization." in words_of(over)
    assert "every 1s" not in body_of(over)
    assert "rows:refresh" in events_of(over)
    rows = priya.get(page_url, headers={**HTMX, "HX-Target": "rows"})
    assert "1 Olga Owner They own the organization." in words_of(rows)
    assert "Person 0 Changed" in words_of(rows)
    second = priya.get(str(link_of(rows, "next")), headers={**HTMX, "HX-Target": "rows"})
    assert "51–100 of 1,110" in words_of(second)


@pytest.mark.claim("P15")
def test_a_large_change_asks_who_one_is_before_it_is_queued(stage: Stage) -> None:
    ids = many(stage, 501)
    stale = visitor(stage.acme.olga, is_fresh=False)
    led = apply(stage, stale, "role", *ids, role=BuiltIn.ADMIN)
    assert led.url.startswith("/accounts/confirm/")
    assert not Job.objects.exists()


def test_a_job_is_cancelled_on_its_page(stage: Stage, priya: Client) -> None:
    apply(stage, priya, "role", *many(stage, 501), role=BuiltIn.GUEST)
    job = Job.objects.get()
    page_url = stage.url(f"jobs/{job.pk}/")
    assert hidden_of(priya.get(page_url), "csrfmiddlewaretoken")
    stopped = priya.get(priya.post(f"{page_url}cancel/").url)
    assert "Cancelled. What is done stays done." in words_of(stopped)
    assert "Done 0 of 501" in words_of(stopped)
    assert jobs.work_off() == 0


@pytest.mark.claim("P17")
def test_rows_that_did_not_change_are_shown_by_themselves_and_downloaded_without_formulas(
    stage: Stage, priya: Client
) -> None:
    Member.objects.filter(pk=stage.nora.pk).update(name="=1+1")
    stage.nora.directory.__class__.objects.filter(member=stage.nora).update(name="=HYPERLINK(1)")
    apply(stage, priya, "suspend", stage.nora, stage.member(stage.acme.ben), stage.member(stage.sven))
    page_url = stage.url(f"jobs/{Job.objects.get().pk}/")
    assert "Ben Weber" not in words_of(priya.get(f"{page_url}?show=unchanged")).split("Not changed")[1]
    answer = priya.get(f"{page_url}unchanged.csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    table = list(csv.reader(io.StringIO(body_of(answer).removeprefix("\ufeff"))))
    assert table[0] == ["Person", "Why not"]
    assert ["'=HYPERLINK(1)", "They have not accepted their invitation yet."] in table
    assert len(table) == 3


@pytest.mark.claim("P3", "P2")
def test_a_job_is_its_makers_and_of_those_who_manage_members(stage: Stage) -> None:
    lena, max_, priya = visitor(stage.lena), visitor(stage.max), visitor(stage.acme.priya)
    apply(stage, lena, "group", stage.member(stage.acme.ben), group=stage.data_team.pk)
    job = Job.objects.get()
    assert "Add to Data team" in words_of(lena.get(stage.url("jobs/")))
    assert "Add to Data team" in words_of(priya.get(stage.url("jobs/")))
    assert "No jobs yet" in words_of(max_.get(stage.url("jobs/")))
    unknown = "00000000-0000-4000-8000-000000000000"
    for path in ("", "undo/", "unchanged.csv"):
        assert max_.get(stage.url(f"jobs/{job.pk}/{path}")).status_code == 404
        assert visitor(stage.northlab.zoe).get(f"/o/northlab/jobs/{job.pk}/{path}").status_code == 404
        assert priya.get(stage.url(f"jobs/{unknown}/{path}")).status_code == 404


def test_the_list_goes_on_page_by_page_and_bad_input_is_no_error(stage: Stage, priya: Client) -> None:
    for number in range(51):
        jobs.plan_job(
            actor=cast.web(stage.acme.priya),
            organization_id=stage.acme.id,
            kind="members.suspend",
            title=f"Change {number}",
            parameters={},
            rows=[],
        )
        Job.objects.update(created_at=F("created_at") - timedelta(seconds=1))
    first = priya.get(stage.url("jobs/"))
    assert "Change 50" in words_of(first)
    assert "Change 0 " not in words_of(first)
    assert "Change 0 " in words_of(priya.get(str(link_of(first, "next"))))
    page_url = stage.url(f"jobs/{Job.objects.earliest('created_at').pk}/")
    for before in ("x", "2026-02-30T00:00:00Z", "9999-12-31T23:59:59-14:00"):
        assert priya.get(f"{stage.url('jobs/')}?before={before}").status_code == 200
    for url in (f"{page_url}?page=x", f"{page_url}?page=999999999&show=\x00"):
        assert priya.get(url).status_code == 200


def test_list_and_page_ask_as_many_questions_of_a_few_as_of_many(stage: Stage, priya: Client) -> None:
    first = many(stage, 20)
    apply(stage, priya, "role", *first[:5], role=BuiltIn.GUEST)
    small = Job.objects.get()
    of_one = len(queries_of(priya, stage.url("jobs/")))
    of_few = len(queries_of(priya, stage.url(f"jobs/{small.pk}/")))
    apply(stage, priya, "role", *first[5:], role=BuiltIn.GUEST)
    large = Job.objects.exclude(pk=small.pk).get()
    assert len(queries_of(priya, stage.url("jobs/"))) == of_one
    assert len(queries_of(priya, stage.url(f"jobs/{large.pk}/"))) == of_few
