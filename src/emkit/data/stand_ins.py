"""A few rows that stand for many: the same weight, means and covariance, and so the same normal likelihood."""

from __future__ import annotations

from typing import Any

import numpy as np

from emkit.core.arrays import Array, ArrayLike
from emkit.core.checks import check_range
from emkit.core.memo import once
from emkit.data.gaps import patterns_of
from emkit.data.source import ArraySource
from emkit.errors import DataError, ModelError

PAYS = 0.5  # rows stand in for others if they are at most this share of them
SYMMETRIC = 1e-8  # relative to the variances
INDEFINITE = 1e-10  # of an eigenvalue below 0, relative to the largest: rounding


class StandIns(ArraySource):
    """Rows that never occurred: they stand for others, whose means and covariance they have. Their weights sum to those rows'.

    Sums over them are those over the rows that they stand for, where no more is asked of these than their moments.
    """

    def warn_of_small_weights(self) -> None:
        """Nothing: they may be more than the rows that they stand for."""


def refuse_stand_ins(source: Any, instead: str) -> None:
    """Errors: ModelError if the rows of a source stand for others; `instead` says what they cannot do, and what to do."""
    if isinstance(source, StandIns):
        raise ModelError(f"of these data, a covariance is known and not the rows, so {instead}")


def rows_known(source: Any) -> float:
    """How many rows the rows of a source tell of: those that they stand for, else themselves."""
    return float(source.total_weight if isinstance(source, StandIns) else source.rows)


def rows_of_moments(means: Array, covariance: Array, weight: float) -> tuple[Array, Array]:
    """2d rows (2d, d) and their weights (2d,), of a total `weight`, with these means (d,) and this ML covariance (d, d)."""
    units = np.sqrt(np.diag(covariance))
    units = np.where(units > 0, units, 1.0)
    values, vectors = np.linalg.eigh(covariance / np.outer(units, units))
    root = (vectors * np.sqrt(np.maximum(values, 0.0) * len(means))).T * units
    return np.concatenate([means + root, means - root]), np.full(2 * len(means), weight / (2 * len(means)))


def rows_of_covariance(covariance: ArrayLike, n: float, means: ArrayLike | None = None, columns: Any = None) -> StandIns:
    """A source of rows with this covariance (d, d; divisor n), a total weight `n` and these `means` (d,; by default 0).

    For models of which a normal likelihood sees means and covariance alone, where no more is known than these. What asks for
    single rows of a fit (scores, influence, residuals, rows drawn again or left out) is refused. `columns`: their names, by
    default those of a data frame.
    Errors: DataError if the matrix is no covariance.

    >>> import emkit as ek
    >>> source = ek.rows_of_covariance([[4.0, 1.0], [1.0, 2.0]], 50, columns=["a", "b"])
    >>> source.profile.covariance.round(6).tolist(), round(source.total_weight, 6)
    ([[4.0, 1.0], [1.0, 2.0]], 50.0)
    """
    columns = [str(name) for name in getattr(covariance, "columns", ())] or None if columns is None else columns
    given = np.asarray(covariance, dtype=np.float64)
    check_range("n", n, DataError, "it must be the number of rows, > 0", np.nextafter(0.0, 1.0), float("inf"))
    if given.ndim != 2 or given.shape[0] != given.shape[1] or not given.size:
        raise DataError(f"a covariance has as many rows as columns; this has shape {given.shape}.")
    if not np.isfinite(given).all():
        raise DataError("every covariance must be a finite number. Give the covariance of the columns of which it is known.")
    for j in np.flatnonzero(np.diag(given) < 0)[:1]:
        raise DataError(f"the matrix is no covariance: at [{j}, {j}] it has a variance of {given[j, j]:g}.")
    units = np.sqrt(np.diag(given))
    off = np.abs(given - given.T) - SYMMETRIC * np.outer(units, units)
    if (off > 0).any():
        i, j = np.unravel_index(int(off.argmax()), off.shape)
        raise DataError(f"a covariance is symmetric; at [{i}, {j}] it is {given[i, j]:g}, but {given[j, i]:g} at [{j}, {i}].")
    values = np.linalg.eigvalsh(given)
    if values[0] < -INDEFINITE * max(values[-1], 0.0) or values[-1] <= 0:
        raise DataError(
            f"the matrix is no covariance: its least eigenvalue is {values[0]:.3g}. If it was put together from pairs of "
            "columns, give the rows themselves, with their gaps."
        )
    centre = np.zeros(len(given)) if means is None else np.asarray(means, dtype=np.float64)
    if centre.shape != (len(given),):
        raise DataError(f"means have shape {centre.shape}; the covariance is of {len(given)} columns.")
    return StandIns(*rows_of_moments(centre, given, float(n)), columns)


@once
def standing_in(source: Any) -> Any:
    """Rows that have the same moments, for each pattern of gaps, as those of `source`; itself if there are hardly fewer.

    One pass over the rows. Where few rows lack the same cells, they stand for themselves.
    """
    near, d = np.asarray(source.profile.mean), len(source.columns)
    sums: dict[bytes, tuple[Array, Array]] = {}  # by pattern: which cells are there, and moments of (1, x - near)
    rows, weights = [np.empty((0, d))], [np.empty(0)]
    for chunk in source.chunks():
        found = patterns_of(chunk.x)
        for p, (key, seen) in enumerate(zip(found.keys, found.seen, strict=True)):
            own = found.order[found.bounds[p] : found.bounds[p + 1]]
            if len(own) <= 2 * seen.sum() or not seen.any():
                rows.append(np.asarray(chunk.x[own], dtype=np.float64))
                weights.append(chunk.weights[own])
                continue
            one = np.ones((len(own), 1 + int(seen.sum())))
            one[:, 1:] = chunk.x[np.ix_(own, np.flatnonzero(seen))] - near[seen]
            moments = (one * chunk.weights[own, None]).T @ one
            before = sums.get(key)
            sums[key] = seen, moments if before is None else before[1] + moments
    for key in sorted(sums):
        seen, moments = sums[key]
        mass, shift = moments[0, 0], moments[0, 1:] / moments[0, 0]
        x, w = rows_of_moments(near[seen] + shift, moments[1:, 1:] / mass - np.outer(shift, shift), mass)
        filled = np.full((len(x), d), np.nan)
        filled[:, seen] = x
        rows.append(filled)
        weights.append(w)
    if sum(map(len, rows)) > PAYS * source.rows:
        return source
    return StandIns(np.concatenate(rows), np.concatenate(weights), source.columns)
