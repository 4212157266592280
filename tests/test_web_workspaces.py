"""Workspaces over HTTP: the list, making and changing one, joining, leaving, where one begins, its history."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client

from tests import cast
from tests.places import delete, make, on
from tests.stage import Stage
from tests.visiting import HTMX, body_of, everything, link_of, queries_of, visitor, words_of
from workspaces.actions import workspaces
from workspaces.actions.locking import Locked
from workspaces.catalogue import BuiltIn, Code, Scope
from workspaces.history import GRANT_REMOVED
from workspaces.models import Entry, Grant, Member, Workspace
from workspaces.queries.facts import actor_facts

LIST = "workspaces/"


def names_in(answer: Any) -> list[str]:
    """The workspaces of the list, in its order."""
    return re.findall(
        r'(?s)<tr id="w\d+".*?<(?:span|b class="r-cut")>([^<]+)</(?:span|b)>(?:</a>)?(?:<small>|</th>)', body_of(answer)
    )


# --- the list


@pytest.mark.row("I12", "N1")
def test_the_list_says_what_one_is_in_each_workspace_and_how_many_people_are_there(stage: Stage, olga: Client) -> None:
    make(stage.acme.olga, stage.acme.organization, "attic", description="Old things", label="project")
    page = olga.get(stage.url(LIST))
    assert names_in(page) == ["attic", "default", "Research", "system"]
    words = words_of(page)
    assert "attic Old things Project Admin as Admin of the organization 1 person" in words
    assert "system System Admin as Admin of the organization Everyone" in words
    bens = words_of(visitor(stage.acme.ben).get(stage.url(LIST)))
    assert "default Team Editor Everyone" in bens
    assert "system System Viewer Everyone" in bens
    assert "Research" not in bens
    assert "Create a workspace" not in bens
    toms = words_of(visitor(stage.acme.tom).get(stage.url(LIST)))
    assert "No workspaces yet" in toms


def test_archived_and_deleted_workspaces_have_a_filter_of_their_own(stage: Stage, olga: Client, ben: Client) -> None:
    assert "Archived" not in words_of(olga.get(stage.url(LIST)))
    old, gone = (
        make(stage.acme.olga, stage.acme.organization, "Old"),
        make(stage.acme.olga, stage.acme.organization, "Gone"),
    )
    workspaces.archive_workspace(**on(stage.acme.olga, old))
    delete(stage.acme.olga, gone)
    Workspace.objects.filter(pk=gone.pk).update(deleted_at=Now() - timedelta(days=20.5))
    page = olga.get(stage.url(LIST))
    assert not {"Old", "Gone"} & set(names_in(page))
    assert "Active Archived Deleted" in words_of(page)
    assert names_in(olga.get(stage.url(f"{LIST}?state=archived"))) == ["Old"]
    deleted = olga.get(stage.url(f"{LIST}?state=deleted"))
    assert names_in(deleted) == ["Gone"]
    assert re.search(r"in (9|10) days", words_of(deleted))
    for state in ("archived", "deleted"):
        assert names_in(ben.get(stage.url(f"{LIST}?state={state}"))) == []
    assert names_in(olga.get(stage.url(f"{LIST}?state=nonsense&after=x&q=%00"))) == ["default", "Research", "system"]


def test_the_list_is_searched_and_paged_by_name(stage: Stage, olga: Client) -> None:
    Workspace.objects.bulk_create(
        Workspace(
            organization=stage.acme.organization,
            name=f"Crowd {n:03}",
            sort_name=f"crowd {n:03}",
            search_text=f"crowd {n:03} ",
            slug=f"c{n}",
        )
        for n in range(60)
    )
    page = olga.get(stage.url(f"{LIST}?q=crowd"), headers=HTMX)
    assert "<html" not in body_of(page)
    assert len(names_in(page)) == 50
    further = link_of(page, "next")
    assert further is not None
    rest = olga.get(further)
    assert names_in(rest) == [f"Crowd {n:03}" for n in range(50, 60)]
    assert link_of(rest, "next") is None
    assert names_in(olga.get(str(link_of(rest, "prev")))) == names_in(page)
    assert "Nothing matches" in words_of(olga.get(stage.url(f"{LIST}?q=zzz")))


def test_the_list_costs_as_many_queries_for_fifty_workspaces_as_for_few(stage: Stage) -> None:
    mia = visitor(stage.acme.mia)
    few = len(queries_of(mia, stage.url(LIST)))
    for n in range(20):
        lab = Workspace.objects.create(
            organization=stage.acme.organization, name=f"Lab {n}", slug=f"l{n}", is_open=n > 9
        )
        if n < 10:
            Grant.objects.create(workspace=lab, member=stage.member(stage.acme.mia), role_id=BuiltIn.STANDARD_VIEWER)
    assert len(queries_of(mia, stage.url(LIST))) == few


# --- made


@pytest.mark.row("N3", "N4", "N2")
def test_a_workspace_is_made_with_name_description_label_and_first_admin(stage: Stage, olga: Client) -> None:
    entry = {"name": "Prod", "description": "What customers see", "label": "environment", "kind": "shared"}
    made = olga.post(stage.url("workspaces/new/"), {**entry, "admin": "BEN@acme.example"}, follow=True)
    assert "Prod is ready." in words_of(made)
    prod = Workspace.objects.get(slug="prod")
    assert list(prod.grants.values_list("member", "role")) == [
        (stage.member(stage.acme.ben).pk, BuiltIn.STANDARD_ADMIN)
    ]
    before = everything()
    for wrong, field in (
        ({"name": "\u202e"}, "A name is one line"),
        ({"name": ""}, "This field is required"),
        ({"description": "x" * 501}, "at most 500"),
        ({"kind": "system"}, "Select a valid choice"),
        ({"admin": "tom@guest.example"}, "No active member has this address"),
        ({"admin": "zoe@northlab.example"}, "No active member has this address"),
        ({"admin": "no address"}, "No active member has this address"),
    ):
        answer = olga.post(stage.url("workspaces/new/"), {**entry, **wrong})
        assert answer.status_code == 422, wrong
        assert field in words_of(answer)
        if "description" not in wrong:
            assert "What customers see" in body_of(answer)
    assert everything() == before


def test_members_make_workspaces_where_the_settings_say_so_but_name_nobody(
    stage: Stage, olga: Client, ben: Client
) -> None:
    assert ben.get(stage.url("workspaces/new/")).status_code == 403
    settings = {"name": "Acme", "invitation_days": 7, "members_see_members": "on", "members_create_workspaces": "on"}
    olga.post(stage.url("settings/"), settings)
    assert "Create a workspace" in words_of(ben.get(stage.url(LIST)))
    assert "First admin" not in words_of(ben.get(stage.url("workspaces/new/")))
    entry = {"name": "Ben's", "label": "team", "kind": "personal", "admin": "mia@acme.example"}
    made = ben.post(stage.url("workspaces/new/"), entry, follow=True)
    assert made.status_code == 200
    assert Workspace.objects.get(slug="bens").person == stage.member(stage.acme.ben)


# --- settings


@pytest.mark.row("N3", "D2")
def test_its_admins_change_a_workspace_and_its_address_stays(stage: Stage, mia: Client, ben: Client) -> None:
    url = stage.url("w/research/settings/")
    assert "Settings" in words_of(mia.get(stage.url("w/research/history/")))
    saved = mia.post(
        url, {"name": "Science <b>", "description": "All", "label": "project", "is_open": "on"}, follow=True
    )
    assert "The settings are saved." in words_of(saved)
    assert "Science &lt;b&gt;" in body_of(saved)
    assert saved.redirect_chain[-1][0] == url
    before = everything()
    assert mia.post(url, {"name": "x" * 81, "label": "project"}).status_code == 422
    assert mia.post(url, {"name": "Science", "label": "club"}).status_code == 422
    assert everything() == before
    for path in ("settings/", "settings/archive/", "settings/delete/", "history/"):
        assert ben.get(stage.url(f"w/research/{path}")).status_code == 404
    cast.place(stage.acme.mia, stage.member(stage.acme.ben), stage.research, BuiltIn.STANDARD_EDITOR)
    assert ben.get(url).status_code == 403


def test_whoever_manages_workspaces_changes_those_that_they_do_not_open(stage: Stage, ben: Client) -> None:
    keepers = cast.custom_role(
        stage.acme.organization, "Keepers", Scope.ORGANIZATION, Code.WORKSPACES_MANAGE, Code.MEMBERS_VIEW
    )
    Member.objects.filter(pk=stage.member(stage.acme.ben).pk).update(role=keepers)
    assert "Research" in names_in(ben.get(stage.url(LIST)))
    assert ben.get(stage.url("w/research/")).status_code == 404
    assert ben.get(stage.url("w/research/settings/")).status_code == 200
    assert ben.post(stage.url("w/research/settings/archive/")).status_code == 303


# --- joined, left, begun in


def open_research(stage: Stage) -> None:
    Workspace.objects.filter(pk=stage.research.pk).update(is_open=True)


@pytest.mark.row("D13")
def test_open_workspaces_stand_in_the_list_and_in_the_switcher_for_those_who_may_join(
    stage: Stage, ben: Client
) -> None:
    url = stage.url("w/research/join/")
    assert ben.post(url).status_code == 404
    ben.get(stage.url(LIST))
    assert "Open to you" not in words_of(ben.get("/my/organizations/"))
    open_research(stage)
    assert "Research Team Open Not in it 1 person Join Research" in words_of(ben.get(stage.url(LIST)))
    switcher = words_of(ben.get("/my/organizations/", headers=HTMX))
    assert "Open to you R Research Join Research" in switcher
    tom = visitor(stage.acme.tom)
    assert "Research" not in words_of(tom.get(stage.url(LIST))) + words_of(tom.get("/my/organizations/"))
    assert tom.post(url).status_code == 404
    joined = ben.post(url, follow=True)
    assert "You joined Research as Viewer." in words_of(joined)
    assert ben.post(url).status_code == 404
    assert "Workspaces in Acme D default R Research" in words_of(ben.get("/my/organizations/"))


@pytest.mark.row("N22")
@pytest.mark.claim("P11")
def test_leaving_says_what_stays_and_the_last_admin_names_the_next_in_the_same_form(stage: Stage, mia: Client) -> None:
    url = stage.url("w/research/leave/")
    assert "Hand over and leave" in words_of(mia.get(url))
    before = everything()
    for wrong in ({}, {"admin": "mia@acme.example"}, {"admin": "tom@guest.example"}):
        assert mia.post(url, wrong).status_code in {404, 422}
    assert everything() == before
    data_team = stage.data_team
    cast.grant_group(data_team, stage.research, BuiltIn.STANDARD_VIEWER)
    max_ = visitor(stage.max)
    assert "what you may do comes from elsewhere" in words_of(max_.get(url))
    assert max_.post(url).status_code == 409
    cast.place(stage.acme.mia, stage.member(stage.max), stage.research, BuiltIn.STANDARD_EDITOR)
    assert "You keep Viewer through Data team." in words_of(max_.get(url))
    assert "You left Research." in words_of(max_.post(url, follow=True))
    assert max_.get(stage.url("w/research/"), follow=True).status_code == 200
    assert "You left Research." in words_of(mia.post(url, {"admin": "ben@acme.example"}, follow=True))
    assert mia.get(stage.url("w/research/")).status_code == 404
    assert visitor(stage.acme.ben).get(stage.url("w/research/settings/")).status_code == 200


@pytest.mark.row("N5")
def test_one_begins_where_one_chose_to_begin_as_long_as_one_reaches_it(stage: Stage, ben: Client) -> None:
    def start() -> str:
        return str(ben.get("/", follow=True).redirect_chain[1][0])

    assert start() == "/my/"
    ben.post(stage.url("w/default/default/"), headers={"Referer": "http://testserver/my/"})
    assert start() == stage.url("w/default/")
    assert "You begin here" in body_of(ben.get("/my/"))
    assert ben.post(stage.url("w/research/default/")).status_code == 404
    here = on(stage.acme.olga, Workspace.objects.get(slug="default", organization=stage.acme.id))
    workspaces.archive_workspace(**here)
    assert start() == "/my/"
    workspaces.reopen_workspace(**here)
    assert "You no longer begin in default." in words_of(ben.post(stage.url("w/default/default/"), follow=True))
    assert start() == "/my/"


@pytest.mark.row("I22")
def test_my_access_says_what_one_is_through_what_and_which_groups_one_manages(stage: Stage) -> None:
    cast.grant_group(stage.data_team, stage.research, BuiltIn.STANDARD_ADMIN)
    cast.place(stage.acme.mia, stage.member(stage.max), stage.research, BuiltIn.STANDARD_VIEWER)
    Grant.objects.filter(group=stage.data_team).update(ends_at=Now() + timedelta(days=2))
    words = words_of(visitor(stage.max).get("/my/"))
    assert re.search(
        r"Research Team Admin until \w{3} \d+ \w+ \d{4} (Data team Direct grant|Direct grant Data team)", words
    )
    assert "Groups you manage Data team" in words_of(visitor(stage.lena).get("/my/"))
    priya = words_of(visitor(stage.acme.priya).get("/my/"))
    assert "As Admin of the organization you open every workspace." in priya


# --- its history


@pytest.mark.claim("P21")
def test_the_history_of_a_workspace_holds_what_is_its_own_and_nothing_else(
    stage: Stage, mia: Client, ben: Client
) -> None:
    other = make(stage.acme.olga, stage.acme.organization, "Elsewhere")
    cast.place(stage.acme.olga, stage.member(stage.acme.ben), other, BuiltIn.STANDARD_VIEWER)
    cast.place(stage.acme.mia, stage.member(stage.acme.ben), stage.research, BuiltIn.STANDARD_EDITOR)
    url = stage.url("w/research/history/")
    mia.post(stage.url("w/research/settings/"), {"name": "Science", "label": "team"})
    words = words_of(mia.get(url))
    assert "Mia Chen gave Ben Weber a role in Science" in words
    assert "Mia Chen changed name of Science" in words
    assert "Elsewhere" not in words
    assert ben.get(url).status_code == 403
    for number in range(60):
        workspaces.change_workspace(
            actor=cast.web(stage.acme.mia),
            organization_id=stage.acme.id,
            workspace_id=stage.research.pk,
            name=f"S{number}",
        )
    older = link_of(mia.get(url), "next")
    assert older is not None
    assert "gave Ben Weber a role" in words_of(mia.get(older))


def test_an_act_that_reaches_further_shows_only_what_happened_in_this_workspace(stage: Stage, mia: Client) -> None:
    other = make(stage.acme.olga, stage.acme.organization, "Elsewhere")
    actor = cast.web(stage.acme.olga)
    held = Locked(stage.acme.organization, actor, actor_facts(actor, stage.acme.organization))
    act = held.record(GRANT_REMOVED, subject=stage.member(stage.acme.ben).pk, scope=stage.research.pk, before="Editor")
    Entry.objects.create(act=act, subject_id=stage.member(stage.max).pk, scope_id=other.pk, before="Viewer")
    words = words_of(mia.get(stage.url("w/research/history/")))
    assert "Olga Owner took a role in Research from Ben Weber" in words
    assert "Max Muster" not in words
    assert "Elsewhere" not in words
