"""Divisions of rows among components, from which starts are estimated: of several kinds, since none is best everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from emkit.core.arrays import Array, Integers
from emkit.data.subsample import in_standard_units, uncorrelated
from emkit.models.kmeans import spread_out

Units = Callable[[Array, Array, Array], Array]

ROUND = 20  # seeds, after which the kinds begin again:
ROWS_A_COLUMN = 6  # or more: correlations of fewer rows say little
UNCORRELATED = 8  # the last of them measure distances where columns have no correlations


def divisions(x: Array, weights: Array, n_components: int, seeds: Iterable[int]) -> Iterator[Integers]:
    """For each seed, the component (n,) of every row x (n, d): that of the nearest of centres that lie far apart.

    Of 20 seeds, the first 12 count columns in units of their standard deviation, and the others in units in which columns have
    no correlations, so that long clusters are seen side by side (if there are many rows: few are all equally far apart then).
    """
    scaled: dict[Units, Array] = {}
    many = max(len(x), weights.sum()) > ROWS_A_COLUMN * x.shape[1]
    for seed in seeds:
        last = seed % ROUND >= ROUND - UNCORRELATED and x.shape[1] > 1 and many
        units = uncorrelated if last else in_standard_units
        if units not in scaled:
            scaled[units] = units(x, weights, x)
        yield spread_out(scaled[units], weights, n_components, seed)
