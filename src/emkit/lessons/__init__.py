"""Worked examples as values: data, model, start, the numbers their sources print, and what to notice.

A lesson, and the first number that its source prints:

>>> import emkit as ek
>>> coins = ek.lessons.lesson_named("two-coins")
>>> coins.title, coins.printed[0].name, coins.printed[0].text
('Two coins, five draws of ten tosses', 'r[1]', '0.45')
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from emkit.errors import ModelError, did_you_mean
from emkit.lessons.blood_groups import blood_groups
from emkit.lessons.death_notices import death_notices
from emkit.lessons.earthquakes import earthquakes
from emkit.lessons.eight_plots import eight_plots
from emkit.lessons.lesson import Lesson, Printed
from emkit.lessons.linkage import linkage
from emkit.lessons.old_faithful import old_faithful
from emkit.lessons.three_coins import three_coins
from emkit.lessons.two_coins import two_coins
from emkit.lessons.two_lines import two_lines
from emkit.lessons.umbrella import umbrella

LESSONS: dict[str, Callable[[], Lesson]] = {
    "two-coins": two_coins,
    "two-coins-free": partial(two_coins, free_proportions=True),
    "three-coins": three_coins,
    "linkage": linkage,
    "blood-groups": blood_groups,
    "death-notices": death_notices,
    "old-faithful": old_faithful,
    "two-lines": two_lines,
    "eight-plots": eight_plots,
    "umbrella": umbrella,
    "earthquakes": earthquakes,
}


def lesson_named(name: str) -> Lesson:
    """The lesson of that name. Errors: ModelError naming the lessons there are."""
    if name not in LESSONS:
        raise ModelError(f"there is no lesson {name!r}; the lessons are {', '.join(LESSONS)}.{did_you_mean(name, LESSONS)}")
    return LESSONS[name]()


__all__ = [
    "LESSONS",
    "Lesson",
    "Printed",
    "blood_groups",
    "death_notices",
    "earthquakes",
    "eight_plots",
    "lesson_named",
    "linkage",
    "old_faithful",
    "three_coins",
    "two_coins",
    "two_lines",
    "umbrella",
]
