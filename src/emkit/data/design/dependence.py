"""Columns of a design that say nothing that others do not say: constant ones, and sums of others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from emkit.core.arrays import Array
from emkit.errors import DataError

INTERCEPT = "Intercept"
ALIKE = 1e-10  # of a column's spread: what is left of it beside others, where it is a sum of them
ROUNDING = 64 * np.finfo(np.float64).eps  # of a column's largest value
SHARE = 1e-6  # of its length that a column has in a sum in which it is named


def refuse_dependent(x: Array, names: Sequence[str], of: str) -> None:
    """Raise DataError if a column of a design (n, p) is constant beside the intercept, or a sum of multiples of others.

    Columns are taken in their order, each beside those before it, in units of their own and, beside an intercept, from their
    own means, so that a large offset hides nothing and makes up nothing. `of` says which design it is.
    """
    has_intercept = INTERCEPT in names
    own = [j for j, name in enumerate(names) if name != INTERCEPT]
    names, x = [names[j] for j in own], x[:, own]
    noise = ROUNDING * np.abs(x).max(axis=0, initial=0.0) * np.sqrt(len(x))
    spread = np.linalg.norm(x - x.mean(axis=0), axis=0)
    length = spread if has_intercept else np.linalg.norm(x, axis=0)
    for j in np.flatnonzero(length <= noise).tolist():
        raise DataError(_constant(names[j], float(x[0, j]), of))
    units = (x - x.mean(axis=0) if has_intercept else x) / length
    triangle = np.asarray(np.linalg.qr(units, mode="r"), dtype=np.float64)
    left = np.zeros(len(names))  # of each column beside those before it; nothing beside as many as there are rows
    left[: len(triangle)] = np.abs(np.diagonal(triangle))
    for j in np.flatnonzero(left <= np.maximum(ALIKE * spread, noise) / length).tolist():
        shares = np.linalg.solve(triangle[:j, :j], triangle[:j, j])
        others = [names[i] for i in np.flatnonzero(np.abs(shares) > SHARE)]
        raise DataError(_collinear(names[j], others, " (up to a constant)" if has_intercept else "", len(x), of))


def _constant(name: str, value: float, of: str) -> str:
    if value == 0:
        return f"{of} has a column {name!r} that is 0 in every row, so no row says what its coefficient is. Leave it out."
    return (
        f"{of} has a column {name!r} that is {value:g} in every row: beside the intercept, it has no coefficient of its own. "
        "Leave it out."
    )


def _collinear(name: str, others: Sequence[str], up_to: str, rows: int, of: str) -> str:
    what = ("a multiple of " if len(others) == 1 else "a sum of multiples of ") + ", ".join(map(repr, others))
    return (
        f"{of} has a column {name!r} that is {what}{up_to} over the {rows:,} rows, so that their coefficients cannot be told "
        "apart. Leave one of them out."
    )
