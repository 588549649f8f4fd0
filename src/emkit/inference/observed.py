"""The observed information at an estimate: by curvature or, where the log-likelihood has kinks, by the scores of rows."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from emkit.core.arrays import Array
from emkit.core.coordinates import Coordinates
from emkit.core.evaluation import EMMap
from emkit.core.parameters import Parameters
from emkit.inference.floors import Floors
from emkit.inference.information import Information, of_curvature, units
from emkit.inference.near import NO_FLOORS, Near
from emkit.inference.rows import all_scores
from emkit.inference.separation import separated

P = TypeVar("P", bound=Parameters)
LOOKS = 2  # at the scores of rows: the first in coordinates as they are, then in units of standard errors


def information(em: EMMap[P], params: P, floors: Floors = NO_FLOORS) -> Information:
    """The observed information at `params`.

    Left out are coordinates on a boundary, those that `floors` hold, and directions in which coefficients run off to infinity.

    Where a field declares kinks, the curvature between them tells nothing of how far estimates vary. The scores of rows do:
    they exist but at the kinks, and the sum of their outer products estimates the expected information.
    Source: Le Cam (1970), Ann. Math. Statist. 41, 802-828, for densities with kinks.
    """
    near = Near.of(em.model, params, floors)
    ways = separated(em, near)
    near = near.without(ways) if ways.size else near
    return _of_rows(em, near) if _has_kinks(near.coordinates, params) else of_curvature(em, near)


def observed_information(em: EMMap[P], params: P, floors: Floors = NO_FLOORS) -> Array:
    """The same in unconstrained coordinates, (q, q)."""
    found = information(em, params, floors)
    back = np.linalg.inv(found.basis)
    return np.asarray(back.T @ found.matrix @ back)


def _has_kinks(coordinates: Coordinates[Any], params: Any) -> bool:
    return any(leaf.axes is not None and leaf.axes.kinks for leaf in coordinates.free(params))


def _of_rows(em: EMMap[Any], near: Near) -> Information:
    found = Information(near, np.eye(near.size), np.eye(near.size), has_kinks=True)
    for _ in range(LOOKS):
        scores, weights = all_scores(em.model, found, em.source)
        matrix = scores.T @ (weights[:, None] * scores)
        unit = units(matrix)
        found = Information(near, found.basis / unit, matrix / np.outer(unit, unit), has_kinks=True)
    return found
