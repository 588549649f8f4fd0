"""Divisions of rows among components, from which starts are estimated: of several kinds, since none is best everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.data.chunk import Chunk
from emkit.data.membership import is_known
from emkit.data.subsample import in_standard_units, uncorrelated
from emkit.models.kmeans import spread_out
from emkit.models.rows import Rows

Units = Callable[[Array, Array, Array], Array]

ROWS_A_COLUMN = 6  # or more: correlations of fewer rows say little
SMALLER, LARGER = 1 / 3, 4 / 3  # of an equal share: how many rows a patch takes


class Kind(NamedTuple):
    """How rows are divided, and in which units they are compared."""

    divide: Callable[[Array, Array, int, int], Integers]
    units: Units


def patches(x: Array, weights: Array, count: int, seed: int) -> Integers:
    """A division of rows x (n, d) into patches: the rows nearest to one drawn at random, then of the rest; the last takes all.

    Patches have sizes of their own, so that some are dense and small, and the last lies around them.
    """
    rng, rows = np.random.default_rng(seed), Rows(x, weights)
    places = np.full(len(x), count - 1)
    for k in range(count - 1):
        rest = np.flatnonzero(places == count - 1)
        if not len(rest):
            break
        share = np.exp(rng.uniform(np.log(SMALLER), np.log(LARGER))) / count
        places[rows.nearest(rng, rest, share)] = k
    return places


FAR, LONG = Kind(spread_out, in_standard_units), Kind(spread_out, uncorrelated)
PATCHES, LONG_PATCHES = Kind(patches, in_standard_units), Kind(patches, uncorrelated)
KINDS = (  # of seeds in turn, those first that agree at once where the maximum is easy to find
    FAR, FAR, FAR, FAR, FAR, FAR, FAR, FAR, FAR, LONG,
    LONG, LONG, FAR, LONG_PATCHES, PATCHES, PATCHES, FAR, LONG_PATCHES, FAR, PATCHES,
)  # fmt: skip
ROUND = len(KINDS)  # seeds, after which the kinds begin again


def divisions(x: Array, weights: Array, n_components: int, seeds: Iterable[int]) -> Iterator[Integers]:
    """For each seed, the component (n,) of every row x (n, d): see `KINDS`.

    Columns are counted in units of their standard deviation, or in units in which they have no correlations, so that long
    clusters are seen side by side (if there are many rows: few are all equally far apart then).
    """
    scaled: dict[Units, Array] = {}
    many = max(len(x), weights.sum()) > ROWS_A_COLUMN * x.shape[1]
    for seed in seeds:
        kind = KINDS[seed % ROUND]
        units = kind.units if x.shape[1] > 1 and many else in_standard_units
        if units not in scaled:
            scaled[units] = units(x, weights, x)
        yield kind.divide(scaled[units], weights, n_components, seed)


def as_known(division: Integers, chunk: Chunk) -> Integers:
    """The same division (n,) with its parts called so that most rows are where it is known that they may belong."""
    if chunk.membership is None:
        return division
    from scipy.optimize import linear_sum_assignment

    weighted = (chunk.membership * chunk.weights[:, None])[is_known(chunk.membership)]
    agreement = np.zeros((weighted.shape[1], weighted.shape[1]))
    np.add.at(agreement, division[is_known(chunk.membership)], weighted)
    _, component = linear_sum_assignment(-agreement)
    return np.asarray(component[division])
