"""The E-step of a mixture over rows that lack cells: `add_tile` on those that lack the same ones, with their own coefficients.

Rows are read where they lie, in the `order` of their patterns. The base rows of cells that were not seen are 0. Rows of a
pattern fill wide tiles, and the last of them a narrow one: of most patterns there are few.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from emkit.kernels.mixture_pass import add_sums, add_tile, score

NARROW = 64  # rows of a narrow tile, which scores are worked out for at a time
USUAL = 192  # rows left of a pattern from which on a wide tile is filled


@njit(nogil=True, cache=True, error_model="numpy")
def fill(x: Any, order: Any, start: int, count: int, seen: Any, origin: Any, factor: Any, base: Any) -> None:
    """Base rows 1 and z_j of `count` rows from place `start` of the order on; 0 where a cell was not seen, and beyond."""
    rows = base.shape[1]
    for i in range(rows):
        base[0, i] = 1.0 if i < count else 0.0
    for j in range(x.shape[1]):
        if not seen[j]:
            base[1 + j, :] = 0.0
            continue
        for i in range(count):
            base[1 + j, i] = (x[order[start + i], j] - origin[j]) * factor[j]
        for i in range(count, rows):
            base[1 + j, i] = 0.0


@njit(nogil=True, cache=True, error_model="numpy")
def coefficients_of(coefficients: Any, p: int, own: Any) -> None:
    """Those (F, K) of pattern p among all (1 + P F, K), of which the first are of a feature that is 1 everywhere."""
    first = 1 + p * len(own)
    for f in range(len(own)):
        for k in range(own.shape[1]):
            own[f, k] = coefficients[first + f, k]
    for k in range(own.shape[1]):
        own[0, k] += coefficients[0, k]


@njit(nogil=True, cache=True, error_model="numpy")
def add_gaps(
    x: Any, order: Any, bounds: Any, which: Any, seen: Any, given: Any, origin: Any, factor: Any, coefficients: Any, pairs: Any,
    wide: Any, wide_scratch: Any, narrow: Any, narrow_scratch: Any, sums: Any, log_likelihoods: Any,
) -> None:  # fmt: skip
    """`add_tile` over all rows of x (n, d), of which those from bounds[b] to bounds[b + 1] in `order` have pattern which[b].

    `coefficients` (1 + P F, K), `sums` (K, 1 + P F); `seen` (P, d).
    """
    features, components = len(pairs), coefficients.shape[1]
    own, part = np.empty((features, components)), np.empty((components, features))
    for b in range(len(which)):
        p = which[b]
        coefficients_of(coefficients, p, own)
        part[:] = 0.0
        start = bounds[b]
        while start < bounds[b + 1]:
            left = bounds[b + 1] - start
            if left >= USUAL:
                count = min(left, wide.shape[1])
                fill(x, order, start, count, seen[p], origin, factor, wide)
                _weigh(given, order, start, count, wide_scratch[0])
                add_tile(wide, pairs, wide_scratch[0], own, wide_scratch[1:], part, log_likelihoods)
            else:
                count = min(left, narrow.shape[1])
                fill(x, order, start, count, seen[p], origin, factor, narrow)
                _weigh(given, order, start, count, narrow_scratch[0])
                add_tile(narrow, pairs, narrow_scratch[0], own, narrow_scratch[1:], part, log_likelihoods)
            start += count
        first = 1 + p * features
        for k in range(components):
            sums[k, 0] += part[k, 0]
            for f in range(features):
                sums[k, first + f] += part[k, f]


@njit(nogil=True, cache=True, error_model="numpy")
def _weigh(given: Any, order: Any, start: int, count: int, weights: Any) -> None:
    """The weights (T,) of `count` rows, 0 in the padding; a single one `given` holds for all."""
    alike = len(given) == 1
    for i in range(len(weights)):
        weights[i] = 0.0 if i >= count else given[0] if alike else given[order[start + i]]


@njit(nogil=True, cache=True, error_model="numpy")
def score_gaps(
    x: Any, order: Any, bounds: Any, which: Any, seen: Any, origin: Any, factor: Any, coefficients: Any, pairs: Any,
    base: Any, tile: Any, scores: Any,
) -> None:  # fmt: skip
    """Scores (K, n) of all rows: the first half of `add_gaps`."""
    own = np.empty((len(pairs), coefficients.shape[1]))
    for b in range(len(which)):
        coefficients_of(coefficients, which[b], own)
        for start in range(bounds[b], bounds[b + 1], base.shape[1]):
            count = min(bounds[b + 1] - start, base.shape[1])
            fill(x, order, start, count, seen[which[b]], origin, factor, base)
            score(own, 0, len(tile), pairs, base, tile)
            for k in range(len(tile)):
                for i in range(count):
                    scores[k, order[start + i]] = tile[k, i]


@njit(nogil=True, cache=True, error_model="numpy")
def sum_gaps(
    x: Any, order: Any, bounds: Any, which: Any, seen: Any, weights: Any, origin: Any, factor: Any, pairs: Any,
    base: Any, tile: Any, sums: Any,
) -> None:  # fmt: skip
    """Feature sums of all rows, weighted (K, n), added to `sums`: the second half of `add_gaps`."""
    features = len(pairs)
    part = np.empty((len(tile), features))
    for b in range(len(which)):
        part[:] = 0.0
        for start in range(bounds[b], bounds[b + 1], base.shape[1]):
            count = min(bounds[b + 1] - start, base.shape[1])
            fill(x, order, start, count, seen[which[b]], origin, factor, base)
            for k in range(len(tile)):
                for i in range(tile.shape[1]):
                    tile[k, i] = weights[k, order[start + i]] if i < count else 0.0
            add_sums(tile, 0, len(tile), base, pairs, part)
        first = 1 + which[b] * features
        for k in range(len(tile)):
            sums[k, 0] += part[k, 0]
            for f in range(features):
                sums[k, first + f] += part[k, f]
