"""What the expected log-likelihood of ordered levels reaches at least, and the step that climbs it.

The log-density of a level is two terms log F, with F the logistic distribution, of the predictors of the cutpoints above and
below it, and log(1 - exp(-gap)) of the distance between these. For the first two, sums over the rows bound the expected
log-likelihood from below (`core/newton.py`); the third is the same for all rows of a level, so that it is known exactly, once
these are counted, wherever cutpoints move. The sum is a bound that touches the expected log-likelihood in value, slope and
curvature; it is concave, and falls without end where two cutpoints meet that have rows between them.
"""

from __future__ import annotations

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.newton import NewtonSums, gain, solved

LEFT = 0.01  # of the distance between two cutpoints, at least, after a step that brings them together
ENOUGH = 0.4  # of what a step promises by its slope, of which a parabola keeps half
BISECTIONS = 12
TOGETHER = 1e-100  # cutpoints no farther apart move as one,
OPENED = 1e-9  # unless as many rows as this are given a level between them, as divisions of rows among components may do


class CutpointBound:
    """What an expected log-likelihood reaches at least, along a `way` (K, P) from the E-step that leads to such `gaps`.

    `gaps` (K, levels - 2) are the distances between cutpoints there.
    """

    def __init__(self, sums: NewtonSums, way: Array, gaps: Array) -> None:
        self.sums, self.way, self.gaps = sums, way, gaps
        self.counts = np.stack(sums.own, axis=1) if sums.own else np.zeros(gaps.shape)
        self._told = np.where(gaps > TOGETHER, self.counts, 0.0)
        self._gain = gain(sums, way)

    @property
    def shut(self) -> Mask:
        """Which cutpoints (K, levels - 2) and the next ones are in one place, although there are rows between them."""
        return np.asarray((self.gaps <= TOGETHER) & (self.counts > OPENED))

    @property
    def value(self) -> Array:
        """The bound (K,)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            heights = np.where(self.counts > 0, self.counts * log_between(self.gaps), 0.0)
        return np.asarray(self._gain.value + heights.sum(axis=1))

    @property
    def slopes(self) -> Array:
        """Its slopes (K, P)."""
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            each = np.where(self._told > 0, self._told / np.expm1(self.gaps), 0.0)
        return self._gain.slopes + each @ self._differences

    @property
    def _differences(self) -> Array:
        """The matrix (levels - 2, P) that makes distances of cutpoints."""
        found = np.eye(self.gaps.shape[1], self.way.shape[1], 1)
        return found - np.eye(*found.shape)

    def step(self) -> Array:
        """The step (K, P) along Newton's direction to the highest point of the bound; two cutpoints in one place stay so."""
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            bends = np.where(self._told > 0, self._told / (4 * np.sinh(self.gaps / 2) ** 2), 0.0)
        differences = self._differences
        curvature = self.sums.curvature + np.einsum("ji,kj,jl->kil", differences, bends, differences)
        slopes, step = self.slopes, np.zeros(self.way.shape)
        for k, apart in enumerate(self.gaps > TOGETHER):
            joined = np.concatenate([[0], np.cumsum(apart)])  # which cutpoints move together
            places = np.concatenate([joined, np.arange(self.way.shape[1] - len(joined)) + joined[-1] + 1])
            free = np.eye(places[-1] + 1)[places]
            step[k] = free @ solved(free.T @ curvature[k] @ free, free.T @ slopes[k], self.sums.mass[k])
        return self._share(step)[:, None] * step

    def _share(self, step: Array) -> Array:
        """A share (K,) of a step: the whole, where that gains enough; otherwise about the best one."""
        closing, rise = step @ self._differences.T, (self.slopes * step).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            limit = np.where(closing < 0, (1 - LEFT) * self.gaps / -closing, 1.0)
        share, low = limit.min(axis=1, initial=1.0), np.zeros(len(step))
        enough = self._along(share, step, closing).value >= self.value + ENOUGH * share * rise
        high = share
        for _ in range(0 if enough.all() else BISECTIONS):
            middle = (low + high) / 2
            up = (self._along(middle, step, closing).slopes * step).sum(axis=1) > 0
            low, high = np.where(up, middle, low), np.where(up, high, middle)
        share = np.where(enough, share, low)
        return np.where(self._along(share, step, closing).value >= self.value, share, 0.0)

    def _along(self, share: Array, step: Array, closing: Array) -> CutpointBound:
        return CutpointBound(self.sums, self.way + share[:, None] * step, self.gaps + share[:, None] * closing)


def log_between(gaps: Array) -> Array:
    """The logarithm of 1 - exp(-gap)."""
    return np.log(-np.expm1(-gaps))
