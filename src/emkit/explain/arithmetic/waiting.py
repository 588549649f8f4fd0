"""Exponential waiting times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from emkit.core.arrays import Array
from emkit.explain.arithmetic.family import FamilyArithmetic
from emkit.explain.arithmetic.values import Tally, Update, first_terms
from emkit.explain.numbers import count, plain, significant
from emkit.families.exponential import ExponentialParams
from emkit.families.family import Totals


@dataclass(frozen=True)
class Waiting(FamilyArithmetic):
    """rate exp(-rate x), and rate = rows / total time."""

    @property
    def formula(self) -> str:
        return "rate * exp(-rate * x)"

    def density(self, k: int, x: Array) -> str:
        pairs = zip(self.before.rates[k], x, strict=True)
        return first_terms([f"{plain(rate)} * exp(-{plain(rate)} * {plain(t)})" for rate, t in pairs], 3, " * ")

    def tallies(self, statistics: Totals) -> list[Tally]:
        width = statistics.sums.shape[1] - 1
        return [Tally("total", statistics.sums[:, 1 + j], self.mark(j)) for j in range(width)]

    def updates(self, statistics: Totals, after: ExponentialParams) -> Iterator[Update]:
        if "rates" not in self.updated:
            return
        totals = statistics.sums[:, 1:]
        for k, j in np.ndindex(totals.shape):
            total, rows = float(totals[k, j]), float(statistics.mass[k])
            if rows > 0:
                line = f"{count(rows)} / {significant(total, 5)}"
                yield Update(self.symbol("rates", k, j), "rows / total", line, rows / total, float(after.rates[k, j]))
