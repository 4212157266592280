"""Limits in seconds that the product promises, held against a clock that a busy machine disturbs."""

import time
from collections.abc import Callable


def keeps_within(seconds: float, measure: Callable[[], float]) -> bool:
    """Once in three times is enough: a busy machine spoils a measurement, a fault all of them."""
    return any(measure() < seconds for _ in range(3))


def took(act: Callable[[], object]) -> Callable[[], float]:
    """How long the act takes, in seconds, each time that it is asked."""

    def measure() -> float:
        begun = time.perf_counter()
        act()
        return time.perf_counter() - begun

    return measure
