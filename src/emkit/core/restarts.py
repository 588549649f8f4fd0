"""Many starts, one best run, and every run kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from emkit.core.engine import Record
from emkit.core.parameters import Parameters
from emkit.errors import Status

P = TypeVar("P", bound=Parameters)


@dataclass(frozen=True, repr=False)
class Restarts(Generic[P]):
    """Every run of a multi-start fit: in the order of the starts, or the one that was followed to the end first.

    `degenerate` are the places of runs that ended on a spike: a component that only a bound keeps from collapsing. Their
    objective is no measure of how well they fit.
    """

    runs: tuple[Record[P], ...]
    degenerate: frozenset[int] = frozenset()

    def __repr__(self) -> str:
        """The best objective and how many runs reached it; then a line for each run, and what became of it."""
        reached = (
            f"{self.best.objective:.10g} reached by {self.reached_best()} of {len(self.runs)} runs" if self.sound else "no runs"
        )
        lines = (
            f"{i:>4}  {run.objective:>16.10g}  {run.outcome.sentence}{' (a spike)' if i in self.degenerate else ''}"
            for i, run in enumerate(self.runs)
        )
        return "\n".join([reached, *lines])

    @property
    def sound(self) -> list[Record[P]]:
        """The runs that neither failed nor ended on a spike; if there are none, those that did not fail; else all.

        Runs that were set aside do not count.
        """
        followed = [i for i, run in enumerate(self.runs) if run.outcome.status is not Status.SET_ASIDE]
        ended = [i for i in followed if not self.runs[i].outcome.failed]
        whole = [i for i in ended if i not in self.degenerate]
        return [self.runs[i] for i in whole or ended or followed]

    @property
    def best(self) -> Record[P]:
        """The run with the highest objective among the `sound` ones."""
        return max(self.sound, key=lambda run: run.objective)

    def reached_best(self, within: float = 1e-6) -> int:
        """How many runs ended within `within` (relative to 1 + |objective|) of the best objective."""
        top = self.best.objective
        return sum(abs(run.objective - top) <= within * (1 + abs(top)) for run in self.sound)

    def maxima(self, within: float = 1e-6) -> list[tuple[float, int]]:
        """The distinct objectives reached, best first, and how many runs reached each."""
        found: list[tuple[float, int]] = []
        for value in sorted((run.objective for run in self.sound), reverse=True):
            if found and abs(found[-1][0] - value) <= within * (1 + abs(value)):
                found[-1] = (found[-1][0], found[-1][1] + 1)
            else:
                found.append((value, 1))
        return found
