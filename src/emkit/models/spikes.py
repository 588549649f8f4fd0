"""Which components are none: those that only a floor holds, and those that no row tells apart.

Many rows that lie in one plane, as no others do, are a cluster all the same: it has no density, but nobody would miss it.
Equal rows are none, however many.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.memo import once
from emkit.core.parameters import Leaf, leaves
from emkit.data.chunk import as_float64
from emkit.data.profile import AnyProfile
from emkit.families.family import Family
from emkit.families.spread import few
from emkit.models.order import is_shared, spread_over

LOOKED_AT = 1_000  # rows, to see whether components differ
THICK = 4e-3  # of a standard deviation of the whole data: two rows this close lie in one plane
ALONE = 10  # times the rows of any other plane: rounded numbers make planes, too, but many
ALIKE = 1e-4  # of log-density: a row that tells two components apart by no more tells nothing


def fallen(family: Family[Any, Any], components: Any, number: int, profile: AnyProfile) -> Mask:
    """Of which of so many `components` a floor holds more than it holds of the whole data, shape (K,)."""
    found = np.zeros(number, dtype=bool)
    held = family.lower_bound(profile).collapsed(components)
    if not any(mask.any() for mask in held.values()):
        return found
    whole = _floored_of_all(profile, family, number)
    own = {leaf.path: leaf for leaf in leaves(components)}
    for path, mask in held.items():
        if own[path].axes is None:
            continue  # there is no telling whose it is
        found |= _each(own[path], mask, number) > whole.get(path, 0)
    return found


def _each(leaf: Leaf, mask: Mask, number: int) -> Array:
    """How many elements of a field are masked for each of so many components, shape (K,); what they share counts for all."""
    if is_shared(leaf):
        return np.broadcast_to(mask.sum(), number)
    return spread_over(leaf, mask.reshape(len(mask), -1).sum(axis=1), number, 0)


@once
def _floored_of_all(profile: AnyProfile, family: Family[Any, Any], number: int) -> dict[str, Array]:
    """How many elements a floor holds where each of so many components is fitted to all rows, by path, shape (K,)."""
    pooled = family.pooled(profile, number)
    own = {leaf.path: leaf for leaf in leaves(pooled)}
    return {path: _each(own[path], mask, number) for path, mask in family.lower_bound(profile).collapsed(pooled).items()}


def in_a_plane(family: Family[Any, Any], components: Any, k: int, rows: float, profile: AnyProfile) -> bool:
    """Whether component k, of so many `rows`, is a cluster that lies in one plane (or on a line), as no other rows do.

    That is so if it has a spread in some direction, and along every one in which a floor holds it, one plane has many rows, and
    no parallel one nearly as many.
    """
    number = len(profile.columns)
    directions = family.lower_bound(profile).held_along(components, k, number)
    if not 0 < len(directions) < number == directions.shape[1] or few(np.array([rows]), number).any():
        return False
    some = profile.sample
    unit = np.sqrt(np.where(profile.variance > 0, profile.variance, 1.0))
    places = (as_float64(some.x) - profile.mean) / unit @ directions.T
    share = rows / profile.total_weight
    return all(_alone(place, some.weights, share * some.weights.sum()) for place in places.T)


def _alone(places: Array, weights: Array, rows: float) -> bool:
    """Whether one place on a line has far more of the `weights` (n,) than any other, the one where so many `rows` are."""
    order = np.argsort(places)
    places, sums = places[order], np.concatenate([[0.0], np.cumsum(weights[order])])
    last = np.searchsorted(places, places + THICK, side="right")
    each = sums[last] - sums[:-1]
    most = int(each.argmax())
    others = (places + THICK < places[most]) | (places > places[last[most] - 1])
    second = each[others].max(initial=0.0)
    return bool(each[most] >= ALONE * second and second < rows / 2)


def coinciding(family: Family[Any, Any], components: Any, profile: AnyProfile) -> tuple[tuple[int, ...], ...]:
    """Groups of components under which the first rows all have the same log-density."""
    rows = as_float64(next(iter(profile.source.chunks())).x[:LOOKED_AT])
    density = family.log_density(components, rows)
    groups: list[list[int]] = []
    for k in range(density.shape[1]):
        alike = next((group for group in groups if np.abs(density[:, group[0]] - density[:, k]).max() <= ALIKE), None)
        if alike is not None:
            alike.append(k)
        else:
            groups.append([k])
    return tuple(tuple(group) for group in groups if len(group) > 1)
