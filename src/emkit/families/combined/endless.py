"""Components whose best place is infinitely far off: of rows that are seen in part, the likelihood may rise for ever.

Values that fill their window evenly, or like a tail, and values of which only one end is known, are told ever better by
components that are ever wider, or ever farther off.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.parameters import leaves, replace_at
from emkit.core.spaces import Positive
from emkit.data.profile import AnyProfile
from emkit.families.combined.quadrature import between_of
from emkit.families.spread import SameSpread

FLAT = 1e-5  # by how much a log-density changes where the rows are: over many millions, that is no log-likelihood
LITTLE = 1e-3  # of a component lies there: else it may be flat because it ends there, as an even one does
TAIL = -1e3  # the logarithm of what lies there of a component,
STRAIGHT = 1e-2  # of whose log-density a slope is left, up to so much: of two numbers, one runs off along with the other
NOTHING = 0.25  # of a row is expected among the ends of all intervals: which one is which says nothing of a component
PLACES = 5  # at which densities are compared
UNTOLD = 1e-3  # of log-likelihood of all rows: less than that is no matter
AWAY = 1.0, 20.0  # e-folds by which a number > 0 is larger, or smaller, where it has run off


@dataclass(frozen=True)
class WithoutEnd(SameSpread):
    """The `inner` spread, of components of which it is told which run off: (K,), by their parameters and the profile."""

    told: Callable[[Any, AnyProfile], Mask]

    def endless(self, params: Any, profile: AnyProfile) -> tuple[int, ...]:
        return tuple(np.flatnonzero(self.told(params, profile)).tolist())


def is_flat(family: Any, params: Any, low: float, high: float, log_mass: Array) -> Mask:
    """Which components (K,) of one column are flat from `low` to `high`, or but a tail, given the `log_mass` (K,) there."""
    heights = family.log_density(params, np.linspace(low, high, PLACES)[:, None])
    with np.errstate(invalid="ignore"):
        flat = np.ptp(heights, axis=0) < FLAT
        bent = np.abs(np.diff(heights, n=2, axis=0)).sum(axis=0)
    numbers = sum(leaf.value.size for leaf in leaves(params)) / len(log_mass)
    tail = (log_mass < TAIL) & (bent < STRAIGHT) & (numbers > 1)
    return np.asarray((flat & (log_mass < np.log(LITTLE))) | tail)


def is_beyond(family: Any, params: Any, low: float, high: float, rows: float) -> Mask:
    """Which components (K,), if all `rows` were theirs, have none from `low` to `high`, which are the ends of all intervals."""
    return np.asarray(mass_of(family, params, low, high) < np.log(NOTHING / rows)) & (low < high)


def is_level(family: Any, params: Any, low: float, high: float, rows: float) -> Mask:
    """Which components (K,) tell all `rows` the same, from `low` to `high` and beyond, however far one number > 0 has run."""
    here = _told_there(family, params, low, high)
    found = np.zeros(here.shape[1], dtype=bool)
    for leaf in leaves(params):
        for way in (1.0, -1.0) if isinstance(leaf.space, Positive) else ():
            with np.errstate(over="ignore", under="ignore"):
                moved = [leaf.value * np.exp(way * size) for size in AWAY]
            if all(((value > 0) & np.isfinite(value)).all() for value in moved):
                there = [_told_there(family, replace_at(params, {leaf.path: value}), low, high) for value in moved]
                found |= np.all([np.abs(each - here).max(axis=0) < UNTOLD / rows for each in there], axis=0)
    return found


def _told_there(family: Any, params: Any, low: float, high: float) -> Array:
    """Log-densities at some places from `low` to `high`, and the logarithms of what lies on either side, (places + 2, K)."""
    with np.errstate(all="ignore"):
        heights = family.log_density(params, np.linspace(low, high, PLACES)[:, None])
        beside = between_of(family, params, np.array([-np.inf, high]), np.array([low, np.inf])).log_mass
    return np.nan_to_num(np.concatenate([heights, beside]))


def mass_of(family: Any, params: Any, low: float, high: float) -> Array:
    """The logarithm of what lies from `low` to `high`, shape (K,)."""
    with np.errstate(all="ignore"):
        return np.asarray(between_of(family, params, np.array([low]), np.array([high])).log_mass[0])
