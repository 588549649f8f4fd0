"""Repeated rows of discrete data, collapsed to the distinct rows and how often each occurs."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.data.source import ArraySource

LEAST_ROWS = 256  # below this there is nothing to save
SAMPLE_ROWS = 2_000
PAYS = 0.5  # collapse if at most this share of the rows is distinct


def collapsed(source: Any) -> Any:
    """The distinct rows of `source` in ascending order, weighted by how often they occur; `source` itself if that saves little.

    Only whole-number data are looked at. Sums over rows, and so every estimate, stay what they are.
    """
    if (
        not isinstance(source, ArraySource)
        or source.groups is not None
        or source.rows < LEAST_ROWS
        or not _whole_numbers(source)
    ):
        return source
    least = source.x.min(axis=0).astype(np.int64)
    sizes = source.x.max(axis=0).astype(np.int64) - least + 1
    every = prod(map(int, sizes))
    if every >= 2**62:
        return source
    steps = np.concatenate([[1], np.cumprod(sizes[:0:-1])])[::-1]  # the last column varies fastest
    keys = _keys(source, least, steps)
    sample = keys[:: max(1, source.rows // SAMPLE_ROWS)]
    if len(np.unique(sample)) > PAYS * len(sample):
        return source
    found, weights = _count(keys, source.weights, every)
    if len(found) > PAYS * source.rows:
        return source
    x = found[:, None] // steps % sizes + least
    return ArraySource(x.astype(np.float64), weights, source.columns, levels=source.levels)


def _whole_numbers(source: ArraySource) -> bool:
    return all(bool(np.all(chunk.x == np.floor(chunk.x)) and np.all(np.abs(chunk.x) < 2**31)) for chunk in source.chunks())


def _keys(source: ArraySource, least: Integers, steps: Integers) -> Integers:
    keys = np.empty(source.rows, dtype=np.int64)
    for chunk in source.chunks():
        keys[chunk.start : chunk.start + len(chunk.x)] = (chunk.x.astype(np.int64) - least) @ steps
    return keys


def _count(keys: Integers, weights: Array, size: int) -> tuple[Integers, Array]:
    """The distinct keys, ascending, and the summed weight of each."""
    if size <= 4 * len(keys):
        total = np.bincount(keys, weights, minlength=size)
        present = np.flatnonzero(total).astype(np.int64)
        return present, np.asarray(total[present], dtype=np.float64)
    found, inverse = np.unique(keys, return_inverse=True)
    return found, np.asarray(np.bincount(inverse, weights), dtype=np.float64)
