"""The list of a workspace's people, by either of its plans: as whoever walks all ways by hand finds them."""

import pytest

from tests import cast
from tests.places import on
from tests.stage import Stage, crowd
from workspaces.actions import grants
from workspaces.catalogue import BuiltIn
from workspaces.models import Member
from workspaces.queries.effective import paths_in
from workspaces.queries.workspace_people import PeopleFilters, people_of, people_page

ALL = PeopleFilters()


def naive(stage: Stage) -> list[int]:
    """Everybody with a way into Research, by name, the plain way."""
    ids = list(stage.acme.organization.members.values_list("pk", flat=True))
    ways = paths_in(stage.acme.organization, stage.research.pk, ids)
    inside = Member.objects.filter(pk__in=[pk for pk, paths in ways.items() if paths])
    return [
        member.pk
        for member in inside.order_by("directory__sort_name", "pk")
        if member.joined_at is not None or any(path.kind != "everyone" for path in ways[member.pk])
    ]


def walk(stage: Stage, filters: PeopleFilters = ALL) -> list[int]:
    """All pages forwards; and backwards they are the same."""
    pages, cursor = [], None
    while True:
        page = people_page(stage.acme.organization, stage.research, filters, cursor)
        pages.append([row.id for row in page.rows])
        if page.next is None:
            break
        cursor = page.next
    back = []
    while True:
        back.append([row.id for row in page.rows])
        if page.previous is None:
            break
        page = people_page(stage.acme.organization, stage.research, filters, page.previous)
    assert back[::-1] == pages
    return [pk for page in pages for pk in page]


@pytest.mark.parametrize("narrow", [10_000, 0])
@pytest.mark.parametrize("everyone", [False, True])
def test_both_plans_find_the_same_people_on_every_page(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, narrow: int, everyone: bool
) -> None:
    monkeypatch.setattr("workspaces.queries.workspace_people.NARROW", narrow)
    ids = crowd(stage, [(f"p{number:03}@crowd.example", f"Person {number % 7} {number}") for number in range(130)])
    members = list(Member.objects.filter(pk__in=ids))
    told = on(stage.acme.mia, stage.research)
    grants.give_role(**told, role_id=BuiltIn.STANDARD_VIEWER, chosen=cast.chosen(*members[:70]))
    team = cast.group_of(stage.acme.olga, stage.acme.organization, "Crew", *members[60:110])
    grants.give_role(**told, role_id=BuiltIn.STANDARD_EDITOR, group_ids=[team.pk], everyone=everyone)

    everybody = walk(stage)
    assert everybody == naive(stage)
    page = people_page(stage.acme.organization, stage.research, PeopleFilters())
    assert page.count == len(everybody)
    assert set(people_of(stage.acme.organization, stage.research, PeopleFilters()).values_list("pk", flat=True)) == set(
        everybody
    )
    by_group = walk(stage, PeopleFilters(sources=("group",)))
    assert set(by_group) == {member.pk for member in members[60:110]}
    called = walk(stage, PeopleFilters(search="person 3"))
    names = dict(Member.objects.values_list("pk", "directory__name"))
    assert {names[pk] for pk in called} == {names[pk] for pk in everybody if names[pk].startswith("Person 3 ")}
    in_crew = walk(stage, PeopleFilters(search="crew"))
    assert set(in_crew) == {member.pk for member in members[60:110]}
    waiting = people_of(stage.acme.organization, stage.research, PeopleFilters(states=("invited",)))
    assert waiting.count() == 110
