"""Slopes of the log-likelihood from one E-step, by Fisher's identity."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from emkit.core.arrays import Array
from emkit.core.coordinates import Coordinates
from emkit.core.evaluation import EMMap
from emkit.core.expected import Expected
from emkit.core.parameters import Parameters
from emkit.core.protocols import LatentModel
from emkit.errors import ModelError
from emkit.inference.differences import jacobian

P = TypeVar("P", bound=Parameters)
STEP = 1e-2  # of differences of the expected log-likelihood, in free coordinates


def has_expected(model: LatentModel[Any, Any], stats: Any, params: Parameters) -> bool:
    """Whether the model writes its expected log-likelihood."""
    try:
        found: Any = model.expected(stats, params, params)
    except NotImplementedError:
        return False
    if not isinstance(found, Expected):
        name = type(model).__name__
        raise ModelError(f"{name}.expected returned {type(found).__name__}; it must return ek.Expected(value, slopes).")
    return True


def expected_slope(model: LatentModel[P, Any], coordinates: Coordinates[P], stats: Any, before: P, now: P) -> Array:
    """The derivatives of the expected log-likelihood along free coordinates at `now`, shape (p,).

    From the slopes that the model writes; by central differences (no pass over the data) for the fields that it leaves out.
    """
    slopes = dict(model.expected(stats, before, now).slopes)
    free = coordinates.free(now)
    missing = [leaf.path for leaf in free if leaf.path not in slopes]
    if not missing:
        return coordinates.pull(now, slopes)
    there = coordinates.pack(now)
    along = np.concatenate([np.full(leaf.space.size(leaf.value.shape), leaf.path in missing) for leaf in free])
    along &= np.isfinite(there)
    known = {leaf.path: slopes.get(leaf.path, np.zeros_like(leaf.value)) for leaf in free}
    found = coordinates.pull(now, known)

    def height(some: Array) -> Array:
        point = there.copy()
        point[along] = some
        return np.array([model.expected(stats, before, coordinates.unpack(point, now)).value])

    found[along] = jacobian(height, there[along], np.full(int(along.sum()), STEP))[0]
    return found


def prior_slope(model: LatentModel[P, Any], coordinates: Coordinates[P], params: P) -> Array:
    """The derivatives of the log-prior along free coordinates, shape (p,), by central differences."""
    there = coordinates.pack(params)
    inside = np.isfinite(there)

    def height(some: Array) -> Array:
        point = there.copy()
        point[inside] = some
        return np.array([model.log_prior(coordinates.unpack(point, params))])

    slope = np.zeros_like(there)
    slope[inside] = jacobian(height, there[inside], np.full(int(inside.sum()), STEP))[0]
    return slope


def objective_and_score(em: EMMap[P], params: P) -> tuple[float, Array]:
    """The objective at `params`, and its `score`: one pass over the data."""
    total = em.expectation(params)
    slope = expected_slope(em.model, em.coordinates, total.statistics, params, params)
    if em.model.states_prior:
        slope = slope + prior_slope(em.model, em.coordinates, params)
    return float(total.log_likelihood - total.gap + em.model.log_prior(params)), slope


def score(em: EMMap[P], params: P) -> Array:
    """The derivatives of the objective along the free coordinates of `em` at `params`, shape (p,): one pass over the data.

    At the parameters that an E-step was taken at, the expected log-likelihood has the slope of the log-likelihood.
    Errors: NotImplementedError if the model does not write its expected log-likelihood.
    Source: Fisher's identity; Dempster, Laird & Rubin (1977), discussion; Louis (1982), J. R. Statist. Soc. B 44, 226-233.
    """
    return objective_and_score(em, params)[1]
