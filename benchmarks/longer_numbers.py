"""Log-densities and log-likelihoods in 80-bit sums, written without emkit: what is told is held against them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from scipy.special import gammaln

Array = np.ndarray


def log_likelihood(params: Any, source: Any) -> float:
    """Of all sequences, each counted by its weight."""
    x = np.asarray(source.x, dtype=np.float64)
    bounds = source.groups if source.groups is not None else [0, len(x)]
    density = log_density(params.components, x)
    with np.errstate(divide="ignore"):
        initial, move = (np.log(values.astype(np.longdouble)) for values in (params.initial, params.transitions))
    total = np.longdouble(0.0)
    for first, end in pairwise(bounds):
        ahead = initial + density[first]
        for row in density[first + 1 : end]:
            ahead = log_sum(ahead[:, None] + move) + row
        total += source.weights[first] * log_sum(ahead[:, None])[0]
    return float(total)


def log_density(components: Any, x: Array) -> Array:
    """log p(x_t | state) (n, K), a gap being a factor of 1: normals, counts, levels, and blocks of them."""
    if hasattr(components, "parts"):
        blocks = zip(components.parts, components.places, strict=True)
        return np.asarray(sum(log_density(part, x[:, list(places)]) for part, places in blocks))
    with np.errstate(divide="ignore", invalid="ignore"):
        if hasattr(components, "covariances"):
            return normal_log_density(components.means, components.covariances, x)
        if hasattr(components, "variances"):
            return normal_log_density(components.means, components.variances[:, :, None] * np.eye(x.shape[1]), x)
        if hasattr(components, "rates"):
            each = [log_poisson(x, r) for r in components.rates.astype(np.longdouble)]
        elif hasattr(components, "columns"):
            codes = np.nan_to_num(x).astype(int)
            every = [column.probabilities.astype(np.longdouble) for column in components.columns]
            each = [np.column_stack([p[k][codes[:, j]] for j, p in enumerate(every)]) for k in range(len(every[0]))]
            each = [np.log(shares) for shares in each]
        else:
            each = [np.log(np.where(x == 1, p, 1 - p)) for p in components.probabilities.astype(np.longdouble)]
    return np.column_stack([np.where(np.isnan(x), 0.0, one).sum(axis=1) for one in each])


def log_poisson(x: Array, rates: Array) -> Array:
    """Cell by cell, from x = 20 on by Stirling's series, in which nothing large cancels."""
    n = x.astype(np.longdouble)
    few = n * np.log(rates) - rates - gammaln(x + 1)
    many = n * np.log(rates / n) + n - rates - np.log(2 * np.pi * n) / 2 - 1 / (12 * n) + 1 / (360 * n**3)
    return np.where((n == 0) & (rates == 0), 0.0, np.where(n < 20, few, many))


def log_sum(x: Array) -> Array:
    """log sum exp over the first axis."""
    peak = x.max(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(np.isneginf(peak), peak, peak + np.log(np.exp(x - peak).sum(axis=0)))


def normal_log_density(means: Array, covariances: Array, x: Array) -> Array:
    """Rows by the cells that they have: Cholesky in units of each column, 80-bit sums."""
    found = np.zeros((len(x), len(means)), dtype=np.longdouble)
    patterns, pattern = np.unique(~np.isnan(x), axis=0, return_inverse=True)
    for i, seen in enumerate(patterns):
        here, seen = pattern.ravel() == i, np.flatnonzero(seen)
        if not len(seen):
            continue
        for k, (mean, covariance) in enumerate(zip(means, covariances, strict=True)):
            own = covariance[np.ix_(seen, seen)]
            unit = np.sqrt(np.diag(own))
            factor = np.linalg.cholesky(own / unit / unit[:, None]).astype(np.longdouble)
            deviation = (x[np.ix_(here, seen)].astype(np.longdouble) - mean[seen]) / unit
            white = np.zeros_like(deviation)
            for j in range(len(seen)):
                white[:, j] = (deviation[:, j] - white[:, :j] @ factor[j, :j]) / factor[j, j]
            log_unit = np.log(np.diag(factor)).sum() + np.log(unit.astype(np.longdouble)).sum()
            found[here, k] = -0.5 * (white**2).sum(axis=1) - log_unit - 0.5 * len(seen) * np.log(2 * np.pi)
    return found
