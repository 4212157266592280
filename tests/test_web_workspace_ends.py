"""The end of a workspace over HTTP: archived, deleted behind what stands in the way, restored."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests import cast
from tests.places import delete, make
from tests.stage import Stage
from tests.visiting import HTMX, body_of, everything, visitor, words_of
from workspaces.actions.hosts import hand_in
from workspaces.catalogue import BuiltIn
from workspaces.hosts import KnownProduct, RegisteredResource, ReportedCount, VanishedResource
from workspaces.models import Workspace


def lab_of_mia(stage: Stage) -> Workspace:
    """Nothing is kept in it yet."""
    return make(stage.acme.olga, stage.acme.organization, "Lab", admin_id=stage.member(stage.acme.mia).pk)


def test_an_archived_workspace_says_so_to_its_admins_and_is_gone_for_others(
    stage: Stage, mia: Client, ben: Client
) -> None:
    cast.place(stage.acme.mia, stage.member(stage.acme.ben), stage.research, BuiltIn.STANDARD_EDITOR)
    dialog = words_of(mia.get(stage.url("w/research/settings/archive/"), headers=HTMX))
    assert "Only its admins still see it." in dialog
    done = mia.post(stage.url("w/research/settings/archive/"), follow=True)
    assert "This workspace is archived" in words_of(done)
    assert ben.get(stage.url("w/research/")).status_code == 404
    assert "Archived" in words_of(ben.get("/my/"))
    assert mia.post(stage.url("w/research/settings/archive/")).status_code == 409
    assert "is open again" in words_of(mia.post(stage.url("w/research/settings/reopen/"), follow=True))
    assert ben.get(stage.url("w/research/"), follow=True).status_code == 200


def keep(*records: Any) -> None:
    product = KnownProduct(name="Notebooks", url="https://notebooks.example/")
    assert hand_in([product, *records]).problems == []


def project(external_id: str) -> RegisteredResource:
    return RegisteredResource(
        organization="acme", product="Notebooks", external_id=external_id, kind="project", name="Atlas", workspace="lab"
    )


def counted(value: int) -> ReportedCount:
    return ReportedCount(
        organization="acme",
        workspace="lab",
        product="Notebooks",
        kind="data set",
        value=value,
        reported_at=timezone.now(),
        url="https://notebooks.example/data/",
    )


@pytest.mark.row("N23", "N24", "N25")
@pytest.mark.claim("P15")
def test_deleting_names_what_is_in_the_way_and_then_asks_for_the_name(stage: Stage, mia: Client) -> None:
    lab_of_mia(stage)
    url = stage.url("w/lab/settings/delete/")
    keep(project("lab1"), counted(5))
    stopped = mia.post(url, {"name": "Lab"})
    assert stopped.status_code == 409
    words = words_of(stopped)
    assert re.search(r"Lab still holds data set \(5\) ?, project \(1\) ?\.", words)
    assert "Check again" in words
    assert 'href="https://notebooks.example/data/"' in body_of(stopped)
    assert f'href="{stage.url("w/lab/resources/?kind=project")}"' in body_of(stopped)
    keep(VanishedResource(organization="acme", product="Notebooks", external_id="lab1"), counted(0))
    assert "still holds" not in words_of(mia.get(url))
    stale = visitor(stage.acme.mia, is_fresh=False)
    before = everything()
    wrong = mia.post(url, {"name": "lab"})
    assert wrong.status_code == 422
    assert "That is not its name." in words_of(wrong)
    for answer in (stale.get(url), stale.post(url, {"name": "Lab"})):
        assert answer.status_code == 302
        assert "/accounts/" in answer["Location"]
    assert everything() == before
    done = mia.post(url, {"name": "Lab"}, follow=True)
    assert "Lab is deleted." in words_of(done)
    for path in ("", "settings/", "history/", "members/", "resources/", "leave/"):
        assert mia.get(stage.url(f"w/lab/{path}")).status_code == 404


@pytest.mark.claim("P11")
def test_a_deleted_workspace_is_restored_with_an_admin_where_none_is_left(stage: Stage, olga: Client) -> None:
    lab = make(stage.acme.olga, stage.acme.organization, "Lab", admin_id=stage.member(stage.max).pk)
    url = stage.url(f"workspaces/{lab.pk}/restore/")
    assert olga.get(url).status_code == 404
    delete(stage.acme.olga, lab)
    assert visitor(stage.max).get(url).status_code == 403
    assert "Nobody is left" not in words_of(olga.get(url))
    olga.post(stage.url(f"members/{stage.member(stage.max).pk}/remove/"))
    assert "Nobody is left who runs it." in words_of(olga.get(url))
    assert olga.post(url, {"admin": "nobody@acme.example"}).status_code == 422
    assert "Lab is restored" in words_of(olga.post(url, {"admin": "ben@acme.example"}, follow=True))
    assert lab.grants.get().member == stage.member(stage.acme.ben)
