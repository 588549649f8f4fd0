"""Positive values known up to intervals, whose logarithm has a density exp(c t - p exp(t) - q exp(-t)) but for a factor.

With t = log(x / mean), these are gamma values (q = 0) and inverse Gaussian ones. The line of t is cut where the log-density has
changed or bent by so much, and at the ends of all intervals; between, Gauss's rule has all digits. Far below the mean a gamma
density is a power, whose sums are known: so none of its mass is lost, however much of it lies below all numbers of a machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from emkit.core.arrays import Array
from emkit.core.stretches import Stretches
from emkit.families.between import GAUSS, NODES, Between

RISE, BENT = 6.0, 2.0  # of a log-density: how much it may change along a panel, and bend
SMOOTH = 30.0  # the width of a panel along which what is bent has next to vanished
NOTHING = 1e-17  # of a term of the log-density: below, the density is a power
DROP, DEEP = 745.0, 690.0  # of the log-density from its top: where panels end, and beyond which intervals have their own
OWN = 8  # panels of an end that lies there
LARGEST = 709.0  # exponents beyond overflow
SMALL = 1e-3  # numbers up to which a series of four terms has all digits

S = TypeVar("S")


class LogLaw(NamedTuple):
    """log f(t) = constant + drift t - p e(t) - q e(-t), with e(t) = exp(t) - 1 - t and p > 0; where q = 0, drift + p > 0."""

    constant: float
    drift: float
    p: float
    q: float

    @property
    def c(self) -> float:
        """What the log-density rises by along t, where exp(t) and exp(-t) are next to nothing."""
        return self.drift + (self.p - self.q)

    def height(self, t: Array) -> Array:
        """The log-density less its constant."""
        with np.errstate(over="ignore"):
            below = self.q * bent(-t) if self.q else 0.0
            return np.asarray(self.drift * t - self.p * bent(t) - below)

    def mirrored(self) -> LogLaw:
        """That of -t."""
        return LogLaw(self.constant, -self.drift, self.q, self.p)

    def top(self) -> float:
        """Where the log-density is highest."""
        root = math.hypot(self.c, 2 * math.sqrt(self.p) * math.sqrt(self.q))
        return math.log((self.c + root) / (2 * self.p) if self.c > 0 else 2 * self.q / (root - self.c))

    def power(self) -> float:
        """Below which the density is a power of exp(t)."""
        return -math.inf if self.q > 0 else math.log(NOTHING / max(1.0, self.p))

    def upwards(self) -> list[float]:
        """Places from the top on, until the density is next to nothing, or a power of exp(t)."""
        top = self.top()
        grown, shrunk = self.p * math.exp(top), self.q * math.exp(-top)  # at the top
        turn = -math.log(self.p) - top if self.p > 0 else math.inf
        end = (LARGEST if self.p > 0 else min(LARGEST, -self.mirrored().power())) - top
        found, on, fallen, slope = [top], 0.0, 0.0, 0.0
        while fallen < DROP and on < end:
            bend = self.p * math.exp(top + on) + shrunk * math.exp(-on)
            width = min(RISE / max(slope, 1e-300), BENT / math.sqrt(max(bend, 1e-300)), max(1.0, (turn - on) / 2))
            width = min(width, SMOOTH) if bend > NOTHING else width
            on, before = min(on + width, end), slope
            risen = grown * math.expm1(on) if on < 1 else self.p * math.exp(top + on) - grown
            slope = risen - shrunk * math.expm1(-on)
            fallen += width * (before + slope) / 2
            found.append(top + on)
        return found


def bent(t: Array) -> Array:
    """exp(t) - 1 - t, with all digits near 0."""
    near = np.abs(t) < SMALL
    small = np.where(near, t, 0.0)
    return np.where(near, small**2 / 2 * (1 + small / 3 * (1 + small / 4 * (1 + small / 5))), np.expm1(t) - t)


class Shares(NamedTuple):
    """The log-probabilities (n,) of intervals, and at which places t (m,) how much (m,) of their weights (n,) lies."""

    log_mass: Array
    places: Callable[[Array], tuple[Array, Array]]


def between_logs(law: LogLaw, unit: float, low: Array, high: Array) -> Shares:
    """Of values `unit` exp(t) in (low, high], (n,) each, which may be infinite."""
    ends = np.unique(np.concatenate([low, high]))
    ends = ends[(ends > 0) & np.isfinite(ends)]
    at, first, last = log_ratio(ends, unit), _numbers(ends, low), _numbers(ends, high)
    edges, power = _edges(law, at)
    places = np.unique(np.concatenate([edges, at]))
    where = np.searchsorted(places, at)
    width = np.diff(places)
    near = np.flatnonzero(np.diff(where) == 1)  # from one end to the next: by their difference, without the digits of each
    width[where[near]] = np.log1p((ends[near + 1] - ends[near]) / ends[near])
    t = (places[:-1] + width / 2)[:, None] + (width / 2)[:, None] * NODES
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        parts = law.height(t) + np.log(width[:, None] / 2 * GAUSS)
        if law.q == 0:
            own = places[1:] <= power
            t[own], parts[own] = _of_power(law, places[1:][own], width[own])
            t = np.concatenate([np.broadcast_to(places[0] - 1 / law.c, (1, t.shape[1])), t])
            parts = np.concatenate([_spread_out(law.height(places[:1]) - math.log(law.c), t.shape[1]), parts])
        parts = np.where(np.isnan(parts), -np.inf, parts)
        tops = parts.max(axis=1, keepdims=True)
        tops = np.where(np.isfinite(tops), tops, 0.0)
        inside = np.exp(parts - tops)
        total = inside.sum(axis=1, keepdims=True)
        sums = Stretches(tops + np.log(total))
        inside /= np.where(total > 0, total, 1.0)
    before = int(law.q == 0)  # the panel below all places
    begin = np.where(first < 0, 0, before + where[np.maximum(first, 0)]) if len(ends) else np.zeros(len(low), dtype=np.int64)
    every = np.full(len(high), len(inside))
    end = np.where(np.isposinf(high), every, before + where[np.maximum(last, 0)]) if len(ends) else every
    end = np.where(last < 0, 0, end)

    def told(weights: Array) -> tuple[Array, Array]:
        shared = sums.shared(begin, end, weights[:, None]) * inside
        some = shared > 0
        return t[some], shared[some]

    return Shares(law.constant + sums.over(begin, end)[:, 0], told)


def told_by_logs(laws: Sequence[LogLaw], units: Array, low: Array, high: Array, sums: Callable[..., S]) -> Between[S]:
    """What is known of values in (low, high], (n,) each, under each component, of units (K,).

    `sums` makes statistics of one column: of the places t and weights (m,) and (m,) of each component.
    """
    found = [between_logs(law, float(unit), low, high) for law, unit in zip(laws, units, strict=True)]

    def statistics(weights: Array) -> S:
        with np.errstate(all="ignore"):
            return sums([each.places(own) for each, own in zip(found, weights.T, strict=True)])

    return Between(np.stack([each.log_mass for each in found], axis=1), statistics)


def _numbers(ends: Array, of: Array) -> Array:
    """Which of the `ends` each is; -1 for what lies below all numbers > 0."""
    return np.where(of > 0, np.minimum(np.searchsorted(ends, of), max(len(ends) - 1, 0)), -1)


def _edges(law: LogLaw, ends: Array) -> tuple[Array, float]:
    """Where panels end; and up to where the density is a power."""
    above = law.upwards()
    below = [-t for t in law.mirrored().upwards()]
    beyond = _own(law, ends, above), -_own(law.mirrored(), -ends, [-t for t in below])
    return np.concatenate([above, below, *beyond]), law.power()


def _own(law: LogLaw, ends: Array, above: Sequence[float]) -> Array:
    """Places beyond each of the `ends` (n,) above which next to nothing lies, at which its own tail falls."""
    top = law.height(np.array([above[0]]))[0]
    far = ends[(ends > above[0]) & (ends < LARGEST)]
    far = far[top - law.height(far) > DEEP]
    slope = law.p * np.exp(far) - law.c - (law.q * np.exp(-far) if law.q else 0.0)
    return np.asarray((far[:, None] + np.arange(1, OWN + 1) * (RISE / slope)[:, None]).ravel())


def _of_power(law: LogLaw, end: Array, width: Array) -> tuple[Array, Array]:
    """Of panels in which the density is the power exp(c t): their mean t and the logarithm of their mass, at each node."""
    grown = law.c * width
    mean = end - (1 / law.c - width / np.expm1(grown))
    mean = np.where(grown < 1e-3, end - width / 2 + law.c * width**2 / 12, mean)
    mass = law.height(end) + np.log(-np.expm1(-grown)) - math.log(law.c)
    return np.repeat(mean[:, None], len(NODES), axis=1), _spread_out(mass, len(NODES))


def _spread_out(log_mass: Array, number: int) -> Array:
    return np.repeat(log_mass[:, None] - math.log(number), number, axis=1)


def log_ratio(x: Array, unit: float) -> Array:
    """The logarithm of x / unit, without loss of digits near the unit."""
    u = (x - unit) / unit
    near = np.abs(u) < 0.5
    return np.where(near, np.log1p(np.where(near, u, 0.0)), np.log(x) - math.log(unit))
