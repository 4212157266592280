"""Runs the goals that are asked for, prints what they measured and writes it down."""

import os
import platform
import sys
from collections.abc import Collection, Iterator
from pathlib import Path

import django
from django.db import connection
from django.utils import timezone

from bench.databases import Unusable, prepare
from bench.goals import (
    access,
    crowded_places,
    importing,
    inviting,
    jobs,
    mails,
    memory,
    pages,
    removal,
    roles,
    search,
)
from bench.measuring import Meter
from bench.results import Result, table
from bench.shape import GOALS, SCALES
from bench.web import Place, Wrong, collect_static

LARGE = (
    (5, search), (8, roles), (8, jobs), (9, removal), (10, inviting), (10, importing), (14, crowded_places),
)  # fmt: skip
"""What is measured in the largest organization only."""
FILE = Path(__file__).resolve().parent / "RESULTS.md"


def run(url: str, *, goals: Collection[int], scales: Collection[str]) -> int:
    results: list[Result] = []
    try:
        prepare(url, [SCALES[name] for name in scales])
        collect_static()
        for result in _measured(url, goals, scales):
            print(*result.cells, sep=" · ", flush=True)
            results.append(result)
    except (Unusable, Wrong) as problem:
        print(problem, file=sys.stderr)
        return 1
    text = table(results)
    print(f"\n{text}\n")
    if set(goals) == set(GOALS) and set(scales) == set(SCALES):
        FILE.write_text(_report(text))
    missed = [result for result in results if not result.met]
    print(f"{len(results) - len(missed)} met, {len(missed)} missed")
    return 1 if missed else 0


def _measured(url: str, goals: Collection[int], scales: Collection[str]) -> Iterator[Result]:
    meter = Meter()
    for name in scales:
        yield from _of_place(Place.open(SCALES[name]), meter, goals)
    if 11 in goals:
        yield from mails.measure(url)


def _of_place(place: Place, meter: Meter, goals: Collection[int]) -> Iterator[Result]:
    yield from pages.measure(place, goals, meter)
    if place.scale.name == "M" and 13 in goals:
        yield from memory.measure(place)
    if place.scale.name == "L":
        yield from access.measure(place, meter, goals)
        for goal, module in LARGE:
            if goal in goals:
                yield from module.measure(place, meter)


def _report(text: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        server = cursor.fetchone()[0].split()[0]
    versions = f"Python {platform.python_version()}, Django {django.get_version()}, PostgreSQL {server}"
    versions += f", {os.cpu_count()} processors ({platform.machine()})"
    return f"# Speed\n\n`make bench` of {timezone.now():%-d %B %Y}: {versions}.\n\n{text}\n"
