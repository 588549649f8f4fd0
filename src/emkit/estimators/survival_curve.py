"""A survival curve without a law: masses in intervals, how exactly sums of them are known, and quantiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import scipy

from emkit.core.arrays import Array
from emkit.errors import ParameterError
from emkit.fitted import AnyFitted
from emkit.markup import Tabled, ToldTable
from emkit.models.point_masses import PointMassesParams
from emkit.models.sums_of_masses import variances_of_sums
from emkit.result import Result
from emkit.views import survival_steps

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["SurvivalCurve", "SurvivalQuantile"]

Kind = Literal["log", "log-log", "plain"]
ROUNDING = 1e-9  # by which a curve may miss a level that it reaches


class SurvivalQuantile(NamedTuple):
    """A quantile lies in (lower, upper], at a point where both are equal; `interval`: its confidence interval.

    NaN where the curve, or a bound of it, does not come down so far.

    >>> import emkit as ek
    >>> ek.turnbull([1, 2, 3, 4], [1, 2, 3, 4]).quantile(0.5).upper
    2.0
    """

    lower: float
    upper: float
    interval: tuple[float, float]


@dataclass(frozen=True, repr=False)
class SurvivalCurve(Tabled):
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

    @cached_property
    def standard_errors(self) -> Array:
        """Of `survival` (m,), by the observed information of the masses that are not 0; NaN where survival is 0.

        For known and right-censored values it is Greenwood's formula. Where all values are known up to intervals only, it is
        right for few times at which everybody is looked at; where the times of looks are many, the curve comes near the truth
        more slowly than standard errors suppose, and they are a rough guide.
        Also NaN where intervals do not tell how masses are shared out.
        Source: Turnbull (1976), J. R. Statist. Soc. B 38, 290-295.
        """
        chunks = list(self.fit.source.chunks())
        places = np.concatenate([chunk.x for chunk in chunks]).astype(np.intp)
        weights = np.concatenate([chunk.weights for chunk in chunks])
        windows = places[:, 2:] if places.shape[1] > 2 else None
        variances = variances_of_sums(self.masses, places[:, :2], windows, weights)
        return np.where(self.survival > ROUNDING, np.sqrt(variances), np.nan)

    def confidence_intervals(self, level: float = 0.95, kind: Kind = "log") -> Array:
        """Pointwise intervals (m, 2) of `survival`, symmetric about its logarithm ("log"), about log(-log) of it, or "plain".

        Errors: ParameterError. Source: Klein & Moeschberger (2003), Survival Analysis, 2nd ed., 4.3.

        >>> import emkit as ek
        >>> curve = ek.turnbull(*ek.survival([6, 6, 6, 7, 10, 13], [1, 1, 0, 1, 0, 1]).T)
        >>> curve.confidence_intervals()[0].round(3).tolist()
        [0.379, 1.0]
        """
        if not 0 < level < 1:
            raise ParameterError(f"level is {level!r:.60}; it must lie between 0 and 1, such as 0.95.")
        if kind not in ("log", "log-log", "plain"):
            raise ParameterError(f"kind is {kind!r:.60}; it must be 'log', 'log-log' or 'plain'.")
        reached, z = self.survival[:, None], scipy.special.ndtri((1 + level) / 2) * np.array([-1.0, 1.0])
        errors = self.standard_errors[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            if kind == "plain":
                found = reached + z * errors
            elif kind == "log":
                found = reached * np.exp(z * errors / reached)
            else:
                found = reached ** np.exp(z[::-1] * errors / (reached * -np.log(reached)))
        return np.where(reached == 1, 1.0, np.clip(found, 0.0, 1.0))

    def quantile(self, share: float = 0.5, level: float = 0.95, kind: Kind = "log") -> SurvivalQuantile:
        """Where so large a `share` of values is passed, the median by default: the first place at which survival is 1 - share.

        Its interval are the places that the confidence intervals of the curve allow. Errors: ParameterError.
        Source: Brookmeyer & Crowley (1982), Biometrics 38, 29-41.

        >>> import emkit as ek
        >>> curve = ek.turnbull(*ek.survival([6, 6, 6, 7, 10, 13, 16], [1, 1, 0, 1, 1, 1, 1]).T)
        >>> curve.quantile(0.5)
        SurvivalQuantile(lower=10.0, upper=10.0, interval=(6.0, nan))
        """
        if np.ndim(share) or not 0 < share < 1:
            raise ParameterError(f"share is {share!r:.60}; it must be one number between 0 and 1: 0.5 is the median.")
        bounds = self.confidence_intervals(level, kind).T

        def first(curve: Array, ends: Array) -> float:
            at = np.flatnonzero(curve <= 1 - share + ROUNDING)
            return float(ends[at[0]]) if len(at) and np.isfinite(ends[at[0]]) else float("nan")

        lower, upper = (first(self.survival, ends) for ends in (self.lower, self.upper))
        return SurvivalQuantile(lower, upper, (first(bounds[0], self.lower), first(bounds[1], self.upper)))

    def at(self, times: Any) -> Array:
        """The probability of a value beyond each of the `times`; inside an interval, where it is not known, that before it.

        NaN for a time that is NaN. Errors: ParameterError for what is no number.
        """
        try:
            given = np.asarray(times, dtype=np.float64)
        except (TypeError, ValueError):
            raise ParameterError(f"times is {times!r:.60}; give a number, or an array of numbers.") from None
        passed = np.searchsorted(self.upper, given, side="right")
        return np.where(np.isnan(given), np.nan, np.append(1.0, self.survival)[passed])

    def plot(
        self, ax: Axes | None = None, fits: Mapping[str, AnyFitted] = MappingProxyType({}), level: float | None = None
    ) -> Axes:
        """Draw the steps on `ax` (or on axes of its own), beside curves of `fits` of `ek.Censored` families, by name.

        With a `level`, such as 0.95, its confidence intervals, too.
        Errors: ModelError for a fit of anything else, or without matplotlib (the extra emkit[plot]).
        """
        from emkit.plots.survival import survival

        bounds = None if level is None else self.confidence_intervals(level)
        return survival(survival_steps(self.lower, self.upper, self.masses, fits, bounds), ax)

    def _as_table(self) -> ToldTable:
        at, ends = self.masses > 0, self.quantile()
        errors = self.standard_errors
        columns = {"from": self.lower[at], "to": self.upper[at], "survival after": self.survival[at], "std. error": errors[at]}
        median = f"median {ends.upper:.6g}" if ends.upper == ends.upper else "median beyond all of them"
        values = "1 value" if self.fit.rows == 1 else f"{self.fit.rows:,.10g} values"
        head = f"Survival curve of {values}, {median}, log-likelihood {self.log_likelihood:.4f}"
        return ToldTable(head, {name: values.tolist() for name, values in columns.items()})
