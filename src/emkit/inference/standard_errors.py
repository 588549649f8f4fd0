"""Standard errors of every parameter as a reader sees it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emkit.core.arrays import Array
from emkit.inference.covariance import Covariance
from emkit.inference.near import chosen_among
from emkit.markup import Tabled, ToldTable


@dataclass(frozen=True, repr=False)
class StandardErrors(Tabled):
    """`names`, `estimates` and `errors` (m,) of every parameter as a reader sees it, and their `covariance` (m, m).

    Where there is no standard error, it is NaN and `reasons` says why. `kind` of information: see `Result.standard_errors`.
    """

    names: tuple[str, ...]
    estimates: Array
    errors: Array
    covariance: Array
    reasons: dict[str, str]
    kind: str = "information"

    def __getitem__(self, name: str) -> float:
        (place,) = chosen_among(self.names, name)
        return float(self.errors[place])

    def _as_table(self) -> ToldTable:
        columns = {"parameter": self.names, "estimate": self.estimates.tolist(), "std. error": self.errors.tolist()}
        return ToldTable("Standard errors", columns, [f"{name}: {reason}" for name, reason in self.reasons.items()])


def standard_errors(found: Covariance) -> StandardErrors:
    """Standard errors from a covariance of the estimates, carried to the reader's parameters by the delta method.

    Parameters on a boundary, or held by a floor, have none, and those of the others are given these; where the likelihood is
    flat along some directions, those have none that move along them. Source: Efron & Hinkley (1978),
    Biometrika 65, 457-487; for EM: Louis (1982), J. R. Statist. Soc. B 44, 226-233 (the same matrix, found analytically).
    """
    near = found.near
    reasons = dict(near.reasons)
    covariance = found.of(near.coordinates.entries)
    if found.matrix is None:
        untold = np.isnan(np.diag(covariance))
        reasons = {name: found.reason for name, none in zip(near.names, untold, strict=True) if none} | reasons
    fixed = np.array([name in reasons for name in near.names], dtype=bool)
    covariance[fixed, :] = covariance[:, fixed] = np.nan
    with np.errstate(invalid="ignore"):
        errors = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    return StandardErrors(near.names, near.entries, errors, covariance, reasons, found.kind)
