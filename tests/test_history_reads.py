"""The history of one thing costs what its newest acts hold, however long the history of everything is."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import cast
from tests.cast import Acme
from workspaces.history import GRANT_GIVEN, GROUP_JOINED, ROLE_CHANGED
from workspaces.models import Act
from workspaces.queries.history import acts_in_workspace, acts_on_group, acts_on_member, entries_in_workspace, lines_of

pytestmark = pytest.mark.django_db

ACTS = 40_000
EACH = 5
FIRST = 1_000_000
"""Ids of the generated acts begin here: beyond the ones that the tests' own acts have."""


def _fill(organization_id: int, workspace_id: int, group_id: int) -> None:
    """200,000 entries on PostgreSQL alone: a third about members, the rest in 1,000 workspaces and 1,000 groups, of
    which the given ones come up once in a thousand acts.
    """
    kinds = [kind.name for kind in (ROLE_CHANGED, GRANT_GIVEN, GROUP_JOINED)]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO workspaces_act (id, organization_id, kind, source, request_id, payload)
            SELECT %s + n, %s, (%s::text[])[n %% 3 + 1], 'web', '', '{}' FROM generate_series(1, %s) n""",
            [FIRST, organization_id, kinds, ACTS],
        )
        cursor.execute(
            """
            INSERT INTO workspaces_entry (act_id, subject_id, scope_id, before, after)
            SELECT %s + n, 10 + (n * 7 + m) %% 100000,
                   CASE n %% 3 WHEN 0 THEN NULL WHEN 1 THEN %s + n %% 1000 ELSE %s + n %% 1000 END, '', ''
            FROM generate_series(1, %s) n, generate_series(1, %s) m""",
            [FIRST, workspace_id, group_id, ACTS, EACH],
        )
        cursor.execute("ANALYZE workspaces_act")
        cursor.execute("ANALYZE workspaces_entry")


def _plans(read: Callable[[], Any]) -> str:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        read()
    plans = []
    for query in asked.captured_queries:
        if "workspaces_entry" in query["sql"]:
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN {query['sql']}")
                plans += [row[0] for row in cursor.fetchall()]
    assert plans
    return "\n".join(plans)


@pytest.mark.postgresql
@pytest.mark.claim("P21")
def test_no_history_of_one_thing_reads_all_of_it(world: Acme) -> None:
    club = cast.group_of(world.olga, world.organization, "Club")
    _fill(world.id, world.research.pk, club.pk)
    mia = world.member(world.mia).pk
    reads: list[Callable[[], Any]] = [
        lambda: lines_of(acts_in_workspace(world.id, world.research.pk, 51), entries_in_workspace(world.research.pk)),
        lambda: lines_of(acts_in_workspace(world.id, world.research.pk, 51, before=FIRST + 20_000)),
        lambda: lines_of(acts_on_group(world.id, club.pk)),
        lambda: lines_of(acts_on_member(world.id, mia)),
    ]
    for read in reads:
        plan = _plans(read)
        assert "Seq Scan" not in plan, plan
        assert "Backward using act_organization" not in plan, plan  # walking all acts would be as bad


def test_pages_of_a_workspaces_history_follow_one_another(world: Acme) -> None:
    """By acts about it and acts within it, which are read apart."""
    ben = world.member(world.ben)
    for number in range(4):
        cast.place(world.olga, ben, world.research, 11 + number % 3)
    everything = [act.pk for act in acts_in_workspace(world.id, world.research.pk, 50)]
    assert everything == sorted(everything, reverse=True)
    assert len(everything) == Act.objects.filter(entries__scope_id=world.research.pk, kind="grant.given").count()
    seen: list[int] = []
    while page := [act.pk for act in acts_in_workspace(world.id, world.research.pk, 2, before=min(seen, default=None))]:
        seen += page
    assert seen == everything
