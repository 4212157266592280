"""Why somebody has access, on the screens: the person, the person in a workspace, the explorer, and taking it all."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from tests.cast import end, grant_everyone, grant_group, group_of, history, place, workspace_in
from tests.stage import Stage
from tests.visiting import Answer, visitor
from workspaces.catalogue import BuiltIn
from workspaces.models import Grant, GroupMember, Member, Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def prod(stage: Stage) -> Workspace:
    """Ben is Editor in Prod by name and through Builders; everyone is Viewer."""
    prod = workspace_in(stage.acme.organization, "Prod")
    ben = stage.member(stage.acme.ben)
    place(stage.acme.olga, ben, prod, BuiltIn.STANDARD_EDITOR)
    builders = group_of(stage.acme.olga, stage.acme.organization, "Builders", ben)
    grant_group(builders, prod, BuiltIn.STANDARD_EDITOR)
    grant_everyone(prod, BuiltIn.STANDARD_VIEWER)
    return prod


def text_of(body: bytes) -> str:
    return " ".join(body.decode().split())


def person_url(stage: Stage, member: Member) -> str:
    return stage.url(f"members/{member.pk}/")


@pytest.mark.row("I43", "I44", "I53")
def test_a_person_shows_every_path_and_what_remains_without_it(stage: Stage, prod: Workspace) -> None:
    page = text_of(visitor(stage.acme.priya).get(person_url(stage, stage.member(stage.acme.ben))).content)
    assert "Without it: keeps Editor through Builders." in page
    assert "Without it: keeps Editor through a direct grant." in page
    assert page.count("r-deciding") == page.count('class="r-access-place"'), "one way decides in each workspace"


@pytest.mark.row("I8", "I9")
def test_what_an_admin_inherits_is_named_apart_and_cannot_be_removed_there(stage: Stage, prod: Workspace) -> None:
    olga = visitor(stage.acme.olga)
    priya = stage.member(stage.acme.priya)
    assert "That cannot be removed there, only with the role." in text_of(olga.get(person_url(stage, priya)).content)
    why = text_of(olga.get(stage.url(f"w/{prod.slug}/access/{priya.pk}/")).content)
    assert "Comes with the organization role and cannot be removed here." in why


@pytest.mark.claim("P3")
def test_others_see_only_the_access_in_workspaces_whose_people_they_see(stage: Stage, prod: Workspace) -> None:
    mia = stage.member(stage.acme.mia)
    max_sees = text_of(visitor(stage.max).get(person_url(stage, mia)).content)
    assert "Prod" in max_sees, "Max is in Prod as part of everyone"
    assert "Mia</span>" in max_sees
    assert "Research" not in max_sees.split("<main")[1].split("Recent changes")[0]
    assert "Research" in text_of(visitor(stage.acme.mia).get(person_url(stage, mia)).content)


@pytest.mark.row("I44")
def test_the_why_page_lists_what_they_can_do_there_and_by_what(stage: Stage, prod: Workspace) -> None:
    ben = stage.member(stage.acme.ben)
    page = text_of(visitor(stage.acme.priya).get(stage.url(f"w/prod/access/{ben.pk}/")).content)
    assert '<span>deploy</span><small class="r-quiet r-spread">a direct grant, Builders</small>' in page
    assert "a direct grant, Builders, Everyone" in page
    assert "manage domains" not in page


def test_the_why_page_is_for_those_who_see_the_workspace_and_about_those_in_it(stage: Stage, prod: Workspace) -> None:
    mia, tom = stage.member(stage.acme.mia), stage.member(stage.acme.tom)
    research = stage.url(f"w/{stage.research.slug}/access/")
    assert visitor(stage.acme.mia).get(f"{research}{mia.pk}/").status_code == 200
    assert visitor(stage.max).get(f"{research}{mia.pk}/").status_code == 404
    assert visitor(stage.acme.mia).get(f"{research}{tom.pk}/").status_code == 404, "Tom is not in Research"


# --- taking everything


@pytest.mark.row("I53", "N12")
@pytest.mark.claim("P11")
def test_all_access_is_removed_everywhere_with_the_hand_over_in_the_same_step(stage: Stage, prod: Workspace) -> None:
    mia = stage.member(stage.acme.mia)
    place(stage.acme.olga, mia, prod, BuiltIn.STANDARD_VIEWER)
    group = group_of(stage.acme.olga, stage.acme.organization, "Night shift", mia)
    url = person_url(stage, mia) + "access/remove/"
    priya = visitor(stage.acme.priya)
    dialog = text_of(priya.get(url).content)
    assert "Admin in Research" in dialog
    assert "They leave 1 group: Night shift." in dialog
    refused = priya.post(url)
    assert refused.status_code == 422, "Mia is the last admin of Research"
    themselves = priya.post(url, {f"heir-{stage.research.pk}": stage.acme.mia.email})
    assert "they are the one who goes" in text_of(themselves.content)
    assert priya.post(url, {f"heir-{stage.research.pk}": stage.acme.ben.email}).status_code == 303
    assert not Grant.objects.filter(member=mia).exists()
    assert not GroupMember.objects.filter(member=mia).exists()
    assert Member.objects.filter(pk=mia.pk).exists()
    heir = Grant.objects.get(workspace=stage.research, member=stage.member(stage.acme.ben))
    assert heir.role_id == BuiltIn.STANDARD_ADMIN
    assert {one.subject for one in history(stage.acme.organization, "group.left", "group_left")} <= {mia.pk}
    assert group.memberships.count() == 0


def test_taking_everything_is_for_whoever_manages_people(stage: Stage) -> None:
    ben = stage.member(stage.acme.ben)
    assert visitor(stage.acme.mia).get(person_url(stage, ben) + "access/remove/").status_code == 403


# --- the explorer


def explore(stage: Stage, user: User, **query: object) -> Answer:
    return visitor(user).get(stage.url("access/"), query)


@pytest.mark.row("L10")
def test_who_can_deploy_in_prod_and_through_what(stage: Stage, prod: Workspace) -> None:
    answer = explore(stage, stage.acme.priya, ask="who", permission="deployments.create", workspace=prod.pk)
    page = text_of(answer.content)
    assert "Who can deploy in Prod" in page
    for name in ("Ben Weber", "Olga Owner", "Priya Admin"):
        assert f">{name}</a>" in page
    for name in ("Mia Chen", "Tom Guest", "Sven Still"):
        assert f">{name}</a>" not in page
    assert "Builders" in page
    seen = explore(stage, stage.acme.priya, ask="who", permission="workspace.view", workspace=prod.pk)
    assert "Everyone in the organization, guests aside" in text_of(seen.content)


@pytest.mark.row("D1")
def test_can_they_answers_yes_or_no_with_all_ways_and_what_would_change_it(stage: Stage, prod: Workspace) -> None:
    ben, mia = stage.member(stage.acme.ben), stage.member(stage.acme.mia)
    ask = {"ask": "can", "permission": "deployments.create", "workspace": prod.pk}
    yes = text_of(explore(stage, stage.acme.priya, **ask, person=ben.pk).content)
    assert "Yes, Ben can deploy in Prod." in yes
    assert yes.count("carries it</span>") == 2
    assert yes.count("does not carry it</span>") == 1
    no = text_of(explore(stage, stage.acme.priya, **ask, person=mia.pk).content)
    assert "No, Mia cannot deploy in Prod." in no
    assert "A role that includes it:" in no
    assert "Editor, Admin</li>" in no
    assert "A group that has it there: Builders" in no


def test_a_question_without_a_place_is_answered_at_the_field(stage: Stage) -> None:
    answer = explore(stage, stage.acme.priya, ask="who", permission="deployments.create")
    assert answer.status_code == 422
    assert "Choose the workspace that you mean." in text_of(answer.content)
    for odd in ({"permission": "no.such"}, {"permission": "deployments.create", "workspace": "x\x00"}):
        assert explore(stage, stage.acme.priya, ask="who", **odd).status_code == 422


def test_organization_permissions_are_asked_without_a_place(stage: Stage) -> None:
    page = text_of(explore(stage, stage.acme.priya, ask="who", permission="billing.manage").content)
    assert ">Olga Owner</a>" in page
    assert ">Ben Weber</a>" not in page


def test_people_are_found_by_name_and_their_access_is_told(stage: Stage, prod: Workspace) -> None:
    ben = stage.member(stage.acme.ben)
    found = text_of(explore(stage, stage.acme.priya, ask="what", q="ben w").content)
    assert f"ask=what&amp;person={ben.pk}" in found
    page = text_of(explore(stage, stage.acme.priya, ask="what", person=ben.pk).content)
    assert "What Ben Weber can do" in page
    assert "Without it: keeps Editor through Builders." in page
    assert explore(stage, stage.acme.priya, ask="what", person=10**12).status_code == 404


@pytest.mark.row("I7")
def test_an_admin_of_a_workspace_explores_that_workspace_only(stage: Stage, prod: Workspace) -> None:
    mia, tom = stage.member(stage.acme.mia), stage.member(stage.acme.tom)
    own = explore(stage, stage.acme.mia, ask="who", permission="projects.edit", workspace=stage.research.pk)
    assert ">Mia Chen</a>" in text_of(own.content)
    assert explore(stage, stage.acme.mia, ask="who", permission="projects.edit", workspace=prod.pk).status_code == 422
    assert explore(stage, stage.acme.mia, ask="who", permission="billing.manage").status_code == 403
    told = text_of(explore(stage, stage.acme.mia, ask="what", person=mia.pk).content).split('id="answer"')[1]
    assert "Research" in told
    assert "Prod" not in told
    assert explore(stage, stage.acme.mia, ask="what", person=tom.pk).status_code == 404
    assert explore(stage, stage.max, ask="who").status_code == 403


@pytest.mark.claim("P12")
def test_an_end_that_has_passed_is_no_way_any_more(stage: Stage, prod: Workspace) -> None:
    ben = stage.member(stage.acme.ben)
    ask = {"ask": "can", "permission": "deployments.create", "workspace": prod.pk, "person": ben.pk}
    for grant in Grant.objects.filter(workspace=prod).exclude(principal_key=0):
        end(grant)
    assert "No, Ben cannot deploy in Prod." in text_of(explore(stage, stage.acme.priya, **ask).content)


def test_the_pages_ask_as_many_queries_for_twenty_ways_as_for_two(stage: Stage, prod: Workspace) -> None:
    ben = stage.member(stage.acme.ben)
    priya = visitor(stage.acme.priya)
    asked = f"permission=deployments.create&workspace={prod.pk}"
    urls = [
        person_url(stage, ben),
        stage.url(f"w/prod/access/{ben.pk}/"),
        stage.url(f"access/?ask=what&person={ben.pk}"),
        stage.url(f"access/?ask=who&{asked}"),
        stage.url(f"access/?ask=can&{asked}&person={ben.pk}"),
    ]

    def queries(url: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert priya.get(url).status_code == 200
        return len(asked)

    for url in urls:
        queries(url)  # content types and the like are read once
    before = [queries(url) for url in urls]
    for number in range(10):
        there = workspace_in(stage.acme.organization, f"More {number}")
        team = group_of(stage.acme.olga, stage.acme.organization, f"Team {number}", ben, stage.member(stage.max))
        grant_group(team, there, BuiltIn.STANDARD_EDITOR)
        grant_group(team, prod, BuiltIn.STANDARD_EDITOR)
    assert [queries(url) for url in urls] == before


def test_an_admins_page_offers_one_workspace_instead_and_nobody_elses_does(stage: Stage) -> None:
    olga = visitor(stage.acme.olga)
    offer = "Make workspace admin instead"
    page = olga.get(person_url(stage, stage.member(stage.acme.priya))).content.decode()
    assert offer in page
    assert f"{person_url(stage, stage.member(stage.acme.priya))}instead/" in page
    for other in (stage.acme.olga, stage.acme.mia):  # the owner stays; Mia is no Admin of the organization
        assert offer not in olga.get(person_url(stage, stage.member(other))).content.decode()
