"""Observed information: standard errors, and which directions the data cannot identify."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np

from emkit.core.arrays import Array
from emkit.core.evaluation import EMMap
from emkit.core.parameters import Parameters
from emkit.errors import DegenerateFitError
from emkit.inference.differences import curvature_steps, hessian, jacobian
from emkit.inference.floors import Floors, held
from emkit.inference.scores import expected_slope, has_expected, score

P = TypeVar("P", bound=Parameters)
NO_FLOORS: Floors = MappingProxyType({})
STEP = 1e-4  # in free coordinates, to see how the expected log-likelihood is curved
PART = 2e-4  # of a standard error: steps of differences of scores
WRONG = -1e-2  # an eigenvalue of the scaled information below this is none that a maximum has
OVERFLOWS = "the information matrix has entries beyond the largest number"
FLAT = 1e-6  # an eigenvalue of the scaled information below this is a direction without information


@dataclass(frozen=True)
class Identifiability:
    """Whether the data determine every free parameter near the estimate.

    `rank` of the observed information out of `free` parameters; `directions` say in words along which combinations the
    likelihood is flat; `sentence` sums it up.
    """

    identifiable: bool
    rank: int
    free: int
    directions: tuple[str, ...]
    negative: bool = False  # some direction is curved the other way: no maximum, or too thin a component for differences

    def __bool__(self) -> bool:
        return self.identifiable

    @property
    def sentence(self) -> str:
        """The verdict in words."""
        if self.identifiable:
            which = "the one free parameter" if self.free == 1 else f"all {self.free} free parameters"
            return f"the data identify {which} (locally)."
        along = "; ".join(self.directions)
        doubt = ""
        if self.negative:
            doubt = " (The matrix is not positive here: this is no maximum, or a component is too thin for differences.)"
        return (
            f"not identifiable: the information matrix has rank {self.rank} of {self.free}; the likelihood does not change "
            f"when the parameters move along {along}.{doubt}"
        )

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True)
class StandardErrors:
    """`names`, `estimates` and `errors` (q,) of every parameter as a reader sees it, and their `covariance` (q, q).

    Where there is no standard error, it is NaN and `reasons` says why.
    """

    names: tuple[str, ...]
    estimates: Array
    errors: Array
    covariance: Array
    reasons: dict[str, str]

    def __getitem__(self, name: str) -> float:
        return float(self.errors[self.names.index(name)])


class _Local:
    """The objective as a function of the unconstrained coordinates around `params`, without those on a boundary or a floor."""

    def __init__(self, em: EMMap[Any], params: Parameters, floors: Floors) -> None:
        self._em, self._params = em, params
        self._all = em.coordinates.pack(params)
        self.floored, fixed = held(em.coordinates, params, floors)
        self.empty, unknown = held(em.coordinates, params, em.model.undetermined(params))
        self.inside = np.isfinite(self._all) & ~em.coordinates.at_edge(self._all) & ~fixed & ~unknown
        self.point = self._all[self.inside]

    def params(self, point: Array) -> Any:
        full = self._all.copy()
        full[self.inside] = point
        return self._em.coordinates.unpack(full, self._params)

    def objective(self, point: Array) -> float:
        return self._em.objective(self.params(point))

    def entries(self, point: Array) -> Array:
        return self._em.coordinates.entries(self.params(point))

    def score(self, params: Any) -> Array:
        return score(self._em, params)[self.inside]

    def _coordinate(self, params: Any, j: int) -> float:
        return float(self._em.coordinates.pack(params)[self.inside][j])

    @cached_property
    def information(self) -> Array:
        """From differences of scores, 2 passes for each coordinate, where the model writes its expected log-likelihood."""
        model = self._em.model
        if model.ascends:
            stats = self._em.expectation(self._params).statistics
            if has_expected(model, stats, self._params):
                return self._of_scores(stats)
        return -hessian(self.objective, self.point, curvature_steps(self.objective, self.point))

    def _of_scores(self, stats: Any) -> Array:
        found = np.empty((len(self.point), len(self.point)))
        for j, step in enumerate(self._steps(stats)):
            move = np.zeros_like(self.point)
            move[j] = step
            behind, ahead = self.params(self.point - move), self.params(self.point + move)
            way = self._coordinate(ahead, j) - self._coordinate(behind, j)  # far from the origin, a step is rounded
            found[:, j] = (self.score(behind) - self.score(ahead)) / way
        return (found + found.T) / 2

    def _steps(self, stats: Any) -> Array:
        """A small part of what would be the standard error of each coordinate if nothing were hidden and the others known.

        From the curvature of the expected log-likelihood: no pass over the data.
        """
        steps = np.full(len(self.point), STEP)
        here = self._expected_slope(stats, self.point)
        for j in range(len(self.point)):
            move = np.zeros_like(self.point)
            move[j] = STEP
            bend = (here - self._expected_slope(stats, self.point + move))[j] / STEP
            if np.isfinite(bend) and bend > 0:
                steps[j] = PART / np.sqrt(bend)
        return steps

    def _expected_slope(self, stats: Any, point: Array) -> Array:
        em = self._em
        return expected_slope(em.model, em.coordinates, stats, self._params, self.params(point))[self.inside]


def observed_information(em: EMMap[P], params: P, floors: Floors = NO_FLOORS) -> Array:
    """Minus the second derivatives of the objective in unconstrained coordinates, (p, p).

    Coordinates on a boundary are left out, and those that `floors` hold.

    Central differences of scores, 2 passes over the data for each coordinate; of a model that does not write `expected`,
    second differences of the objective, about 6 p^2 passes.
    """
    return _Local(em, params, floors).information


def _scaled(information: Array) -> tuple[Array, Array]:
    unit = np.sqrt(np.maximum(np.diag(information), 0))
    unit[unit <= 1e-8 * unit.max(initial=0)] = np.inf
    return information / np.outer(unit, unit), unit


def identifiability(em: EMMap[P], params: P, floors: Floors = NO_FLOORS) -> Identifiability:
    """Count the directions in which the log-likelihood is curved at `params`, and name those in which it is flat.

    Parameters on a boundary or held by `floors` are taken as known.
    """
    local = _Local(em, params, floors)
    scaled, unit = _scaled(local.information)
    if not np.isfinite(scaled).all():
        raise DegenerateFitError(f"{OVERFLOWS}, so that nothing can be said of its directions.")
    values, vectors = np.linalg.eigh(scaled) if len(scaled) else (np.empty(0), np.empty((0, 0)))
    flat = np.flatnonzero(values < FLAT)
    names = em.coordinates.entry_names(params)
    free = em.coordinates.size
    directions = []
    slope = jacobian(local.entries, local.point, np.full(len(local.point), 1e-3)) if len(flat) else np.empty((0, 0))
    for i in flat:
        lonely = np.isinf(unit)
        move = np.where(lonely, vectors[:, i], vectors[:, i] / np.where(lonely, 1.0, unit))
        directions.append(_in_words(slope @ move, names))
    rank = len(values) - len(flat)
    negative = bool(values.min(initial=0.0) < WRONG)
    return Identifiability(len(flat) == 0, rank + (free - len(values)), free, tuple(directions), negative)


def _in_words(move: Array, names: list[str]) -> str:
    size = np.abs(move).max(initial=0)
    parts = [f"{value / size:+.2g} {name}" for value, name in zip(move, names, strict=True) if abs(value) > 0.005 * size]
    return "(" + " ".join(parts) + ")"


def standard_errors(em: EMMap[P], params: P, floors: Floors = NO_FLOORS) -> StandardErrors:
    """Standard errors from the observed information, carried to the reader's parameters by the delta method.

    Parameters on a boundary, or held by `floors`, have none, and those of the others are given these; where the information
    is singular none has. Source: Efron & Hinkley (1978),
    Biometrika 65, 457-487; for EM: Louis (1982), J. R. Statist. Soc. B 44, 226-233 (the same matrix, found analytically).
    """
    local = _Local(em, params, floors)
    names = em.coordinates.entry_names(params)
    estimates = em.coordinates.entries(params)
    information = local.information
    reasons = dict.fromkeys(em.coordinates.on_boundary(params), "the estimate lies on the boundary of its space")
    reasons |= dict.fromkeys(local.floored, "the floor under the spread holds it")
    reasons |= dict.fromkeys(local.empty, "its component has no rows")
    scaled, _ = _scaled(information)
    is_finite = bool(np.isfinite(scaled).all())
    if len(scaled) == 0 or not is_finite or np.linalg.eigvalsh(scaled)[0] < FLAT:
        reason = "the information matrix is singular: see identifiability()" if is_finite else OVERFLOWS
        if len(scaled) == 0:
            reason = "every estimate lies on the boundary of its space" if len(names) else "no parameter is free"
        nothing = np.full(len(names), np.nan)
        return StandardErrors(
            tuple(names), estimates, nothing, np.full((len(names),) * 2, np.nan), dict.fromkeys(names, reason) | reasons
        )
    slope = jacobian(local.entries, local.point, np.full(len(local.point), 1e-3))
    covariance = slope @ np.linalg.inv(information) @ slope.T
    fixed = np.array([name in reasons for name in names], dtype=bool)
    covariance[fixed, :] = covariance[:, fixed] = np.nan
    return StandardErrors(tuple(names), estimates, np.sqrt(np.diag(covariance)), covariance, reasons)
