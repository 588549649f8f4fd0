"""Columns without uniqueness: they tell factors without error, so that loadings there move the factors along.

Of such columns, x = means + loadings f with nothing else. What is hidden is written as g, the factors that parameters of the
E-step give these columns; at other loadings and means of these, the factors are f = A (g - P shift), where P is a right inverse
of the loadings before, and A the inverse of 1 + P (loadings - loadings before). So all that is given stays what it is, and the
expected log-likelihood has slopes along these loadings, too: EM has not come to rest before the likelihood has.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from emkit.core.arrays import Array
from emkit.models.factor_sums import FactorSums


@dataclass(frozen=True)
class Moved:
    """How factors move along: `inverse` is P (m, k), `turn` is A (m, m), and `shift` P shift (m,)."""

    inverse: Array
    turn: Array
    shift: Array

    @classmethod
    def along(cls, before: Array, now: Array, shift: Array) -> Moved:
        """From the loadings (k, m) `before` of k columns without uniqueness to those `now`, means moving by a `shift` (k,).

        Factors were independent with variance 1 before.
        """
        inverse: Array = np.asarray(np.linalg.solve(before @ before.T, before).T, dtype=np.float64)
        ahead = np.eye(before.shape[1]) + inverse @ (now - before)
        return cls(inverse, np.asarray(np.linalg.inv(ahead), dtype=np.float64), inverse @ shift)

    @property
    def whole(self) -> Array:
        """T (m + 1, m + 1), by which (1, f) = T (1, g)."""
        m = len(self.turn)
        found = np.eye(m + 1)
        found[1:, 1:], found[1:, 0] = self.turn, -self.turn @ self.shift
        return found

    def of(self, sums: FactorSums) -> FactorSums:
        """The sums over factors f of those over g."""
        turn = self.whole
        return replace(sums, cross=sums.cross @ turn.T, gram=turn @ sums.gram @ turn.T, total=turn @ sums.total @ turn.T)

    @property
    def stretch(self) -> float:
        """The logarithm of the determinant of A."""
        return float(np.linalg.slogdet(self.turn)[1])

    def slopes(self, along: Array, rows: float) -> tuple[Array, Array]:
        """Slopes along the loadings (k, m) and the means (k,) of these columns.

        `along` (m + 1, m + 1): those along T; `rows`: how often the `stretch` counts.
        """
        of_turn, of_shift = along[1:, 1:] + rows * np.linalg.inv(self.turn).T, along[1:, 0]
        back = (self.turn @ self.inverse).T
        ahead = self.turn @ self.shift
        return back @ (np.outer(of_shift, ahead) - of_turn @ self.turn.T), -back @ of_shift


def slope_of_turn(before: FactorSums, turn: Array, lines: Array, weights: Array, inverse: Array) -> Array:
    """The slope (m + 1, m + 1) along T of the expected log-likelihood of lines and factors, of sums over (1, g).

    `lines` (d, m + 1), whose errors have the `weights` (d,), inverse uniquenesses; `inverse` (m, m) covariance of factors.
    """
    along = np.einsum("j,ja,jb->ab", weights, lines, before.cross)
    along -= np.einsum("j,ja,jc,jcb->ab", weights, lines, lines, turn @ before.gram)
    along[1:] -= inverse @ (turn @ before.total)[1:]
    return np.asarray(along)
