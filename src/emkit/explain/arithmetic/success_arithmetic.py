"""Coins: every row is a number of heads and a number of tails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from emkit.core.arrays import Array
from emkit.explain.arithmetic.family import FamilyArithmetic
from emkit.explain.arithmetic.values import Tally, Update, first_terms
from emkit.explain.numbers import count, plain
from emkit.families.binomial import Binomial
from emkit.families.family import Totals
from emkit.families.successes import SuccessFamily, SuccessParams

SHOWN_COLUMNS = 4


@dataclass(frozen=True)
class Successes(FamilyArithmetic[SuccessParams, Totals]):
    """theta^heads (1 - theta)^tails, and theta = heads / (heads + tails)."""

    family: SuccessFamily

    @property
    def _width(self) -> int:
        return self.before.probabilities.shape[1]

    @property
    def formula(self) -> str:
        choose = "" if self._ordered else "C(heads + tails, heads) * "
        return f"{choose}theta^heads * (1 - theta)^tails"

    @property
    def _ordered(self) -> bool:
        """Whether the rows are particular sequences, so that no binomial coefficient counts."""
        return not isinstance(self.family, Binomial) or self.family.ordered

    def density(self, k: int, x: Array) -> str:
        heads, tails = (side[0] for side in self.family.successes_and_failures(x[None]))
        factors = []
        for theta, h, t in zip(self.before.probabilities[k], heads, tails, strict=True):
            choose = [] if self._ordered else [f"C({h + t:.0f},{h:.0f})"]
            powers = [power(theta, h), power(1 - theta, t)]
            factors += choose + [factor for factor in powers if factor]
        return first_terms(factors, 2 * SHOWN_COLUMNS, " * ") or "1"

    def tallies(self, statistics: Totals) -> list[Tally]:
        d = self._width
        return [
            Tally(side, statistics.sums[:, 1 + j + s * d], self.mark(j))
            for j in range(d)
            for s, side in enumerate(("heads", "tails"))
        ]

    def updates(self, statistics: Totals, after: SuccessParams) -> Iterator[Update]:
        if "probabilities" not in self.updated:
            return
        heads, tails = np.split(statistics.sums[:, 1:], 2, axis=1)
        for k, j in np.ndindex(heads.shape):
            h, t = float(heads[k, j]), float(tails[k, j])
            if h + t > 0:
                yield Update(
                    self.symbol("probabilities", k, j),
                    "heads / (heads + tails)",
                    f"{count(h)} / ({count(h)} + {count(t)})",
                    h / (h + t),
                    float(after.probabilities[k, j]),
                )


def power(base: float, exponent: float) -> str:
    """A power as one writes it: nothing for exponent 0, no exponent for 1."""
    return "" if exponent == 0 else plain(base) + ("" if exponent == 1 else f"^{exponent:g}")
