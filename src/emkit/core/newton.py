"""One damped step of Newton's method for linear predictors, from sums over the rows.

Along a line, the log-densities f of generalised linear models have |f'''| <= |f''| in the linear predictor. So where no row's
predictor moves by more than m, f falls short of its tangent by at most w(m) times the square of the move and the curvature
where it began, with w(m) = (exp(m) - 1 - m) / m^2: a bound that touches f there in value, slope and curvature. EM maximises it
along Newton's direction, where the best step is log(1 + m) / m of the whole, and so it ascends for certain. Laws whose
log-density is a parabola have m = 0: the bound is the log-density itself, and one step is the maximum.
Source: Bach (2010), Self-concordant analysis for logistic regression, Electronic Journal of Statistics 4, 384-414.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from emkit.core.arrays import Array
from emkit.core.statistics import Additive

SMALL = 1e-3  # moves up to here take the series of w
FLAT = 1e-13  # of the greatest curvature: along what bends less, nothing is told,
VANISHED = 1e-20  # nor of the rows: their fitted means have come to an edge
HALVINGS = 40


@dataclass(frozen=True)
class Greatest(Additive):
    """The greatest values (K,) seen over rows: they join by their maximum, and do not grow with weights."""

    value: Array

    def __add__(self, other: Self) -> Self:
        return type(self)(np.maximum(self.value, other.value))

    def __mul__(self, factor: float) -> Self:
        return self

    __rmul__ = __mul__


@dataclass(frozen=True)
class NewtonSums(Additive):
    """Sums over rows at the linear predictors of the E-step, in the orthonormal columns z of the design.

    `mass` (K,) = sum w; `gradient` (K, P) = sum w f' z; `curvature` (K, P, P) = -sum w f'' z z'; `reach`: the greatest |z| of a
    row, 0 where f is a parabola; `own`: what else is added up, an array (K,) each.
    """

    mass: Array
    gradient: Array
    curvature: Array
    reach: Greatest
    own: tuple[Array, ...]


class Gain(NamedTuple):
    """By how much f rises along ways from the E-step, at least (K,), and the slopes of that (K, P)."""

    value: Array
    slopes: Array


def gain(sums: NewtonSums, way: Array) -> Gain:
    """The bound along a `way` (K, P): changes of the coefficients of z."""
    bent = np.einsum("kij,kj->ki", sums.curvature, way)
    square = (way * bent).sum(axis=1)
    reach = sums.reach.value
    if not reach.any():  # parabolas
        value = (sums.gradient * way).sum(axis=1) - 0.5 * square
        return Gain(np.where(np.isnan(value), -np.inf, value), sums.gradient - bent)
    length = np.sqrt((way**2).sum(axis=1))
    with np.errstate(over="ignore", invalid="ignore"):
        factor, slope = _factor(reach * length)
        value = (sums.gradient * way).sum(axis=1) - factor * square
        along = np.where(length > 0, slope * reach * square / np.where(length > 0, length, 1.0), 0.0)
        slopes = sums.gradient - 2 * factor[:, None] * bent - along[:, None] * way
    return Gain(np.where(np.isnan(value), -np.inf, value), slopes)


def _factor(m: Array) -> tuple[Array, Array]:
    """The function w(m) = (exp(m) - 1 - m) / m^2, and its derivative."""
    far = np.maximum(m, SMALL)
    grown = np.expm1(far)
    value, slope = (grown - far) / far**2, (grown / far - 2 * (grown - far) / far**2) / far
    near = 0.5 + m / 6 + m**2 / 24 + m**3 / 120, 1 / 6 + m / 12 + m**2 / 40 + m**3 / 180
    return np.where(m < SMALL, near[0], value), np.where(m < SMALL, near[1], slope)


def solved(curvature: Array, gradient: Array, mass: Array | float = 0.0) -> Array:
    """The Newton steps (..., p) of curvatures (..., p, p), which are not negative; none along what does not bend.

    `mass` (...): of how many rows, where what bends next to nothing for so many is not to move.
    """
    bends, directions = np.linalg.eigh(curvature)
    told = bends > np.maximum(FLAT * bends[..., -1:], VANISHED * np.asarray(mass)[..., None])
    along = np.einsum("...ij,...i->...j", directions, gradient) / np.where(told, bends, 1.0)
    return np.asarray(np.einsum("...ij,...j->...i", directions, np.where(told, along, 0.0)))


def stepped(sums: NewtonSums, way: Array, size: int) -> Array:
    """The way (K, P) of each component on from `way`, with a step in the first `size` columns that raises its bound."""
    here = gain(sums, way)
    own = solved(sums.curvature[:, :size, :size], _parabola(sums, way)[:, :size], sums.mass)
    step = np.concatenate([own, np.zeros((len(own), way.shape[1] - size))], axis=1)
    share = _share(sums.reach.value * np.sqrt((step**2).sum(axis=1)))
    for _ in range(HALVINGS):
        lower = gain(sums, way + share[:, None] * step).value < here.value
        if not lower.any():
            break
        share = np.where(lower, share / 2, share)
    else:
        share = np.where(lower, 0.0, share)
    return share[:, None] * step


def stepped_together(sums: NewtonSums, way: Array, columns: Array, factors: Array) -> Array:
    """One step (q,) of all components along the `columns` (P, q), that raises their bounds, times `factors` (K,), together."""
    curvature = np.einsum("pi,kpr,rj,k->ij", columns, sums.curvature, columns, factors)
    step = solved(curvature, columns.T @ (factors @ _parabola(sums, way)), factors @ sums.mass)
    along = columns @ step
    least = factors @ gain(sums, way).value
    share = float(_share(np.array([sums.reach.value.max() * np.sqrt(along @ along)]))[0])
    for _ in range(HALVINGS):
        if factors @ gain(sums, way + share * along).value >= least:
            return share * step
        share /= 2
    return np.zeros_like(step)


def _parabola(sums: NewtonSums, way: Array) -> Array:
    """The slopes (K, P) of the parabola that touches f where the way begins."""
    return sums.gradient - np.einsum("kij,kj->ki", sums.curvature, way)


def _share(m: Array) -> Array:
    """The best share of a Newton step that moves predictors by up to m."""
    return np.where(m > SMALL, np.log1p(m) / np.maximum(m, SMALL), 1 - m / 2)
