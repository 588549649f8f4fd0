"""Responses known up to intervals about lines: how likely lines and scales make them, and which make them likeliest.

With z = (y - eta) / s, the log-likelihood is concave in eta / s and 1 / s together, for every law whose log-density is concave.
So Newton's method, with steps halved until they climb, finds the one maximum.
Source: Burridge (1981), J. R. Statist. Soc. B 43, 41-45; Pratt (1981), J. Amer. Statist. Assoc. 76, 103-106.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.newton import FLAT
from emkit.families.regression.standard_laws import StandardLaw

STEPS, HALVINGS = 100, 40
SETTLED = 1e-14  # of the weight of the rows: a step that promises no more is rounding
LITTLE = 3e-8  # of the greatest curvature, and of the weight: what bends less, and promises less, loses its digits


class Height(NamedTuple):
    """The log-likelihood, its slope (p + 1,), and its second derivatives with the sign changed, `curvature` (p + 1, p + 1).

    They are along g and t, where z = (1 + t) (y - eta) / s - g' x: how far eta / s has moved, and 1 / s in units of itself.
    `concave` (p + 1, p + 1) is that of all rows, those included that are not seen, and never negative.
    """

    value: float
    slope: Array
    curvature: Array
    concave: Array

    def step(self, free: Mask, mass: float) -> Array:
        """That of Newton's method along what is `free`, uphill, of rows of so much weight.

        Where covariates part half-lines from all other rows, lines run off, and each step along their way promises about a
        third of what the last one did. The way is left while its slopes can still be told from the rounding of all others.
        """
        found, some = np.zeros(len(free)), np.ix_(free, free)
        bends, ways, along, told = _along(self.curvature[some], self.slope[free], mass)
        if self.curvature is not self.concave and not (bends[told] > 0).all():
            bends, ways, along, told = _along(self.concave[some], self.slope[free], mass)
        found[free] = ways[:, told] @ (along[told] / bends[told])
        return found


def _along(curvature: Array, slope: Array, mass: float) -> tuple[Array, Array, Array, Mask]:
    """Curvatures, the directions (p, p) that they are of, the slopes along these, and which are told (p,)."""
    bends, ways = np.linalg.eigh(curvature)
    along, bent = ways.T @ slope, np.abs(bends)
    promises = along**2 > LITTLE * mass * bent
    return bends, ways, along, (bent > LITTLE * bent.max()) | (promises & (bent > FLAT * bent.max()))


class Line(NamedTuple):
    """Coefficients (p,) of the orthonormal columns, and the scale s about the line."""

    way: Array
    scale: float


@dataclass(frozen=True)
class Ends:
    """Rows of which the response lies in (low, high], (n,) each, or is known, with orthonormal columns z (n, p).

    `entry` (n,): what responses must be larger than to be seen at all (left truncation), -infinity for anything. What is then
    seen is a share of the law, whose logarithm is left off; the likelihood need not be concave.
    """

    low: Array
    high: Array
    z: Array
    law: StandardLaw
    entry: Array

    def log_density(self, line: Line) -> Array:
        """Of each row, (n,): a density for known responses, in units of the response; else a probability."""
        return self._logs(self._standard(line), line.scale) - self.log_seen(line)

    def log_seen(self, line: Line) -> Array:
        """The logarithm of what is seen of each row, (n,)."""
        place = (self.entry - self.z @ line.way) / line.scale
        return self._log_beyond(place)

    def _log_beyond(self, place: Array) -> Array:
        found, late = np.zeros(len(place)), np.isfinite(place)
        ends = np.full(int(late.sum()), np.inf)
        with np.errstate(divide="ignore", over="ignore"):
            found[late] = self.law.log_between(place[late], ends, ends)
        return found

    def height(self, line: Line, weights: Array) -> Height:
        """Of rows with `weights` (n,)."""
        low, high, known = self._standard(line)
        logs = self._logs((low, high, known), line.scale)
        some = ~known
        value = float(np.where(weights > 0, weights * logs, 0.0).sum())
        at = self.law.density(low[known])
        w, design = weights[known], np.column_stack([-self.z[known], low[known]])
        slope, bent = design.T @ (w * at.slope), (design * (w * at.bend)[:, None]).T @ design
        slope[-1] += w.sum()
        bent[-1, -1] -= w.sum()
        first, last = self._end(low[some], logs[some], some), self._end(high[some], logs[some], some)
        w = weights[some]
        slope += last.design.T @ (w * last.share) - first.design.T @ (w * first.share)
        bent += (last.design * (w * last.share * (last.slope - last.share))[:, None]).T @ last.design
        bent -= (first.design * (w * first.share * (first.slope + first.share))[:, None]).T @ first.design
        cross = (first.design * (w * first.share * last.share)[:, None]).T @ last.design
        curvature = -(bent + cross + cross.T)
        return self._of_seen(line, weights, Height(value, slope, curvature, curvature))

    def _of_seen(self, line: Line, weights: Array, whole: Height) -> Height:
        """The height of what is seen, of that of the `whole`."""
        late = np.isfinite(self.entry)
        if not late.any():
            return whole
        place = (self.entry[late] - self.z[late] @ line.way) / line.scale
        logs, w = self._log_beyond(place), weights[late]
        start = self._end(place, logs, late)
        value = whole.value - float(np.where(w > 0, w * logs, 0.0).sum())
        slope = whole.slope + start.design.T @ (w * start.share)
        bent = (start.design * (w * start.share * (start.slope + start.share))[:, None]).T @ start.design
        return Height(value, slope, whole.curvature - bent, whole.concave)

    def highest(self, line: Line, weights: Array, least: float, moves: bool) -> Line:
        """The line and scale of the greatest height, from one that is given; no scale is below `least`.

        `moves`: whether the scale is estimated.
        """
        mass = float(weights.sum())
        for _ in range(STEPS if mass > 0 else 0):
            here = self.height(line, weights)
            free = np.append(np.ones(len(line.way), dtype=bool), moves and (line.scale > least or here.slope[-1] < 0))
            step = here.step(free, mass)
            if not step @ here.slope > SETTLED * mass:
                break
            share = 1.0
            for _ in range(HALVINGS):
                there = _moved(line, share * step, least if moves else line.scale)
                if there is not None and self.height(there, weights).value >= here.value:
                    break
                share /= 2
            else:
                break
            assert there is not None
            line = there
        return line

    def _standard(self, line: Line) -> tuple[Array, Array, Mask]:
        eta = self.z @ line.way
        return (self.low - eta) / line.scale, (self.high - eta) / line.scale, self.low == self.high

    def _logs(self, standard: tuple[Array, Array, Mask], scale: float) -> Array:
        low, high, known = standard
        found, some = np.empty(len(low)), ~known
        found[known] = self.law.density(low[known]).value - np.log(scale)
        with np.errstate(divide="ignore", over="ignore"):
            width = (self.high[some] - self.low[some]) / scale
            found[some] = self.law.log_between(low[some], high[some], width)
        return found

    def _end(self, place: Array, log_mass: Array, some: Mask) -> _End:
        """One end of intervals: its density over their probability, the slope of its log-density, and what it moves with."""
        finite = np.isfinite(place)
        place = np.where(finite, place, 0.0)
        at = self.law.density(place)
        possible = finite & np.isfinite(log_mass)
        share = np.where(possible, np.exp(at.value - np.where(possible, log_mass, 0.0)), 0.0)
        return _End(share, at.slope, np.column_stack([-self.z[some], place]))


class _End(NamedTuple):
    share: Array
    slope: Array
    design: Array


def _moved(line: Line, step: Array, least: float) -> Line | None:
    """A line a step on; None if its scale would be none."""
    inverse = 1 + step[-1]
    if inverse <= 0:
        return None
    scale = max(line.scale / inverse, least)
    return Line(line.way + scale * step[:-1], scale)
