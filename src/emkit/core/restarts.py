"""Many starts, one best run: every run that was followed to its end, and what became of the starts that were not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from emkit.core.engine import Record
from emkit.core.parameters import Parameters

P = TypeVar("P", bound=Parameters)
SAME = 1e-6  # between the ends of runs that reached one maximum, relative to 1 + |objective|


class Fate(Enum):
    """What became of a start that was not followed to its end."""

    NEAR = "as high as the best then was"
    LOWER = "lower than the best then was"
    SPIKE = "with a component of few rows or on a floor"
    FAILED = "failed"


@dataclass(frozen=True)
class Left(Generic[P]):
    """A start that was left before its end, where its `run` stood.

    The run's numbers are those over a sample of `rows` rows; over all of them if `rows` is None. It is `told` in other words
    than those in which it was `found`, if these are of another problem.
    """

    found: Record[P]
    fate: Fate
    rows: int | None = None
    told: Callable[[Record[P]], Record[P]] | None = None

    @property
    def run(self) -> Record[P]:
        return self.found if self.told is None else self.told(self.found)


@dataclass(frozen=True, repr=False)
class Restarts(Generic[P]):
    """The `runs` that were followed to their ends, and the starts that were `left` before.

    `moved`: how many of all these began where a move from the best of the others led, and not at a start. `seed`: that of the
    search which drew the starts; None if nothing was drawn.

    `runs` are in the order of the starts; those of a search have the best one first. `degenerate` are the places of runs that
    ended on a spike: a component that only a bound keeps from collapsing. Their objective is no measure of how well they fit.
    """

    runs: tuple[Record[P], ...]
    degenerate: frozenset[int] = frozenset()
    left: tuple[Left[P], ...] = ()
    moved: int = 0
    seed: int | None = None

    def __repr__(self) -> str:
        """A line for each maximum, with how many runs arrived there; then lines for what became of the other starts."""
        begun = _many(self.starts, "start") + (f" and {_many(self.moved, 'move')}" if self.moved else "")
        followed = f"{len(self.runs)} followed" if self.left else "followed" if self.starts == 1 else "all followed"
        lines = [f"{value:>18.10g}  reached by {_many(count, 'run')}" for value, count in self.maxima()]
        return "\n".join([f"{begun}, {followed}", *lines, *self._others(), *self._not_followed()])

    def _others(self) -> Iterator[str]:
        """A line for each way in which runs ended elsewhere than at a maximum."""
        arrived = {id(run) for run in self.arrived}
        ended = Counter(
            f"{run.objective:>18.10g}  {run.outcome.sentence}{' (a spike)' if i in self.degenerate else ''}"
            for i, run in enumerate(self.runs)
            if id(run) not in arrived
        )
        return (line if count == 1 else f"{line} ({count} runs)" for line, count in ended.items())

    def _not_followed(self) -> Iterator[str]:
        """A line for each fate of those that were left."""
        for fate in Fate:
            runs = [left.found for left in self.left if left.fate is fate]
            if runs:
                passes = sorted(run.evaluations for run in runs)
                many = f"{passes[0]}" if passes[0] == passes[-1] else f"{passes[0]} to {passes[-1]}"
                rows = next((left.rows for left in self.left if left.fate is fate and left.rows is not None), None)
                sample = f" over {rows:,} of the rows" if rows is not None else ""
                expected = ": expected to arrive there" if fate is Fate.NEAR and self.arrived else ""
                yield f"{len(runs):>18}  left after {many} passes{sample}, {fate.value}{expected}"

    @property
    def starts(self) -> int:
        """How many starts there were."""
        return len(self.runs) + len(self.left) - self.moved

    @property
    def near(self) -> int:
        """How many starts were left near the best maximum: they may be expected to arrive there, but did not run."""
        return sum(left.fate is Fate.NEAR for left in self.left)

    @property
    def sentence(self) -> str:
        """How many starts arrived at the best maximum, in words; nothing of a single start."""
        if self.starts == 1:
            return ""
        reached = self.reached_best()
        if any(self.runs[i] is self.best for i in self.degenerate):
            return f"None of {self.starts} starts led to a maximum without a spike."
        if reached == 0:
            return f"None of {self.starts} starts has arrived at a maximum yet."
        said = f"Best reached by {reached} of {self.starts} starts"
        if self.near:
            more = "1 more was" if self.near == 1 else f"{self.near} more were"
            return f"{said}; {more} left near it, and may be expected to arrive."
        return f"{said}. Another start may do better still: use more starts." if reached == 1 else f"{said}."

    @property
    def sound(self) -> list[Record[P]]:
        """The runs that neither failed nor ended on a spike; if there are none, those that did not fail; else all."""
        ended = [i for i, run in enumerate(self.runs) if not run.outcome.failed]
        whole = [i for i in ended if i not in self.degenerate]
        return [self.runs[i] for i in whole or ended or range(len(self.runs))]

    @property
    def best(self) -> Record[P]:
        """The run with the highest objective among the `sound` ones."""
        return max(self.sound, key=lambda run: run.objective)

    @property
    def arrived(self) -> list[Record[P]]:
        """The sound runs that converged."""
        return [run for run in self.sound if run.outcome.converged]

    def reached_best(self, within: float = SAME) -> int:
        """How many runs arrived within `within` (relative to 1 + |objective|) of the best objective."""
        return sum(_same(run.objective, self.best.objective, within) for run in self.arrived)

    def maxima(self, within: float = SAME) -> list[tuple[float, int]]:
        """The distinct objectives at which runs arrived, best first, and how many runs arrived there."""
        return list(_grouped(sorted((run.objective for run in self.arrived), reverse=True), within))


def _grouped(values: Iterable[float], within: float) -> Iterator[tuple[float, int]]:
    found: tuple[float, int] | None = None
    for value in values:
        if found is not None and _same(value, found[0], within):
            found = found[0], found[1] + 1
            continue
        if found is not None:
            yield found
        found = value, 1
    if found is not None:
        yield found


def _same(one: float, other: float, within: float) -> bool:
    return abs(one - other) <= within * (1 + abs(other))


def _many(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
