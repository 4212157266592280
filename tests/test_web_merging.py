"""Possible duplicates and the merge of two members, as an administrator does it in a browser."""

import pytest
from django.test import Client

from tests import cast
from tests.people import person
from tests.stage import Stage
from tests.visiting import HTMX, queries_of, visitor, words_of
from workspaces.models import Member

pytestmark = pytest.mark.django_db


@pytest.fixture
def second(stage: Stage) -> Member:
    """Ben once more, waiting."""
    cast.ask_in(stage.acme.olga, stage.acme.organization, "ben@home.example")
    return stage.member_invited("ben@home.example")


def test_the_overview_leads_to_the_duplicates_and_they_to_the_merge(
    stage: Stage, priya: Client, second: Member
) -> None:
    assert "Look for people who are here twice" in words_of(priya.get(stage.url("overview/")))
    page = words_of(priya.get(stage.url("members/duplicates/")))
    assert "The same name before the @: ben" in page
    dialog = words_of(priya.get(stage.url(f"members/{second.pk}/merge/?into=ben@acme.example")))
    assert "Merge ben@home.example into Ben Weber?" in dialog
    assert "The link mailed to ben@home.example stops working." in dialog
    done = priya.post(stage.url(f"members/{second.pk}/merge/"), {"into": "ben@acme.example"}, follow=True)
    assert "ben@home.example is merged into Ben Weber." in words_of(done)
    # Their page tells of both.
    assert "merged ben@home.example into Ben Weber" in words_of(done)
    assert "Nobody seems to be here twice" in words_of(priya.get(stage.url("members/duplicates/")))


def test_into_whom_is_asked_and_what_is_wrong_is_said_where_it_is(stage: Stage, priya: Client, second: Member) -> None:
    url = stage.url(f"members/{second.pk}/merge/")
    assert "Into whom" in words_of(priya.get(url))
    for into, sentence in {
        "nobody@x.example": "Nobody here has this address.",
        "ben@home.example": "This is the same member.",
        "nonsense": "There is no @ in it.",
        "zoe@northlab.example": "Nobody here has this address.",
    }.items():
        wrong = priya.post(url, {"into": into}, headers=HTMX)
        assert (wrong.status_code, sentence in words_of(wrong)) == (422, True)
    assert "They own the organization." in words_of(
        priya.get(stage.url(f"members/{stage.member(stage.acme.olga).pk}/merge/?into=ben@acme.example"))
    )
    assert visitor(stage.acme.ben).get(url).status_code == 403


def test_a_merge_that_is_refused_under_the_lock_says_why(stage: Stage, priya: Client, second: Member) -> None:
    sven = stage.member(stage.sven)
    answer = priya.post(stage.url(f"members/{second.pk}/merge/"), {"into": sven.address})
    assert answer.status_code == 409
    assert "They are suspended." in words_of(answer)
    assert Member.objects.filter(pk=second.pk).exists()


def test_duplicates_cost_the_same_for_few_and_for_many(stage: Stage, priya: Client, second: Member) -> None:
    url = stage.url("members/duplicates/")
    for number in range(2):
        cast.join(stage.acme.olga, stage.acme.organization, person(f"few{number}@a.example", "Few Names"))
    few = len(queries_of(priya, url))
    for number in range(5):
        cast.join(stage.acme.olga, stage.acme.organization, person(f"same{number}@a.example", "Same Name"))
        cast.ask_in(stage.acme.olga, stage.acme.organization, f"same{number}@b.example")
    assert len(queries_of(priya, url)) == few
