"""Rows of shares that sum to 1: compositions, profiles, probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
import scipy

from emkit.core.arrays import Array, ArrayLike, Integers, Mask
from emkit.core.axes import Axes
from emkit.core.expected import Slopes
from emkit.core.memo import once
from emkit.core.parameters import Parameters
from emkit.core.protocols import Update
from emkit.core.spaces import Positive
from emkit.data.profile import AnyProfile
from emkit.families.description import Description, Word
from emkit.families.family import ExponentialFamily, Totals, keep_where_empty, lead_with, per_mass, repeat
from emkit.families.floor import FLOOR, Floor, rests
from emkit.families.spread import Spread, Variances
from emkit.families.support import Support

__all__ = ["Dirichlet", "DirichletParams"]

STEPS = 100  # of Newton's method; six are the rule
HALVINGS = 50
SETTLED = 1e-13  # of every concentration
CLOSE = 1e-14  # heights, relative to the terms they are made of, that rounding may confuse
ROUNDING = 1e-14  # a spread below this is that of equal rows
SUM_TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False)
class DirichletParams(Parameters):
    """`concentrations` (K, d), > 0: their shares are the mean of a component, their sum is how narrow it is.

    >>> import emkit as ek
    >>> ek.DirichletParams([[2.0, 3.0, 5.0]]).means.tolist()
    [[0.2, 0.3, 0.5]]
    """

    concentrations: Annotated[Array, Positive(), Axes("component", "column", coupled=("column",))]

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, concentrations: ArrayLike) -> None: ...

    @property
    def means(self) -> Array:
        """The mean of each component, shape (K, d)."""
        return self.concentrations / self.concentrations.sum(axis=1, keepdims=True)


@dataclass(frozen=True)
class Dirichlet(ExponentialFamily[DirichletParams]):
    """Rows of shares: log p(x|k) = log Gamma(sum_j a_j) - sum_j log Gamma(a_j) + sum_j (a_j - 1) log x_j, with a_j = a_kj.

    Data: x (n, d) of numbers > 0 that sum to 1 in each row.
    `floor` bounds 1 / sum of the concentrations from below, as a fraction of that of the `whole` data, once settled.

    Shares of sand, silt and clay in sediments of an Arctic lake, by depth (Coakley & Rust, 1968):

    >>> import emkit as ek
    >>> parts = (
    ...     "77.5 19.5 3; 71.9 24.9 3.2; 50.7 36.1 13.2; 52.2 40.9 6.6; 70 26.5 3.5; 66.5 32.2 1.3; 43.1 55.3 1.6; "
    ...     "53.4 36.8 9.8; 15.5 54.4 30.1; 31.7 41.5 26.8; 65.7 27.8 6.5; 70.4 29 .6; 17.4 53.6 29; 10.6 69.8 19.6; "
    ...     "38.2 43.1 18.7; 10.8 52.7 36.5; 18.4 50.7 30.9; 4.6 47.4 48; 15.6 50.4 34; 31.9 45.1 23"
    ... )
    >>> lake = np.array([[float(part) for part in row.split()] for row in parts.split(";")])
    >>> fit = ek.MixtureModel("dirichlet", 1).fit(lake / lake.sum(axis=1, keepdims=True)).result_
    >>> print(fit.params.components.concentrations.round(3), fit.params.components.means.round(3))
    [[2.028 2.426 0.915]] [[0.378 0.452 0.17 ]]
    """

    floor: float = FLOOR
    whole: float = field(default=0.0, repr=False)

    @property
    def name(self) -> str:
        return "dirichlet"

    @property
    def support(self) -> Support:
        rules = (
            (
                lambda x: x <= 0,
                "shares must be numbers > 0. Where some are 0, replace them by a small share, or leave them out.",
            ),
            (_off, "the shares of a row must sum to 1. Divide each row by its sum."),
        )
        return Support(rules, least=0.0, most=1.0)

    @property
    def described(self) -> Description:
        words = {"concentrations": Word("concentration", "a", 2.0)}
        return Description(words, data="rows of shares > 0 that sum to 1")

    @property
    def spread(self) -> Spread:
        return Variances("concentrations", inverse=True)

    def features(self, x: Array) -> Array:
        return lead_with(1, x, np.log(x))

    def natural(self, params: DirichletParams) -> Array:
        a = params.concentrations
        constant = scipy.special.gammaln(a.sum(axis=1)) - scipy.special.gammaln(a).sum(axis=1)
        return np.concatenate([constant[:, None], np.zeros_like(a), a], axis=1)

    def log_base(self, x: Array) -> Array:
        return np.asarray(-np.log(x).sum(axis=1))

    def slopes(self, sums: Array, params: DirichletParams) -> Slopes:
        a, d = params.concentrations, params.concentrations.shape[1]
        expected = scipy.special.psi(a) - scipy.special.psi(a.sum(axis=1, keepdims=True))
        return {"concentrations": sums[:, 1 + d :] - sums[:, :1] * expected}

    def updates(self) -> Mapping[str, Update[Totals, DirichletParams]]:
        return {"concentrations": self._concentrations}

    def _concentrations(self, stats: Totals, before: DirichletParams, now: DirichletParams) -> Array:
        """The concentrations whose mean of log x is that of the rows, their sum no larger than the floor allows.

        Shapes: sums (K, 1 + 2 d) -> (K, d). Unit: none.
        Source: set d/da_j [mass (log Gamma(sum a) - sum log Gamma(a)) + sum_j a_j sum w log x_j] = 0, by Newton's method; Minka
        (2000), Estimating a Dirichlet distribution.
        """
        shares, logs = np.split(per_mass(stats.sums[:, 1:], stats.mass), 2, axis=1)
        some = stats.mass > 0
        found = before.concentrations.copy()
        found[some] = self._best(shares[some], logs[some], self.whole)
        return keep_where_empty(found, before.concentrations, stats.mass)

    def _best(self, shares: Array, logs: Array, whole: float) -> Array:
        """The concentrations for rows with these means (K, d) of x and of log x, none narrower than the floor."""
        most = 1 / max(self.floor * whole, ROUNDING * (whole or 1.0))
        spread, found = _spread(shares, logs), most * shares
        free = spread > 1 / most
        found[free] = best(shares[free] / spread[free, None], logs[free])
        return np.asarray(found * np.minimum(1, most / found.sum(axis=1, keepdims=True)))

    def lower_bound(self, profile: AnyProfile) -> Floor:
        return SharesFloor(self.floor * _unit(profile))

    def settled(self, profile: AnyProfile) -> Self:
        return replace(self, whole=_unit(profile))

    def pooled(self, profile: AnyProfile, n_components: int) -> DirichletParams:
        shares, logs = (each[None] for each in _whole(profile))
        return DirichletParams(repeat(self._best(shares, logs, _unit(profile))[0], n_components))

    def draw(self, params: DirichletParams, rng: np.random.Generator, components: Integers) -> Array:
        parts = np.maximum(rng.gamma(params.concentrations[components]), np.finfo(np.float64).tiny)
        return parts / parts.sum(axis=1, keepdims=True)


@dataclass(frozen=True)
class SharesFloor(Floor):
    """Under 1 / sum of the concentrations."""

    least: float

    def resting(self, params: Any) -> Mapping[str, Mask]:
        found = rests(1 / params.concentrations.sum(axis=1, keepdims=True), self.least)
        return {"concentrations": np.broadcast_to(found, params.concentrations.shape)}


def best(start: Array, logs: Array) -> Array:
    """The concentrations (K, d) with the greatest log Gamma(sum a) - sum log Gamma(a) + sum a logs, a concave function.

    Newton's method from `start`: the second derivatives are diagonal but for one number, so a step costs d. It is halved until
    the height does not fall.
    """
    now, value = start, _height(start, logs)
    for _ in range(STEPS):
        slope = scipy.special.psi(now.sum(axis=1, keepdims=True)) - scipy.special.psi(now) + logs
        own, common = -scipy.special.polygamma(1, now), scipy.special.polygamma(1, now.sum(axis=1, keepdims=True))
        shift = (slope / own).sum(axis=1, keepdims=True) / (1 / common + (1 / own).sum(axis=1, keepdims=True))
        step = -(slope - shift) / own
        there, reached = _no_lower(now, step, value, logs)
        moved = np.abs(there / now - 1).max(initial=0.0)
        now, value = there, reached
        if moved <= SETTLED:
            break
    return now


def _no_lower(now: Array, step: Array, value: Array, logs: Array) -> tuple[Array, Array]:
    """As far along the step as the height does not fall and all stays positive, and the height there."""
    there, found, waiting = now, value, np.ones(len(now), dtype=bool)
    rounding = CLOSE * (np.abs(scipy.special.gammaln(now)).sum(axis=1) + np.abs(now * logs).sum(axis=1))
    for _ in range(HALVINGS):
        tried = now + step
        inside: Mask = np.asarray((tried > 0).all(axis=1))
        reached = _height(np.where(inside[:, None], tried, now), logs)
        good = waiting & inside & (reached >= value - rounding)
        there, found = np.where(good[:, None], tried, there), np.where(good, reached, found)
        waiting = waiting & ~good
        if not waiting.any():
            break
        step = step / 2
    return there, found


def _height(a: Array, logs: Array) -> Array:
    return np.asarray(scipy.special.gammaln(a.sum(axis=1)) - scipy.special.gammaln(a).sum(axis=1) + (a * logs).sum(axis=1))


def _spread(shares: Array, logs: Array) -> Array:
    """About 1 / sum of the concentrations, from the means of x and of log x."""
    return np.asarray(2 * (shares * (np.log(shares) - logs)).sum(axis=1) / max(shares.shape[1] - 1, 1))


@once
def _whole(profile: AnyProfile) -> tuple[Array, Array]:
    """The means (d,) of x and of log x over all rows."""
    shares, logs = np.split(profile.average(lambda x: np.concatenate([x, np.log(x)], axis=1)), 2)
    return shares, logs


def _unit(profile: AnyProfile) -> float:
    """About 1 / sum of the concentrations of all rows; of rows that are all equal, 1."""
    spread = float(_spread(*(each[None] for each in _whole(profile)))[0])
    return spread if spread > ROUNDING else 1.0


def _off(x: Array) -> Mask:
    return np.broadcast_to(np.abs(x.sum(axis=1, keepdims=True) - 1) > SUM_TOLERANCE, x.shape)
