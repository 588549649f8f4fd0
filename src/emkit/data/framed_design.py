"""Covariates in a frame of their own, in which steps of coefficients are worked out.

Its columns are orthonormal over all rows: the covariates from a centre of their own, whitened by the triangular factor of their
QR decomposition. So neither units nor offsets of covariates cost digits, nor do covariates that are nearly dependent, as powers
of one are. Coefficients are always those of the covariates as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from emkit.core.arrays import Array
from emkit.data.profile import AnyProfile
from emkit.errors import DataError, some_of

INTERCEPT = "intercept"
DEPENDENT = 1e-11  # of the length of a column: what is left of it beside the others, where it is one of their combinations
Column = str | int


class Frame(NamedTuple):
    """Where covariates are counted from, and the rows of the triangular factor, as values that can be compared and stored."""

    centre: tuple[float, ...]
    factor: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class FramedDesign:
    """The `places` and `names` of covariates, and the frame of their design: its `centre` and `factor`.

    The design D (n, P) of P coefficients is an `intercept` of 1, if there is one, and the covariates less their centre.
    D = Z factor, with Z'Z = n I over all rows, and factor (P, P) triangular.
    """

    places: tuple[int, ...]
    names: tuple[str, ...]
    intercept: bool
    centre: tuple[float, ...]
    factor: tuple[tuple[float, ...], ...]

    @property
    def coefficient_names(self) -> tuple[str, ...]:
        """What the coefficients are of."""
        return (*[INTERCEPT] * self.intercept, *self.names)

    @cached_property
    def _centre(self) -> Array:
        return np.array(self.centre)

    @cached_property
    def _factor(self) -> Array:
        return np.array(self.factor).reshape(len(self.factor), -1)

    @cached_property
    def inverse(self) -> Array:
        """The inverse of the factor: its rows tell how far coefficients vary where the response varies by 1."""
        return np.asarray(np.linalg.inv(self._factor))

    def plain(self, x: Array) -> Array:
        """The covariates as they are (n, P), a column of ones first if there is an intercept."""
        return np.concatenate([np.ones((len(x), int(self.intercept))), x[:, list(self.places)]], axis=1)

    def design(self, x: Array) -> Array:
        """D (n, P)."""
        columns = x[:, list(self.places)] - self._centre
        return np.concatenate([np.ones((len(x), 1)), columns], axis=1) if self.intercept else columns

    def framed(self, x: Array) -> Array:
        """Z (n, P)."""
        return self.design(x) @ self.inverse

    def level(self, coefficients: Array, datum: float = 0.0) -> Array:
        """Coefficients (K, P) of the design D, given those (K, P) of the covariates as they are; of predictors less a datum."""
        if not self.intercept:
            return coefficients
        level = coefficients[:, :1] + coefficients[:, 1:] @ self._centre[:, None] - datum
        return np.concatenate([level, coefficients[:, 1:]], axis=1)

    def size_of(self, coefficients: Array) -> Array:
        """About how large the terms are that make up the predictors of rows, shape (K,)."""
        return np.asarray(np.abs(self.level(coefficients)) @ np.sqrt((self._factor**2).sum(axis=0)))

    def way(self, coefficients: Array) -> Array:
        """The same change of linear predictors as coefficients (K, P) of Z."""
        return self.level(coefficients) @ self._factor.T

    def back(self, way: Array) -> Array:
        """The inverse of `way`."""
        found = way @ self.inverse.T
        if self.intercept:
            found[:, 0] -= found[:, 1:] @ self._centre
        return found

    def slopes(self, along: Array) -> Array:
        """Derivatives along the coefficients (K, P) of the covariates, given those along the coefficients of Z."""
        found = along @ self._factor
        if self.intercept:
            found[:, 1:] += found[:, :1] * self._centre
        return found

    def unit(self) -> Array:
        """By how much each coefficient (P,) changes where all rows' predictors change by about 1."""
        root = self.back(np.eye(len(self._factor)))
        return np.asarray(np.sqrt((root**2).sum(axis=0)))


def plain_frame(size: int, intercept: bool) -> Frame:
    """The frame of covariates as they are, for so many coefficients."""
    return Frame((0.0,) * (size - intercept), tuple(map(tuple, np.eye(size).tolist())))


def frame_of(profile: AnyProfile, places: Sequence[int], intercept: bool) -> Frame:
    """The frame of the covariates at these places. Errors: DataError for covariates that depend on each other."""
    places = list(places)
    centre = centre_of(profile, places) if intercept else np.zeros(len(places))
    factor = _triangle(profile, places, centre, intercept)
    length = np.sqrt((factor**2).sum(axis=0))
    for j in np.flatnonzero(np.abs(np.diag(factor)) <= DEPENDENT * length)[:1]:
        names = [profile.columns[place] for place in places]
        raise _dependent(int(j) - intercept, names, constant=intercept and not factor[1:, j].any())
    return Frame(tuple(centre.tolist()), tuple(map(tuple, factor.tolist())))


def place_of(column: Column, profile: AnyProfile, whose: str) -> int:
    """Where a column lies that is given by name or by place. Errors: DataError for one that is not there."""
    columns = profile.columns
    if (columns[column] if isinstance(column, int) and column < len(columns) else column) == INTERCEPT:
        raise DataError(f"a column for the {whose} is called {INTERCEPT!r}, as the coefficient of 1 is; rename the column.")
    if isinstance(column, str) and column not in columns:
        raise DataError(f"the data have no column {column!r} for the {whose}; they have {some_of(columns)}.")
    if isinstance(column, int) and column >= len(columns):
        raise DataError(f"the data have no column {column} for the {whose}; they have {len(columns)}, the first of them 0.")
    return columns.index(column) if isinstance(column, str) else column


def _dependent(j: int, names: Sequence[str], constant: bool) -> DataError:
    if constant:
        return DataError(f"the covariate {names[j]!r} is constant, as the intercept is: leave one of them out.")
    before = some_of([*names[:j]]) if j else "a column of zeros"
    return DataError(
        f"the covariate {names[j]!r} is a combination of others ({before}), so no coefficient of it can be told: leave it out."
    )


def centre_of(profile: AnyProfile, places: Sequence[int]) -> Array:
    """About the mean of each covariate, rounded to its spread: differences of short numbers from it are exact."""
    places = list(places)
    mean, deviation = profile.mean[places], np.sqrt(profile.variance[places])
    unit = np.exp2(np.floor(np.log2(np.where(deviation > 0, deviation, 1.0))))
    return np.where(deviation > 0, np.round(mean / unit) * unit, mean)


def _triangle(profile: AnyProfile, places: Sequence[int], centre: Array, intercept: bool) -> Array:
    """The triangular factor (P, P) of the weighted design, with a positive diagonal, block after block of rows."""
    factor: Array = np.zeros((0, intercept + len(places)))
    for chunk in profile.source.chunks():
        for rows, x in chunk.blocks():
            columns = x[:, places] - centre
            design = np.concatenate([np.ones((len(x), int(intercept))), columns], axis=1)
            weighted = design * np.sqrt(chunk.weights[rows, None] / profile.total_weight)
            factor = np.asarray(np.linalg.qr(np.concatenate([factor, weighted]), mode="r"))
    short = np.zeros((factor.shape[1] - len(factor), factor.shape[1]))  # of fewer rows than coefficients
    factor = np.concatenate([factor, short])
    return np.asarray(factor * np.where(np.diag(factor) < 0, -1.0, 1.0)[:, None])
