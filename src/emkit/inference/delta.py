"""Functions of the parameters: their estimates and how uncertain these are, by the delta method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy

from emkit.core.arrays import Array
from emkit.core.checks import check_range
from emkit.errors import ModelError
from emkit.inference.covariance import Covariance

LEAST_P = 0.001  # of which the size is told: in the far tail, p-values are less exact than the limits that they rest on


def normal_quantile(level: float) -> float:
    """How many standard errors an interval of this level reaches to both sides. Errors: ModelError unless 0 < level < 1."""
    check_range("level", level, ModelError, "it must lie between 0 and 1, such as 0.95", np.nextafter(0, 1), 1)
    return float(scipy.special.ndtri((1 + level) / 2))


def p_values(z: Array) -> Array:
    """The chance that a standard normal is further from 0 than each of `z`."""
    return np.asarray(2 * scipy.special.ndtr(-np.abs(z)))


def p_told(p: float) -> str:
    """A p-value as it is printed: three decimals, or that it is less than they can say. So none reads 0."""
    return "<.001" if p < LEAST_P else f"{p:.3f}"


@dataclass(frozen=True)
class Derived:
    """A function of the parameters: its `estimate` (any shape), its standard `error` (the same), and its `covariance` (m, m).

    Where there is no standard error, it is NaN, and `reason` says why.
    """

    estimate: Array
    error: Array
    covariance: Array
    reason: str = ""

    @property
    def z(self) -> Array:
        """Estimate / standard error: for a function of which 0 means "no difference"."""
        return np.asarray(self.estimate / self.error)

    @property
    def p(self) -> Array:
        """The chance of an estimate as far from 0 as this if the true value were 0."""
        return p_values(self.z)

    def interval(self, level: float = 0.95) -> tuple[Array, Array]:
        """The lower and the upper end of the interval that is symmetric about the estimate."""
        half = normal_quantile(level) * self.error
        return self.estimate - half, self.estimate + half

    def __str__(self) -> str:
        low, high = self.interval()
        rows = zip(*(np.ravel(each) for each in (self.estimate, self.error, low, high)), strict=True)
        lines = [f"{a:.6g} (standard error {b:.3g}, 95 % interval {c:.6g} to {d:.6g})" for a, b, c, d in rows]
        return "\n".join(lines) + (f"\n{self.reason}" if self.reason else "")


def delta(found: Covariance, function: Callable[[Any], Any]) -> Derived:
    """`function(params)`, a number or an array of numbers, with its standard error.

    Errors: ModelError if it is no function, or what it returns are no finite numbers.
    """
    if not callable(function):
        raise ModelError(f"delta needs a function of the parameters, such as lambda p: p.proportions[0], not {function!r}.")

    def values(params: Any) -> Array:
        try:
            given = np.asarray(function(params), dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise ModelError(f"the function must return a number or an array of numbers: {error}") from error
        return given.ravel()

    estimate = np.asarray(function(found.near.params), dtype=np.float64) if values(found.near.params).size else np.empty(0)
    if not np.isfinite(estimate).all():
        raise ModelError(f"the function is {estimate} at the estimates; it must be finite there, to have a standard error.")
    covariance = found.of(values)
    still = np.diag(covariance) == 0
    covariance[still, :] = covariance[:, still] = np.nan
    untold = found.reason if np.isnan(np.diag(covariance)).any() else ""
    reason = untold or ("it depends on no parameter that has a standard error." if still.any() else "")
    return Derived(estimate, np.sqrt(np.diag(covariance)).reshape(estimate.shape), covariance, reason)
