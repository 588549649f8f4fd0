"""The E-step of a state space: what series tell of their states, and of what moves them, by filter and smoother."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.linalg import solve_triangular

from emkit.core.arrays import Array, Mask
from emkit.core.statistics import Additive
from emkit.data.chunk import Chunk
from emkit.errors import DegenerateFitError

LOG_2_PI = float(np.log(2 * np.pi))
UNTOLD = 1e-12  # of what a series tells of an unknown start, given what it tells of others, below which that is rounding
FAR = 1e3  # of squared errors a cell, which lose as many digits: from there, a filter begins again nearer

EXACT = 1e-20  # of the variance of a column: a variance of what is left to tell of its cells that is rounding


@dataclass(frozen=True)
class System:
    """The matrices of a state space: x_t+1 = transition x_t + selection u_t, y_t = observation x_t + e_t.

    `transition` (m, m), `selection` (m, r), `observation` (d, m); u ~ N(0, `shocks` (r, r)), e ~ N(0, diag(`noise` (d,))).
    The first state is N(`mean` (m,), `covariance` (m, m)), plus any combination of the columns of `unknown` (m, q).
    """

    transition: Array
    selection: Array
    shocks: Array
    observation: Array
    noise: Array
    mean: Array
    covariance: Array
    unknown: Array

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:  # in one layout, of which compiled loops are made once
            object.__setattr__(self, name, np.array(getattr(self, name), dtype=np.float64, order="C"))


@dataclass(frozen=True)
class StateSums(Additive):
    """Sums over series, of states x, of the shocks u (r,) that are added to them and of the errors e of cells that are seen.

    `steps`: weighted number of steps from one row to the next; over these `before` (m, m) E x x', `cross` (r, m) E u x' and
    `shocks` (r, r) E u u'. `cells` (d,): weighted number of the cells of each column; over these `gram` (d, m, m) E x x',
    `along` (d, m) E e x' and `left` (d,) E e^2. Shocks and errors are those at the parameters of the E-step. `series`: weighted
    number of series; of their first rows, x from the mean of the start, `begun` (m,) E x and `spread` (m,) E x^2.
    """

    steps: float
    before: Array
    cross: Array
    shocks: Array
    cells: Array
    gram: Array
    along: Array
    left: Array
    series: float
    begun: Array
    spread: Array


class Smoothed(NamedTuple):
    """Of the states of T rows given all of them: means (T, m), covariances (T, m, m); and the log-likelihood."""

    means: Array
    spreads: Array
    log_likelihood: float


def summed(system: System, chunk: Chunk) -> tuple[StateSums, Array]:
    """The sums over the series of a chunk, and the log-likelihood of each (G,)."""
    d, m = system.observation.shape
    r = len(system.shocks)
    weights, seen = chunk.group_weights, ~np.isnan(chunk.x)
    before, cross, shocks, whole = np.zeros((m, m)), np.zeros((r, m)), np.zeros((r, r)), np.zeros((m, m))
    gram, along, left = np.zeros((d, m, m)), np.zeros((d, m)), np.zeros(d)
    begun, spread = np.zeros(m), np.zeros(m)
    heights = np.empty(len(weights))
    for g, (start, end) in enumerate(zip(chunk.bounds, chunk.bounds[1:], strict=False)):
        into = (before, cross, shocks, whole, gram, along, left)
        found = _gone_through(system, chunk.x[start:end], float(weights[g]), into, f"series {g + 1}")
        heights[g] = found.log_likelihood
        off = found.means[0] - system.mean
        begun += weights[g] * off
        spread += weights[g] * (off**2 + np.diag(found.spreads[0]))
    steps = float(weights @ (np.diff(chunk.bounds) - 1))
    cells = np.asarray(chunk.weights @ seen, dtype=np.float64)
    sums = StateSums(steps, before, cross, shocks, cells, whole + gram, along, left, float(weights.sum()), begun, spread)
    return sums, heights


def smoothed(system: System, rows: Array) -> Smoothed:
    """The states of one series (T, d), given all of it."""
    d, m = system.observation.shape
    r = len(system.shocks)
    into = (
        np.zeros((m, m)),
        np.zeros((r, m)),
        np.zeros((r, r)),
        np.zeros((m, m)),
        np.zeros((d, m, m)),
        np.zeros((d, m)),
        np.zeros(d),
    )
    return _gone_through(system, rows, 1.0, into, "the series")


def log_density(system: System, chunk: Chunk) -> Array:
    """The log-likelihood of each series (G,) of a chunk."""
    pairs = zip(chunk.bounds, chunk.bounds[1:], strict=False)
    return np.array([_Filtered.of(system, chunk.x[a:z]).log_likelihood(f"series {g + 1}") for g, (a, z) in enumerate(pairs)])


def _gone_through(system: System, y: Array, weight: float, into: tuple[Array, ...], name: str) -> Smoothed:
    """Filter and smoother of a series (T, d), which add up `into` what an M-step asks for."""
    from emkit.kernels.kalman import smooth_series

    found = _Filtered.of(system, y)
    height = found.log_likelihood(name)
    found.settle()
    pushed = np.ascontiguousarray(system.shocks @ system.selection.T)
    smooth_series(
        system.transition, pushed, system.shocks, system.observation, system.noise, found.means, found.spreads, found.filtered,
        found.gains, found.errors, found.widths, found.steady, weight, *into,
    )  # fmt: skip
    apart = found.means[:, :, 1:]
    return Smoothed(found.means[:, :, 0], found.spreads + apart @ np.swapaxes(apart, 1, 2), height)


@dataclass(frozen=True)
class _Filtered:
    """What a filter leaves of a series: see `filter_series`; `height` is what it returns."""

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

    @classmethod
    def of(cls, system: System, y: Array) -> _Filtered:
        """The filter from the mean of the start, or from near where the series tells that it began, if that is far away."""
        found = cls.begun_at(system, y, system.mean)
        told = found.told[1:, 1:]
        if not told.size or not np.isfinite(found.told).all():
            return found
        shift = np.linalg.lstsq(told, found.told[1:, 0], rcond=None)[0]
        if shift @ found.told[1:, 0] <= FAR * np.count_nonzero(found.widths):
            return found
        return cls.begun_at(system, y, system.mean - system.unknown @ shift)

    @classmethod
    def begun_at(cls, system: System, y: Array, mean: Array) -> _Filtered:
        """The filter from this mean (m,) of the start."""
        from emkit.kernels.kalman import filter_series

        (rows, d), (m, q) = y.shape, system.unknown.shape
        means, spreads, filtered = np.empty((rows, m, 1 + q)), np.empty((rows, m, m)), np.empty((rows, m, m))
        gains, errors, widths = np.empty((rows, d, m)), np.zeros((rows, d, 1 + q)), np.zeros((rows, d))
        told, steady = np.zeros((1 + q, 1 + q)), np.zeros(rows, dtype=np.bool_)
        shocks = system.selection @ system.shocks @ system.selection.T
        means[0] = np.column_stack([mean, system.unknown])
        # an unknown start remains as unknown with any variance added to it, and the filter has one to divide by
        size = (system.noise.mean() + np.diag(shocks).mean()) or 1.0
        spreads[0] = system.covariance + size * system.unknown @ system.unknown.T
        height = filter_series(
            np.array(y, dtype=np.float64, order="C"),
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
        return cls(means, spreads, filtered, gains, errors, widths, told, steady, height, _exact(y, widths))

    def log_likelihood(self, name: str) -> float:
        """That of all cells. Errors: DegenerateFitError if a cell has no density, or a start is unknown afterwards, too."""
        if self.exact:
            raise DegenerateFitError(
                f"{name} is reproduced by its states without error, so that the likelihood has no maximum. Give an error or a "
                "shock a variance, or use fewer states."
            )
        if not np.isfinite(self.height + self.told.sum()):
            raise DegenerateFitError(
                f"{name} has no density: an error has the variance 0, or states grew beyond all numbers. Start from "
                "transitions that do not explode, and leave a variance above 0 to each column."
            )
        if not len(self.told) > 1:
            return self.height
        root = self._root(name)
        shift = solve_triangular(root, self.told[1:, 0], lower=True)
        return float(self.height + shift @ shift / 2 - np.log(np.diag(root)).sum() + len(root) * LOG_2_PI / 2)

    def _root(self, name: str) -> Array:
        """A lower triangle (q, q) with what the series tells of its unknown start: its square."""
        told = self.told[1:, 1:]
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

    def settle(self) -> None:
        """Put the start where the series tells that it is: what is left unknown of it has then the covariance I."""
        if len(self.told) == 1:
            return
        root = self._root("the series")
        shift = np.linalg.solve(root @ root.T, self.told[1:, 0])
        spread = np.linalg.inv(root).T
        for each in (self.means, self.errors):
            each[:, :, 0] -= each[:, :, 1:] @ shift
            each[:, :, 1:] = each[:, :, 1:] @ spread


def _exact(y: Array, widths: Array) -> bool:
    """Whether states tell a column of y (T, d) but for rounding: `widths` (T, d) are the variances of its errors."""
    there = widths > 0
    cells = np.maximum(there.sum(axis=0), 1)
    centred = np.where(there, y - np.where(there, y, 0.0).sum(axis=0) / cells, 0.0)
    squares = (centred**2).sum(axis=0) / cells
    mostly = np.where(there, widths <= EXACT * squares, False).sum(axis=0)
    return bool(((2 * mostly > cells) & (squares > 0)).any())
