"""Coefficients whose maximum-likelihood value is infinite: see `core/separation.py`."""

from __future__ import annotations

from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.core.evaluation import EMMap
from emkit.core.parameters import leaves, replace_at
from emkit.core.protocols import LatentModel
from emkit.inference.information import curvature
from emkit.inference.near import INFINITE, Near
from emkit.inference.scores import expected_slope, has_expected

STEP = 1e-7  # of coordinates: slopes are written out, and are exact
SEEN = 1e-5  # of how far coefficients have come: what is less, times a step, is lost to rounding
NOTHING = 1e-5  # of one row's information about its linear predictor: less than this is the tail of a likelihood that rises
FAR = 40.0  # of linear predictors,
NO_LOWER = 1e-4  # over which a likelihood that rises for ever does not fall by more,
LOWER = 1e-2  # and from which it falls by more where the direction is taken back


def separated(em: EMMap[Any], near: Near) -> Array:
    """Orthonormal directions (q, m) of the inner coordinates along which coefficients have run off to infinity.

    The information of the complete data has vanished along them; were they taken back, the likelihood would fall, and it does
    not where they go on. One pass over the data, two more if there are such directions.
    """
    none = np.empty((near.size, 0))
    some = near.coordinates.of_coefficients()[near.inside]
    if not some.any() or not em.model.ascends:
        return none
    here = em.expectation(near.params)
    if not has_expected(em.model, here.statistics, near.params):
        return none
    found = _complete(em.model, near, here.statistics)[np.ix_(some, some)]
    if not np.isfinite(found).all():
        return none
    bends, vectors = np.linalg.eigh(found)
    ways = np.zeros((near.size, int((bends < NOTHING).sum())))
    ways[some] = vectors[:, bends < NOTHING]
    taken = ways @ (ways.T @ near.way(near.params, _without_coefficients(near.params)))
    length = float(np.abs(taken).max(initial=0.0))
    if not length > 0:
        return none
    height = em.objective_of(here, near.params)
    with np.errstate(all="ignore"):
        back, on = em.objective(near.at(-taken)), em.objective(near.at(FAR / length * taken))
    return ways if back < height - LOWER and on >= height - NO_LOWER else none


def _complete(model: LatentModel[Any, Any], near: Near, stats: Any) -> Array:
    """Minus the second derivatives (q, q) of the expected log-likelihood.

    It may be a bound whose curvature changes in proportion to the way from where it touches: two steps tell how much.
    """

    def slope(params: Any) -> Array:
        return near.pulled(expected_slope(model, near.coordinates, stats, near.params, params))

    far = np.abs(near.way(near.params, _without_coefficients(near.params)))
    wide = np.maximum(1.0, SEEN * far)
    basis = np.diag(wide)
    return (2 * curvature(near, slope, basis, STEP / 2) - curvature(near, slope, basis, STEP)) / np.outer(wide, wide)


def _without_coefficients(params: Any) -> Any:
    return replace_at(params, {leaf.path: leaf.space.unsaid(leaf.value) for leaf in leaves(params) if leaf.has_coefficients})


def infinite(em: EMMap[Any], near: Near) -> tuple[str, ...]:
    """The names of the coefficients that run off."""
    ways = separated(em, near)
    reasons = near.without(ways).reasons if ways.size else {}
    return tuple(name for name in near.names if reasons.get(name) == INFINITE)
