"""Columns of levels without an order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from emkit.core.arrays import Array
from emkit.explain.arithmetic.family import FamilyArithmetic
from emkit.explain.arithmetic.values import Tally, Update, first_terms
from emkit.explain.numbers import count, plain
from emkit.families.categorical import CategoricalParams
from emkit.families.family import Totals


@dataclass(frozen=True)
class Levels(FamilyArithmetic[CategoricalParams, Totals]):
    """The product of the probabilities of the levels, and probability = count of the level / count of all levels."""

    @property
    def formula(self) -> str:
        return "probability of the level of each column"

    def density(self, k: int, x: Array) -> str:
        pairs = zip(self.before.columns, x, strict=True)
        return first_terms([plain(column.probabilities[k, int(level)]) for column, level in pairs], 6, " * ")

    def tallies(self, statistics: Totals) -> list[Tally]:
        places = [(j, c) for j, size in enumerate(self.before.levels) for c in range(size)]
        return [Tally("count", statistics.sums[:, 1 + f], f"{self.mark(j)}[{c}]") for f, (j, c) in enumerate(places)]

    def updates(self, statistics: Totals, after: CategoricalParams) -> Iterator[Update]:
        if "columns" not in self.updated:
            return
        first = 1
        for j, column in enumerate(after.columns):
            counts = statistics.sums[:, first : first + column.probabilities.shape[1]]
            first += column.probabilities.shape[1]
            for k, c in np.ndindex(counts.shape):
                one, every = float(counts[k, c]), float(counts[k].sum())
                if every > 0:
                    symbol = self.symbol(f"columns.{j}.probabilities", k, c)
                    line = f"{count(one)} / {count(every)}"
                    yield Update(symbol, "count / all levels", line, one / every, float(column.probabilities[k, c]))
