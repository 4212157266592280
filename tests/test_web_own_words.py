"""What pages offer to whoever may do it, and what they say to the person themself."""

import pytest

from tests import cast
from tests.stage import Stage
from tests.visiting import body_of, visitor, words_of

pytestmark = pytest.mark.django_db


def test_a_persons_page_leads_to_merging_for_whoever_may(stage: Stage) -> None:
    ben = stage.member(stage.acme.ben).pk
    for user, offered in ((stage.acme.olga, True), (stage.max, False)):
        assert (
            stage.url(f"members/{ben}/merge/") in body_of(visitor(user).get(stage.url(f"members/{ben}/")))
        ) is offered
    owner = stage.member(stage.acme.olga).pk
    assert "/merge/" not in body_of(visitor(stage.acme.priya).get(stage.url(f"members/{owner}/")))


def test_whoever_may_only_propose_finds_it_where_others_invite(stage: Stage) -> None:
    def offers(user: object) -> list[bool]:
        shown = body_of(visitor(user).get(stage.url("members/")))  # type: ignore[arg-type]
        return [f'href="{stage.url(path)}"' in shown for path in ("invite/", "proposals/new/")]

    assert offers(stage.max) == [False, False]
    stage.acme.organization.members_propose = True
    stage.acme.organization.save()
    assert offers(stage.max) == [False, True]
    assert offers(stage.acme.olga) == [True, False]


def test_whoever_leaves_is_told_what_they_lose_as_themself(stage: Stage) -> None:
    cast.place(stage.acme.olga, stage.member(stage.max), stage.research, 11)
    words = words_of(visitor(stage.max).get(stage.url("leave/")))
    assert "You lose your role in 1 workspace: Research." in words
    assert "You leave 1 group: Data team." in words
    assert "They leave" not in words
