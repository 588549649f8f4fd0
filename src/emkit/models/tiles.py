"""The compiled road through an E-step: linear form in, expected statistics out."""

from __future__ import annotations

from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.data.source import Chunk
from emkit.families.family import LOG_OF_ZERO, safe_log
from emkit.families.linear import LinearForm
from emkit.models.assignment import impossible_row

WORTH_COMPILING = 30_000  # rows * components of a chunk: below this the plain road is as fast, and never waits for a compiler
BLOCK_BYTES = 1 << 20  # features of the tiles in flight: they stay in the second-level cache
TILE_ROWS = 256
LEAST_TILE_ROWS = 64


def tile_shape(n: int, n_features: int) -> tuple[int, int]:
    """Rows of a tile, and tiles of a block, for `n` rows of `n_features` features."""
    fitting = BLOCK_BYTES // (8 * n_features)
    rows = min(TILE_ROWS, max(LEAST_TILE_ROWS, fitting // 8 * 8))
    return rows, max(1, min(fitting // rows, -(-n // rows)))


def sum_tiles(form: LinearForm[Any], proportions: Array, chunk: Chunk) -> tuple[Array, float]:
    """Weighted feature sums of every component (K, F), and the summed log of sum_k proportion_k exp(score_k)."""
    from emkit.kernels.mixture import accumulate

    coefficients = form.coefficients.copy()
    coefficients[:, 0] += safe_log(proportions)  # the first feature is 1
    n, n_features = len(chunk.x), coefficients.shape[1]
    rows, tiles = tile_shape(n, n_features)
    features = np.empty((tiles, n_features, rows))
    sums = np.zeros_like(coefficients)
    log_likelihood = 0.0
    for start in range(0, n, rows * tiles):
        stop = min(start + rows * tiles, n)
        used = -(-(stop - start) // rows)
        form.fill(chunk.x[start:stop], features[:used])
        weights = np.zeros(used * rows)
        weights[: stop - start] = chunk.weights[start:stop]
        log_likelihood += accumulate(features[:used], weights.reshape(used, rows), coefficients, sums)
    return sums, log_likelihood


def expectation(form: LinearForm[Any], proportions: Array, chunk: Chunk) -> tuple[Array, Any, float]:
    """Mass (K,), the family's statistics, and the log-likelihood of a chunk."""
    sums, scored = sum_tiles(form, proportions, chunk)
    if not scored > LOG_OF_ZERO / 2:
        raise impossible_row()
    return sums[:, 0].copy(), form.statistics(sums, chunk), scored + form.base(chunk)
