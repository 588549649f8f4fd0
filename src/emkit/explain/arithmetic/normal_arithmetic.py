"""Normal columns. Sums are taken about each component's mean before the step, as the model itself takes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, TypeVar

import numpy as np

from emkit.core.arrays import Array
from emkit.core.parameters import get_at
from emkit.explain.arithmetic.family import FamilyArithmetic
from emkit.explain.arithmetic.values import Tally, Update
from emkit.explain.numbers import count, plain, significant
from emkit.families.gaussian.diagonal import DiagonalGaussianParams
from emkit.families.gaussian.full import FullGaussianParams
from emkit.families.gaussian.normal import Moments
from emkit.families.gaussian.spherical import SphericalGaussianParams
from emkit.families.gaussian.tied import TiedGaussianParams

SHOWN_COLUMNS = 3
Params = FullGaussianParams | DiagonalGaussianParams | TiedGaussianParams | SphericalGaussianParams
G = TypeVar("G", bound=Params)


@dataclass(frozen=True)
class Normal(FamilyArithmetic[G, Moments]):
    """mean = old mean + sum r (x - old mean) / rows; variances = sum r (x - old mean)^2 / rows - (how far the mean moved)^2."""

    _path: ClassVar[str] = "variances"  # where among the parameters they are

    @property
    def formula(self) -> str:
        return f"N(x; mean, {self._path.rstrip('s')})"

    def density(self, k: int, x: Array) -> str:
        means = self.before.means[k]
        value = float(np.exp(self.family.log_density(self.before, x[None])[0, k]))
        if len(x) == 1:
            spread = float(np.resize(get_at(self.before, self._path), k + 1)[k])  # the same for all, or one for each
            return f"N({plain(x[0])}; {plain(means[0])}, {plain(spread)})"
        if len(x) > SHOWN_COLUMNS:
            return significant(value)
        point, centre = (", ".join(plain(v) for v in vector) for vector in (x, means))
        return f"N([{point}]; [{centre}], {self._path.rstrip('s')})"

    def tallies(self, statistics: Moments) -> list[Tally]:
        d = statistics.shift.shape[1]
        shifts = [Tally("deviations", statistics.shift[:, j], self.mark(j)) for j in range(d)]
        return [*shifts, *self._squares(statistics.scatter, d)]

    def _squares(self, scatter: Array, d: int) -> Iterator[Tally]:
        """Sums of squares (and products) of deviations, in the shape of the family's form of covariance."""
        raise NotImplementedError

    def updates(self, statistics: Moments, after: G) -> Iterator[Update]:
        for k in np.flatnonzero(statistics.mass > 0):
            if "means" in self.updated:
                yield from self._means(int(k), statistics, after)
        if self._path in self.updated:
            yield from self._spreads(statistics, after, after.means - self.before.means)

    def _means(self, k: int, statistics: Moments, after: G) -> Iterator[Update]:
        for j, old in enumerate(self.before.means[k]):
            shift, rows = float(statistics.shift[k, j]), float(statistics.mass[k])
            yield Update(
                self.symbol("means", k, j),
                "old mean + deviations / rows",
                f"{old:.5g} + {signed(shift)} / {count(rows)}",
                float(old) + shift / rows,
                float(after.means[k, j]),
            )

    def _spreads(self, statistics: Moments, after: G, move: Array) -> Iterator[Update]:
        raise NotImplementedError


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
