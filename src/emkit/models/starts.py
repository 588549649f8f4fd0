"""Where to start a mixture: parameters estimated from a rough division of the rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.data.source import ArraySource, as_float64
from emkit.errors import DataError
from emkit.models.mixture import Mixture, MixtureParams, MixtureStats

BLUR = 0.1  # share of every row that is spread evenly over all components, so that none starts out degenerate
SUBSAMPLE = 20_000


def check_components(source: ArraySource, n_components: Any) -> int:
    """The number of components as an int. Errors: DataError if it is not >= 1, or more than there are different rows."""
    if isinstance(n_components, bool) or int(n_components) != n_components or n_components < 1:
        raise DataError(f"the number of components is {n_components}; it must be a whole number >= 1.")
    looked_at = 0
    distinct = 0
    while distinct < n_components and looked_at < source.rows:
        looked_at = min(max(4 * looked_at, 4 * int(n_components)), source.rows)
        distinct = len(np.unique(source.x[:looked_at], axis=0))
    if distinct < n_components:
        raise DataError(
            f"{n_components} components were asked for but there are only {distinct} different rows; use at most {distinct}."
        )
    return int(n_components)


def spread_start(model: Mixture[Any, Any], source: ArraySource, n_components: int, seed: int) -> MixtureParams[Any]:
    """One of `spread_starts`."""
    return spread_starts(model, source, n_components, [seed])[0]


def spread_starts(
    model: Mixture[Any, Any], source: ArraySource, n_components: int, seeds: Iterable[int]
) -> list[MixtureParams[Any]]:
    """For each seed, parameters estimated from rows divided among seed rows that lie far apart.

    Seed rows are drawn one after the other with probability proportional to the squared distance from the nearest so far
    (columns in units of their standard deviation); each row goes to its nearest seed row. All starts look at the same
    subsample of at most 20,000 rows.
    Source: Arthur & Vassilvitskii (2007), k-means++.
    """
    n_components = check_components(source, n_components)
    some = _subsample(source)
    centre = model.family.pooled(some, n_components)
    if n_components == 1:
        return [MixtureParams(np.ones(1), centre) for _ in seeds]
    spread = some.x.std(axis=0)
    scaled = (some.x - some.x.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    even = MixtureParams(np.full(n_components, 1 / n_components), centre)
    return [_estimate(model, some, even, _divide(scaled, some.weights, n_components, seed)) for seed in seeds]


def _subsample(source: ArraySource) -> ArraySource:
    if source.rows <= SUBSAMPLE:
        return ArraySource(as_float64(source.x), source.weights, source.columns)
    chosen = np.sort(np.random.default_rng(0).choice(source.rows, SUBSAMPLE, replace=False))
    return ArraySource(as_float64(source.x[chosen]), source.weights[chosen], source.columns)


def _estimate(model: Mixture[Any, Any], some: ArraySource, even: MixtureParams[Any], nearest: Array) -> MixtureParams[Any]:
    n_components = len(even.proportions)
    shares = np.full((some.rows, n_components), BLUR / n_components)
    shares[np.arange(some.rows), nearest] += 1 - BLUR
    shares *= some.weights[:, None]
    statistics = model.family.statistics(even.components, some.x, shares)
    return model.m_step(MixtureStats(shares.sum(axis=0), statistics), even)


def _divide(scaled: Array, weights: Array, n_components: int, seed: int) -> Array:
    """The index of the nearest seed row for every row, shape (n,)."""
    rng = np.random.default_rng(seed)
    distances: list[Array] = []
    odds = weights / weights.sum()
    for _ in range(n_components):
        chosen = scaled[rng.choice(len(scaled), p=odds)]
        distances.append(((scaled - chosen) ** 2).sum(axis=1))
        ahead = np.min(distances, axis=0) * weights
        if ahead.sum() > 0:
            odds = ahead / ahead.sum()
    return np.argmin(distances, axis=0)
