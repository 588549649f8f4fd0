"""The distribution of values known up to intervals, without a form: Turnbull's estimate, by EM."""

from __future__ import annotations

from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.solvers import Anderson
from emkit.data.source import ArraySource
from emkit.data.survival import intervals, windows
from emkit.data.validate import as_weights
from emkit.errors import DataError
from emkit.estimators.survival_curve import SurvivalCurve
from emkit.models.point_masses import PointMasses, PointMassesParams, innermost
from emkit.result import fit

__all__ = ["turnbull"]


def turnbull(
    lower: Any,
    upper: Any,
    weights: Any = None,
    *,
    entry: Any = None,
    until: Any = None,
    tol: float = 1e-10,
    max_evaluations: int = 100_000,
) -> SurvivalCurve:
    """The distribution of values known to lie in (lower, upper], each (n,), that has the highest likelihood of all.

    A value is known where both ends are equal; infinite or missing (NaN) ends are none. `weights` (n,) count how often each
    row occurs. `entry` and `until` (n,): a row would not be there but for a value in (entry, until], NaN for no such end; who
    is watched from a time on has that as entry (left truncation). Mass can lie in innermost intervals alone; EM shares every
    row out among those in it, and is accelerated. For known values and right-censored ones it is the estimate of Kaplan and
    Meier, also with times of entry.
    Errors: DataError naming what cannot be; also where windows leave two parts of the distribution that no row joins.
    Source: Turnbull (1976), J. R. Statist. Soc. B 38, 290-295.

    >>> import emkit as ek
    >>> curve = ek.turnbull([0, 2, 4, 3, 6], [3, 5, 5, 7, float("inf")])
    >>> print(curve.lower, curve.upper, curve.masses.round(4))
    [2. 4. 6.] [3. 5. 7.] [0.2764 0.4472 0.2764]
    """
    low, high = intervals(lower, upper)
    seen = windows(entry, until, low, high)
    if weights is not None:
        weights = as_weights(weights, len(low), "row {}".format)
        some = weights > 0  # a row of no weight is none, and makes no place for mass
        low, high, weights = low[some], high[some], weights[some]
        seen = None if seen is None else seen[some]
    if seen is not None:
        low, high = np.maximum(low, seen[:, 0]), np.minimum(high, seen[:, 1])
    begins, stops, stretches, of_windows = innermost(low, high, seen)
    rows = stretches if of_windows is None else np.concatenate([stretches, of_windows], axis=1)
    if of_windows is not None:
        _refuse_apart(stops, stretches, of_windows)
    source = ArraySource(rows.astype(np.float64), weights)
    start = PointMassesParams(np.full(len(begins), 1 / len(begins)))
    found = fit(PointMasses(), source, start, solver=Anderson(), tol=tol, max_evaluations=max_evaluations)
    return SurvivalCurve(begins, stops, found.params.masses, found)


def _refuse_apart(ends: Array, stretches: Integers, windows: Integers) -> None:
    """Raise DataError where windows leave two parts of the distribution between which nothing can be compared.

    Of a cut behind each place: somebody whose window lies on one side alone needs one who might have been on the other, and was
    on this. Else all mass may as well be on the other side, and the likelihood has no maximum.
    """
    (first, last), (begin, end), size = stretches.T, windows.T, len(ends) + 1
    later = np.cumsum(np.bincount(begin + 1, minlength=size + 1) - np.bincount(first + 1, minlength=size + 1))[1 : size - 1]
    sooner = np.cumsum(np.bincount(last, minlength=size + 1) - np.bincount(end, minlength=size + 1))[1 : size - 1]
    cut = np.arange(1, size - 1)
    for c in cut[((cut <= begin.max()) & (later == 0)) | ((cut >= end.min()) & (sooner == 0))][:1]:
        raise DataError(
            f"nobody joins what was seen up to {ends[c - 1]:g} to what came later: of those who might have been on either "
            "side, all were on one, while others were watched on the other side only. So nothing tells how much of the "
            "distribution lies on each: estimate one part by itself."
        )
