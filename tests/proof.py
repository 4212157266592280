"""Which rows and claims have a passing test: written while tests run (conftest), printed by `make rows`."""

import json
import re
import sys
import textwrap
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "var" / "proof"
KINDS = ("row", "claim")


class Result(TypedDict):
    test: str
    outcome: str
    reason: str
    marks: dict[str, list[str]]  # by kind


def known_ids() -> dict[str, list[str]]:
    """All ids that a marker may name, in the order of their lists."""
    lists = tomllib.loads((Path(__file__).parent / "proof.toml").read_text())
    return {kind: [one for span in lists[f"{kind}s"] for one in _expand(span)] for kind in KINDS}


def _expand(span: str) -> Iterator[str]:
    between = re.fullmatch(r"([A-Z])(\d+)-\1(\d+)", span)
    if between is None:
        yield span
    else:
        for number in range(int(between[2]), int(between[3]) + 1):
            yield f"{between[1]}{number}"


def read_results(folder: Path) -> list[Result]:
    return [result for path in sorted(folder.glob("*.json")) for result in json.loads(path.read_text())]


def proven(results: list[Result], kind: str) -> set[str]:
    """Ids with a test that passed and none that failed."""
    marks = {
        outcome: {one for r in results if r["outcome"] == outcome for one in r["marks"][kind]}
        for outcome in ("passed", "failed")
    }
    return marks["passed"] - marks["failed"]


def main() -> int:
    results = read_results(RESULTS)
    if not results:
        sys.stderr.write("There are no results yet: run make test first.\n")
        return 1
    for kind, ids in known_ids().items():
        done = proven(results, kind)
        print(f"{len(done)} of {len(ids)} {kind}s have a passing test.")
        lacking = [one for one in ids if one not in done]
        if lacking:
            print(textwrap.fill(" ".join(lacking), 118, initial_indent="  without: ", subsequent_indent="           "))
        for one in ids:
            failing = sorted({r["test"] for r in results if one in r["marks"][kind] and r["outcome"] == "failed"})
            if failing:
                print(f"  {one} fails in {', '.join(failing)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
