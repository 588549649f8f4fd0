"""Columns that are given and not described, beside columns that have a family."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.expected import Expected
from emkit.core.parameters import Parameters
from emkit.core.protocols import Update
from emkit.core.statistics import Additive
from emkit.data.profile import AnyProfile
from emkit.errors import ModelError
from emkit.families.conditional import Conditional
from emkit.families.description import Description
from emkit.families.family import Family
from emkit.families.support import Support

__all__ = ["Covariates", "CovariatesParams"]


@dataclass(frozen=True, eq=False)
class CovariatesParams(Parameters):
    """None: nothing is said of columns that are given.

    Columns that are given add nothing to a density, whatever they hold:

    >>> import emkit as ek
    >>> import numpy as np
    >>> ek.Covariates().log_density(ek.CovariatesParams(), np.array([[3.0], [-1.0]])).tolist()
    [[0.0], [0.0]]
    """


@dataclass(frozen=True)
class Nothing(Additive):
    """No sums."""


@dataclass(frozen=True)
class Covariates(Family[CovariatesParams, Nothing]):
    """Columns of a `Product` that its other blocks, or a model, are given: any numbers, with a factor of 1 in the density.

    `components`: how many there are, where no other block tells.

    Two answers of a person of 20, each yes or no with even chances, whatever the age:

    >>> import emkit as ek
    >>> import numpy as np
    >>> family = ek.Product({(0, 1): ek.Bernoulli(), 2: ek.Covariates()})
    >>> params = family.params(ek.SuccessParams([[0.5, 0.5]]), ek.CovariatesParams())
    >>> family.log_density(params, np.array([[0.0, 1.0, 20.0]])).round(3)
    array([[-1.386]])
    """

    components: int = 1

    @property
    def name(self) -> str:
        return "covariates"

    @property
    def described(self) -> Description:
        return Description(data="columns that are given", parameters="nothing to estimate")

    @property
    def conditional(self) -> Conditional:
        return AsTheyAre(self)

    def log_density(self, params: CovariatesParams, x: Array) -> Array:
        return np.zeros((len(x), self.components))  # one stands for any number

    def statistics(self, params: CovariatesParams, x: Array, weights: Array) -> Nothing:
        return Nothing()

    def updates(self) -> Mapping[str, Update[Nothing, CovariatesParams]]:
        return {}

    def expected(self, stats: Nothing, before: CovariatesParams, now: CovariatesParams) -> Expected:
        return Expected(0.0, {})

    def pooled(self, profile: AnyProfile, n_components: int) -> CovariatesParams:
        return CovariatesParams()

    def draw(self, params: CovariatesParams, rng: np.random.Generator, components: Integers) -> Array:
        raise ModelError("columns that are given are data, and cannot be drawn: rows must be given.")


@dataclass(frozen=True)
class AsTheyAre(Conditional):
    """What is given stays as it is."""

    family: Covariates

    def placed(self, profile: AnyProfile) -> Covariates:
        return self.family

    def laws(self, columns: int) -> Mapping[int, Support]:
        return {}

    def drawn(self, params: CovariatesParams, rng: np.random.Generator, components: Integers, rows: Array) -> Array:
        return rows
