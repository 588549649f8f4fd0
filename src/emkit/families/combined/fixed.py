"""Families without anything to estimate: a point that has all the probability, and a box over which it is spread evenly.

They stand beside others in `PerComponent`: exact zeros among counts, noise around clusters. Where they lie is a parameter that
no update moves, so that it is told with the estimates and counts as none.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import numpy as np

from emkit.core.arrays import Array, ArrayLike, Integers, Mask
from emkit.core.axes import Axes
from emkit.core.expected import Expected
from emkit.core.parameters import Parameters
from emkit.core.protocols import Update
from emkit.core.spaces import Real
from emkit.core.statistics import Additive
from emkit.data.profile import AnyProfile
from emkit.errors import DataError, ModelError, ParameterError
from emkit.families.description import Description, Word
from emkit.families.family import LOG_OF_ZERO, Carry, Family, P, as_they_are, repeat
from emkit.families.support import Support

__all__ = ["PointMass", "PointMassParams", "Uniform", "UniformParams"]

Given = float | tuple[float, ...]


@dataclass(frozen=True, eq=False)
class PointMassParams(Parameters):
    """`at` (K, d): the row that alone is possible; no fit moves it.

    A component of nothing but zeros, beside one of counts (zero inflation, written out):

    >>> import emkit as ek
    >>> family = ek.PerComponent(ek.Poisson(), ek.PointMass(0))
    >>> params = family.params(ek.PoissonParams([[3.0]]), ek.PointMassParams([[0.0]]))
    >>> params.parts[1].at.tolist()
    [[0.0]]
    """

    at: Annotated[Array, Real(), Axes("component", "column")]

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, at: ArrayLike) -> None: ...


@dataclass(frozen=True, eq=False)
class UniformParams(Parameters):
    """`least` and `highest` (K, d), in the unit of the data: the corners of the box; no fit moves them.

    A box 4 wide and 2 high has a density of 1/8:

    >>> import emkit as ek
    >>> import numpy as np
    >>> params = ek.UniformParams(least=[[0.0, 0.0]], highest=[[4.0, 2.0]])
    >>> np.exp(ek.Uniform().log_density(params, np.array([[1.0, 1.0]]))).round(6).tolist()
    [[0.125]]
    """

    least: Annotated[Array, Real(), Axes("component", "column")]
    highest: Annotated[Array, Real(), Axes("component", "column")]

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, least: ArrayLike, highest: ArrayLike) -> None: ...

    def __post_init__(self) -> None:
        super().__post_init__()
        for place in np.argwhere(~(self.least < self.highest))[:1]:
            index = tuple(map(int, place))
            raise ParameterError(
                f"least{list(index)} is {self.least[index]:g}, and highest {self.highest[index]:g}; give less."
            )


@dataclass(frozen=True)
class Mass(Additive):
    """`mass` (K,): the expected number of rows of each component."""

    mass: Array


class Fixed(Family[P, Mass], Protocol[P]):
    """A family without anything to estimate. It writes which rows are `possible`, and the `height` there."""

    @abstractmethod
    def possible(self, params: P, x: Array) -> Mask:
        """Which rows are possible for each component, shape (n, K)."""

    @abstractmethod
    def height(self, params: P) -> Array:
        """The log-density of a possible row, shape (K,)."""

    def log_density(self, params: P, x: Array) -> Array:
        return np.where(self.possible(params, x), self.height(params), LOG_OF_ZERO)

    def statistics(self, params: P, x: Array, weights: Array) -> Mass:
        return Mass(weights.sum(axis=0))

    def updates(self) -> Mapping[str, Update[Mass, P]]:
        return {}

    def expected(self, stats: Mass, before: P, now: P) -> Expected:
        return Expected(float(stats.mass @ self.height(now)))

    @property
    def carry(self) -> Carry[Mass, P]:
        return as_they_are


@dataclass(frozen=True)
class PointMass(Fixed[PointMassParams]):
    """All columns are exactly `at`: a number for all of them, or one for each. Of discrete columns (counts).

    Beside families of amounts > 0, it takes the zeros; beside other densities, a point has no probability to compare.

    Counts of parasites in 30 animals, of which some cannot have any:

    >>> import emkit as ek
    >>> counts = [0] * 14 + [1, 1, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 7, 8]
    >>> fit = ek.MixtureModel(ek.PerComponent(ek.Poisson(), ek.PointMass(0)), 2, random_state=0).fit(counts)
    >>> print(fit.weights_.round(3), fit.components_.parts[0].rates.round(3))
    [0.549 0.451] [[3.585]]
    """

    at: Given = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", _numbers("at", self.at))

    @property
    def name(self) -> str:
        return "point-mass"

    @property
    def support(self) -> Support:
        at = np.asarray(self.at)
        return Support(((lambda x: x != at, f"a point mass at {_said(self.at)} has no other rows."),))

    @property
    def described(self) -> Description:
        return Description({"at": Word("point", "c", 0.0)}, "columns that are constant", "nothing to estimate")

    def possible(self, params: PointMassParams, x: Array) -> Mask:
        return np.stack([(x == at).all(axis=1) for at in params.at], axis=1)

    def height(self, params: PointMassParams) -> Array:
        return np.zeros(len(params.at))

    def pooled(self, profile: AnyProfile, n_components: int) -> PointMassParams:
        return PointMassParams(repeat(_each("at", self.at, profile), n_components))

    def draw(self, params: PointMassParams, rng: np.random.Generator, components: Integers) -> Array:
        return params.at[components]


@dataclass(frozen=True)
class Uniform(Fixed[UniformParams]):
    """Evenly spread over a box: log p(x|k) = -sum_j log(highest_j - least_j) inside. Noise around clusters.

    `least`, `highest`: a number for all columns, or one for each; where they are not given, those of the data.
    Errors: DataError for a column that is constant, ModelError unless least < highest.
    Source: Banfield & Raftery (1993), Biometrics 49, 803-821; Fraley & Raftery (2002), JASA 97, 611-631.

    >>> import emkit as ek
    >>> x = [1.0, 1.1, 0.9, 1.05, 0.95, 1.02, 0.98, 5.0, 5.1, 4.9, 5.05, 4.95, 0.0, 2.5, 8.0, 10.0]
    >>> family = ek.PerComponent((ek.SphericalGaussian(), 2), ek.Uniform())
    >>> fit = ek.MixtureModel(family, 3, random_state=0).fit(x)
    >>> fit.predict(x).tolist()
    [0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2]
    """

    least: Given | None = None
    highest: Given | None = None

    def __post_init__(self) -> None:
        for name in ("least", "highest"):
            value = getattr(self, name)
            object.__setattr__(self, name, value if value is None else _numbers(name, value))
        if self.least is not None and self.highest is not None and not (np.less(self.least, self.highest)).all():
            raise ModelError(f"a uniform from {_said(self.least)} to {_said(self.highest)} has no room; least must be less.")

    @property
    def name(self) -> str:
        return "uniform"

    @property
    def support(self) -> Support:
        rules = []
        if self.least is not None:
            rules.append((lambda x: x < np.asarray(self.least), f"a uniform from {_said(self.least)} on has no such rows."))
        if self.highest is not None:
            rules.append((lambda x: x > np.asarray(self.highest), f"a uniform up to {_said(self.highest)} has no such rows."))
        return Support(tuple(rules))

    @property
    def described(self) -> Description:
        return Description({"least": Word("least"), "highest": Word("highest")}, "columns of numbers", "nothing to estimate")

    def possible(self, params: UniformParams, x: Array) -> Mask:
        boxes = zip(params.least, params.highest, strict=True)
        return np.stack([((x >= least) & (x <= highest)).all(axis=1) for least, highest in boxes], axis=1)

    def height(self, params: UniformParams) -> Array:
        return -np.log(params.highest - params.least).sum(axis=1)

    def pooled(self, profile: AnyProfile, n_components: int) -> UniformParams:
        least = profile.least if self.least is None else _each("least", self.least, profile)
        highest = profile.highest if self.highest is None else _each("highest", self.highest, profile)
        for j in np.flatnonzero(~(least < highest))[:1]:
            raise DataError(
                f"column {profile.columns[j]!r} leaves no room from {least[j]:g} to {highest[j]:g}: a uniform has no density "
                "there. Leave the column out, or give bounds: Uniform(least, highest)."
            )
        return UniformParams(repeat(least, n_components), repeat(highest, n_components))

    def draw(self, params: UniformParams, rng: np.random.Generator, components: Integers) -> Array:
        return rng.uniform(params.least[components], params.highest[components])


def _numbers(name: str, given: Any) -> Given:
    """A finite number, or a tuple of such. Errors: ModelError."""
    try:
        value = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        value = np.asarray(np.nan)
    if value.ndim > 1 or not value.size or not np.isfinite(value).all():
        raise ModelError(f"{name} is {given!r}; give a number for all columns, or one for each.")
    return float(value) if value.ndim == 0 else tuple(value.tolist())


def _each(name: str, given: Given, profile: AnyProfile) -> Array:
    """The number for each column. Errors: DataError if there are not as many as columns."""
    value = np.asarray(given, dtype=np.float64)
    if value.ndim and len(value) != len(profile.columns):
        raise DataError(f"{name} has {len(value)} numbers and the data {len(profile.columns)} columns; give one for each.")
    return np.broadcast_to(value, len(profile.columns))


def _said(given: Given) -> str:
    return ", ".join(f"{number:g}" for number in np.atleast_1d(given))
