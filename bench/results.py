"""One line per measured goal, and the table that they make."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

HEADINGS = ("goal", "what", "at", "costs", "reference", "measured", "bar", "")


@dataclass(frozen=True, slots=True)
class Result:
    """costs and reference: what each side took; measured and bar: the ratio of the two, and what it must be."""

    goal: int
    what: str
    at: str
    costs: str
    reference: str
    measured: str
    bar: str
    met: bool

    @property
    def cells(self) -> tuple[str, ...]:
        mark = "" if not self.bar else "met" if self.met else "MISSED"
        return (str(self.goal), self.what, self.at, self.costs, self.reference, self.measured, self.bar, mark)


def at_most(
    goal: int, what: str, at: str, costs: object, reference: object, *, measured: float, bar: float, unit: str = "x"
) -> Result:
    """A cost that must not exceed `bar` times its reference."""
    return Result(
        goal, what, at, str(costs), str(reference), f"{measured:.3g}{unit}", f"<= {bar:g}{unit}", measured <= bar
    )


def times_less(
    goal: int, what: str, at: str, costs: object, reference: object, *, measured: float, bar: float
) -> Result:
    """The reference must cost at least `bar` times as much; measured: how many times it does."""
    text = f"1/{measured:.0f}" if measured >= 10 else f"1/{measured:.1f}"
    return Result(goal, what, at, str(costs), str(reference), text, f"<= 1/{bar:g}", measured >= bar)


def told(goal: int, what: str, at: str, costs: object, reference: object, *, measured: float) -> Result:
    """How many times its reference it costs, without a bar."""
    return Result(goal, what, at, str(costs), str(reference), f"{measured:.3g}x", "", met=True)


def table(results: Sequence[Result]) -> str:
    """In Markdown, with columns aligned for a terminal."""
    rows = [HEADINGS, *(result.cells for result in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = [_line(row, widths) for row in rows]
    return "\n".join([lines[0], _line(["-" * width for width in widths], widths), *lines[1:]])


def _line(cells: Iterable[str], widths: Sequence[int]) -> str:
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"
