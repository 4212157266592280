"""What host products hand in, line by line: each bad one is told apart, the good ones are applied (R1 to R13)."""

import io
import json
from typing import Any

import pytest
from django.core.management import call_command

from tests.cast import Acme
from workspaces.actions.hosts import hand_in_lines
from workspaces.models import Resource

pytestmark = pytest.mark.django_db


def lines(*objects: dict[str, Any] | str) -> list[str]:
    return [each if isinstance(each, str) else json.dumps(each) for each in objects]


PRODUCT: dict[str, Any] = {"type": "product", "name": "Notebooks"}
RESOURCE: dict[str, Any] = {
    "type": "resource", "organization": "acme", "product": "Notebooks", "external_id": "p1", "kind": "project",
    "name": "Churn", "workspace": "research",
}  # fmt: skip
PERMISSION: dict[str, Any] = {
    "type": "permission", "product": "Notebooks", "code": "apps.publish", "scope": "workspace", "area": "Apps",
    "ability": "publish apps",
}  # fmt: skip
COUNT: dict[str, Any] = {
    "type": "count", "organization": "acme", "product": "Notebooks", "workspace": "research", "kind": "model",
    "value": 3, "reported_at": "2026-03-01T12:00:00Z",
}  # fmt: skip


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[1]", "no JSON object"),
        ({"type": "planet"}, "type is none of product, permission"),
        ({**RESOURCE, "color": "red"}, "no field color"),
        ({**RESOURCE, "name": None}, "name is no text"),
        ({**RESOURCE, "name": "a\u202eb"}, "one line of plain text"),
        ({**RESOURCE, "name": "x" * 201}, "at most 200"),
        ({**RESOURCE, "url": "javascript:alert(1)"}, "url: "),
        ({**RESOURCE, "owner": "nobody"}, "owner: "),
        ({**RESOURCE, "access": "open"}, "access is none of full, view, private"),
        ({**RESOURCE, "workspace": "nowhere"}, "no workspace with the slug nowhere"),
        ({**RESOURCE, "organization": "elsewhere"}, "No organization has the slug elsewhere"),
        ({**RESOURCE, "product": "Unheard"}, "No product is called Unheard"),
        ({key: RESOURCE[key] for key in RESOURCE if key != "kind"}, "lacks kind"),
        ({**RESOURCE, "synced_at": "2026-03-01T12:00:00"}, "offset"),
        ({**RESOURCE, "synced_at": "2999-03-01T12:00:00Z"}, "in the future"),
        ({**RESOURCE, "synced_at": 5}, "no time"),
        ({**PERMISSION, "code": "notebooks.run"}, "ships with Roster"),
        ({**PERMISSION, "roles": ["guest"]}, "guest is none of"),
        ({**PERMISSION, "roles": "standard_editor"}, "no list"),
        ({**PERMISSION, "high_risk": "no"}, "high_risk is no yes or no"),
        ({**COUNT, "value": -1}, "below zero"),
        ({**COUNT, "value": True}, "no number"),
        ({**COUNT, "value": 10**16}, "too large"),
        ({"type": "seen", "organization": "acme", "address": "who@acme.example", "at": "2026-03-01T12:00:00Z"}, "who@"),
    ],
)  # fmt: skip
def test_each_bad_line_is_told_apart_and_the_good_ones_are_applied(world: Acme, line: Any, reason: str) -> None:
    receipt = hand_in_lines(lines(PRODUCT, "", line, {**RESOURCE, "external_id": "good"}))
    [problem] = receipt.problems
    assert problem.number == 3
    assert reason in problem.reason
    assert receipt.applied == 2
    assert list(Resource.objects.values_list("external_id", flat=True)) == ["good"]


def test_no_product_takes_over_the_permission_of_another_nor_changes_its_scope(world: Acme) -> None:
    receipt = hand_in_lines(
        lines(PRODUCT, {"type": "product", "name": "Other"}, PERMISSION, {**PERMISSION, "scope": "resource"})
    )
    assert receipt.problems == []  # the last one about a code counts
    receipt = hand_in_lines(lines({**PERMISSION, "product": "Other"}))
    assert [problem.reason for problem in receipt.problems] == ["apps.publish belongs to another product."]
    receipt = hand_in_lines(lines(PERMISSION))
    assert "has the scope resource" in receipt.problems[0].reason


def run(*objects: dict[str, Any] | str) -> tuple[int, str, str]:
    """The command on standard input: its exit status, what it said, and what it complained about."""
    said, complained = io.StringIO(), io.StringIO()
    status = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", io.StringIO("\n".join(lines(*objects))))
        try:
            call_command("hand_in", stdout=said, stderr=complained)
        except SystemExit as end:
            status = int(end.code or 0)
    return status, said.getvalue().strip(), complained.getvalue().strip()


def test_the_command_says_what_it_took_and_fails_where_something_was_wrong(world: Acme) -> None:
    assert run(PRODUCT, RESOURCE) == (0, "2 applied, 0 refused.", "")
    status, said, complained = run(RESOURCE, "{", {**RESOURCE, "workspace": "x"})
    assert (status, said) == (1, "1 applied, 2 refused.")
    assert complained.splitlines() == [
        "line 2: This is no JSON.",
        "line 3: acme has no workspace with the slug x.",
    ]
