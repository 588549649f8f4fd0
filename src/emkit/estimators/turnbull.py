"""The distribution of values known up to intervals, without a form: Turnbull's estimate, by EM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from emkit.core.arrays import Array
from emkit.core.solvers import Anderson
from emkit.data.source import ArraySource
from emkit.data.survival import intervals
from emkit.fitted import AnyFitted
from emkit.models.point_masses import PointMasses, PointMassesParams, innermost
from emkit.result import Result, fit
from emkit.views import survival_steps

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["SurvivalCurve", "turnbull"]


@dataclass(frozen=True)
class SurvivalCurve:
    """Masses (m,) in intervals (lower, upper] (m,), points where both are equal; where in an interval, nothing tells.

    `fit` is the run of EM behind them.

    Seen between visits, and once at a time that is known:

    >>> import emkit as ek
    >>> curve = ek.turnbull([0.0, 2.0, 1.0, 3.0], [2.0, 4.0, 3.0, 3.0])
    >>> curve.at([0.5, 2.5, 5.0]).round(3).tolist()
    [1.0, 0.667, 0.0]
    """

    lower: Array
    upper: Array
    masses: Array
    fit: Result[PointMassesParams]

    @property
    def survival(self) -> Array:
        """The probability (m,) of a value beyond the upper end of each interval."""
        return np.append(np.cumsum(self.masses[:0:-1])[::-1], 0.0)

    @property
    def log_likelihood(self) -> float:
        """The sum of the logarithms of the probabilities of all intervals that were observed."""
        return self.fit.log_likelihood

    def at(self, times: Any) -> Array:
        """The probability of a value beyond each of the `times`; inside an interval, where it is not known, that before it.

        NaN for a time that is NaN.
        """
        given = np.asarray(times, dtype=np.float64)
        passed = np.searchsorted(self.upper, given, side="right")
        return np.where(np.isnan(given), np.nan, np.append(1.0, self.survival)[passed])

    def plot(self, ax: Axes | None = None, fits: Mapping[str, AnyFitted] = MappingProxyType({})) -> Axes:
        """Draw the steps on `ax` (or on axes of its own), beside curves of `fits` of `ek.Censored` families, by name.

        Errors: ModelError for a fit of anything else, or without matplotlib (the extra emkit[plot]).
        """
        from emkit.plots.survival import survival

        return survival(survival_steps(self.lower, self.upper, self.masses, fits), ax)


def turnbull(
    lower: Any, upper: Any, weights: Any = None, *, tol: float = 1e-10, max_evaluations: int = 100_000
) -> SurvivalCurve:
    """The distribution of values known to lie in (lower, upper], each (n,), that has the highest likelihood of all.

    A value is known where both ends are equal; infinite or missing (NaN) ends are none. `weights` (n,) count how often each
    row occurs. Mass can lie in innermost intervals alone; EM shares every row out among those in it, and is accelerated.
    For known values and right-censored ones it is the estimate of Kaplan and Meier.
    Errors: DataError naming what cannot be.
    Source: Turnbull (1976), J. R. Statist. Soc. B 38, 290-295.

    >>> import emkit as ek
    >>> curve = ek.turnbull([0, 2, 4, 3, 6], [3, 5, 5, 7, float("inf")])
    >>> print(curve.lower, curve.upper, curve.masses.round(4))
    [2. 4. 6.] [3. 5. 7.] [0.2764 0.4472 0.2764]
    """
    low, high = intervals(lower, upper)
    begins, stops, first, last = innermost(low, high)
    source = ArraySource(np.column_stack([first, last]).astype(np.float64), weights)
    start = PointMassesParams(np.full(len(begins), 1 / len(begins)))
    found = fit(PointMasses(), source, start, solver=Anderson(), tol=tol, max_evaluations=max_evaluations)
    return SurvivalCurve(begins, stops, found.params.masses, found)
