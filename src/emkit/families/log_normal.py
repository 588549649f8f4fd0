"""Independent columns of amounts whose logarithms are normal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from emkit.core.arrays import Array, ArrayLike, Integers
from emkit.core.memo import once
from emkit.data.chunk import Chunk, as_float64
from emkit.data.profile import AnyProfile
from emkit.families.between import Between
from emkit.families.description import CELL, Columns, Reason, Side
from emkit.families.family import repeat
from emkit.families.floor import Floor, SpreadFloor, warn_of_constant_columns
from emkit.families.gaussian.described import MEANS, VARIANCES, OwnColumns
from emkit.families.gaussian.diagonal import DiagonalGaussian, DiagonalGaussianParams
from emkit.families.gaussian.forms import diagonal_form
from emkit.families.gaussian.normal import Moments
from emkit.families.linear import LinearForm
from emkit.families.logs import EPSILON, of_logs, rounding_of, units_of
from emkit.families.support import LARGEST_AMOUNT, Support, positive
from emkit.formulas.numerals import plain, significant

__all__ = ["LogNormal", "LogNormalParams"]


@dataclass(frozen=True, eq=False)
class LogNormalParams(DiagonalGaussianParams):
    """`means` (K, d) and `variances` (K, d) of the logarithms of the data.

    >>> import emkit as ek
    >>> import numpy as np
    >>> ek.LogNormalParams(means=[np.log([100.0])], variances=[[0.25]]).medians.round(6).tolist()
    [[100.0]]
    """

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, means: ArrayLike, variances: ArrayLike) -> None: ...

    @property
    def medians(self) -> Array:
        """Of the amounts themselves, shape (K, d)."""
        return np.exp(self.means)


@dataclass(frozen=True)
class LogNormal(DiagonalGaussian):
    """Columns with normal logarithms: log p(x|k) = -1/2 sum_j [(log x_j - m_kj)^2 / v_kj + log v_kj + log 2 pi + 2 log x_j].

    Data: x (n, d) of numbers > 0. The floor under the variances is that of `DiagonalGaussian`, on the logarithms. A column that
    is constant is given a unit of 1 there, since the logarithm of a unit of measurement is no scale.

    Millions of revolutions that 23 ball bearings lasted (Lieblein & Zelen, 1956):

    >>> import emkit as ek
    >>> lives = (
    ...     "17.88 28.92 33 41.52 42.12 45.6 48.4 51.84 51.96 54.12 55.56 67.8 68.64 68.64 68.88 84.12 93.12 98.64 105.12 "
    ...     "105.84 127.92 128.04 173.4"
    ... )
    >>> lives = [float(life) for life in lives.split()]
    >>> fit = ek.MixtureModel("log-normal", 1).fit(lives).result_
    >>> print(fit.params.components.medians.round(2), fit.params.components.variances.round(3), round(fit.log_likelihood, 3))
    [[63.46]] [[0.272]] -113.129
    """

    @property
    def name(self) -> str:
        return "log-normal"

    @property
    def support(self) -> Support:
        return positive("log-normal amounts", LARGEST_AMOUNT)

    @property
    def described(self) -> InLogs:
        return InLogs(
            MEANS | VARIANCES,
            data="columns of amounts, numbers > 0",
            parameters="a mean and a variance of the logarithms of each column",
        )

    def log_density(self, params: DiagonalGaussianParams, x: Array) -> Array:
        logs = np.log(x)
        return super().log_density(params, logs) - logs.sum(axis=1, keepdims=True)

    def statistics(self, params: DiagonalGaussianParams, x: Array, weights: Array) -> Moments:
        return super().statistics(params, np.log(x), weights)

    def _between(self, params: DiagonalGaussianParams, low: Array, high: Array) -> Between[Moments]:
        with np.errstate(divide="ignore"):
            return super()._between(params, np.log(np.maximum(low, 0.0)), np.log(high))

    def linear(self, params: DiagonalGaussianParams) -> LinearForm[Moments]:
        return diagonal_form(params.means, params.variances).reading(np.log, _log_base, _total_log_base)

    def draw(self, params: DiagonalGaussianParams, rng: np.random.Generator, components: Integers) -> Array:
        return np.exp(super().draw(params, rng, components))

    def settled(self, profile: AnyProfile) -> Self:
        """Warns of constant columns, along which no variance can be estimated."""
        mean, variance = of_logs(profile)
        warn_of_constant_columns(profile.columns, variance <= rounding_of(mean), "A variance of logarithms")
        return self.measured(profile)

    def units(self, profile: AnyProfile) -> Array:
        mean, variance = of_logs(profile)
        return units_of(variance, mean)

    def lower_bound(self, profile: AnyProfile) -> Floor:
        mean, variance = of_logs(profile)
        return SpreadFloor("variances", self.floor * units_of(variance, mean), variance > rounding_of(mean))

    def pooled(self, profile: AnyProfile, n_components: int) -> LogNormalParams:
        mean, variance = of_logs(profile)
        variance = np.maximum(variance, max(self.floor, EPSILON) * units_of(variance, mean))
        return LogNormalParams(repeat(mean, n_components), repeat(variance, n_components))


@dataclass(frozen=True)
class InLogs(OwnColumns):
    """Normal columns of logarithms: all sums are of these."""

    reasons: tuple[Reason, ...] = ()  # those of normal rows are of rows as they are

    @property
    def formula(self) -> str:
        return "N(log x; mean, variance) / x"

    @property
    def by_hand(self) -> Columns:
        return replace(super().by_hand, sides=(Side(CELL.name, "total", np.log),))

    def density(self, params: Any, k: int, x: Array, value: Callable[[], float]) -> str:
        if len(x) > 1:
            return significant(value())
        return f"{super().density(params, k, np.log(x), value)} / {plain(x[0])}"


def _log_base(x: Array) -> Array:
    return np.asarray(-np.log(as_float64(x)).sum(axis=1))


@once
def _total_log_base(chunk: Chunk) -> float:
    return float(chunk.weights @ _log_base(chunk.x))
