"""Columns of a design that say nothing that others do not say: constant ones, and sums of others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from emkit.core.arrays import Array
from emkit.errors import DataError

INTERCEPT = "Intercept"
ALIKE = 1e-10  # of a column's length beyond its mean: what is left of it beside others, where it is a sum of them
ROUNDING = 64 * np.finfo(np.float64).eps  # of a column's largest value
SHARE = 1e-6  # of its length that a column has in a sum in which it is named


def refuse_dependent(x: Array, names: Sequence[str], of: str) -> None:
    """Raise DataError if a column of a design (n, p) is constant beside the intercept, or a sum of multiples of others.

    Columns are taken in their order, each beside those before it, in units of their own and from their own means, so that a
    large offset hides nothing and makes up nothing. `of` says which design it is.
    """
    has_intercept = INTERCEPT in names
    middle = x.mean(axis=0) if has_intercept else np.zeros(x.shape[1])
    from_middle = x - middle
    largest = np.abs(x).max(axis=0, initial=0.0)
    basis = np.empty((len(x), 0))
    for j, name in enumerate(names):
        if name == INTERCEPT:
            continue
        column, noise = from_middle[:, j], ROUNDING * largest[j] * np.sqrt(len(x))
        length = float(np.linalg.norm(column))
        if length <= noise:
            raise DataError(_constant(name, float(x[0, j]), of))
        unit = column / length
        rest = unit
        for _ in range(2):  # once leaves rounding errors behind
            rest = rest - basis @ (basis.T @ rest)
        left = float(np.linalg.norm(rest))
        if left <= max(ALIKE, noise / length):
            others = [i for i in range(j) if names[i] != INTERCEPT]
            raise DataError(_collinear(name, _named(unit, from_middle[:, others], [names[i] for i in others]), len(x), of))
        basis = np.column_stack([basis, rest / left])


def _named(unit: Array, others: Array, names: Sequence[str]) -> list[str]:
    """The names of the columns of which one, of length 1, is a sum of multiples."""
    scaled = others / np.linalg.norm(others, axis=0)
    shares = np.linalg.lstsq(scaled, unit, rcond=None)[0]
    return [name for name, share in zip(names, shares, strict=True) if abs(share) > SHARE]


def _constant(name: str, value: float, of: str) -> str:
    if value == 0:
        return f"{of} has a column {name!r} that is 0 in every row, so no row says what its coefficient is. Leave it out."
    return (
        f"{of} has a column {name!r} that is {value:g} in every row: beside the intercept, it has no coefficient of its own. "
        "Leave it out."
    )


def _collinear(name: str, others: Sequence[str], rows: int, of: str) -> str:
    what = "a multiple of" if len(others) == 1 else "a sum of multiples of"
    return (
        f"{of} has a column {name!r} that is {what} {', '.join(map(repr, others))} (up to a constant) over the {rows:,} rows, "
        "so that their coefficients cannot be told apart. Leave one of them out."
    )
