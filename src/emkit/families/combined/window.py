"""How much of a component of one column lies in a window, and how that changes with its parameters.

Of counts, pmfs are added up: those inside the window if it has an end (or next to nothing lies inside), else those outside.
Of other numbers, families know it in closed form; or the density is integrated by Gauss's rule between many places: those that
drawn rows of each component suggest, and places ever closer to the edges of the window and of what is possible, so that narrow
peaks and steep edges are met. Slopes are means of the scores of the family at the same places.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.axes import COLUMN
from emkit.core.parameters import leaves, replace_at
from emkit.errors import ModelError
from emkit.families.between import Between
from emkit.families.combined.sharing import component_number
from emkit.families.family import Family

NODES, GAUSS = np.polynomial.legendre.leggauss(20)  # within each panel
DRAWN = 400  # rows of each component, to see where it lies; their places need not be exact
QUANTILES = np.linspace(0, 1, 17)
FINER, EDGE_PANELS = 8.0, 14  # panels shrink by this factor towards an edge
WIDER, FAR_PANELS = 4.0, 24  # and grow by this towards infinity
FARTHEST = 1e300  # that panels towards an edge begin from, where drawn rows overflow
SINGULAR_PANELS = 160  # towards the edge of what is possible, where a density may be infinite
NEARLY_ALL = 1 - 1e-6  # where more lies outside, what lies inside is added up; of less, the rest to 1 has ten digits
FEW, MORE = 200, 10  # counts that are added up at first: so many, and so many times the least
SETTLED = 1e-13  # of the logarithm of a sum
MOST_COUNTS = 1_000_000
MOST_CELLS = 10_000_000  # counts times components: 80 MB


@dataclass(frozen=True)
class Seen:
    """The logarithm of the mass in the window (K,), and what its slopes are means over.

    These are rows (m, 1) with weights (m, K) and a sign; or, where the family knows intervals in closed form, what it expects.
    """

    log_mass: Array
    parts: tuple[tuple[Array, Array, float], ...] = ()
    inside: Between[Any] | None = None

    def slopes(self, family: Family[Any, Any], params: Any, times: Array) -> Mapping[str, Array]:
        """The derivatives of the sum of `times` (K,) log mass along the fields of `params`, where the family writes slopes."""
        if self.inside is not None:
            return self.inside.slopes_of(family, params, times[None])
        total: dict[str, Array] = {}
        for rows, weights, sign in self.parts:
            stats = family.statistics(params, rows, weights * times)
            for path, slope in family.expected(stats, params, params).slopes.items():
                total[path] = total.get(path, 0.0) + sign * slope
        return total


def column_of(params: Any, column: int, columns: int) -> Any:
    """The parameters of one of so many columns. Errors: ModelError if columns are not independent."""
    changes = {}
    for leaf in leaves(params):
        axes = leaf.axes.names if leaf.axes is not None else ()
        if columns > 1 and (axes.count(COLUMN) != 1 or (leaf.axes is not None and leaf.axes.coupled)):
            raise ModelError("only independent columns can be truncated: of joined columns, truncate one alone.")
        if columns > 1:
            changes[leaf.path] = np.take(leaf.value, [column], axis=axes.index(COLUMN))
    return replace_at(params, changes, admitted=True) if changes else params


def seen(family: Family[Any, Any], params: Any, low: float, high: float) -> Seen:
    """How much of each component (of one column) lies from `low` to `high`, both included."""
    support = family.support
    low, high = max(low, support.least), min(high, support.most)
    refuse_many(family, component_number(params), low, high)
    with np.errstate(all="ignore"):
        if support.whole:
            return _counts(family, params, low, high)
        if family.between is None:
            return _numbers(family, params, low, high)
        inside = family.between(params, np.array([low]), np.array([high]))
        return Seen(inside.log_mass[0], inside=inside)


def refuse_many(family: Family[Any, Any], components: int, low: float, high: float) -> None:
    """Raise ModelError if the counts from `low` to `high`, or below `low`, are too many to add up for so many components."""
    support = family.support
    low, high = max(low, support.least), min(high, support.most)
    number = max(high - low if np.isfinite(high) else 0.0, low - max(support.least, 0))
    if support.whole and (not np.isfinite(low) or number > MOST_COUNTS or number * components > MOST_CELLS):
        raise ModelError(f"counts from {low:g} to {high:g} are too many to add up.")


def _counts(family: Family[Any, Any], params: Any, low: float, high: float) -> Seen:
    least, most = family.support.least, family.support.most
    if np.isfinite(high):
        return _added(family, params, np.arange(low, high + 1))
    outside = np.arange(least, low) if np.isfinite(least) else np.empty(0)
    if not len(outside):
        return Seen(np.zeros(component_number(params)), ())
    pmf = np.exp(family.log_density(params, outside[:, None]))
    lost = pmf.sum(axis=0)
    little = lost > NEARLY_ALL  # of these, 1 - lost would be rounding
    kept = np.where(little, 0.0, lost)
    log_mass, parts = np.log1p(-kept), [(outside[:, None], np.where(little, 0.0, pmf / (1 - kept)), -1.0)]
    if little.any():
        direct = _tail(family, params, low, most, little)
        log_mass = np.where(little, direct.log_mass, log_mass)
        parts += [(rows, np.where(little, weights, 0.0), sign) for rows, weights, sign in direct.parts]
    return Seen(log_mass, tuple(parts))


def _tail(family: Family[Any, Any], params: Any, low: float, most: float, wanted: Mask) -> Seen:
    """The counts from `low` on, added up until doubling their number changes nothing for the components that are `wanted`."""
    number, before, limit = low * MORE + FEW, np.array(np.nan), MOST_CELLS / component_number(params)
    while True:
        found = _added(family, params, np.arange(low, min(most, low + number) + 1))
        if low + number >= most or 2 * number > limit or np.allclose(found.log_mass[wanted], before, rtol=0, atol=SETTLED):
            return found
        number, before = 2 * number, found.log_mass[wanted]


def _added(family: Family[Any, Any], params: Any, rows: Array, volumes: Array | float = 1.0) -> Seen:
    heights = family.log_density(params, rows[:, None]) + np.log(volumes)[..., None]
    top = heights.max(axis=0)
    parts = np.exp(heights - top)
    total = parts.sum(axis=0)
    return Seen(top + np.log(total), ((rows[:, None], parts / total, 1.0),))


def _numbers(family: Family[Any, Any], params: Any, low: float, high: float) -> Seen:
    places = places_between(family, params, low, high)
    half, middle = np.diff(places) / 2, (places[1:] + places[:-1]) / 2
    rows = (middle[:, None] + half[:, None] * NODES).ravel()
    volumes = (half[:, None] * GAUSS).ravel()
    good: Mask = (volumes > 0) & (rows > max(low, family.support.least)) & (rows < min(high, family.support.most))
    return _added(family, params, rows[good], volumes[good])


def _panels(reach: float, edge: float) -> int:
    """How many panels towards an edge: more where they begin so far off that powers of a value bend long before."""
    further = np.log(reach / abs(edge)) / np.log(FINER) if edge else 0.0
    return EDGE_PANELS + min(max(int(np.ceil(further)), 0), SINGULAR_PANELS)


def places_between(family: Family[Any, Any], params: Any, low: float | None = None, high: float | None = None) -> Array:
    """Between which Gauss's rule is used, in order, from `low` to `high`: by default, over all that is possible."""
    low, high = family.support.least if low is None else low, family.support.most if high is None else high
    number = component_number(params)
    drawn = family.draw(params, np.random.default_rng(0), np.repeat(np.arange(number), DRAWN)).reshape(number, DRAWN)
    spreads = np.ptp(drawn, axis=1, keepdims=True)
    spread = float(spreads.max()) or 1.0
    far = np.where(spreads > 0, spreads, spread) * WIDER ** np.arange(FAR_PANELS)  # of each, since one may be narrow
    beyond = [(drawn.max(axis=1, keepdims=True) + far).ravel(), (drawn.min(axis=1, keepdims=True) - far).ravel()]
    found = [np.quantile(drawn, QUANTILES, axis=1).ravel(), *beyond]
    reach = min(np.nan_to_num(spread, nan=FARTHEST, posinf=FARTHEST), high - low)
    for edge, inwards in ((low, 1.0), (high, -1.0)):
        if np.isfinite(edge):
            singular = edge in (family.support.least, family.support.most)
            found.append(edge + inwards * reach * FINER ** -np.arange(SINGULAR_PANELS if singular else _panels(reach, edge)))
    found.append(family.bends(params))
    every = np.concatenate([*found, [each for each in (low, high) if np.isfinite(each)]])
    return np.unique(every[(every >= low) & (every <= high)])
