"""The compiled road through an E-step: linear form in, expected statistics out."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.data.source import Chunk
from emkit.families.family import LOG_OF_ZERO, safe_log
from emkit.families.linear import LinearForm
from emkit.models.assignment import impossible_row

WORTH_COMPILING = 16_000  # rows * components of a chunk: smaller ones take the plain road and never wait for a compiler
IMPOSSIBLE = LOG_OF_ZERO / 2  # log-likelihood of one row; no sum over possible rows comes near
TILE_ROWS = 256  # a multiple of 16
BLOCK_BYTES = 1 << 20  # base rows of the tiles in flight: they stay in the second-level cache


_own = threading.local()


def _workspace(*shapes: tuple[int, ...]) -> tuple[Array, ...]:
    """Arrays of these shapes to work in, the same ones as long as this thread asks for the same shapes."""
    from emkit.kernels.blocks import aligned

    if getattr(_own, "shapes", None) != shapes:
        _own.shapes, _own.arrays = shapes, tuple(aligned(*shape) for shape in shapes)
    arrays: tuple[Array, ...] = _own.arrays
    return arrays


def sum_tiles(form: LinearForm[Any], proportions: Array, chunk: Chunk) -> tuple[Array, float]:
    """Weighted feature sums of every component (K, F), and the summed log of sum_k proportion_k exp(score_k)."""
    from emkit.kernels.mixture import accumulate

    coefficients = form.coefficients.T.copy()
    coefficients[0] += safe_log(proportions)  # the first feature is 1
    n, n_base = len(chunk.x), int(form.pairs.max()) + 1
    tiles = max(1, BLOCK_BYTES // (8 * n_base * TILE_ROWS))
    base, weights, scratch = _workspace((tiles, n_base, TILE_ROWS), (tiles, TILE_ROWS), (len(proportions) + 2, TILE_ROWS))
    flat = weights.reshape(-1)
    alike = chunk.weights.strides == (0,)  # one number for all rows: written once
    if alike:
        flat[:] = chunk.weights[0]
    sums = np.zeros_like(form.coefficients)
    log_likelihood = 0.0
    for start in range(0, n, tiles * TILE_ROWS):
        rows = min(tiles * TILE_ROWS, n - start)
        used = -(-rows // TILE_ROWS)
        form.fill(chunk.x[start : start + rows], base[:used])
        if not alike:
            flat[:rows] = chunk.weights[start : start + rows]
        flat[rows:] = 0.0
        log_likelihood += accumulate(base[:used], form.pairs, weights[:used], coefficients, scratch, sums)
    return sums, log_likelihood


def expectation(form: LinearForm[Any], proportions: Array, chunk: Chunk) -> tuple[Array, Any, float]:
    """Mass (K,), the family's statistics, and the log-likelihood of a chunk. Errors: ParameterError for impossible rows."""
    sums, scored = sum_tiles(form, proportions, chunk)
    if not scored > IMPOSSIBLE * chunk.least_weight:
        raise impossible_row()
    return sums[:, 0].copy(), form.statistics(sums, chunk), scored + form.constant(chunk)
