"""Density, distribution function and quantiles of a fitted model of one column."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.data.chunk import Chunk
from emkit.errors import ModelError, ParameterError

PLACES = 0.0, 1e-3, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999, 1.0  # of the drawn values of a component: where it is cut
DRAWN = 20_000  # values, to see where the components lie; no number that is told depends on them but for its rounding
EXACT, PANELS = 1e-12, 200  # error of an integral that is aimed at, and its intervals
OFF = 1e-6  # by which the whole may miss 1
RULE = 1e-11  # by which two rules may differ
NODES, SHARES = np.polynomial.legendre.leggauss(20)  # of a rule for the integral from -1 to 1
AT_ONCE = 5_000  # intervals
TAIL = 1e-13  # probability beyond which counts are not added up
LITTLE, BLOCK = 100, 100_000  # counts whose probabilities are added up at once, at least and at most
MOST_COUNTS = 4_000_000  # of all of them: 32 MB


class Univariate:
    """p(x) of one column under `model` at `params`: a `density`, whose integral is the `cdf`; for counts, its sum."""

    def __init__(self, model: Any, params: Any) -> None:
        support = model.family.support
        self._model, self._params = model, params
        self._support = support
        self._whole, self._least, self._most = support.whole, support.least, support.most
        values, components = model.draw(params, np.random.default_rng(0), DRAWN)
        if values.shape[1] != 1:
            raise ModelError(f"the model is of {values.shape[1]} columns; density, cdf and quantile are of one.")
        each = [values[components == k, 0] for k in np.unique(components)]
        self._cuts = np.unique(np.clip(np.concatenate([_cuts(own) for own in each]), self._least, self._most))

    @cached_property
    def _below(self) -> Array:
        return self._counted() if self._whole else self._integrated()

    def density(self, x: Any) -> Array:
        """The density, for counts the probability, at each x, of the shape of x."""
        x = np.asarray(x, dtype=np.float64)
        rows = x.reshape(-1, 1)
        inside = ~self._support.impossible(rows)
        found = np.zeros(len(rows))
        if inside.any():
            chunk = Chunk(rows[inside], np.ones(int(inside.sum())))
            found[inside] = np.exp(self._model.plain_posterior(self._params, chunk).log_likelihood)
        return found.reshape(x.shape)

    def cdf(self, x: Any) -> Array:
        """The probability of values <= each x, of the shape of x; NaN of NaN."""
        x = np.asarray(x, dtype=np.float64)
        there, found = ~np.isnan(x), np.full(x.shape, np.nan)
        found[there] = self._count_cdf(x[there]) if self._whole else self._cdf(x[there])
        return found

    def quantile(self, p: Any) -> Array:
        """The least x whose `cdf` is p or more, for each p from 0 to 1, of the shape of p. Errors: ParameterError."""
        try:
            p = np.asarray(p, dtype=np.float64)
        except (TypeError, ValueError):
            raise ParameterError(f"{p!r} is no probability; quantiles are asked for of numbers from 0 to 1.") from None
        if not ((p >= 0) & (p <= 1)).all():
            raise ParameterError("quantiles are asked for of probabilities from 0 to 1.")
        one: Callable[[float], float] = self._count_quantile if self._whole else self._quantile
        return np.array([one(value) for value in p.ravel()]).reshape(p.shape)

    # -- of numbers

    def _integral(self, start: float, end: float) -> float:
        from scipy.integrate import IntegrationWarning, quad

        one: Callable[[float], float] = lambda x: float(self.density(x))  # noqa: E731
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", IntegrationWarning)  # whether the whole is 1 tells
            return float(quad(one, start, end, epsabs=EXACT, epsrel=EXACT, limit=PANELS)[0])

    def _integrated(self) -> Array:
        """The probability below each cut, and last of all."""
        ends = [self._least, *self._cuts, self._most]
        panels = [self._integral(start, end) if start < end else 0.0 for start, end in pairwise(ends)]
        below = np.cumsum(panels)
        if not abs(below[-1] - 1) < OFF:
            raise ModelError(
                f"the density integrates to {below[-1]:.6g} over the numbers from {self._least:g} to {self._most:g}, and not "
                "to 1: values that differ may be one (angles), one value may have a probability (PointMass), or the integral "
                "was not found."
            )
        return below

    def _cdf(self, x: Array) -> Array:
        """At each x (m,): what lies below the cut before it, and the integral from there, or to the end from the last."""
        last = len(self._cuts) - 1
        place = np.searchsorted(self._cuts, x, side="right") - 1
        found = np.where(x >= self._most, 1.0, 0.0)
        within = (place >= 0) & (place < last)
        found[within] = self._below[place[within]] + self._integrals(self._cuts[place[within]], x[within])
        for i in np.flatnonzero((place < 0) & (x > self._least)):
            found[i] = self._integral(self._least, float(x[i]))
        for i in np.flatnonzero((place == last) & (x < self._most)):
            found[i] = self._below[-1] - self._integral(float(x[i]), self._most)
        return found

    def _integrals(self, starts: Array, ends: Array) -> Array:
        """Over short intervals, many at once, by a rule over the whole and over its halves; one by one where these differ."""
        middle = (starts + ends) / 2
        whole, halves = self._by_rule(starts, ends), self._by_rule(starts, middle) + self._by_rule(middle, ends)
        for i in np.flatnonzero(~(np.abs(whole - halves) <= RULE)):
            halves[i] = self._integral(float(starts[i]), float(ends[i]))
        return halves

    def _by_rule(self, starts: Array, ends: Array) -> Array:
        width, found = (ends - starts) / 2, np.empty(len(starts))
        for first in range(0, len(starts), AT_ONCE):
            some = slice(first, first + AT_ONCE)
            at = ((starts[some] + ends[some]) / 2)[:, None] + width[some, None] * NODES
            found[some] = width[some] * (self.density(at) @ SHARES)
        return found

    def _quantile(self, p: float) -> float:
        from scipy.optimize import brentq

        if p in (0.0, 1.0):
            return self._most if p else self._least
        low, high = float(self._cuts[0]), float(self._cuts[-1])
        while self.cdf(low) > p:
            low = max(self._least, low - max(high - low, 1e-300))
        while self.cdf(high) < p:
            high = min(self._most, high + max(high - low, 1e-300))
        return float(brentq(lambda x: float(self.cdf(x)) - p, low, high, xtol=1e-14 * max(abs(low), abs(high)), rtol=1e-14))

    # -- of counts

    def _counted(self) -> Array:
        """The probability of values up to each whole number from the least on, until next to nothing is left."""
        if not np.isfinite(self._least):
            raise ModelError("the whole numbers of this family have no least one to begin with.")
        found, reached, block = [np.zeros(1)], self._least, 1 + int(self._cuts[-1] - self._least)
        while reached <= min(self._most, self._least + MOST_COUNTS) and found[-1][-1] < 1 - TAIL:
            counts = np.arange(reached, min(self._most, reached + min(max(block, LITTLE), BLOCK) - 1) + 1)
            found.append(found[-1][-1] + np.cumsum(self.density(counts)))
            reached, block = reached + len(counts), 2 * block
        return np.concatenate(found)[1:]

    def _count_cdf(self, x: Array) -> Array:
        place = np.floor(np.clip(x, self._least, self._least + len(self._below) - 1) - self._least).astype(np.int64)
        return np.where(x < self._least, 0.0, self._below[place])

    def _count_quantile(self, p: float) -> float:
        if p == 1.0:
            return self._most
        return self._least + min(int(np.searchsorted(self._below, p * (1 - 1e-15))), len(self._below) - 1)


def _cuts(values: Array) -> Array:
    """Where the values of one component are cut: among them, and as far beyond the outermost as these are apart."""
    within = np.quantile(values, PLACES)
    reach = within[-1] - within[0]
    return np.concatenate([[within[0] - reach], within, [within[-1] + reach]])
