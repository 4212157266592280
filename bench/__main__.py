"""`python -m bench [--goals 1,2,5] [--scales S,L]`: prints a table and fails on a missed goal; a run of all writes it
to bench/RESULTS.md.

BENCH_DATABASE_URL names the PostgreSQL database, which is made and kept; REDIS_URL the broker of the mail goal.
"""

import argparse
import os
import sys
from pathlib import Path

from bench.shape import GOALS, SCALES

ROOT = Path(__file__).resolve().parent.parent
DATABASE_URL = os.environ.get("BENCH_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/roster_bench")


def main() -> int:
    options = _options()
    _set_up()
    from bench.run import run

    return run(DATABASE_URL, goals=options.goals, scales=options.scales)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--goals", type=_numbers, default=GOALS, metavar="1,2,5", help="which goals of PERFORMANCE (all)"
    )
    parser.add_argument(
        "--scales", type=_names, default=tuple(SCALES), metavar="S,L", help="how large organizations (all)"
    )
    return parser.parse_args()


def _numbers(text: str) -> tuple[int, ...]:
    numbers = tuple(int(part) for part in text.split(","))
    if not set(numbers) <= set(GOALS):
        raise argparse.ArgumentTypeError(f"goals are {', '.join(map(str, GOALS))}")
    return numbers


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.upper().split(","))
    if not set(names) <= set(SCALES):
        raise argparse.ArgumentTypeError("scales are S, M and L")
    return names


def _set_up() -> None:
    """The product as in production, but for its addresses."""
    folder = ROOT / "var" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.pop("DEBUG", None)
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "DATABASE_URL": DATABASE_URL,
        "DATA_DIR": str(folder),
        "STATIC_ROOT": str(folder / "static"),
        "SECRET_KEY": "a benchmark's, on loopback only: " + "0" * 40,
        "PUBLIC_URL": "https://bench.example",
        "ALLOWED_HOSTS": "bench.example,127.0.0.1",
    }
    os.nice(10)
    import django

    django.setup()


if __name__ == "__main__":
    sys.exit(main())
