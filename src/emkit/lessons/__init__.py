"""Worked examples as values."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from emkit.errors import ModelError
from emkit.lessons.lesson import Lesson, Printed
from emkit.lessons.three_coins import three_coins
from emkit.lessons.two_coins import two_coins

LESSONS: dict[str, Callable[[], Lesson]] = {
    "two-coins": two_coins,
    "two-coins-free": partial(two_coins, free_proportions=True),
    "three-coins": three_coins,
}


def lesson_named(name: str) -> Lesson:
    """The lesson of that name. Errors: ModelError naming the lessons there are."""
    if name not in LESSONS:
        raise ModelError(f"there is no lesson {name!r}; the lessons are {', '.join(LESSONS)}.")
    return LESSONS[name]()


__all__ = ["LESSONS", "Lesson", "Printed", "lesson_named", "three_coins", "two_coins"]
