"""Where to start a mixture: parameters estimated from a rough division of the rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.data.source import ArraySource
from emkit.errors import DataError
from emkit.models.mixture import Mixture, MixtureParams, MixtureStats

BLUR = 0.1  # share of every row that is spread evenly over all components, so that none starts out degenerate
SUBSAMPLE = 20_000


def check_components(source: ArraySource, n_components: Any) -> int:
    """The number of components as an int. Errors: DataError if it is not >= 1, or more than there are different rows."""
    if isinstance(n_components, bool) or int(n_components) != n_components or n_components < 1:
        raise DataError(f"the number of components is {n_components}; it must be a whole number >= 1.")
    if n_components > 1:
        distinct = len(np.unique(source.x, axis=0)) if n_components <= source.rows else source.rows
        if n_components > distinct:
            raise DataError(
                f"{n_components} components were asked for but there are only {distinct} different rows; "
                f"use at most {distinct}."
            )
    return int(n_components)


def spread_start(model: Mixture[Any, Any], source: ArraySource, n_components: int, seed: int) -> MixtureParams[Any]:
    """Parameters estimated from rows divided among seed rows that lie far apart.

    Seeds are drawn one after the other with probability proportional to the squared distance from the nearest seed so far
    (columns in units of their standard deviation); each row goes to its nearest seed.
    Source: Arthur & Vassilvitskii (2007), k-means++.
    """
    n_components = check_components(source, n_components)
    centre = model.family.pooled(source, n_components)
    if n_components == 1:
        return MixtureParams([1.0], centre)  # type: ignore[arg-type]
    rng = np.random.default_rng(seed)
    some = np.sort(rng.choice(source.rows, SUBSAMPLE, replace=False)) if source.rows > SUBSAMPLE else slice(None)
    x, weights = source.x[some], source.weights[some]
    spread = x.std(axis=0)
    scaled = (x - x.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    nearest = _divide(scaled, weights, n_components, rng)
    shares = np.full((len(x), n_components), BLUR / n_components)
    shares[np.arange(len(x)), nearest] += 1 - BLUR
    shares *= weights[:, None]
    start = MixtureParams(np.full(n_components, 1 / n_components), centre)
    return model.m_step(MixtureStats(shares.sum(axis=0), model.family.statistics(centre, x, shares)), start)


def _divide(scaled: Array, weights: Array, n_components: int, rng: np.random.Generator) -> Array:
    """The index of the nearest seed for every row, shape (n,)."""
    distances: list[Array] = []
    odds = weights / weights.sum()
    for _ in range(n_components):
        seed = scaled[rng.choice(len(scaled), p=odds)]
        distances.append(((scaled - seed) ** 2).sum(axis=1))
        ahead = np.min(distances, axis=0) * weights
        if ahead.sum() > 0:
            odds = ahead / ahead.sum()
    return np.argmin(distances, axis=0)
