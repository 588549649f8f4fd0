"""Parameters of items that ask several abilities, and patterns of which items ask which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np
from scipy.sparse import coo_array

from emkit.core.arrays import Array, ArrayLike, Mask
from emkit.core.axes import Axes
from emkit.core.parameters import Parameters
from emkit.core.spaces import Real
from emkit.errors import ModelError

FLAT = 1e-10  # of the greatest curvature: what bends less is not told
LEAST_ITEMS = 3  # of an ability that is independent of the others: two have one covariance, for two slopes


@dataclass(frozen=True, eq=False)
class AbilitiesParams(Parameters):
    """logit P(item j is right | abilities) = intercepts_j + slopes_j . abilities: `intercepts` (J,) and `slopes` (J, m).

    `pivots` (m,): where no pattern says which items ask which abilities, the items that say how these are turned, the first of
    which asks the first ability alone, the second the first two, and so on; else none.

    >>> import emkit as ek
    >>> params = ek.AbilitiesParams(intercepts=[0.5, -1.0], slopes=[[1.2, 0.0], [0.8, 0.6]], pivots=(0, 1))
    >>> params.slopes.shape
    (2, 2)
    """

    intercepts: Annotated[Array, Real(), Axes("column")]
    slopes: Annotated[Array, Real(), Axes("column", "ability")]
    pivots: tuple[int, ...] = ()

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, intercepts: ArrayLike, slopes: ArrayLike, pivots: tuple[int, ...] = ()) -> None: ...


def pattern_of(loads: ArrayLike) -> Mask:
    """Which items ask which abilities (J, m). Errors: ModelError for a pattern that data cannot tell."""
    try:
        given = np.asarray(loads)
    except ValueError:
        said = "loads say which items ask which abilities, a row of 0 and 1 for each item; rows differ in length."
        raise ModelError(said) from None
    if given.ndim != 2 or not given.size:
        raise ModelError(
            f"loads say which items ask which abilities, a row of 0 and 1 for each item; they have shape {given.shape}."
        )
    strange = np.argwhere(~np.isin(given, (0, 1)))
    if len(strange):
        j, k = strange[0].tolist()
        raise ModelError(f"loads are 0 and 1, a row for each item; item {j} has {given[j, k]} for ability {k + 1}.")
    found = given.astype(bool)
    idle = np.flatnonzero(~found.any(axis=1))
    if len(idle):
        raise ModelError(f"item {idle[0]} asks no ability: leave it out.")
    few = np.flatnonzero(found.sum(axis=0) < LEAST_ITEMS)
    if len(few):
        raise ModelError(
            f"ability {few[0] + 1} is asked by {found[:, few[0]].sum()} items; it takes {LEAST_ITEMS} to tell their slopes, "
            "since abilities are independent."
        )
    alike = [(k, m) for m in range(found.shape[1]) for k in range(m) if (found[:, k] == found[:, m]).all()]
    if alike:
        raise ModelError(
            "abilities {} and {} are asked by the same items, so that they can be turned into each other: leave one out, or "
            "say only how many there are.".format(*(k + 1 for k in alike[0]))
        )
    left = _untold(found)
    if left:
        raise ModelError(
            f"pairs of items leave {left} of the {found.sum()} slopes open, whatever the data, as where two abilities of three "
            "items each stand beside one that all ask: add items or abilities, or let fewer items ask what all ask."
        )
    return found


def _untold(loads: Mask) -> int:
    """How many slopes the covariances of pairs of items leave open, at slopes that are nothing special."""
    number = int(loads.sum())
    slopes = np.where(loads, np.random.default_rng(0).uniform(0.5, 1.5, loads.shape), 0.0)
    places = np.cumsum(loads).reshape(loads.shape) - 1  # of each slope among those that are free
    first, second = np.triu_indices(len(loads), 1)
    moved = coo_array((len(first), number)).tocsr()
    for one, other in ((first, second), (second, first)):
        pair, ability = np.nonzero(loads[one])
        cells = pair, places[one[pair], ability]
        moved = moved + coo_array((slopes[other[pair], ability], cells), shape=moved.shape).tocsr()
    bends = np.linalg.eigvalsh((moved.T @ moved).toarray())
    return int((bends < FLAT * bends[-1]).sum())
