"""Divisions of rows among components, from which starts are estimated: of several kinds, since none is best everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np

from emkit.core.arrays import Array, Integers
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
