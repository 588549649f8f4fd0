"""Responses that are any numbers, about lines, with a spread about each that a floor holds up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

import numpy as np

from emkit.core.arrays import Array
from emkit.core.axes import component_name
from emkit.core.newton import NewtonSums, gain
from emkit.errors import DegenerateFitError, ParameterError
from emkit.families.floor import FLOOR, held, less_likely, too_thin
from emkit.families.gaussian.columns import EPSILON, LARGEST
from emkit.families.regression.regression import Regression, Rows
from emkit.families.spread import few
from emkit.families.support import Support, reals

P = TypeVar("P", bound=Any)


@dataclass(frozen=True)
class FromDatum(Regression[P]):
    """A regression of numbers, counted from a datum in their midst: an offset of the response costs no digits.

    `floor` bounds the mean squares about the lines from below, as a fraction of that about one line for all rows; a subclass
    says what it calls them, `floored`. `rows_per_weight` is how many rows a weight of 1 stands for.
    Errors: ParameterError unless 0 <= floor < 1.
    """

    floor: float = field(default=FLOOR, kw_only=True)
    rows_per_weight: float = field(default=1.0, repr=False, kw_only=True)

    floored: ClassVar[str]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.floor < 1:
            raise ParameterError(f"floor is {self.floor!r}; it is a fraction of the pooled variance and must lie in [0, 1).")

    @property
    def law(self) -> Support:
        return reals(LARGEST)

    def rows(self, params: P, x: Array) -> Rows:
        """Response and linear predictors, both from the datum on."""
        layout = self.described_by
        predictors = layout.design(x) @ layout.level(self._coefficients_of(params), layout.datum).T
        if layout.offset is not None:
            predictors += x[:, [layout.offset]]
        return Rows(x[:, [layout.response]] - layout.datum, predictors, 1.0)

    def mean(self, rows: Rows, params: Any) -> Array:
        return rows.predictors + self.described_by.datum

    def start(self, y: Array, trials: Array | float) -> Array:
        return y

    def mean_squares(self, sums: NewtonSums, own: Array, way: Array, before: Array, whole: float) -> Array:
        """The weighted means (K,) of the squares about lines a `way` (K, P) from those of the E-step, none below the floor.

        `own` (K,): the sums of squares about the lines of the E-step; `before` (K,): the means then; `whole`: that of all rows.
        Errors: DegenerateFitError if a component collapsed, and no floor holds it or it had been freed from there.
        """
        squares = np.maximum(own - 2 * gain(sums, way).value, 0.0)
        padding = 4 * EPSILON * np.einsum("ki,kij,kj->k", way, sums.curvature, way)  # what rounding may have eaten
        some, was = sums.mass > 0, before[:, None]
        found = np.where(some, (squares + padding) / np.where(some, sums.mass, 1.0), before)[:, None]
        every, small = np.array([whole]), few(sums.mass * self.rows_per_weight, self.size)
        holds, freed = held(found, was, small, self.floor * every, every)
        holds &= some[:, None]
        lifted = np.where(holds, self.floor * every, found)
        for k, _ in np.argwhere(freed & holds & less_likely(lifted, was, found)):
            raise too_thin(f"component {component_name(k)}")
        for k, _ in np.argwhere(lifted <= 0):
            raise DegenerateFitError(
                f"component {component_name(k)} collapsed: its rows lie on its line, so the likelihood has no maximum. Use "
                f"fewer components, or leave the floor under the {self.floored} (floor={FLOOR:g})."
            )
        return lifted[:, 0]
