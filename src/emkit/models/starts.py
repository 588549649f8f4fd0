"""Where to start a mixture: parameters estimated from a rough division of the rows."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Real
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.data.source import ArraySource, as_float64
from emkit.errors import DataError
from emkit.models.mixture import Mixture, MixtureParams, MixtureStats

BLUR = 0.1  # share of every row that is spread evenly over all components, so that none starts out degenerate
SUBSAMPLE = 5_000
SWAPS = 2  # rows on offer in place of a seed row, for each component
MOST_RARE = 1_000  # values of a column: a column with more is a measurement, not a handful of levels


def is_count(number: Any) -> bool:
    """Whether `number` is a whole number >= 1 (and no truth value)."""
    if isinstance(number, bool) or not isinstance(number, Real):
        return False
    value = float(number)
    return 1 <= value < np.inf and value == int(value)


def check_components(source: ArraySource, n_components: Any) -> int:
    """The number of components as an int. Errors: DataError if it is not >= 1, or more than there are different rows."""
    if not is_count(n_components):
        raise DataError(f"the number of components is {n_components!r}; it must be a whole number >= 1.")
    looked_at = 0
    distinct = 0
    while distinct < n_components and looked_at < source.rows:
        looked_at = min(max(4 * looked_at, 4 * int(n_components)), source.rows)
        distinct = len(np.unique(source.x[:looked_at], axis=0))
    if distinct < n_components:
        rows = "is only 1 different row" if distinct == 1 else f"are only {distinct} different rows"
        raise DataError(f"{n_components} components were asked for but there {rows}; use at most {distinct}.")
    return int(n_components)


def spread_start(model: Mixture[Any, Any], source: ArraySource, n_components: int, seed: int) -> MixtureParams[Any]:
    """One of `spread_starts`."""
    return spread_starts(model, source, n_components, [seed])[0]


def spread_starts(
    model: Mixture[Any, Any], source: ArraySource, n_components: int, seeds: Iterable[int]
) -> list[MixtureParams[Any]]:
    """For each seed, parameters estimated from rows divided among seed rows that lie far apart.

    Seed rows are drawn one after the other with probability proportional to the squared distance from the nearest so far
    (columns in units of their standard deviation); of several draws, if there are 8 components or more, the one that brings
    the rows nearest. Each row goes to its nearest seed row. All starts look at the same `subsample`.
    Source: Arthur & Vassilvitskii (2007), k-means++.
    """
    n_components = check_components(source, n_components)
    some = subsample(source)
    if n_components == 1:
        return [MixtureParams(np.ones(1), model.family.pooled(some, 1)) for _ in seeds]
    even = _all_alike(model, some, n_components)
    scaled = _in_standard_units(some, some.x)
    return [
        _estimate(model, some, even, _spread_out(scaled, some.weights, n_components, seed, swaps=i % 2 * SWAPS * n_components))
        for i, seed in enumerate(seeds)
    ]


def start_near(model: Mixture[Any, Any], source: ArraySource, centres: Array) -> MixtureParams[Any]:
    """Parameters estimated from a `subsample` of the rows, each given to the nearest of the `centres` (K, d)."""
    some = subsample(source)
    nearest = _nearest(_in_standard_units(some, some.x), _in_standard_units(some, centres))
    return _estimate(model, some, _all_alike(model, some, len(centres)), nearest)


def subsample(source: ArraySource, rows: int = SUBSAMPLE) -> ArraySource:
    """At most `rows` random rows (and a few that hold rare values) in double precision, in ascending order.

    The order is that of the values, so that what is drawn from them depends on the rows and their weights alone: not on
    the order in which rows came, nor on whether a row came twice or with weight 2.
    """
    x, weights = source.x, source.weights
    if source.rows > rows:
        chosen = np.random.default_rng(0).choice(source.rows, rows, replace=False)
        chosen = np.concatenate([chosen, _rows_of_rare_values(x, chosen)])
        x, weights = x[chosen], weights[chosen]
    order = np.argsort(x[:, 0])
    if (np.diff(x[order, 0]) == 0).any():
        order = np.lexsort(x.T[::-1])
    return ArraySource(as_float64(x[order]), weights[order], source.columns)


def _rows_of_rare_values(x: Array, chosen: Integers) -> Integers:
    """For each value of a whole-number column that no chosen row holds, the first row that does.

    Without them, a rare level could start out as impossible.
    """
    found = [np.empty(0, dtype=np.int64)]
    for column in x.T:
        some = column[chosen]
        if (some == np.floor(some)).all():
            values, first = np.unique(column, return_index=True)
            found.append(first[~np.isin(values, some)][:MOST_RARE])
    return np.unique(np.concatenate(found))


def _all_alike(model: Mixture[Any, Any], some: ArraySource, n_components: int) -> MixtureParams[Any]:
    return MixtureParams(np.full(n_components, 1 / n_components), model.family.pooled(some, n_components))


def _in_standard_units(some: ArraySource, x: Array) -> Array:
    """`x` with the mean and the standard deviation of the rows of `some` as origin and unit."""
    largest = np.abs(some.x).max(axis=0)
    unit = np.exp2(np.floor(np.log2(np.where(largest > 0, largest, 1.0))))  # squares of the data themselves may overflow
    rows = some.x / unit
    mean = np.average(rows, axis=0, weights=some.weights)
    spread = np.sqrt(np.average((rows - mean) ** 2, axis=0, weights=some.weights))
    return (x / unit - mean) / np.where(spread > 0, spread, 1.0)


def _estimate(model: Mixture[Any, Any], some: ArraySource, even: MixtureParams[Any], nearest: Array) -> MixtureParams[Any]:
    n_components = len(even.proportions)
    shares = np.full((some.rows, n_components), BLUR / n_components)
    shares[np.arange(some.rows), nearest] += 1 - BLUR
    shares *= some.weights[:, None]
    statistics = model.family.statistics(even.components, some.x, shares)
    return model.m_step(MixtureStats(shares.sum(axis=0), statistics), even)


def _spread_out(scaled: Array, weights: Array, n_components: int, seed: int, swaps: int) -> Array:
    """The index of the nearest seed row for every row, shape (n,)."""
    rng = np.random.default_rng(seed)
    tries = max(1, int(np.log2(n_components)) - 1)  # among many components, a bad seed row is hard to make up for

    def drawn(distances: Array, count: int) -> Array:
        """The squared distances (n, count) from rows that were drawn by their own distance from the nearest of those so far."""
        odds = weights * distances.min(axis=1, initial=np.inf) if distances.size else weights
        odds = odds if odds.sum() > 0 else weights
        return _squared_distances(scaled, scaled[rng.choice(len(scaled), size=count, p=odds / odds.sum())])

    distances = np.empty((len(scaled), n_components))
    for k in range(n_components):
        offered = drawn(distances[:, :k], tries)
        ahead = distances[:, :k].min(axis=1, initial=np.inf)
        best = int(np.argmin(weights @ np.minimum(ahead[:, None], offered)))
        distances[:, k] = offered[:, best]
    for _ in range(swaps):
        _swap(distances, weights, drawn(distances, 1)[:, 0])
    return distances.argmin(axis=1)


def _swap(distances: Array, weights: Array, offered: Array) -> None:
    """Give the place of one seed row to another, if that brings the rows nearer to their nearest seed rows on the whole.

    `distances` (n, K) from the seed rows; `offered` (n,) from the one on offer.
    """
    nearest = distances.argmin(axis=1)
    first, second = np.partition(distances, 1, axis=1)[:, :2].T
    with_it = np.minimum(first, offered)
    without = np.bincount(nearest, weights * (np.minimum(second, offered) - with_it), minlength=distances.shape[1])
    worst = int(without.argmin())
    if weights @ with_it + without[worst] < (1 - 1e-9) * (weights @ first):
        distances[:, worst] = offered


def _nearest(x: Array, centres: Array) -> Array:
    """The index of the nearest centre for every row, shape (n,); the first of equals."""
    return _squared_distances(x, centres).argmin(axis=1)


def _squared_distances(x: Array, centres: Array) -> Array:
    """Shape (n, K); rounded as if one column were 1, which does no harm in standard units."""
    squares = np.einsum("nd,nd->n", x, x)[:, None] + np.einsum("kd,kd->k", centres, centres)
    return np.maximum(squares - 2 * x @ centres.T, 0.0)
