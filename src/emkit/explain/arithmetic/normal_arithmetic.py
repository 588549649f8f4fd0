"""Normal columns. Sums are taken about each component's mean before the step, as the model itself takes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.explain.arithmetic.family import FamilyArithmetic
from emkit.explain.arithmetic.values import Tally, Update
from emkit.explain.numbers import count, plain, significant
from emkit.families.gaussian.normal import Moments

SHOWN_COLUMNS = 3


@dataclass(frozen=True)
class Normal(FamilyArithmetic):
    """mean = old mean + sum r (x - old mean) / rows; variances = sum r (x - old mean)^2 / rows - (how far the mean moved)^2."""

    @property
    def formula(self) -> str:
        return f"N(x; mean, {self._spread_word})"

    @property
    def _spread_word(self) -> str:
        return "covariance" if hasattr(self.before, "covariances") or hasattr(self.before, "covariance") else "variance"

    def density(self, k: int, x: Array) -> str:
        means = self.before.means[k]
        value = float(np.exp(self.family.log_density(self.before, x[None])[0, k]))
        if len(x) == 1:
            spread = float(np.ravel(_of_component(self.before, k))[0])
            return f"N({plain(x[0])}; {plain(means[0])}, {plain(spread)})"
        if len(x) > SHOWN_COLUMNS:
            return significant(value)
        point, centre = (", ".join(plain(v) for v in vector) for vector in (x, means))
        return f"N([{point}]; [{centre}], {self._spread_word})"

    def tallies(self, statistics: Moments) -> list[Tally]:
        d = statistics.shift.shape[1]
        shifts = [Tally("deviations", statistics.shift[:, j], self.mark(j)) for j in range(d)]
        return [*shifts, *self._squares(statistics.scatter, d)]

    def _squares(self, scatter: Array, d: int) -> Iterator[Tally]:
        """Sums of squares (and products) of deviations, in the shape of the family's form of covariance."""
        raise NotImplementedError

    def updates(self, statistics: Moments, after: Any) -> Iterator[Update]:
        for k in np.flatnonzero(statistics.mass > 0):
            if "means" in self.updated:
                yield from self._means(int(k), statistics, after)
        if self._spread_paths & self.updated:
            yield from self._spreads(statistics, after, after.means - self.before.means)

    _spread_paths = frozenset({"variances", "covariances", "covariance"})

    def _means(self, k: int, statistics: Moments, after: Any) -> Iterator[Update]:
        for j, old in enumerate(self.before.means[k]):
            shift, rows = float(statistics.shift[k, j]), float(statistics.mass[k])
            yield Update(
                self.symbol("means", k, j),
                "old mean + deviations / rows",
                f"{old:.5g} + {signed(shift)} / {count(rows)}",
                float(old) + shift / rows,
                float(after.means[k, j]),
            )

    def _spreads(self, statistics: Moments, after: Any, move: Array) -> Iterator[Update]:
        raise NotImplementedError


def _of_component(params: Any, k: int) -> Any:
    if hasattr(params, "covariance"):
        return params.covariance
    return (params.covariances if hasattr(params, "covariances") else params.variances)[k]


def signed(value: float) -> str:
    """A number as a term after an operator: in brackets if it is negative."""
    text = significant(value, 5)
    return f"({text})" if value < 0 else text


def less_move(total: float, rows: float, move: float, other: float) -> str:
    """``total / rows - move * other``, the move left out where there was none."""
    text = f"{significant(total, 5)} / {count(rows)}"
    if move == 0 or other == 0:
        return text
    return f"{text} - {signed(move)}^2" if move == other else f"{text} - {signed(move)} * {signed(other)}"
