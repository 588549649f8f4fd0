"""Sums over places of an ability that stand for integrals: whether there are enough, and fits that go on over more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.estimators.integral_warnings import STEP, are_steep, nodes_enough, warn_of_narrow, warned_of_coarse, warned_of_steep
from emkit.models.ability_grid import NODES
from emkit.models.around import bare
from emkit.result import Result, fit

FINER = 3  # times that a fit goes on over more places of ability
MORE = 1.5  # times as many places, over which a log-likelihood is held against what it is
MOST = 100_000  # places of one ability
UNTOLD = 1e-9  # of log-likelihood: rounding


@dataclass(frozen=True)
class PlaceSums:
    """Sums over `nodes` places of an ability, a `step` apart, for `items` (J,) that have these `slopes` (J,).

    Both are in units of the spread of abilities, as is what `narrowest` finds: how well that is known which is known best.
    `instead` is what to do where items are nearly steps between places that are `apart`. Along each of several abilities there
    are `most` places at most, and `usual` ones unless someone says how many.
    """

    items: Sequence[str]
    slopes: Array
    step: float
    nodes: int
    narrowest: Callable[[], float]
    instead: str
    apart: float = STEP
    most: int = MOST
    usual: int = NODES[1]

    @cached_property
    def enough(self) -> int:
        """How many places it takes, of as many as there may be: `nodes`, if these do, or none would: items are nearly steps."""
        if are_steep(self.slopes, self.apart).any():
            return self.nodes
        return min(nodes_enough(self.narrowest(), self.step, self.nodes), max(self.most, self.nodes))

    def warn(self) -> None:
        """Warn of items that are nearly steps, else of too few places."""
        if warned_of_coarse(self.items, self.slopes, self.step, self.nodes, self.usual):
            return
        if not warned_of_steep(self.items, self.slopes, self.instead, self.apart):
            warn_of_narrow(self.narrowest(), self.step, self.nodes, self.most)

    def error(self, result: Result[Any]) -> float:
        """By how much the log-likelihood of a fit differs over half as many places more.

        Where these are more than there may be, from that over fewer, which is farther off.
        """
        more = int(np.ceil(MORE * self.nodes))
        model = bare(result.model).with_nodes(more if more <= self.most else max(int(self.nodes / MORE), 3))
        heights = (chunk.weights @ model.row_objectives(result.params, chunk) for chunk in result.passes.chunks())
        return abs(float(sum(heights)) - result.log_likelihood)


def error_said(error: float) -> str:
    """How exact sums are that stand for integrals, in words."""
    much = f"by {error:.0e}" if error > UNTOLD else f"by less than {UNTOLD:g}"
    return f"Integrals over ability are sums over even steps; finer ones would change the log-likelihood {much}."


def over_enough_places(found: Result[Any], sums_of: Callable[[Any], PlaceSums], settings: dict[str, Any]) -> Result[Any]:
    """A fit of a model `with_nodes` places, gone on with over as many as it takes by `sums_of` it, by the `settings` of a fit.

    All runs go on, since heights of different sums cannot be compared; each keeps its start.
    """
    for _ in range(FINER):
        sums, before, model = sums_of(found), found.runs, bare(found.model)
        if found.outcome.failed or sums.enough <= sums.nodes:
            return found
        on = fit(model.with_nodes(sums.enough), found.source, [run.params for run in before.runs], **settings)
        runs = tuple(replace(then, start=run.start) for then, run in zip(on.runs.runs, before.runs, strict=True))
        found = replace(on, runs=replace(before, runs=runs, degenerate=on.runs.degenerate))
    return found
