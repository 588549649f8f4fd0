"""Values of which only an interval is known, of any density of one column: by Gauss's rule between many places.

For each component, the line is cut at the ends of all intervals, at places that rows drawn from it suggest, and ever closer to
an end where its density is steep beside it. Every interval is then a stretch of panels, and the density is worked out once
in each, however many intervals hold it. Panels that no interval holds are left out.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.core.axes import COMPONENT
from emkit.core.memo import Memo
from emkit.core.parameters import leaves, part_of
from emkit.core.statistics import side_by_side
from emkit.core.stretches import Stretches
from emkit.families.between import GAUSS, NODES, Between
from emkit.families.combined.sharing import component_number
from emkit.families.combined.window import places_between

STEEP = 20.0  # times exp(1), by which a density may change beside an end: Gauss's rule then has all digits
LATELY = 4  # integrals that are kept
CLOSER, ROUNDS = 3.0, 40  # panels that are too steep are cut to so much of their width, so often at most


def _ends(family: Any, params: Any, low: Array, high: Array) -> Hashable:
    """What an integral is of: E-steps ask for it twice, with ends cut out of rows anew, and maybe of a family built anew."""
    return family, id(params), low.tobytes(), high.tobytes()


def between_of(family: Any, params: Any, low: Array, high: Array) -> Between[Any]:
    """What is known of values in (low, high], each (n,): in closed form, where the family has one."""
    return _lately(family, params, low, high) if family.between is None else family.between(params, low, high)


def between(family: Any, params: Any, low: Array, high: Array) -> Between[Any]:
    """What is known of values in (low, high], each (n,), with infinite ends where there are none."""
    if any(leaf.axes is None or leaf.axes.names[:1] != (COMPONENT,) for leaf in leaves(params)):
        return _of_all(family, params, low, high)  # components that share fields cannot be taken apart
    number = component_number(params)
    each = [_of_all(family, part_of(params, slice(k, k + 1)), low, high) for k in range(number)]

    def statistics(weights: Array) -> Any:
        return side_by_side([one.statistics(weights[:, [k]]) for k, one in enumerate(each)])

    return Between(np.concatenate([one.log_mass for one in each], axis=1), statistics)


_lately = Memo(between, LATELY, _ends)


def _of_all(family: Any, params: Any, low: Array, high: Array) -> Between[Any]:
    """The same, at places that are those of all components."""
    with np.errstate(all="ignore"):
        places = _gentle(family, params, _with(places_between(family, params), low, high), np.concatenate([low, high]))
        places = places[(places >= low.min()) & (places <= high.max())]
        half, middle = np.diff(places) / 2, (places[1:] + places[:-1]) / 2
        rows = (middle[:, None] + half[:, None] * NODES).ravel()
        inside = (rows > family.support.least) & (rows < family.support.most) & np.isfinite(rows)
        volumes = np.where(inside, (half[:, None] * GAUSS).ravel(), 0.0)
        heights = np.full((len(rows), component_number(params)), -np.inf)
        heights[inside] = family.log_density(params, rows[inside, None]) + np.log(volumes[inside])[:, None]
        heights = np.where(np.isnan(heights), -np.inf, heights)
        sums = Stretches(_log_sum(heights.reshape(len(half), len(NODES), heights.shape[1])))
        first, last = np.searchsorted(places, low), np.minimum(np.searchsorted(places, high), len(half))
        log_mass = sums.over(first, last)

    def statistics(weights: Array) -> Any:
        with np.errstate(all="ignore"):
            shares = sums.shared(first, last, weights)
            of_nodes = np.exp(heights - np.repeat(sums.each, len(NODES), axis=0)) * np.repeat(shares, len(NODES), axis=0)
        of_nodes = np.nan_to_num(of_nodes)
        some = (of_nodes > 0).any(axis=1)
        return family.statistics(params, rows[some, None], of_nodes[some])

    return Between(log_mass, statistics)


def _with(places: Array, *ends: Array) -> Array:
    every = np.concatenate([places, *ends])
    return np.unique(every[np.isfinite(every)])


def _gentle(family: Any, params: Any, places: Array, ends: Array) -> Array:
    """More places beside the `ends`, until no density changes too much in the panel on either side of one."""
    inside = np.isfinite(ends) & (ends > family.support.least) & (ends < family.support.most)
    ends = np.unique(ends[inside])
    for way in (1, -1):
        left = ends
        for _ in range(ROUNDS):
            at = np.searchsorted(places, left)
            there = (at + way >= 0) & (at + way < len(places))
            left, at = left[there], at[there]
            other = left + (places[at + way] - left) * (1 - 1e-9)
            change = family.log_density(params, other[:, None]) - family.log_density(params, left[:, None])
            steep = (np.abs(change) > STEEP).any(axis=1)
            left = left[steep]
            if not len(left):
                break
            closer = left + (places[at[steep] + way] - left) / CLOSER
            places = np.unique(np.concatenate([places, closer]))
    return places


def _log_sum(terms: Array) -> Array:
    """The logarithm of sums along the second axis."""
    top = terms.max(axis=1)
    safe = np.where(np.isfinite(top), top, 0.0)
    return np.asarray(safe + np.log(np.exp(terms - safe[:, None]).sum(axis=1)))
