"""docs/threat-model.md names the tests of each claim; here it is held to that."""

import re
from pathlib import Path

import pytest

from tests.proof import known_ids

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "threat-model.md"
CLAIM = re.compile(r"\| (P\d+a?(?:, P\d+a?)*) \|.*\|([^|]*)\|$", re.MULTILINE)


def claims_of(module: str) -> set[str]:
    marks = re.findall(r"\bclaim\(([^)]*)\)", (TESTS / f"{module}.py").read_text())
    return {one for mark in marks for one in re.findall(r"P\d+a?", mark)}


@pytest.mark.once
def test_every_module_that_the_threat_model_names_carries_the_claim() -> None:
    rows = CLAIM.findall(PAGE.read_text())
    assert len(rows) >= 20
    for names, modules in rows:
        carried = [claims_of(module) for module in re.findall(r"`(test_\w+)`", modules)]
        for claim in names.split(", "):
            assert claim in known_ids()["claim"]
            assert any(claim in one for one in carried), f"no module named for {claim} carries it"
        assert all(set(names.split(", ")) & one for one in carried), f"a module named for {names} proves nothing of it"
