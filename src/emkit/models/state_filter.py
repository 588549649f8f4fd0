"""Forward through a series of a state space: the filter, from a start of which not everything need be known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from emkit.core.arrays import Array, Integers, Mask
from emkit.errors import DegenerateFitError
from emkit.models.state_system import NO_COEFFICIENTS, Coefficients, InColumns, System

LOG_2_PI = float(np.log(2 * np.pi))
UNTOLD = 1e-12  # of what a series tells of an unknown start, given what it tells of others, below which that is rounding
FAR = 1e3  # of squared errors a cell, which lose as many digits: from there, a filter begins again nearer
EXACT = 1e-15  # of the square of a cell: a variance of what is left to tell of it that is rounding


@dataclass(frozen=True)
class Filtered:
    """What a filter leaves of a series: see `filter_series`; `height` is what it returns.

    Of the columns, the first `own` are what is expected and, behind that, the directions in which nothing is known of the
    start; what coefficients that are estimated add to the first stands behind these.
    """

    own: int
    means: Array
    spreads: Array
    filtered: Array
    gains: Array
    errors: Array
    widths: Array
    told: Array
    steady: Mask
    height: float
    exact: bool
    driven: bool

    @classmethod
    def of(cls, system: System, rows: Array, coefficients: Coefficients = NO_COEFFICIENTS) -> Filtered:
        """The filter from the mean of the start, or from near where the series tells that it began, if that is far away."""
        found = cls.begun_at(system, rows, system.mean, coefficients)
        told, side = found._unknown
        if not told.size or not np.isfinite(found.told).all():
            return found
        shift = np.linalg.lstsq(told, side, rcond=None)[0]
        if shift @ side <= FAR * np.count_nonzero(found.widths):
            return found
        return cls.begun_at(system, rows, system.mean - system.unknown @ shift, coefficients)

    @property
    def kept(self) -> Integers:
        """The first column, and those that coefficients add to it."""
        return np.array([0, *range(self.own, len(self.told))])

    @property
    def _unknown(self) -> tuple[Array, Array]:
        """What the series tells of an unknown start (q, q), and of it beside the first column (q,)."""
        return self.told[1 : self.own, 1 : self.own], self.told[1 : self.own, 0]

    @classmethod
    def begun_at(cls, system: System, series: Array, mean: Array, coefficients: Coefficients) -> Filtered:
        """The filter from this mean (m,) of the start."""
        from emkit.kernels.kalman_filter import filter_series

        y, added, first = InColumns.of(system, series, coefficients, mean)
        (rows, d, columns), m = y.shape, len(mean)
        means, spreads, filtered = np.empty((rows, m, columns)), np.empty((rows, m, m)), np.empty((rows, m, m))
        gains, errors, widths = np.empty((rows, d, m)), np.zeros((rows, d, columns)), np.zeros((rows, d))
        told, steady = np.zeros((columns, columns)), np.zeros(rows, dtype=np.bool_)
        shocks = system.selection @ system.shocks @ system.selection.T
        means[0] = first
        # an unknown start remains as unknown with any variance added to it, and the filter has one to divide by
        size = (system.noise.mean() + np.diag(shocks).mean()) or 1.0
        spreads[0] = system.covariance + size * system.unknown @ system.unknown.T
        height = filter_series(
            y,
            added,
            system.transition,
            shocks,
            system.observation,
            system.noise,
            means,
            spreads,
            filtered,
            gains,
            errors,
            widths,
            told,
            steady,
        )
        own = 1 + system.unknown.shape[1]
        exact = _exact(series[:, :d], widths, own < columns)  # as it is: what inputs leave of it may be rounding
        return cls(own, means, spreads, filtered, gains, errors, widths, told, steady, height, exact, series.shape[1] > d)

    def log_likelihood(self, name: str) -> float:
        """That of all cells. Errors: DegenerateFitError if a cell has no density, or a start is unknown afterwards, too."""
        if self.exact:
            raise DegenerateFitError(
                f"{name} is reproduced by its states{' and inputs' * self.driven} without error, so that the likelihood has no "
                "maximum: variances run to 0. Give an error, a shock or the start a variance, or use fewer states"
                f"{', or leave inputs out' * self.driven}."
            )
        if not np.isfinite(self.height + self.told.sum()):
            raise DegenerateFitError(
                f"{name} has no density: an error has the variance 0{', as where inputs reproduce a column' * self.driven}, or "
                "states grew beyond all numbers. Start from transitions that do not explode, and leave a variance above 0 to "
                f"each column{', or leave inputs out' * self.driven}."
            )
        if self.own == 1:
            return self.height
        root = self._root(name)
        shift = scipy.linalg.solve_triangular(root, self._unknown[1], lower=True)
        return float(self.height + shift @ shift / 2 - np.log(np.diag(root)).sum() + len(root) * LOG_2_PI / 2)

    def _root(self, name: str) -> Array:
        """A lower triangle (q, q) with what the series tells of its unknown start: its square."""
        told, _ = self._unknown
        unit = np.sqrt(np.diag(told))
        if (unit > 0).all():
            try:
                root = np.linalg.cholesky(told / np.outer(unit, unit))
            except np.linalg.LinAlgError:
                root = np.zeros((1, 1))
            if (np.diag(root) ** 2 > UNTOLD).all():
                return np.asarray(unit[:, None] * root)
        raise DegenerateFitError(
            f"{name} does not tell where its states began, and nothing is known of that: it has too few cells, or states that "
            "no cell depends on. Give `start_covariance` finite variances for such states, or leave the series out."
        )

    def innovations(self) -> Array:
        """Each cell (T, d) less what earlier rows, and cells before it in its row, lead one to expect, by its spread.

        NaN in gaps, and as long as earlier cells do not tell an unknown start. Source: de Jong (1991), Ann. Statist. 19,
        1073-1083.
        """
        seen, q = self.widths > 0, self.own - 1
        widths, errors = self.widths[seen], self.errors[seen][:, : self.own]
        parts = errors[:, :, None] * errors[:, None, 1:] / widths[:, None, None]
        told = np.cumsum(parts, axis=0) - parts  # by the cells before each
        unit = np.sqrt(np.einsum("cqq->cq", told[:, 1:]))
        known = (unit > 0).all(axis=1)
        unit = np.where(known[:, None], unit, 1.0)
        scaled = np.where(known[:, None, None], told[:, 1:] / (unit[:, :, None] * unit[:, None, :]), np.eye(q))
        known &= np.linalg.eigvalsh(scaled).min(axis=1, initial=1.0) > UNTOLD
        scaled[~known] = np.eye(q)
        away = errors[:, 1:] / unit
        side = np.stack([told[:, 0] / unit, away], axis=2)
        shift, spread = np.moveaxis(np.linalg.solve(scaled, side), 2, 0)
        left = errors[:, 0] - (away * shift).sum(axis=1)
        found = np.full(self.widths.shape, np.nan)
        found[seen] = np.where(known, left / np.sqrt(widths + (away * spread).sum(axis=1)), np.nan)
        return found

    def settle(self) -> Array:
        """Put the start where the series tells that it is: what is left unknown of it has then the covariance I.

        What the series tells of the columns that are `kept`, as `told` does, whatever the unknown start is; 0 for rounding.
        """
        kept, apart = self.kept, slice(1, self.own)
        if self.own == 1:
            return self.told
        root = self._root("the series")
        shift = np.linalg.solve(root @ root.T, self.told[apart, kept])
        spread = np.linalg.inv(root).T
        for each in (self.means, self.errors):
            each[:, :, kept] -= each[:, :, apart] @ shift
            each[:, :, apart] = each[:, :, apart] @ spread
        left = np.asarray(self.told[np.ix_(kept, kept)] - self.told[kept, apart] @ shift)
        lost = np.diag(left) <= UNTOLD * np.diag(self.told)[kept]
        lost[0] = False
        left[lost] = left[:, lost] = 0.0
        return left


def _exact(y: Array, widths: Array, moving: bool) -> bool:
    """Whether states and inputs tell a column of y (T, d) but for rounding: `widths` (T, d) are the variances of its errors.

    Half of its cells, or any, where coefficients are `moving` and can go there. What a cell is measured by is
    how far it is from the mean of its column, or from 0, if that is less: columns may grow by many powers of 10.
    """
    there = widths > 0
    cells = np.maximum(there.sum(axis=0), 1)
    seen = np.where(there, y, 0.0)
    size = np.minimum(np.abs(seen), np.abs(seen - seen.sum(axis=0) / cells))
    told = (there & (widths <= EXACT * size**2)).sum(axis=0)
    return bool(((2 * told >= cells) & (told > 0) | (moving & (told > 0))).any())
