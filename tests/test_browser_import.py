"""A spreadsheet of ten thousand people, every seventh row or so wrong, through a browser and real workers."""

import io
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import Count
from django.db.models.functions import Now
from openpyxl import Workbook
from playwright.sync_api import Locator, Page, expect

from accounts.models import OutgoingMail
from invitations.models import Invitation
from invitations.sheets import FIELDS, read_file
from tests import cast
from tests.browsing import be
from tests.stage import Stage
from workspaces.catalogue import BuiltIn
from workspaces.models import Grant, GroupMember, Job

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("complaints"),
    pytest.mark.once,
    pytest.mark.timeout(600),
]

ROOT = Path(__file__).resolve().parent.parent
PEOPLE, BAD = 10_000, 1_500
TEAMS = 8
# No address, no such role, no such group, no such workspace, and somebody twice: in which column, and how.
WRONG = ((0, "p at x"), (2, "Membre"), (3, "Teem 1"), (4, "Reserch: Editor"), (0, "ben@acme.example"))


def wait_until(true: Callable[[], bool], *, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "It never came to that."
        time.sleep(0.05)


class Workers:
    """Celery workers with their beat, on the database of the test: each with its children in a group of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: list[subprocess.Popen[bytes]] = []
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"},
            "DEBUG": "1",
            "DATABASE_URL": f"sqlite:///{connection.settings_dict['NAME']}",
            "REDIS_URL": settings.REDIS_URL,
            "SMTP_URL": "smtp://127.0.0.1:9",  # nobody listens: mails wait, and are not what this is about
        }

    def start(self) -> subprocess.Popen[bytes]:
        number = len(self.running)
        command = [sys.executable, "-m", "celery", "--app", "config", "worker", "--beat", "--concurrency", "1"]
        command += ["--schedule", str(self.folder / f"beat{number}"), "--without-gossip", "--without-mingle"]
        with (self.folder / f"worker{number}.log").open("wb") as log:
            worker = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        self.running.append(worker)
        return worker

    def end(self) -> None:
        for worker in self.running:
            if worker.poll() is None:
                os.killpg(worker.pid, signal.SIGKILL)
                worker.wait()


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Workers]:
    started = Workers(tmp_path)
    yield started
    started.end()


def workbook() -> bytes:
    """Ben, who is a member, Nora, who waits, and new people, in 24 combinations of group and role; 1,500 rows wrong."""
    wrong = set(random.Random(4).sample(range(2, PEOPLE), BAD))
    book = Workbook(write_only=True)
    sheet = book.create_sheet("People")
    sheet.append(FIELDS)
    for number in range(PEOPLE):
        address = {0: "ben@acme.example", 1: "nora@new.example"}.get(number, f"p{number}@x.example")
        role = ("Viewer", "Editor", "Admin")[number // TEAMS % 3]
        row = [address, f"Person {number}", "Member", f"Team {number % TEAMS}", f"Research: {role}"]
        if number in wrong:
            place, text = WRONG[number % len(WRONG)]
            row[place] = text
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def value_of(bar: Locator) -> int:
    return int(bar.get_attribute("value") or 0)


@pytest.mark.row("I26")
@pytest.mark.claim("P19", "P21")
def test_ten_thousand_rows_are_imported_once_each_though_the_worker_is_killed_in_the_middle(
    page: Page, site: str, committed_stage: Stage, workers: Workers, tmp_path: Path
) -> None:
    stage, organization = committed_stage, committed_stage.acme.organization
    for number in range(TEAMS):
        cast.group_of(stage.acme.olga, organization, f"Team {number}")
    first = workers.start()
    be(page.context, site, stage.acme.priya)

    page.goto(f"{site}{stage.url('members/')}")
    page.get_by_role("link", name="Import", exact=True).click()
    page.get_by_label("File").set_input_files(
        {"name": "everybody.xlsx", "mimeType": "application/octet-stream", "buffer": workbook()}
    )
    page.get_by_role("button", name="Preview").click()

    # The plan: nothing has happened, and every row says what would.
    expect(page.get_by_role("heading", name="Import of everybody.xlsx")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("button", name="Import 8,500 people")).to_be_visible()
    assert not Invitation.objects.filter(address__endswith="@x.example").exists()
    tabs = page.get_by_role("navigation", name="What would become of the rows")
    tabs.get_by_role("link", name="Cannot be imported 1,500").click()
    expect(tabs.get_by_role("link", name="Cannot be imported")).to_have_attribute("aria-current", "page")
    with page.expect_download() as download:
        page.get_by_role("link", name="Rejected rows").click()
    rejected = read_file(Path(download.value.path()).read_bytes())
    assert (len(rejected.rows), rejected.header) == (BAD, (*FIELDS, "reason"))

    # One of them is mended where it stands.
    tabs.get_by_role("link", name="Unknown name").click()
    page.get_by_role("link", name=re.compile("^Edit line")).first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("status")).to_contain_text("Did you mean")
    dialog.get_by_label("Organization role").fill("Member")
    dialog.get_by_label("Groups").fill("Team 1")
    dialog.get_by_label("Workspaces").fill("Research: Viewer")
    dialog.get_by_role("button", name="Check and keep").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Import 8,501 people").click()

    # The job: its bar is seen moving, its worker is killed without a word, the next one goes on where it was.
    bar = page.get_by_role("progressbar")
    expect(bar).to_be_visible(timeout=60_000)
    seen = [value_of(bar)]
    while seen[-1] < 20:
        expect(bar).not_to_have_attribute("value", str(seen[-1]), timeout=90_000)
        seen.append(value_of(bar))
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    job = Job.objects.get()
    assert 0 < job.position < PEOPLE
    assert job.finished_at is None
    Job.objects.filter(claimed_by__isnull=False).update(claimed_until=Now() - timedelta(seconds=1))
    workers.start()
    while seen[-1] < 100:
        expect(bar).not_to_have_attribute("value", str(seen[-1]), timeout=90_000)
        seen.append(value_of(bar))
    assert seen == sorted(seen)
    assert len(seen) > 4
    expect(page.get_by_role("region", name="Progress")).to_contain_text("10,000 of 10,000")
    expect(page.get_by_role("region", name="Progress")).to_contain_text("Finished")

    # Each exactly once, and the wrong ones with their reasons.
    job.refresh_from_db()
    assert (job.changed, job.position, job.problem) == (8_501, PEOPLE, "")
    new = Invitation.objects.filter(organization=organization, address__endswith="@x.example")
    assert new.count() == new.values("address").distinct().count() == 8_499
    mails = OutgoingMail.objects.filter(recipient__endswith="@x.example").values("recipient").annotate(n=Count("pk"))
    assert set(mails.values_list("n", flat=True)) == {1}
    assert Invitation.objects.get(address="nora@new.example").generation == 2
    assert GroupMember.objects.filter(group__name__startswith="Team").count() == 8_501
    ben = Grant.objects.get(member=stage.member(stage.acme.ben), workspace=stage.research)
    assert ben.role_id == BuiltIn.STANDARD_VIEWER
    assert job.rows.exclude(result="changed").count() == BAD - 1
