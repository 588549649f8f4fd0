"""Observed information: how the objective is curved at an estimate, and how it would be if nothing were hidden."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.core.evaluation import EMMap
from emkit.errors import ModelError
from emkit.inference.differences import curvature_steps, hessian
from emkit.inference.near import Near
from emkit.inference.scores import expected_slope, has_expected, score
from emkit.markup import Tabled, ToldTable

STEP = 1e-4  # in free coordinates, for a first look at how the expected log-likelihood is curved
PART = 2e-4  # of a standard error: steps of differences of scores
ROUNDS = 5  # of rescaling at most: each finds directions some 1e4 times as narrow as the last
NOISE = 1e-10  # of the largest curvature: what is less may be rounding
ROUND_ENOUGH = 0.05  # information of the complete data this near to the identity, element by element, is resolved
FLAT = 1e-7  # of the information of the complete data: a direction with less has none
FLAT_BY_HEIGHTS = 1e-6  # the same of a matrix by second differences, which are less exact
OVERFLOWS = "the information matrix has entries beyond the largest number"


@dataclass(frozen=True, eq=False, repr=False)
class Information(Tabled):
    """Minus the second derivatives of the objective `near` an estimate; where it `has_kinks`, what the scores of rows tell.

    `matrix` (q, q) is taken along the columns of `basis` (q, q), moves of the inner coordinates; they are such that the
    information of the complete data, `complete` (q, q), is about the identity. Where that is not known, it is None, and the
    diagonal of `matrix` is 1.
    """

    near: Near
    basis: Array
    matrix: Array
    complete: Array | None = None
    has_kinks: bool = False

    @property
    def is_finite(self) -> bool:
        """Whether no entry has overflowed, or been lost to rounding."""
        return bool(np.isfinite(self.matrix).all())

    @property
    def least(self) -> float:
        """An eigenvalue of the matrix below this is a direction without information."""
        return FLAT_BY_HEIGHTS if self.complete is None else FLAT

    @cached_property
    def slope(self) -> Array:
        """The derivatives (m, q) of the entries along the basis."""
        return self.near.derivative(self.near.coordinates.entries, self.basis)

    def _as_table(self) -> ToldTable:
        number = len(self.near.names)
        return ToldTable(f"Observed information about {number} parameters; identifiability() of the fit tells what is flat")


def fraction_missing(found: Information) -> dict[str, float]:
    """The share of the information about each parameter that is missing since something is hidden, by its name.

    1 - the variance if nothing were hidden / the variance: 0 if nothing is lost, 1 if nothing is left. NaN where there is no
    standard error, and for all where the information cannot be inverted.
    Errors: ModelError for a model that does not write its expected log-likelihood.
    Source: Rubin (1987), Multiple Imputation for Nonresponse in Surveys, chapter 3.
    """
    if found.has_kinks:
        raise ModelError("the log-likelihood has kinks, so that no curvature tells what is missing.")
    if found.complete is None:
        raise ModelError("what is missing is told by the expected log-likelihood: write expected(stats, before, now).")
    share = np.full(len(found.near.names), np.nan)
    if found.near.size and found.is_finite and np.linalg.eigvalsh(found.matrix)[0] >= found.least:
        variance, without = (
            np.einsum("ij,ji->i", found.slope, np.linalg.solve(matrix, found.slope.T))
            for matrix in (found.matrix, found.complete)
        )
        share = 1 - without / np.where(variance > 0, variance, np.nan)
    known = zip(found.near.names, share.tolist(), strict=True)
    return {name: np.nan if name in found.near.reasons else value for name, value in known}


def of_curvature(em: EMMap[Any], near: Near) -> Information:
    """By central differences of scores, 2 passes over the data for each coordinate.

    Of a model that does not write `expected`, by second differences of the objective, about 6 p^2 passes.
    """
    if em.model.ascends:
        stats = em.expectation(near.params).statistics
        if has_expected(em.model, stats, near.params):
            return _of_scores(em, near, stats)
    return _of_objective(em, near)


def _of_objective(em: EMMap[Any], near: Near) -> Information:
    def height(move: Array) -> float:
        return em.objective(near.at(move))

    origin = np.zeros(near.size)
    matrix = -hessian(height, origin, curvature_steps(height, origin))
    unit = units(matrix)
    return Information(near, np.diag(1 / unit), matrix / np.outer(unit, unit))


def _of_scores(em: EMMap[Any], near: Near, stats: Any) -> Information:
    def complete_slope(params: Any) -> Array:
        return near.pulled(expected_slope(em.model, near.coordinates, stats, near.params, params))

    def slope(params: Any) -> Array:
        return near.pulled(score(em, params))

    basis = np.eye(near.size)
    complete = curvature(near, complete_slope, basis, STEP, rough=True)
    for _ in range(ROUNDS):
        if not np.isfinite(complete).all():
            break
        basis = basis @ _rounder(complete)
        complete = curvature(near, complete_slope, basis, PART)
        if np.abs(complete - np.eye(near.size)).max(initial=0.0) < ROUND_ENOUGH:
            break
    return Information(near, basis, curvature(near, slope, basis, PART), complete)


def curvature(near: Near, slope: Callable[[Any], Array], basis: Array, step: float, rough: bool = False) -> Array:
    """Minus the derivatives (q, q) along the columns of `basis` of a `slope` along the inner coordinates.

    By central differences, or by steps ahead alone for a `rough` look. Not a number where a step is lost to rounding.
    """
    falls, ways = np.empty(basis.shape), np.empty(basis.shape)
    behind, before = near.params, slope(near.params)
    for j, direction in enumerate(basis.T):
        ahead = near.at(step * direction)
        if not rough:
            behind = near.at(-step * direction)
            before = slope(behind)
        ways[:, j] = step * direction if rough else near.way(ahead, behind)
        falls[:, j] = before - slope(ahead)
    try:
        found = basis.T @ falls @ np.linalg.solve(ways, basis)
    except np.linalg.LinAlgError:
        return np.full(basis.shape, np.nan)
    return np.asarray((found + found.T) / 2)


def units(matrix: Array) -> Array:
    """The square roots (q,) of the diagonal of a matrix of information; 1 where there is none."""
    diagonal = np.diag(matrix)
    return np.sqrt(np.where(diagonal > 0, diagonal, 1.0))


def _rounder(complete: Array) -> Array:
    """Directions (q, q) along which the curvature is 1, as far as it is no rounding."""
    unit = units(complete)
    values, vectors = np.linalg.eigh(complete / np.outer(unit, unit))
    return np.asarray(vectors / np.sqrt(np.where(values > NOISE, values, 1.0)) / unit[:, None])
