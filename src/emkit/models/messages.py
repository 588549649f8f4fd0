"""What the rows of a sequence say of one state: the earlier rows, the later ones, or all others. In logarithms throughout.

A message keeps every state that can be reached, however small its share, so none of these needs another road.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from emkit.core.arrays import Array
from emkit.data.chunk import Chunk
from emkit.families.family import LOG_OF_ZERO, safe_log
from emkit.models.chains import at_first, into, onwards, steps


class Chain(NamedTuple):
    """States that follow each other: the distribution (K,) of the first, and the `transitions` (K, K) from row to column.

    Of certain rows, there may be one `initial` for each sequence, and transitions into each row: see `models/chains.py`.
    """

    initial: Array
    transitions: Array

    @property
    def expected_stay(self) -> Array:
        """How many rows (K,) each state lasts on average, 1 / (1 - probability of staying); infinite if it is never left."""
        with np.errstate(divide="ignore"):
            return np.asarray(1 / (1 - np.diag(self.transitions)))


def ahead(chain: Chain, log_density: Array, chunk: Chunk, before: Array | None = None) -> Array:
    """Logarithms of p(state at t | the rows before t) (n, K) of each sequence, given log p(x_t | state k) (n, K).

    `before` (G, K): the distribution of the state of the row before each sequence, if it goes on from one. NaN after a row that
    no state explains. Source: Rabiner (1989), Proceedings of the IEEE 77, 257-286, equations 19 and 20.
    """
    move, found = safe_log(chain.transitions), np.empty(log_density.shape)
    first = chunk.bounds[:-1]
    begin = chain.initial if before is None else onwards(before, into(chain.transitions, first))
    here, last = safe_log(at_first(begin, chunk)), np.empty((0, 0))
    with np.errstate(invalid="ignore"):
        for rows in steps(chunk):
            if last.size:
                here = np.logaddexp.reduce(last[: len(rows), :, None] + into(move, rows), axis=1)
            found[rows] = here
            last = _of_sum_one(found[rows] + log_density[rows])
    return found


def expected(chain: Chain, log_density: Array, chunk: Chunk) -> Array:
    """p(state at t | the rows before t) (n, K); NaN after a row that no state explains."""
    return np.exp(ahead(chain, log_density, chunk))


def filtered(chain: Chain, log_density: Array, chunk: Chunk, before: Array | None = None) -> Array:
    """p(state at t | the rows up to t) (n, K); NaN from a row on that no state explains."""
    with np.errstate(invalid="ignore"):
        return np.exp(_of_sum_one(ahead(chain, log_density, chunk, before) + log_density))


def behind(chain: Chain, log_density: Array, chunk: Chunk) -> Array:
    """Logarithms of p(the rows after t | state at t) (n, K), but for one number a row; NaN if none explains them."""
    move, found = safe_log(chain.transitions), np.zeros(log_density.shape)
    after, later = np.empty(0, dtype=np.int64), found[:0]
    with np.errstate(invalid="ignore"):
        for rows in reversed(steps(chunk)):
            here = np.logaddexp.reduce(into(move, after) + later[:, None, :], axis=2)
            highest = here.max(axis=1, keepdims=True)
            found[rows[: len(later)]] = np.where(highest > LOG_OF_ZERO / 2, here - highest, np.nan)
            after, later = rows, log_density[rows] + found[rows]
    return found


def expected_by_others(chain: Chain, log_density: Array, chunk: Chunk) -> Array:
    """p(state at t | all rows of the sequence but t) (n, K); NaN where there is no such path."""
    with np.errstate(invalid="ignore"):
        return np.exp(_of_sum_one(ahead(chain, log_density, chunk) + behind(chain, log_density, chunk)))


def _of_sum_one(log_shares: Array) -> Array:
    """Logarithms of shares (m, K) that sum to 1; NaN where all of them are 0."""
    total = np.logaddexp.reduce(log_shares, axis=1, keepdims=True)
    return np.where(total > LOG_OF_ZERO / 2, log_shares - total, np.nan)
