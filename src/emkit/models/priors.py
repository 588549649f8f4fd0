"""Densities of parameters: what is known of a field before the data.

Where a prior is conjugate, it acts like rows seen before. How many rows the data have, and what they sum to, is read off the
slope of the expected log-likelihood at one or two values: so a prior needs to know no family.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import scipy

from emkit.core.arrays import Array
from emkit.core.expected import Slopes
from emkit.core.parameters import Parameters, leaves
from emkit.data.profile import AnyProfile
from emkit.errors import ModelError

Slope = Callable[[Array], Array]
NUDGE = 1e-5  # of differences of a log-density, relative to a value: half of the digits of the third derivative


class Prior(ABC):
    """The density of what lies at a path: a field, parameters with several, or a tuple of these.

    What all priors answer: the height of their density, and its slopes.

    >>> import emkit as ek
    >>> prior = ek.GammaPrior(shape=5.0, per_unit=2.0)
    >>> isinstance(prior, ek.Prior), prior.slope(ek.PoissonParams([[2.0], [4.0]]).rates).tolist()
    (True, [[0.0], [-1.0]])
    """

    def settled(self, profile: AnyProfile) -> Self:
        """This prior with what it left open and the data settle."""
        return self

    @abstractmethod
    def log_density(self, value: Any) -> float:
        """The logarithm of the density, up to a constant; -infinity where it is 0."""

    @abstractmethod
    def slopes(self, value: Any) -> Slopes:
        """Its derivatives along the elements of the fields, by their paths from there; without those that are not known."""

    @abstractmethod
    def best(self, value: Any, path: str, slope: Slope) -> Array | None:
        """The value of the field at `path` with the greatest expected log-likelihood and log-density, the others as they are.

        `slope` gives that of the expected log-likelihood along the field, at any value of it. None where there is no formula.
        """


class FieldPrior(Prior):
    """A density of a single field, or of all fields that lie at a path one by one. A subclass writes it for an array.

    Rates that are like each other; differences take the place of the slopes that are not written:

    >>> import emkit as ek
    >>> import numpy as np
    >>> class Alike(ek.FieldPrior):
    ...     def height(self, value):
    ...         return -float(np.var(np.log(value)))
    >>> Alike().slope(np.array([[1.0], [np.e]])).round(3).tolist()
    [[0.5], [-0.184]]
    """

    @abstractmethod
    def height(self, value: Array) -> float:
        """The logarithm of the density of a field, up to a constant; -infinity where it is 0."""

    def slope(self, value: Array) -> Array:
        """Its derivatives along the elements, in the shape of the field: differences, unless they are written."""
        found = np.empty(value.shape)
        for place in np.ndindex(value.shape):
            move = np.zeros(value.shape)
            move[place] = NUDGE * (abs(value[place]) or 1.0)
            found[place] = (self.height(value + move) - self.height(value - move)) / (2 * move[place])
        return found

    def summit(self, value: Array, slope: Slope) -> Array | None:
        """See `best`."""
        return None

    def log_density(self, value: Any) -> float:
        return sum(map(self.height, fields_of(value).values()))

    def slopes(self, value: Any) -> Slopes:
        return {path: self.slope(each) for path, each in fields_of(value).items()}

    def best(self, value: Any, path: str, slope: Slope) -> Array | None:
        return self.summit(fields_of(value)[path], slope)


def fields_of(value: Any) -> dict[str, Array]:
    """The fields of what lies at a path, by their paths from there: empty for a field itself."""
    if isinstance(value, Parameters):
        return {leaf.path: leaf.value for leaf in leaves(value)}
    if isinstance(value, tuple):
        return {f"{i}.{path}".rstrip("."): each for i, item in enumerate(value) for path, each in fields_of(item).items()}
    return {"": np.asarray(value)}


def _at_least(name: str, value: Any, least: float) -> None:
    if not np.all(np.isfinite(value)) or not np.all(np.asarray(value) >= least):
        raise ModelError(f"{name} is {value!r}; it must be a finite number >= {least:g}.")


@dataclass(frozen=True)
class DirichletPrior(FieldPrior):
    """Of proportions and of probabilities of levels: log p = sum_j (concentration - 1) log theta_j.

    It acts like concentration - 1 rows in every class or level, seen before. `concentration`: one number >= 1, or one for each
    entry of a vector or of a matrix of which each row is one; 2 adds one row to each. For the transitions of a chain,
    ``DirichletPrior(1 + 9 * np.eye(3))`` is sticky: it adds 9 moves from each of 3 states to itself.
    An entry that is to stay at 0 has a concentration of 1.
    Errors: ModelError if one is below 1, since the density would have its summit on the edge, or if they are not as many as
    the entries.
    Source: Gelman et al. (2013), Bayesian Data Analysis, 3.4.

    Two of three rows are of level 1, and one row more of each is made up: (1 + 1) / (3 + 2) and (2 + 1) / (3 + 2).

    >>> import emkit as ek
    >>> model = ek.WithPrior(ek.Mixture("categorical"), {"components": ek.DirichletPrior(2.0)})
    >>> start = ek.MixtureParams([1.0], ek.CategoricalParams(([[0.5, 0.5]],)))
    >>> ek.fit(model, [0, 1, 1], start).params.components.columns[0].probabilities.round(4).tolist()
    [[0.4, 0.6]]
    """

    concentration: float | tuple[float, ...] | tuple[tuple[float, ...], ...] = 2.0

    def __post_init__(self) -> None:
        _at_least("a Dirichlet concentration", self.concentration, 1.0)
        given = np.asarray(self.concentration, dtype=np.float64)
        if given.ndim > 2:
            raise ModelError(f"a Dirichlet concentration has {given.ndim} axes; give a number, a vector or a matrix.")
        if given.ndim:  # as tuples, which do not change
            rows: Any = given.tolist()
            object.__setattr__(self, "concentration", tuple(rows) if given.ndim == 1 else tuple(map(tuple, rows)))

    def _rows(self, value: Array) -> Array:
        """How many rows seen before each entry stands for, in the shape of the field."""
        given = np.asarray(self.concentration, dtype=np.float64)
        try:
            return np.broadcast_to(given - 1, value.shape)
        except ValueError:
            raise ModelError(
                f"a Dirichlet concentration of shape {given.shape} is no prior of a field of shape {value.shape}: "
                "give one number, or one for each entry."
            ) from None

    def height(self, value: Array) -> float:
        return float(scipy.special.xlogy(self._rows(value), value).sum())

    def slope(self, value: Array) -> Array:
        return _over(self._rows(value), value)

    def summit(self, value: Array, slope: Slope) -> Array | None:
        even = np.full(value.shape, 1 / value.shape[-1])
        counts = np.maximum(even * slope(even), 0) + self._rows(value)
        total = counts.sum(axis=-1, keepdims=True)
        return np.where(total > 0, counts / np.where(total > 0, total, 1.0), value)


@dataclass(frozen=True)
class GammaPrior(FieldPrior):
    """Of rates: log p = sum (shape - 1) log rate - per_unit rate.

    For Poisson rates it acts like a total of shape - 1 in `per_unit` rows, for exponential ones like shape - 1 rows with a
    total of `per_unit`. Errors: ModelError unless shape >= 1 and per_unit >= 0.
    Source: Gelman et al. (2013), Bayesian Data Analysis, 2.6.

    A total of 4 in 2 rows, seen before: (15 + 4) / (3 + 2) of a total of 15 in three rows.

    >>> import emkit as ek
    >>> model = ek.WithPrior(ek.Mixture("poisson"), {"components.rates": ek.GammaPrior(shape=5.0, per_unit=2.0)})
    >>> start = ek.MixtureParams([1.0], ek.PoissonParams([[3.0]]))
    >>> ek.fit(model, [4, 6, 5], start).params.components.rates.round(4).tolist()
    [[3.8]]
    """

    shape: float
    per_unit: float

    def __post_init__(self) -> None:
        _at_least("the shape of a gamma prior", self.shape, 1.0)
        _at_least("per_unit of a gamma prior", self.per_unit, 0.0)

    def height(self, value: Array) -> float:
        return float((scipy.special.xlogy(self.shape - 1, value) - self.per_unit * value).sum())

    def slope(self, value: Array) -> Array:
        return _over(self.shape - 1, value) - self.per_unit

    def summit(self, value: Array, slope: Slope) -> Array | None:
        at = np.where(value > 0, value, 1.0)
        one, two = slope(at), slope(2 * at)  # total / rate - rows
        total = 2 * at * (one - two)
        rows = total / at - one
        below = rows + self.per_unit
        return np.where(below > 0, np.maximum(total + self.shape - 1, 0) / np.where(below > 0, below, 1.0), value)


@dataclass(frozen=True)
class BetaPrior(FieldPrior):
    """Of chances: log p = sum (successes - 1) log theta + (failures - 1) log(1 - theta).

    It acts like so many successes and failures less one, seen before. Errors: ModelError if one of them is below 1.
    Source: Gelman et al. (2013), Bayesian Data Analysis, 2.4.

    One success and one failure more than were seen: (3 + 1) / (3 + 2) of 3 successes in 3 rows.

    >>> import emkit as ek
    >>> model = ek.WithPrior(ek.Mixture("bernoulli"), {"components.probabilities": ek.BetaPrior(2, 2)})
    >>> start = ek.MixtureParams([1.0], ek.SuccessParams([[0.5]]))
    >>> ek.fit(model, [1, 1, 1], start).params.components.probabilities.round(4).tolist()
    [[0.8]]
    """

    successes: float = 2.0
    failures: float = 2.0

    def __post_init__(self) -> None:
        _at_least("successes of a beta prior", self.successes, 1.0)
        _at_least("failures of a beta prior", self.failures, 1.0)

    def height(self, value: Array) -> float:
        return float((scipy.special.xlogy(self.successes - 1, value) + scipy.special.xlog1py(self.failures - 1, -value)).sum())

    def slope(self, value: Array) -> Array:
        return _over(self.successes - 1, value) - _over(self.failures - 1, 1 - value)

    def summit(self, value: Array, slope: Slope) -> Array | None:
        third, half = (slope(np.full(value.shape, at)) for at in (1 / 3, 1 / 2))  # heads / theta - tails / (1 - theta)
        heads = (third - 0.75 * half) / 1.5
        known = np.maximum(heads, 0) + self.successes - 1
        total = known + np.maximum(heads - half / 2, 0) + self.failures - 1
        return np.where(total > 0, known / np.where(total > 0, total, 1.0), value)


@dataclass(frozen=True)
class DensityPrior(FieldPrior):
    """Of any field, by a function of its value that returns the logarithm of a density, up to a constant.

    The function must be one that can be pickled, if the fit is to be stored. The M-step is numeric, and never falls.

    A rate is drawn from the mean of the data, 5, towards 2, about which it has a normal density of variance 1:

    >>> import emkit as ek
    >>> prior = ek.DensityPrior(lambda rates: -((rates - 2.0) ** 2).sum() / 2)
    >>> start = ek.MixtureParams([1.0], ek.PoissonParams([[3.0]]))
    >>> result = ek.fit(ek.WithPrior(ek.Mixture("poisson"), {"components.rates": prior}), [4, 6, 5], start)
    >>> result.params.components.rates.round(3).tolist()
    [[3.405]]
    """

    function: Callable[[Array], float]

    def height(self, value: Array) -> float:
        return float(np.sum(self.function(value)))


def _over(counts: Array | float, value: Array) -> Array:
    """Counts / value, 0 where there are no counts."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.broadcast_to(np.asarray(counts) > 0, value.shape), counts / value, 0.0)
