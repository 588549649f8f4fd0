"""What the E-step of a state space sums up over series."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from emkit.core.arrays import Array
from emkit.core.statistics import Additive


@dataclass(frozen=True)
class StateSums(Additive):
    """Sums over series, of states x, of the shocks u (r,) that are added to them and of the errors e of cells that are seen.

    `steps`: weighted number of steps from one row to the next; over these `before` (m, m) E x x', `cross` (r, m) E u x' but for
    the factor of the covariance of u, which is the slope of the log-likelihood along the transition; `shocks` (r, r) E u u';
    and `firmness` (r,), what rows tell of each shock, as an inverse variance. `cells` (d,): weighted number of the cells of
    each column; over these `gram` (d, m, m) E x x', `along` (d, m) E e x' over the variance of e, which is the slope of the
    log-likelihood along the observation; `left` (d,) E e^2; and `precision` (d,), 1 over the variance of a cell given all
    others. Shocks and errors are those at the parameters of the E-step. `series`: weighted number of series; of their first
    rows, x from the mean of the start, `spread` (m, m) E x x'.

    Where q coefficients are estimated that cells are linear in (means of the start, effects of inputs), so are all these
    expectations. Sums of products have two leading axes (1 + q, 1 + q) for that: of what is expected at the coefficients of the
    E-step, and of what one more by 1 adds to it. `slope` (q,) and `information` (q, q) are those of the log-likelihood along
    these, a parabola.
    """

    steps: float
    before: Array
    cross: Array
    shocks: Array
    firmness: Array
    cells: Array
    gram: Array
    along: Array
    left: Array
    precision: Array
    series: float
    spread: Array
    slope: Array
    information: Array

    def at(self, moved: Array) -> Self:
        """The sums without leading axes, with coefficients `moved` (q,) from those of the E-step."""
        weights = np.concatenate([[1.0], moved])
        return self._weighed(np.outer(weights, weights))

    def turning(self, moved: Array, k: int) -> Self:
        """The derivatives of these along the coefficient `k`; what is counted does not depend on it."""
        across = np.outer(np.concatenate([[1.0], moved]), np.eye(1 + len(moved))[1 + k])
        counts = {name: 0 * getattr(self, name) for name in ("steps", "firmness", "cells", "precision", "series")}
        return replace(self._weighed(across + across.T), **counts)

    def _weighed(self, weights: Array) -> Self:
        names = ("before", "cross", "shocks", "gram", "along", "left", "spread")
        return replace(self, **{name: np.einsum("ce,ce...->...", weights, getattr(self, name)) for name in names})
