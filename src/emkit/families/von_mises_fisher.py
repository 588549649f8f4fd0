"""Unit rows: directions in space, texts by their words, rows of which only the direction matters.

The parameter is one vector for each component, its direction that of the component and its length the concentration: it may be
any vector, also 0, where rows come from everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np

from emkit.core.arrays import Array, ArrayLike, Integers, Mask
from emkit.core.axes import Axes
from emkit.core.expected import Slopes
from emkit.core.parameters import Parameters
from emkit.core.protocols import Update
from emkit.core.spaces import Real
from emkit.data.profile import AnyProfile
from emkit.families.bessel import concentration_of, log_bessel, mean_length
from emkit.families.description import Description, Word
from emkit.families.family import ExponentialFamily, Totals, keep_where_empty, lead_with, per_mass, repeat
from emkit.families.floor import FLOOR, Floor, rests
from emkit.families.support import Support

__all__ = ["VonMisesFisher", "VonMisesFisherParams"]

ROUNDING = 1e-15  # of 1 less a mean length
LENGTH_TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False)
class VonMisesFisherParams(Parameters):
    """`vectors` (K, d): concentration times direction.

    >>> import emkit as ek
    >>> params = ek.VonMisesFisherParams([[3.0, 4.0]])
    >>> params.concentrations.tolist(), params.directions.tolist()
    ([5.0], [[0.6, 0.8]])
    """

    vectors: Annotated[Array, Real(), Axes("component", "column", coupled=("column",))]

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, vectors: ArrayLike) -> None: ...

    @property
    def concentrations(self) -> Array:
        """How close the rows of each component lie to its direction, shape (K,)."""
        return np.sqrt((self.vectors**2).sum(axis=1))

    @property
    def directions(self) -> Array:
        """The direction of each component, a unit vector (0 where rows come from everywhere), shape (K, d)."""
        lengths = self.concentrations[:, None]
        return self.vectors / np.where(lengths > 0, lengths, 1.0)


@dataclass(frozen=True)
class VonMisesFisher(ExponentialFamily[VonMisesFisherParams]):
    """Unit rows: log p(x|k) = v_k' x + (d/2 - 1) log c - d/2 log 2 pi - log I_(d/2-1)(c), with c = |v_k|.

    The density is that on the sphere. Data: x (n, d) with rows of length 1.
    `floor` bounds 1 / concentration from below, as a fraction of that of the `whole` data, once settled.

    Directions of magnetisation in a lava, nine specimens of 1947-48 (Fisher, 1953), as declination and dip in degrees:

    >>> import emkit as ek
    >>> angles = np.radians(
    ...     [
    ...         (343.2, 66.1),
    ...         (62, 68.7),
    ...         (36.9, 70.1),
    ...         (27, 82.1),
    ...         (359, 79.5),
    ...         (5.7, 73),
    ...         (50.4, 69.3),
    ...         (357.6, 58.8),
    ...         (44, 51.4),
    ...     ]
    ... )
    >>> east, dip = angles.T
    >>> x = np.stack([np.cos(dip) * np.cos(east), np.cos(dip) * np.sin(east), np.sin(dip)], axis=1)
    >>> fit = ek.MixtureModel("von-mises-fisher", 1).fit(x).result_
    >>> print(fit.params.components.directions.round(4), fit.params.components.concentrations.round(3))
    [[0.2984 0.1346 0.9449]] [39.47]
    """

    floor: float = FLOOR
    whole: float = field(default=0.0, repr=False)

    @property
    def name(self) -> str:
        return "von-mises-fisher"

    @property
    def support(self) -> Support:
        rule = "the rows must have length 1. Divide each row by its length."
        return Support(((_off, rule),))

    @property
    def described(self) -> Description:
        return Description({"vectors": Word("vector", "v", 1.0)}, data="rows of length 1 (directions)")

    def features(self, x: Array) -> Array:
        return lead_with(1, x)

    def natural(self, params: VonMisesFisherParams) -> Array:
        d = params.vectors.shape[1]
        constant = -d / 2 * np.log(2 * np.pi) - log_bessel(d / 2 - 1, params.concentrations)
        return np.concatenate([constant[:, None], params.vectors], axis=1)

    def log_base(self, x: Array) -> Array:
        return np.zeros(len(x))

    def slopes(self, sums: Array, params: VonMisesFisherParams) -> Slopes:
        length, _ = mean_length(params.vectors.shape[1], params.concentrations)
        return {"vectors": sums[:, 1:] - sums[:, :1] * length[:, None] * params.directions}

    def updates(self) -> Mapping[str, Update[Totals, VonMisesFisherParams]]:
        return {"vectors": self._vectors}

    def _vectors(self, stats: Totals, before: VonMisesFisherParams, now: VonMisesFisherParams) -> Array:
        """The direction of the resultant, as long as the concentration whose mean length is that of the rows.

        Shapes: sums (K, 1 + d) -> (K, d). Unit: none.
        Source: set d/dv [v' sum w x - mass (log I_(d/2-1)(|v|) - (d/2 - 1) log |v|)] = 0; Banerjee et al. (2005), J. Machine
        Learning Research 6, 1345-1382.
        """
        mean = per_mass(stats.sums[:, 1:], stats.mass)
        return keep_where_empty(self._best(mean, self._most(self.whole)), before.vectors, stats.mass)

    def settled(self, profile: AnyProfile) -> Self:
        return replace(self, whole=_spread(profile.mean))

    def _most(self, whole: float) -> float:
        """The largest concentration that the floor allows, given 1 / that of all rows."""
        return 1 / max(self.floor * whole, ROUNDING * (whole or 1.0))

    def _best(self, means: Array, most: float) -> Array:
        length = np.sqrt((means**2).sum(axis=1))
        found = concentration_of(means.shape[1], length, np.maximum(1 - length, ROUNDING))
        return means / np.where(length > 0, length, 1.0)[:, None] * np.minimum(found, most)[:, None]

    def lower_bound(self, profile: AnyProfile) -> Floor:
        return LengthFloor(1 / self._most(_spread(profile.mean)))

    def pooled(self, profile: AnyProfile, n_components: int) -> VonMisesFisherParams:
        return VonMisesFisherParams(repeat(self._best(profile.mean[None], self._most(_spread(profile.mean)))[0], n_components))

    def draw(self, params: VonMisesFisherParams, rng: np.random.Generator, components: Integers) -> Array:
        from scipy.stats import vonmises_fisher

        drawn = rng.standard_normal((len(components), params.vectors.shape[1]))
        drawn /= np.sqrt((drawn**2).sum(axis=1, keepdims=True))
        pairs = zip(params.directions, params.concentrations, strict=True)
        for k, (direction, concentration) in enumerate(pairs):
            mine = np.flatnonzero(components == k)
            if concentration > 0 and len(mine):
                own = vonmises_fisher(direction, concentration).rvs(len(mine), random_state=rng)
                drawn[mine] = np.reshape(own, (len(mine), -1))
        return drawn


@dataclass(frozen=True)
class LengthFloor(Floor):
    """Under 1 / concentration."""

    least: float

    def resting(self, params: Any) -> Mapping[str, Mask]:
        with np.errstate(divide="ignore"):
            found = np.asarray(rests(1 / params.concentrations, self.least))
        return {"vectors": np.broadcast_to(found[:, None], params.vectors.shape)}


def _spread(mean: Array) -> float:
    """About 1 / concentration of rows with this mean (d,); of rows that are all equal, that of directions from everywhere."""
    short = 1 - float(np.sqrt(mean @ mean))
    return 2 * short / max(len(mean) - 1, 1) if short > ROUNDING else 1.0


def _off(x: Array) -> Mask:
    return np.broadcast_to(np.abs(np.sqrt((x**2).sum(axis=1, keepdims=True)) - 1) > LENGTH_TOLERANCE, x.shape)
