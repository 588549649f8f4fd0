"""What one component looks like: the interface, and the short form for exponential families."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.coordinates import Scale
from emkit.core.memo import once
from emkit.core.parameters import Parameters, maximise_in_turn
from emkit.core.protocols import Update
from emkit.core.statistics import Additive
from emkit.data.source import ArraySource, Chunk, as_float64
from emkit.families.linear import Columns, LinearForm, single

P = TypeVar("P", bound=Parameters)
S = TypeVar("S")
LOG_OF_ZERO = -1e300  # finite, so that 0 * log 0 = 0 in a matrix product; exp() of it is 0

LARGEST_AMOUNT = np.float64(1e150)  # squares of larger numbers, and sums of these, overflow


def safe_log(value: Array) -> Array:
    """Natural logarithm with log 0 = -1e300, so that 0 * log 0 is 0 and no NaN can arise."""
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(value), LOG_OF_ZERO)


class Family(Protocol[P, S]):
    """What one component looks like. Arrays of parameters and statistics lead with the component axis K."""

    @property
    @abstractmethod
    def name(self) -> str:
        """The word for the family on the command line and in tables."""

    @abstractmethod
    def log_density(self, params: P, x: Array) -> Array:
        """Log p(x_i | component k), shape (n, K)."""

    @abstractmethod
    def statistics(self, params: P, x: Array, weights: Array) -> S:
        """Sufficient statistics of the rows, weighted (n, K) and summed; they may refer to `params` (a current mean)."""

    @abstractmethod
    def updates(self) -> Mapping[str, Update[S, P]]:
        """The maximiser of the expected log-likelihood as a chain: see `LatentModel.updates`."""

    @abstractmethod
    def pooled(self, source: ArraySource, n_components: int) -> P:
        """Parameters of one component fitted to all rows, repeated `n_components` times: the centre that starts spread from."""

    @abstractmethod
    def check(self, source: ArraySource) -> None:
        """Raise DataError naming row, column and value unless every row is possible for this family."""

    def scales(self, params: P) -> Mapping[str, Scale]:
        """Origin and unit of the fields that have the unit of the data and may be any number: see `Coordinates`."""
        return {}

    def caution(self, source: ArraySource) -> None:
        """Warn, before a fit, of what these data cannot tell."""
        return None

    def sized(self, params: P) -> Family[P, S]:
        """This family with what it left open and `params` have settled: the numbers of levels of columns."""
        return self

    def width(self, params: P) -> int | None:
        """How many columns of data `params` are for (None: any)."""
        return None

    def degenerate(self, params: P, source: ArraySource) -> tuple[int, ...]:
        """Components that collapsed onto rows which do not vary in every direction, and rest on a floor."""
        return ()

    def on_floor(self, params: P, source: ArraySource) -> Mapping[str, Mask]:
        """Which elements of which fields a floor holds, where the likelihood alone would move them on: no maximum of it."""
        return {}

    def linear(self, params: P) -> LinearForm[S] | None:
        """The log-density as a linear form, exact to rounding near `params`; None if there is none."""
        return None

    def estimate(self, stats: S, params: P) -> P:
        """Maximise the expected log-likelihood, given statistics that were taken at `params`."""
        return maximise_in_turn(self.updates(), stats, params)


@dataclass(frozen=True)
class Totals(Additive):
    """Weighted sums of features: `sums` (K, F). The first feature is 1, so `sums[:, 0]` is the mass of each component."""

    sums: Array

    @property
    def mass(self) -> Array:
        """The expected number of rows of each component, shape (K,)."""
        return self.sums[:, 0]


class ExponentialFamily(Family[P, Totals], Protocol[P]):
    """A family whose log-density is linear in features: log p(x|k) = features(x) . natural(theta_k) + log_base(x).

    It writes `features`, `natural`, `log_base` and the maximiser; densities and statistics are matrix products.
    """

    @abstractmethod
    def features(self, x: Array) -> Array:
        """The features of each row, shape (n, F); the first is 1."""

    @abstractmethod
    def natural(self, params: P) -> Array:
        """The coefficients of the features for each component, shape (K, F)."""

    @abstractmethod
    def log_base(self, x: Array) -> Array:
        """The part of the log-density that no parameter touches, shape (n,)."""

    def log_density(self, params: P, x: Array) -> Array:
        return self.features(x) @ self.natural(params).T + self.log_base(x)[:, None]

    def statistics(self, params: P, x: Array, weights: Array) -> Totals:
        return Totals(weights.T @ self.features(x))

    def linear(self, params: P) -> LinearForm[Totals] | None:
        coefficients = self.natural(params)
        others = coefficients.shape[1] - 1
        return LinearForm(
            coefficients,
            rows=Columns(
                single(1 + others), np.zeros(others), np.ones(others), read=lambda x: self.features(as_float64(x))[:, 1:]
            ),
            constant=lambda chunk: _total_log_base(chunk, self),
            statistics=lambda sums, chunk: Totals(sums),
        )


@once
def _total_log_base(chunk: Chunk, family: ExponentialFamily[Any]) -> float:
    return float(chunk.weights @ family.log_base(as_float64(chunk.x)))


def lead_with(first: float, *blocks: Array) -> Array:
    """Blocks of columns side by side behind one column of `first`, shape (rows, 1 + ...)."""
    return np.concatenate([np.full((len(blocks[0]), 1), first), *blocks], axis=1)


def keep_where_empty(new: Array, old: Array | float, mass: Array) -> Array:
    """`new`, but `old` for components that received no rows: without data, any value is a maximiser.

    `mass` has the leading axes of `new` and `old`.
    """
    empty = (mass <= 0).reshape(mass.shape + (1,) * (new.ndim - mass.ndim))
    return np.where(empty, old, new)


def per_mass(sums: Array, mass: Array, otherwise: Array | float = 0.0) -> Array:
    """`sums` divided by `mass`, but `otherwise` where that is 0. `mass` has the leading axes of `sums`: (K,), or more."""
    mass = mass.reshape(mass.shape + (1,) * (sums.ndim - mass.ndim))
    empty = mass <= 0
    return keep_where_empty(sums / np.where(empty, 1.0, mass), otherwise, mass) if empty.any() else sums / mass


def repeat(value: Any, n_components: int) -> Array:
    """`value` repeated along a new leading component axis."""
    return np.repeat(np.asarray(value, dtype=np.float64)[None], n_components, axis=0)
