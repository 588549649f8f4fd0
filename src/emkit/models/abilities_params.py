"""Parameters of items that ask several abilities, and patterns of which items ask which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import scipy

from emkit.core.arrays import Array, ArrayLike, Mask
from emkit.core.axes import Axes
from emkit.core.parameters import Parameters
from emkit.core.spaces import Correlations, NonNegative, Real
from emkit.core.spaces.correlations import root_of
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


@dataclass(frozen=True, eq=False)
class AbilitiesOfGroup(Parameters):
    """m abilities of people of one group, normal with `means` (m,), `spreads` (m,) and `correlations` (m, m).

    >>> import emkit as ek
    >>> ek.AbilitiesOfGroup([0.5, 0.0], [1.2, 0.8], [[1.0, 0.5], [0.5, 1.0]]).covariance.round(2).tolist()
    [[1.44, 0.48], [0.48, 0.64]]
    """

    means: Annotated[Array, Real(), Axes("ability")]
    spreads: Annotated[Array, NonNegative(), Axes("ability")]
    correlations: Annotated[Array, Correlations(), Axes("ability", "ability")]

    if TYPE_CHECKING:

        def __init__(self, means: ArrayLike, spreads: ArrayLike, correlations: ArrayLike) -> None: ...

    @staticmethod
    def standard(correlations: Array) -> AbilitiesOfGroup:
        """Those with means of 0 and spreads of 1."""
        return AbilitiesOfGroup(np.zeros(len(correlations)), np.ones(len(correlations)), correlations)

    @property
    def root(self) -> Array:
        """What makes how far abilities are from their means of standard normal numbers (m, m)."""
        return self.spreads[:, None] * root_of(self.correlations)

    @property
    def covariance(self) -> Array:
        """Their covariance (m, m)."""
        return self.spreads[:, None] * self.correlations * self.spreads

    def at(self, standard: Array) -> Array:
        """The abilities (N, m) at places (N, m) of standard normal numbers."""
        return np.asarray(self.means + standard @ self.root.T)

    def turned(self, turn: Any) -> AbilitiesOfGroup:
        """The same people by the abilities that `turn` (m, m) makes of these."""
        covariance = turn @ self.covariance @ turn.T
        spreads = np.sqrt(np.diag(covariance))
        units = np.where(spreads > 0, spreads, 1.0)
        correlations = covariance / units[:, None] / units
        correlations = np.where(np.eye(len(turn), dtype=bool), 1.0, (correlations + correlations.T) / 2)
        return AbilitiesOfGroup(turn @ self.means, spreads, correlations)


@dataclass(frozen=True, eq=False)
class ItemPlanesParams(Parameters):
    """Parameters of `ItemPlanesModel`: `items` such as `GradedPlane`, and `correlations` (m, m) of the abilities.

    `pivots` as in `AbilitiesParams`. Of several groups of people, the abilities of the first have means of 0, spreads of 1 and
    these correlations, and `others` are those of the other groups.

    >>> import emkit as ek
    >>> items = (ek.GradedPlane([-1.0, 1.0], [1.5, 0.0]), ek.SlopedPlane([0.5], [0.0, 1.0]))
    >>> ek.ItemPlanesParams(items, correlations=[[1.0, 0.3], [0.3, 1.0]]).items[0].slopes.tolist()
    [1.5, 0.0]
    """

    items: Annotated[tuple[Parameters, ...], Axes("column")]
    correlations: Annotated[Array, Correlations(), Axes("ability", "ability")]
    pivots: tuple[int, ...] = ()
    others: Annotated[tuple[AbilitiesOfGroup, ...], Axes("group")] = ()

    if TYPE_CHECKING:

        def __init__(
            self,
            items: tuple[Parameters, ...],
            correlations: ArrayLike,
            pivots: tuple[int, ...] = (),
            others: tuple[AbilitiesOfGroup, ...] = (),
        ) -> None: ...

    @property
    def groups(self) -> tuple[AbilitiesOfGroup, ...]:
        """The abilities of all groups."""
        return (AbilitiesOfGroup.standard(self.correlations), *self.others)


def pattern_of(loads: ArrayLike, correlated: bool = False) -> Mask:
    """Which items ask which abilities (J, m), that may be `correlated`. Errors: ModelError for what data cannot tell."""
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
    least = 2 if correlated and found.shape[1] > 1 else LEAST_ITEMS
    few = np.flatnonzero(found.sum(axis=0) < least)
    if len(few):
        why, number = "" if correlated else ", since abilities are independent", int(found[:, few[0]].sum())
        raise ModelError(
            f"ability {few[0] + 1} is asked by {number} item{'s' * (number != 1)}; it takes {least} to tell their slopes{why}."
        )
    alike = [(k, m) for m in range(found.shape[1]) for k in range(m) if (found[:, k] == found[:, m]).all()]
    if alike:
        raise ModelError(
            "abilities {} and {} are asked by the same items, so that they can be turned into each other: leave one out, or "
            "say only how many there are.".format(*(k + 1 for k in alike[0]))
        )
    left = _untold(found, correlated)
    if left and correlated:
        raise ModelError(
            f"pairs of items leave {left} of the {found.sum()} slopes and the correlations open, whatever the data, as where "
            "all items ask one ability and it is correlated with the others: let fewer items ask several abilities."
        )
    if left:
        raise ModelError(
            f"pairs of items leave {left} of the {found.sum()} slopes open, whatever the data, as where two abilities of three "
            "items each stand beside one that all ask: add items or abilities, or let fewer items ask what all ask."
        )
    return found


def _untold(loads: Mask, correlated: bool) -> int:
    """How many slopes and correlations the covariances of pairs of items leave open, where these are nothing special."""
    number, m = int(loads.sum()), loads.shape[1]
    rng = np.random.default_rng(0)
    slopes: Array = np.where(loads, rng.uniform(0.5, 1.5, loads.shape), 0.0)
    along = slopes @ Correlations().unpack(rng.uniform(-0.4, 0.4, m * (m - 1) // 2), (m, m)) if correlated else slopes
    places = np.cumsum(loads).reshape(loads.shape) - 1  # of each slope among those that are free
    first, second = np.triu_indices(len(loads), 1)
    moved = scipy.sparse.coo_array((len(first), number)).tocsr()
    for one, other in ((first, second), (second, first)):
        pair, ability = np.nonzero(loads[one])
        cells = pair, places[one[pair], ability]
        moved = moved + scipy.sparse.coo_array((along[other[pair], ability], cells), shape=moved.shape).tocsr()
    if correlated:
        pairs = [
            slopes[first, k] * slopes[second, j] + slopes[first, j] * slopes[second, k] for k in range(m) for j in range(k)
        ]
        moved = scipy.sparse.hstack([moved, *(scipy.sparse.coo_array(each[:, None]) for each in pairs)]).tocsr()
    bends = np.linalg.eigvalsh((moved.T @ moved).toarray())
    return int((bends < FLAT * bends[-1]).sum())
