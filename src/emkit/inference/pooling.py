"""Estimates from several completed data sets, pooled: Rubin's rules for multiple imputation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy

from emkit.core.arrays import Array, ArrayLike
from emkit.core.checks import check_range
from emkit.errors import DataError, ModelError
from emkit.markup import Tabled, ToldTable

LEAST_LEVEL = 1e-9  # of an interval: above 0


@dataclass(frozen=True, repr=False)
class Pooled(Tabled):
    """What several imputations say together of p quantities, each field (p,).

    `estimates`: their means. `variances`: `within` + (1 + 1/m) `between`, of m imputations. `degrees_of_freedom` of Student's t
    that the estimates follow. `missing_information`: the fraction of the information that the gaps took.
    """

    estimates: Array
    variances: Array
    within: Array
    between: Array
    degrees_of_freedom: Array
    missing_information: Array

    @property
    def standard_errors(self) -> Array:
        """The square roots of the variances, (p,)."""
        return np.sqrt(self.variances)

    def confidence_intervals(self, level: float = 0.95) -> Array:
        """Lower and upper ends, shape (p, 2). Errors: ModelError unless 0 < level < 1."""
        check_range("level", level, ModelError, "it must lie between 0 and 1, such as 0.95", LEAST_LEVEL, 1)
        half = scipy.special.stdtrit(self.degrees_of_freedom, (1 + level) / 2) * self.standard_errors
        return np.stack([self.estimates - half, self.estimates + half], axis=1)

    def _as_table(self) -> ToldTable:
        fields = {
            "estimate": self.estimates,
            "std. error": self.standard_errors,
            "degrees of freedom": self.degrees_of_freedom,
            "missing information": self.missing_information,
        }
        return ToldTable("Pooled by Rubin's rules", {name: values.tolist() for name, values in fields.items()})


def pool(estimates: ArrayLike, variances: ArrayLike, complete_degrees_of_freedom: float | None = None) -> Pooled:
    """Pool the `estimates` (m, p) of m completed data sets, with their `variances` (m, p), squares of standard errors.

    (m,) for one quantity. With `complete_degrees_of_freedom`, those that the analysis would have without gaps, the degrees of
    freedom are those for small samples.
    Errors: DataError unless there are two or more data sets, and a variance >= 0 for every estimate.
    Source: Rubin (1987), Multiple Imputation for Nonresponse in Surveys, 3.1; Barnard & Rubin (1999), Biometrika 86, 948-955.

    Three completed data sets, each with an estimate and the square of its standard error: 0.25 within them, 0.25 between:

    >>> import emkit as ek
    >>> pooled = ek.pool([4.0, 5.0, 4.5], [0.25, 0.25, 0.25])
    >>> pooled.estimates.tolist(), pooled.variances.round(4).tolist(), pooled.degrees_of_freedom.round(3).tolist()
    ([4.5], [0.5833], [6.125])
    """
    found, spread = (_table(name, given) for name, given in (("estimates", estimates), ("variances", variances)))
    if found.shape != spread.shape:
        raise DataError(f"estimates have shape {found.shape}, and variances {spread.shape}; give a variance for each.")
    number = len(found)
    if number < 2:
        raise DataError("estimates are of one data set; pooling needs two imputations or more, such as transform(X, draws=20).")
    if (spread < 0).any():
        raise DataError(f"a variance is {spread.min():g}; variances are squares of standard errors, and must be >= 0.")
    within, between = spread.mean(axis=0), found.var(axis=0, ddof=1)
    added = (1 + 1 / number) * between
    total = within + added
    share = np.divide(added, total, out=np.zeros_like(total), where=total > 0)
    with np.errstate(divide="ignore", invalid="ignore"):  # nothing between, or nothing within
        freedom = (number - 1) / share**2
        increase = share / (1 - share)
        if complete_degrees_of_freedom is not None:
            whole = float(complete_degrees_of_freedom)
            observed = (whole + 1) / (whole + 3) * whole * (1 - share)
            freedom = 1 / (1 / freedom + 1 / observed)
        missing = np.where(np.isfinite(increase), (increase + 2 / (freedom + 3)) / (increase + 1), 1.0)
    return Pooled(found.mean(axis=0), total, within, between, freedom, missing)


def _table(name: str, given: Any) -> Array:
    """(m, p), from (m,) or (m, p). Errors: DataError unless it is a table of finite numbers."""
    try:
        table = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(f"{name} are no table of numbers; give one row for each imputation.") from None
    if table.ndim not in (1, 2) or not np.isfinite(table).all():
        raise DataError(f"{name} must be finite numbers, one row for each imputation: (m,) or (m, p).")
    return table.reshape(len(table), -1)
