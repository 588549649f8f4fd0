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
from emkit.core.parameters import leaves
from emkit.data.profile import AnyProfile
from emkit.families.combined.quadrature import between_of
from emkit.families.spread import SameSpread

FLAT = 1e-5  # by how much a log-density changes where the rows are: over many millions, that is no log-likelihood
LITTLE = 1e-3  # of a component lies there: else it may be flat because it ends there, as an even one does
TAIL = -1e3  # the logarithm of what lies there of a component,
STRAIGHT = 1e-2  # of whose log-density a slope is left, up to so much: of two numbers, one runs off along with the other
NOTHING = 0.25  # of a row is expected among the ends of all intervals: which one is which says nothing of a component
PLACES = 5  # at which densities are compared


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


def mass_of(family: Any, params: Any, low: float, high: float) -> Array:
    """The logarithm of what lies from `low` to `high`, shape (K,)."""
    with np.errstate(all="ignore"):
        return np.asarray(between_of(family, params, np.array([low]), np.array([high])).log_mass[0])
