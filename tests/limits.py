"""Limits in seconds that the product promises, held against a clock that a busy machine disturbs."""

from collections.abc import Callable


def keeps_within(seconds: float, measure: Callable[[], float]) -> bool:
    """Once in three times is enough: a busy machine spoils a measurement, a fault all of them."""
    return any(measure() < seconds for _ in range(3))
