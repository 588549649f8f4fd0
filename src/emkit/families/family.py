"""What one component looks like: the interface, and the short form for exponential families."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeVar

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.coordinates import Scale
from emkit.core.expected import NONE, Expected, Slopes
from emkit.core.memo import once
from emkit.core.parameters import Parameters, leaves
from emkit.core.protocols import Update
from emkit.core.statistics import Additive
from emkit.data.chunk import Chunk
from emkit.data.profile import AnyProfile
from emkit.errors import ModelError
from emkit.families.affine import Affine, base_of
from emkit.families.between import Told
from emkit.families.conditional import Conditional
from emkit.families.description import Description
from emkit.families.floor import Floor
from emkit.families.in_groups import InGroups
from emkit.families.linear import Columns, LinearForm, OfCells, Read, single
from emkit.families.spread import Spread
from emkit.families.support import Support
from emkit.families.unseen import ExpectsCells

P = TypeVar("P", bound=Parameters)
S = TypeVar("S")
Carry = Callable[[S, P, P], S]
LOG_OF_ZERO = -1e300  # finite, so that 0 * log 0 = 0 in a matrix product; exp() of it is 0


def safe_log(value: Array) -> Array:
    """Natural logarithm with log 0 = -1e300, so that 0 * log 0 is 0 and no NaN can arise."""
    if value.min(initial=1.0) > 0:
        return np.asarray(np.log(value))
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(value), LOG_OF_ZERO)


def slope_of_log(counts: Array, value: Array) -> Array:
    """The derivative of counts * log(value), counts / value; 0 at a value of 0, where no coordinate is left to move."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(value > 0, counts / value, 0.0)


def kinks_of(params: Parameters) -> Array:
    """The values of fields along which the log-likelihood has kinks."""
    kinked = [leaf.value.ravel() for leaf in leaves(params) if leaf.axes is not None and leaf.axes.kinks]
    return np.concatenate([np.empty(0), *kinked])


def nothing_held(params: Parameters) -> tuple[str, ...]:
    """All that parameters hold may move."""
    return ()


def as_they_are(stats: S, before: Any, now: Any) -> S:
    """Statistics that are about no parameters, carried."""
    return stats


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
        """The maximiser of the expected log-likelihood as a chain: see `LatentModel.updates`.

        Where the best values of fields depend on each other, one link with the empty path finds all of them at once.
        """

    @abstractmethod
    def pooled(self, profile: AnyProfile, n_components: int) -> P:
        """Parameters of one component fitted to all rows, repeated `n_components` times: the centre that starts spread from."""

    @property
    def support(self) -> Support:
        """Which rows are possible: any numbers, unless the family says otherwise."""
        return Support()

    @property
    def described(self) -> Description:
        """The family in words and formulas; nothing but names, unless it says more."""
        return Description()

    @property
    def spread(self) -> Spread:
        """What says how wide a component is: nothing, unless the family says otherwise."""
        return Spread()

    @property
    def among_gaps(self) -> Family[P, Any] | None:
        """The same family, of the same parameters, for rows of which cells may be missing (NaN); None if none may."""
        return None

    @property
    def latent_cells(self) -> ExpectsCells | None:
        """Says what is expected of cells that were not seen, where they are latent values; None where a gap says nothing."""
        return None

    @property
    def conditional(self) -> Conditional | None:
        """What the family says, if it describes some columns given others; None if it describes whole rows."""
        return None

    @property
    def rounds(self) -> int:
        """How many M-steps lead near the maximum for rows that are divided among components: one, if each is a maximum."""
        return 1

    @property
    def in_groups(self) -> InGroups[P] | None:
        """The family for several groups of components at once, each of which shares fields; None if there is none such."""
        return None

    @property
    def carry(self) -> Carry[S, P] | None:
        """How statistics taken at `before` are told as those at `now` are, ``carry(stats, before, now)``; None: they are not.

        See `LatentModel.carried`.
        """
        return None

    @property
    def bends(self) -> Callable[[P], Array]:
        """Says where on the line the density or statistics of one column have no derivative: integrals are cut there."""
        return kinks_of

    def settled(self, profile: AnyProfile) -> Self:
        """This family with what it left open and the data settle. Warns of what these data cannot tell. Once before a fit.

        Errors: DataError if the data as a whole cannot be this family's.
        """
        return self

    def expected(self, stats: S, before: P, now: P) -> Expected:
        """The expected log-likelihood of `now`, given statistics taken at `before`: see `LatentModel.expected`."""
        raise NotImplementedError(f"{type(self).__name__} does not write expected(stats, before, now).")

    def draw(self, params: P, rng: np.random.Generator, components: Integers) -> Array:
        """One row from each of the `components` (n,), shape (n, d)."""
        raise ModelError(f"{type(self).__name__} does not write draw(params, rng, components): nothing can be drawn from it.")

    def scales(self, params: P) -> Mapping[str, Scale]:
        """Origin and unit of the fields that have the unit of the data and may be any number: see `Coordinates`."""
        return {}

    @property
    def held(self) -> Callable[[P], tuple[str, ...]]:
        """Says what of parameters no update moves, since it is how they are written: paths and places, as of `Coordinates`."""
        return nothing_held

    def lower_bound(self, profile: AnyProfile) -> Floor:
        """The floor under the spread of components, that none may collapse."""
        return Floor()

    @property
    def between(self) -> Told[P, S] | None:
        """What is known of values of one column that lie in intervals, in closed form; None if there is none."""
        return None

    def linear(self, params: P) -> LinearForm[S] | None:
        """The log-density as a linear form, exact to rounding near `params`; None if there is none."""
        return None


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

    def features(self, x: Array) -> Array:
        """The features of each row, shape (n, F); the first is 1. The others are the columns, unless the family says more."""
        return lead_with(1, x)

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

    def expected(self, stats: Totals, before: P, now: P) -> Expected:
        return Expected(float((stats.sums * self.natural(now)).sum()), self.slopes(stats.sums, now))

    @property
    def carry(self) -> Carry[Totals, P]:
        return as_they_are

    def slopes(self, sums: Array, params: P) -> Slopes:
        """The derivatives of the sum of sums (K, F) * natural(params) along the fields, where they are written."""
        return NONE

    def affine(self, features: int) -> Affine | None:
        """How so many features behind the first follow from a cell each, if they do: zeros of sparse rows then cost nothing."""
        return Affine.cells(features) if self._are_columns else None

    @property
    def _are_columns(self) -> bool:
        """Whether the features behind the first are the columns of the data."""
        return type(self).features is ExponentialFamily.features

    def _behind_the_first(self, x: Array) -> Array:
        """The features (n, F - 1) of rows but the first, which is 1."""
        return self.features(x)[:, 1:]

    def linear(self, params: P) -> LinearForm[Totals] | None:
        coefficients = self.natural(params)
        others = coefficients.shape[1] - 1
        plain = Columns(single(1 + others), np.zeros(others), np.ones(others))
        affine = self.affine(others)
        rows = plain if self._are_columns else Read(self._behind_the_first, plain)
        return LinearForm(
            coefficients,
            rows=rows if affine is None else OfCells(rows, affine),
            base=self.log_base,
            constant=lambda chunk: _total_log_base(chunk, self, others),
            statistics=lambda sums, chunk: Totals(sums),
        )


@once
def _total_log_base(chunk: Chunk, family: ExponentialFamily[Any], features: int) -> float:
    return float(chunk.weights @ base_of(chunk.x, family.log_base, family.affine(features)))


def for_rows(family: Family[P, Any], profile: AnyProfile) -> Family[P, Any]:
    """The `family` for rows such as these: the one that takes missing cells, where there are some, with its columns found."""
    fitting = family.among_gaps or family if profile.has_gaps else family
    return fitting if fitting.conditional is None else fitting.conditional.placed(profile)


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
