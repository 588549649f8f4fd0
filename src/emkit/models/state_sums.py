"""The E-step of a state space: what series tell of their states, and of what moves them, by filter and smoother."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from emkit.core.arrays import Array
from emkit.data.chunk import Chunk
from emkit.models.state_filter import Filtered
from emkit.models.state_stats import StateSums
from emkit.models.state_system import NO_COEFFICIENTS, Coefficients, System


class Smoothed(NamedTuple):
    """Of the states of T rows given all of them: means (T, m), covariances (T, m, m); and the log-likelihood."""

    means: Array
    spreads: Array
    log_likelihood: float


def summed(system: System, chunk: Chunk, coefficients: Coefficients) -> tuple[StateSums, Array]:
    """The sums over the series of a chunk, and the log-likelihood of each (G,)."""
    (d, m), r = system.observation.shape, len(system.shocks)
    first = np.column_stack([system.mean, coefficients.first(m)])
    k = first.shape[1]
    weights, seen = chunk.group_weights, ~np.isnan(chunk.x[:, :d])
    into = _zeros(k, d, m, r)
    spread, told, heights = np.zeros((k, k, m, m)), np.zeros((k, k)), np.empty(len(weights))
    for g, (start, end) in enumerate(zip(chunk.bounds, chunk.bounds[1:], strict=False)):
        found, learnt = _gone_through(system, chunk.x[start:end], coefficients, float(weights[g]), into, f"series {g + 1}")
        heights[g] = found.log_likelihood
        off = found.means[0] - first
        spread += weights[g] * np.einsum("ac,be->ceab", off, off)
        spread[0, 0] += weights[g] * found.spreads[0]
        told += weights[g] * learnt
    before, cross, shocks, whole = into[:4]
    gram, along, left = (np.moveaxis(each, 0, 2) for each in into[4:7])
    steps, series = float(weights @ (np.diff(chunk.bounds) - 1)), float(weights.sum())
    cells = np.asarray(chunk.weights @ seen, dtype=np.float64)
    sums = StateSums(
        steps, before, cross, shocks, into[8], cells, whole[:, :, None] + gram, along[:, :, :, 0], left[:, :, :, 0, 0], into[7],
        series, spread, -told[1:, 0], told[1:, 1:],
    )  # fmt: skip
    return sums, heights


def smoothed(system: System, rows: Array) -> Smoothed:
    """The states of one series (T, d), behind which may be inputs, given all of it."""
    d, m = system.observation.shape
    found, _ = _gone_through(system, rows, NO_COEFFICIENTS, 1.0, _zeros(1, d, m, len(system.shocks)), "the series")
    return found._replace(means=found.means[:, :, 0])


def _zeros(k: int, d: int, m: int, r: int) -> tuple[Array, ...]:
    """Room for what `smooth_series` adds up."""
    shapes = ((k, k, m, m), (k, k, r, m), (k, k, r, r), (k, k, m, m), (d, k, k, m, m), (d, k, k, 1, m), (d, k, k, 1, 1))
    return tuple(map(np.zeros, (*shapes, (d,), (r,))))


def log_density(system: System, chunk: Chunk) -> Array:
    """The log-likelihood of each series (G,) of a chunk."""
    pairs = zip(chunk.bounds, chunk.bounds[1:], strict=False)
    return np.array([Filtered.of(system, chunk.x[a:z]).log_likelihood(f"series {g + 1}") for g, (a, z) in enumerate(pairs)])


def _gone_through(
    system: System, rows: Array, coefficients: Coefficients, weight: float, into: tuple[Array, ...], name: str
) -> tuple[Smoothed, Array]:
    """Filter and smoother of a series, which add up `into` what an M-step asks for; and what it tells of coefficients.

    The means of what is found are (T, m, 1 + q), what is expected and what each of q coefficients adds to it.
    """
    from emkit.kernels.kalman_smoother import smooth_series

    found = Filtered.of(system, rows, coefficients)
    height, told = found.log_likelihood(name), found.settle()
    smooth_series(
        system.transition, np.ascontiguousarray(system.selection.T), system.shocks, system.observation, system.noise,
        found.means, found.spreads, found.filtered, found.gains, found.errors, found.widths, found.steady, found.own, weight,
        *into,
    )  # fmt: skip
    apart = found.means[:, :, 1 : found.own]
    return Smoothed(found.means[:, :, found.kept], found.spreads + apart @ np.swapaxes(apart, 1, 2), height), told
