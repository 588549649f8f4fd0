"""A response that is 0 whatever its covariates are: of those who cannot have any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers, Mask
from emkit.core.checks import check_settled
from emkit.core.parameters import Parameters
from emkit.data.framed_design import Column, place_of
from emkit.data.profile import AnyProfile, Levels
from emkit.data.some import some_columns
from emkit.errors import ModelError
from emkit.families.combined.fixed import Fixed
from emkit.families.conditional import Conditional
from emkit.families.description import Description
from emkit.families.support import Support

__all__ = ["ExactZeros", "ExactZerosParams"]

OTHERS = "exact zeros have no other values."


@dataclass(frozen=True, eq=False)
class ExactZerosParams(Parameters):
    """None: nothing is to be estimated.

    A component of zeros beside one of counts has no number of its own:

    >>> import emkit as ek
    >>> family = ek.PerComponent(ek.PoissonRegression(0, 1), ek.ExactZeros(0))
    >>> params = family.params(ek.RegressionParams([[0.5, 1.0]]), ek.ExactZerosParams())
    >>> params.places, params.parts[1]
    (((0,), (1,)), ExactZerosParams())
    """


@dataclass(frozen=True)
class ExactZeros(Fixed[ExactZerosParams]):
    """The `response`, a column by name or place, is 0; the others are given. One component of a `PerComponent`.

    Beside a regression of counts it makes a zero-inflated one, and beside one whose response cannot be 0 a hurdle: counts whose
    zeros are not seen (`ZeroTruncatedRegression`), or amounts > 0. Covariates of the second part are those of a gate.

    Fish that 12 groups of campers caught, of whom some had not fished:

    >>> import emkit as ek
    >>> rows = [[0, 1], [0, 2], [3, 2], [0, 3], [2, 1], [5, 3], [0, 4], [9, 4], [0, 4], [7, 4], [1, 1], [4, 3]]
    >>> model = ek.Mixture(ek.PerComponent(ek.PoissonRegression(0, 1), ek.ExactZeros(0)))
    >>> fit = ek.fit(model, rows, model.starts(ek.ArraySource(rows).profile, 2, [0]))
    >>> print(fit.params.proportions.round(3), fit.params.components.parts[0].coefficients.round(3))
    [0.619 0.381] [[-0.27   0.588]]
    """

    response: Column
    place: int | None = field(default=None, repr=False, kw_only=True)

    def __post_init__(self) -> None:
        check_settled("place", self.place, int)

    @property
    def name(self) -> str:
        return "exact zeros"

    @property
    def support(self) -> Support:
        return ZerosOfColumn(takes_names=True, zeros=self)

    @property
    def described(self) -> Description:
        return Description(data="a column of zeros, and covariates", parameters="nothing to estimate")

    @property
    def conditional(self) -> Conditional:
        return OfZeros(self)

    def place_in(self, profile: AnyProfile) -> int:
        """Where the response lies. Errors: DataError for a column that is not there."""
        return place_of(self.response, profile, self.name) if self.place is None else self.place

    @property
    def known_place(self) -> int:
        """Where the response lies. Errors: ModelError while it is known by name only."""
        place = self.response if self.place is None else self.place
        if isinstance(place, str):
            raise ModelError(f"where {place!r} lies is not known before there are data: settled(profile) finds it.")
        return place

    def settled(self, profile: AnyProfile) -> ExactZeros:
        return replace(self, place=self.place_in(profile))

    def possible(self, params: ExactZerosParams, x: Array) -> Mask:
        return np.asarray(x[:, [self.known_place]] == 0)

    def height(self, params: ExactZerosParams) -> Array:
        return np.zeros(1)

    def pooled(self, profile: AnyProfile, n_components: int) -> ExactZerosParams:
        return ExactZerosParams()

    def draw(self, params: ExactZerosParams, rng: np.random.Generator, components: Integers) -> Array:
        raise ModelError("columns beside the zeros are data, and cannot be drawn: rows must be given.")


@dataclass(frozen=True)
class ZerosOfColumn(Support):
    """Rows whose response is 0; all other columns may hold anything."""

    zeros: Any = None

    def check(self, profile: AnyProfile) -> None:
        some_columns(profile, (self.zeros.place_in(profile),)).refuse(lambda x: x != 0, OTHERS)

    def impossible(self, x: Array) -> Mask:
        """While the response is known by name only, no row is known to be impossible."""
        family: ExactZeros = self.zeros
        place = family.response if family.place is None else family.place
        return np.zeros(len(x), dtype=bool) if isinstance(place, str) else np.asarray(x[:, place] != 0)

    def levels(self, profile: AnyProfile) -> Levels:
        return profile.levels

    def declared_levels(self, profile: AnyProfile) -> Levels:
        return profile.levels


@dataclass(frozen=True)
class OfZeros(Conditional):
    """What exact `zeros` say of their column."""

    zeros: ExactZeros

    def placed(self, profile: AnyProfile) -> ExactZeros:
        return self.zeros.settled(profile)

    def laws(self, columns: int) -> Mapping[int, Support]:
        return {self.zeros.known_place: Support(((lambda x: x != 0, OTHERS),), least=0.0, most=0.0)}

    def means(self, params: ExactZerosParams, x: Array) -> Array:
        return np.zeros((len(x), 1))

    def drawn(self, params: ExactZerosParams, rng: np.random.Generator, components: Integers, rows: Array) -> Array:
        found = np.array(rows, dtype=np.float64)
        found[:, self.zeros.known_place] = 0.0
        return found
