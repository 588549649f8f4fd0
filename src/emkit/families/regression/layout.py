"""Where the columns of a regression lie, and the frame in which its design is worked on.

Steps are worked out in columns that are orthonormal over all rows: the covariates from a centre of their own, whitened by the
triangular factor of their QR decomposition. So neither units nor offsets of covariates cost digits, nor do covariates that are
nearly dependent, as powers of one are. Coefficients are always those of the covariates as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from emkit.core.arrays import Array
from emkit.core.memo import once
from emkit.data.profile import AnyProfile
from emkit.errors import DataError, ModelError, some_of

INTERCEPT = "intercept"
DEPENDENT = 1e-11  # of the length of a column: what is left of it beside the others, where it is one of their combinations
Column = str | int


class Named(NamedTuple):
    """The columns of a regression as they were given, by name or by place, the `own` and the `shared` covariates apart."""

    response: Column
    own: tuple[Column, ...]
    shared: tuple[Column, ...]
    intercept: bool
    offset: Column | None = None
    trials: Column | None = None

    @property
    def every(self) -> tuple[Column, ...]:
        """All columns that are read."""
        beside = tuple(column for column in (self.offset, self.trials) if column is not None)
        return (self.response, *self.own, *self.shared, *beside)


@dataclass(frozen=True)
class Layout:
    """The places of the columns, the names of the covariates, and the frame of the design: its `centre` and `factor`.

    The design D (n, P) of P coefficients is an `intercept` of 1, if there is one, and the covariates less their centre.
    D = Z factor, with Z'Z = n I over all rows, and factor (P, P) triangular. `datum`: a number in the midst of the response.
    """

    response: int
    own: tuple[int, ...]
    shared: tuple[int, ...]
    intercept: bool
    offset: int | None
    trials: int | None
    names: tuple[str, ...]
    datum: float
    centre: tuple[float, ...]
    factor: tuple[tuple[float, ...], ...]

    @property
    def own_names(self) -> tuple[str, ...]:
        """What the coefficients are of that each component has for itself."""
        return (*[INTERCEPT] * self.intercept, *self.names[: len(self.own)])

    @property
    def shared_names(self) -> tuple[str, ...]:
        """What the coefficients are of that all components share."""
        return self.names[len(self.own) :]

    @property
    def own_size(self) -> int:
        """How many coefficients each component has for itself."""
        return self.intercept + len(self.own)

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

    def design(self, x: Array) -> Array:
        """D (n, P)."""
        columns = x[:, [*self.own, *self.shared]] - self._centre
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


def as_places(named: Named) -> Layout:
    """The layout of columns that are known by place, in the frame of the data themselves. Errors: ModelError for others."""
    for column in named.every:
        if isinstance(column, str):
            raise ModelError(f"where {column!r} lies is not known before there are data: settled(profile) finds it.")
    covariates = [*named.own, *named.shared]
    size = named.intercept + len(covariates)
    names = tuple(f"column {column}" for column in covariates)
    return _laid_out(named, {}, names, 0.0, np.zeros(len(covariates)), np.eye(size))


@once
def found_in(profile: AnyProfile, named: Named) -> Layout:
    """The layout of columns among those of the data.

    Errors: DataError for a column that is not there, and for covariates that depend on each other.
    """
    place = {name: j for j, name in enumerate(profile.columns)}
    for column in named.every:
        _check_column(column, place, profile)
    covariates = [_place(column, place) for column in (*named.own, *named.shared)]
    names = tuple(profile.columns[j] for j in covariates)
    datum, *centre = _centre(profile, [_place(named.response, place), *covariates]) * named.intercept
    factor = _triangle(profile, covariates, centre, named.intercept)
    length = np.sqrt((factor**2).sum(axis=0))
    for j in np.flatnonzero(np.abs(np.diag(factor)) <= DEPENDENT * length)[:1]:
        raise _dependent(j - named.intercept, names, constant=named.intercept and not factor[1:, j].any())
    return _laid_out(named, place, names, float(datum), np.array(centre), factor)


def _laid_out(
    named: Named, place: dict[str, int], names: tuple[str, ...], datum: float, centre: Array, factor: Array
) -> Layout:
    own, shared = (tuple(_place(column, place) for column in some) for some in (named.own, named.shared))
    offset, trials = (None if column is None else _place(column, place) for column in (named.offset, named.trials))
    response = _place(named.response, place)
    frame = tuple(centre.tolist()), tuple(map(tuple, factor.tolist()))
    return Layout(response, own, shared, named.intercept, offset, trials, names, datum, *frame)


def _place(column: Column, place: dict[str, int]) -> int:
    return place[column] if isinstance(column, str) else column


def _check_column(column: Column, place: dict[str, int], profile: AnyProfile) -> None:
    if isinstance(column, str) and column not in place:
        raise DataError(f"the data have no column {column!r} for the regression; they have {some_of(profile.columns)}.")
    if isinstance(column, int) and column >= len(place):
        raise DataError(f"the data have no column {column} for the regression; they have {len(place)}, the first of them 0.")


def _dependent(j: int, names: Sequence[str], constant: bool) -> DataError:
    if constant:
        return DataError(f"the covariate {names[j]!r} is constant, as the intercept is: leave one of them out.")
    before = some_of([*names[:j]]) if j else "a column of zeros"
    return DataError(
        f"the covariate {names[j]!r} is a combination of others ({before}), so no coefficient of it can be told: leave it out."
    )


def _centre(profile: AnyProfile, places: Sequence[int]) -> Array:
    """About the mean of each covariate, rounded to its spread: differences of short numbers from it are exact."""
    mean, deviation = profile.mean[places], np.sqrt(profile.variance[places])
    unit = np.exp2(np.floor(np.log2(np.where(deviation > 0, deviation, 1.0))))
    return np.where(deviation > 0, np.round(mean / unit) * unit, mean)


def _triangle(profile: AnyProfile, places: Sequence[int], centre: Sequence[float], intercept: bool) -> Array:
    """The triangular factor (P, P) of the weighted design, with a positive diagonal, block after block of rows."""
    factor: Array = np.zeros((0, intercept + len(places)))
    for chunk in profile.source.chunks():
        for rows, x in chunk.blocks():
            columns = x[:, places] - np.asarray(centre)
            design = np.concatenate([np.ones((len(x), int(intercept))), columns], axis=1)
            weighted = design * np.sqrt(chunk.weights[rows, None] / profile.total_weight)
            factor = np.asarray(np.linalg.qr(np.concatenate([factor, weighted]), mode="r"))
    short = np.zeros((factor.shape[1] - len(factor), factor.shape[1]))  # of fewer rows than coefficients
    factor = np.concatenate([factor, short])
    return np.asarray(factor * np.where(np.diag(factor) < 0, -1.0, 1.0)[:, None])
