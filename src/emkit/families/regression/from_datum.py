"""Responses that are any numbers, about lines."""

from __future__ import annotations

from typing import Any, TypeVar

from emkit.core.arrays import Array
from emkit.families.gaussian.columns import LARGEST
from emkit.families.regression.regression import Regression, Rows
from emkit.families.support import Support, reals

P = TypeVar("P", bound=Any)


class FromDatum(Regression[P]):
    """A regression of numbers, counted from a datum in their midst: an offset of the response costs no digits."""

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
