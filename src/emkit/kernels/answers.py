"""A pass over rows of answers: how likely they are at each place of ability, and what is expected there.

Answers stand in blocks of columns, each block with a code for what may be answered in it. At each place, the likelihood of a
row is a product of one number a block, taken from a table that was worked out beforehand; so no row needs an exponential.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

LEAST = 1e-100  # where all likelihoods of a row are less, they are made by sums of logarithms, and of its highest
TINY = 1e-150  # what is less is 0 beside that: numbers without all their digits are slow


@njit(nogil=True, cache=True, error_model="numpy")
def coded(x: Any, first: Any, ends: Any, stride: Any, levels: Any, codes: Any) -> int:
    """The codes (n, B) of rows x (n, J) in blocks; the place in x, read row by row, of the first answer that is none, or -1.

    `first` (B,) is the first code of each block, `ends` (B,) where it ends; `stride` (J,) how far an answer moves the code.
    A gap (NaN) has the code behind those of all `levels` (J,).
    """
    for i in range(len(x)):
        j = 0
        for b in range(len(ends)):
            code = first[b]
            while j < ends[b]:
                answer = x[i, j]
                if np.isnan(answer):
                    code += stride[j] * levels[j]
                elif answer >= 0.0 and answer < levels[j] and answer == np.floor(answer):
                    code += stride[j] * int(answer)
                else:
                    return i * x.shape[1] + j
                j += 1
            codes[i, b] = code
    return -1


@njit(nogil=True, cache=True, fastmath={"contract", "reassoc", "nsz"}, error_model="numpy")
def add_up(codes: Any, weights: Any, tables: Any, sums: Any, heights: Any, share: Any) -> None:
    """Add what is expected of rows of `codes` (n, B) to `sums` (C, Q), and put their log-likelihoods to `heights` (n,).

    `tables` (3, C, Q): logarithms of the likelihood of each code at each place; in [1], these less their highest over places,
    as likelihoods, 0 where they are `TINY`; in [2, :, 0], the highest. `weights` (n,), or (1,) for all rows; `share` (Q,) is
    room to work in.
    """
    rows, blocks = codes.shape
    places = len(share)
    for i in range(rows):
        first = tables[1, codes[i, 0]]
        highest = tables[2, codes[i, 0], 0]
        for q in range(places):
            share[q] = first[q]
        for b in range(1, blocks):
            other = tables[1, codes[i, b]]
            highest += tables[2, codes[i, b], 0]
            for q in range(places):
                product = share[q] * other[q]
                share[q] = product if product > TINY else 0.0
        total = 0.0
        for q in range(places):
            total += share[q]
        if not total > LEAST:
            total, highest = _by_logs(codes[i], tables, share)
        heights[i] = highest + np.log(total)
        factor = weights[min(i, len(weights) - 1)] / total
        for q in range(places):
            share[q] *= factor
        for b in range(blocks):
            into = sums[codes[i, b]]
            for q in range(places):
                into[q] += share[q]


@njit(nogil=True, cache=True, error_model="numpy")
def _by_logs(codes: Any, tables: Any, share: Any) -> tuple[float, float]:
    """The likelihoods of a row at all places to `share`, 1 for the highest: their sum, and the logarithm of the highest."""
    highest = -np.inf
    for q in range(len(share)):
        height = 0.0
        for b in range(len(codes)):
            height += tables[0, codes[b], q]
        share[q] = height
        highest = max(highest, height)
    total = 0.0
    for q in range(len(share)):
        share[q] = np.exp(share[q] - highest)
        total += share[q]
    return total, highest
