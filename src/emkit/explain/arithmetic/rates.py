"""Columns with one rate each: what Poisson counts and waiting times have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from emkit.core.arrays import Array
from emkit.explain.arithmetic.family import FamilyArithmetic
from emkit.explain.arithmetic.values import Tally, Update, first_terms
from emkit.explain.numbers import count, significant
from emkit.families.exponential import ExponentialParams
from emkit.families.family import Totals
from emkit.families.poisson import PoissonParams


@dataclass(frozen=True)
class Rates(FamilyArithmetic[PoissonParams | ExponentialParams, Totals]):
    """The product of the columns' factors; a rate is the `ratio` of two numbers: the column's total, and the rows."""

    ratio: ClassVar[tuple[str, str]]

    @abstractmethod
    def factor(self, rate: float, value: float) -> str:
        """The density of one value in one column."""

    def density(self, k: int, x: Array) -> str:
        return first_terms([self.factor(*pair) for pair in zip(self.before.rates[k], x, strict=True)], 3, " * ")

    def tallies(self, statistics: Totals) -> list[Tally]:
        width = statistics.sums.shape[1] - 1
        return [Tally("total", statistics.sums[:, 1 + j], self.mark(j)) for j in range(width)]

    def updates(self, statistics: Totals, after: PoissonParams | ExponentialParams) -> Iterator[Update]:
        if "rates" not in self.updated:
            return
        totals = statistics.sums[:, 1:]
        over, under = self.ratio
        for k, j in np.ndindex(totals.shape):
            value = {"total": float(totals[k, j]), "rows": float(statistics.mass[k])}
            written = {"total": significant(value["total"], 5), "rows": count(value["rows"])}
            if value["rows"] > 0:
                line = f"{written[over]} / {written[under]}"
                rate = float(after.rates[k, j])
                yield Update(self.symbol("rates", k, j), f"{over} / {under}", line, value[over] / value[under], rate)
