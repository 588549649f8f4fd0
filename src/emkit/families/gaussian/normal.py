"""What all normal families share: means, statistics about the current means, and the floor under the variances.

Second moments are taken about each component's current mean. Such sums add up over chunks, and lose no digits whatever the
offset and the unit of the data; they are moved to the new mean in the M-step.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import Any, Generic, Protocol, Self, TypeVar

import numpy as np

from emkit.core.arrays import Array, Integers, Mask
from emkit.core.axes import component_name
from emkit.core.coordinates import Scale
from emkit.core.parameters import Parameters
from emkit.core.protocols import Update
from emkit.core.spaces.positive_definite import each_definite, is_definite
from emkit.core.statistics import Additive, add_up
from emkit.data.profile import AnyProfile
from emkit.errors import DegenerateFitError, ParameterError
from emkit.families.between import Between, Told, normal_between
from emkit.families.family import Carry, Family, per_mass
from emkit.families.floor import FLOOR, FREED, bounds, held, less_likely, too_thin
from emkit.families.gaussian.columns import EPSILON, LARGEST, SMALLEST, pooled_spread, refuse_vanishing, warn_of_lost_columns
from emkit.families.spread import few, rows_per_weight
from emkit.families.support import Support, reals

LOG_2_PI = float(np.log(2 * np.pi))
LIFTED = 1 + 1e-9  # times the floor, where rounding does not reach it
UNKNOWN = float(SMALLEST**2)  # the variance of the whole data, where they have not settled it
EATEN = 1e-12  # a covariance that is definite by less than this in one unit need not be so in another: rounding
DEVIATIONS = 1 << 15  # numbers worked on at a time


class NormalParams(Protocol):
    """Parameters with `means` (K, d)."""

    @property
    def means(self) -> Array: ...


@dataclass(frozen=True)
class Moments(Additive):
    """Sums about the means of the E-step.

    `mass` (K,) = sum w; `shift` (K, d) = sum w (x - mean); `scatter` = sum w (x - mean)(x - mean)', reduced to what the form
    of the covariance needs: matrices (K, d, d), diagonals (K, d), traces (K,), or one matrix (d, d) for all components.
    """

    mass: Array
    shift: Array
    scatter: Array


G = TypeVar("G", bound=Any)


@dataclass(frozen=True)
class GaussianFamily(Family[G, Moments], Generic[G]):
    """A normal family: a subclass adds the form of its covariance.

    `floor` bounds every variance from below, as a fraction of the variance of the whole data (in the data's own units), so
    that no component can collapse onto a few rows; 0 takes the bound away. A run that has settled frees what rests on it where
    many rows support a narrower estimate. `rows_per_weight` is how many rows a weight of 1 stands for, `whole` what the floor
    is a fraction of, once settled (before, there is none), and `across` how many directions a problem in fewer columns does
    not show.
    """

    floor: float = field(default=FLOOR, kw_only=True)
    rows_per_weight: float = field(default=1.0, repr=False, kw_only=True)
    whole: tuple[float, ...] = field(default=(), repr=False, kw_only=True)
    across: int = field(default=0, repr=False, kw_only=True)

    def __post_init__(self) -> None:
        floor: Any = self.floor
        if not isinstance(floor, Real) or not 0 <= float(floor) < 1:
            raise ParameterError(f"floor is {self.floor!r}; it is a fraction of the pooled variance and must lie in [0, 1).")

    @property
    def joins_columns(self) -> bool:
        """Whether the covariance has entries off its diagonal."""
        return False

    @abstractmethod
    def metric(self, params: G) -> tuple[Callable[[Array], Array], Array]:
        """The squared lengths (K, n) of deviations (K, d, n) from the means, as a function; and the log-determinants (K,)."""

    @abstractmethod
    def scatter(self, deviation: Array, weighted: Array) -> Array:
        """sum_i w_ik (x_i - mean_k)(x_i - mean_k)' in the shape of this form, from deviations (K, d, n), plain and weighted."""

    @abstractmethod
    def variances(self, params: G) -> Array:
        """The variance of each column within each component, shape (K, d)."""

    def scales(self, params: G) -> Mapping[str, Scale]:
        """Means are counted in standard deviations of their component, from where they are."""
        return {"means": Scale(params.means, np.sqrt(self.variances(params)))}

    def log_density(self, params: G, x: Array) -> Array:
        squared_length, log_determinant = self.metric(params)
        distance = np.empty((len(params.means), len(x)))  # components first: sums over them are many times faster
        for rows, deviation in deviations(x, params.means):
            distance[:, rows] = squared_length(deviation)
        distance += (log_determinant + x.shape[1] * LOG_2_PI)[:, None]
        distance *= -0.5
        return distance.T

    def statistics(self, params: G, x: Array, weights: Array) -> Moments:
        parts = []
        for rows, deviation in deviations(x, params.means):
            weighted = deviation * weights[rows].T[:, None, :]
            parts.append(Moments(weights[rows].sum(axis=0), weighted.sum(axis=2), self.scatter(deviation, weighted)))
        return add_up(parts)

    @property
    def between(self) -> Told[G, Moments]:
        return self._between

    def _between(self, params: G, low: Array, high: Array) -> Between[Moments]:
        deviation, mean = np.sqrt(self.variances(params)[:, 0]), params.means[:, 0]
        start, end = ((each[:, None] - mean) / deviation for each in (low, high))
        log_mass, z, square = normal_between(start, end, (high - low)[:, None] / deviation)

        def statistics(weights: Array) -> Moments:
            root = deviation * np.sqrt((weights * square).sum(axis=0))
            shift = deviation * (weights * z).sum(axis=0)
            return Moments(weights.sum(axis=0), shift[:, None], self.scatter(root[:, None, None], root[:, None, None]))

        return Between(log_mass, statistics)

    @property
    def carry(self) -> Carry[Moments, G]:
        return self._carried

    def _carried(self, stats: Moments, before: G, now: G) -> Moments:
        """The same sums about the means `now`: two more rows have what that adds to the scatter."""
        move = now.means - before.means
        shift = stats.shift - stats.mass[:, None] * move
        more = self.scatter(np.stack([move, -stats.shift], axis=2), np.stack([-shift, move], axis=2))
        return replace(stats, shift=shift, scatter=stats.scatter + more)

    @property
    def support(self) -> Support:
        return reals(LARGEST)

    def settled(self, profile: AnyProfile) -> Self:
        """Warns of columns along which no covariance of this form can be estimated."""
        refuse_vanishing(profile)
        warn_of_lost_columns(profile, self.joins_columns)
        return self.measured(profile)

    def measured(self, profile: AnyProfile) -> Self:
        """The same, with `rows_per_weight` as the data have it, and what the floor is a fraction of."""
        return replace(self, rows_per_weight=rows_per_weight(profile), whole=tuple(self.units(profile).tolist()))

    def units(self, profile: AnyProfile) -> Array:
        """What the floor is a fraction of: the variance (d,) of each column of the whole data, > 0."""
        return pooled_spread(profile)[2]

    def least(self, numbers: int) -> tuple[Array, float]:
        """What the floor is a fraction of, so many numbers, and that fraction."""
        return share_of(self.whole, self.floor, numbers)

    def few(self, mass: Array, columns: int) -> Mask:
        """Which components have few rows, given their mass (K,)."""
        return few(mass * self.rows_per_weight, columns + self.across if self.joins_columns else 1)


def deviations(x: Array, means: Array, copies: int = 1) -> Iterator[tuple[slice, Array]]:
    """Rows (as many at a time as the cache holds `copies` of), and their deviations (K, d, n) from each of the means (K, d)."""
    step = max(1, DEVIATIONS // (means.size * copies))
    for start in range(0, max(len(x), 1), step):  # of no rows, one empty block
        rows = slice(start, start + step)
        yield rows, np.subtract(x[rows].T, means[:, :, None], order="C")


def symmetric(matrices: Array) -> Array:
    """Matrices (..., d, d) that are symmetric but for rounding, to the last bit."""
    return (matrices + matrices.swapaxes(-1, -2)) / 2


def cholesky(covariances: Array) -> Array:
    """The lower factors (..., d, d)."""
    return np.asarray(np.linalg.cholesky(covariances))


def drawn(means: Array, factors: Array, rng: np.random.Generator, components: Integers) -> Array:
    """A row (n, d) from each of the `components`, given means (K, d) and Cholesky factors (K or 1, d, d)."""
    z = rng.standard_normal((len(components), means.shape[1]))
    each = factors[components] if len(factors) > 1 else np.broadcast_to(factors[0], (len(components), *factors.shape[1:]))
    return np.asarray(means[components] + np.einsum("nij,nj->ni", each, z))


def squares(vectors: Array) -> Array:
    """Squared lengths (K, n) of vectors (K, d, n)."""
    return np.einsum("kjn,kjn->kn", vectors, vectors)


def updated_means(stats: Moments, before: NormalParams, now: Any) -> Array:
    """The weighted mean of the rows of each component.

    Shapes: mass (K,), shift (K, d) -> (K, d).
    Source: set d/dmean [-1/2 sum w (x - mean)' C^-1 (x - mean)] = 0.
    """
    return before.means + per_mass(stats.shift, stats.mass)


def products_about(stats: Moments, before: NormalParams, now: NormalParams) -> tuple[Array, Array]:
    """The scatter (K, d, d) about the means `now`, symmetric to the last bit, and how far these have moved (K, d)."""
    move = now.means - before.means
    cross = move[:, :, None] * (stats.shift - stats.mass[:, None] / 2 * move)[:, None, :]
    half = stats.scatter / 2 - cross
    return half + half.swapaxes(1, 2), move


def squares_about(stats: Moments, before: NormalParams, now: NormalParams) -> tuple[Array, Array]:
    """The sums of squares (K, d) about the means `now`, and how far these have moved (K, d)."""
    move = now.means - before.means
    return stats.scatter - 2 * move * stats.shift + stats.mass[:, None] * move**2, move


def padding(mass: Array, move: Array) -> Array:
    """What rounding may have eaten of a sum of squares (K, d) whose mean moved by many standard deviations."""
    return 4 * EPSILON * mass[:, None] * move**2


def share_of(whole: tuple[float, ...], floor: float, numbers: int) -> tuple[Array, float]:
    """Of the `whole` spread, that is so many numbers, the fraction that a `floor` is; of one that is not known, 0."""
    return (np.array(whole), floor) if whole else (np.full(numbers, UNKNOWN), 0.0)


def collapsed(k: int | None) -> DegenerateFitError:
    """The error for a component without a positive-definite covariance."""
    return DegenerateFitError(
        f"{who(k)} collapsed: its rows do not vary in every direction, so the likelihood has no maximum. Use fewer "
        f"components, or leave the floor under the variances (floor={FLOOR:g})."
    )


def who(k: int | None) -> str:
    """What a component is called; None stands for what all of them share."""
    return "the shared covariance" if k is None else f"component {component_name(k)}"


def clear_of(floor: float, covariances: Array, scale: Array) -> Mask:
    """Which covariances (K, d, d) have no direction below `floor`, where every column has variance 1: in units of `scale`."""
    relative = covariances / scale
    found: Mask = (np.einsum("kjj->kj", relative) > floor).all(axis=1)  # no direction varies less than the least of them
    above = relative - floor * np.eye(len(scale))
    for each in (above, covariances) if floor <= EATEN else (above,):
        found[found] = each_definite(each[found])
    return found


def each_lifted(
    covariances: Array, unit: Array, floor: float, before: Array | None = None, few: Mask | None = None, shared: bool = False
) -> Array:  # fmt: skip
    """The nearest covariances (K, d, d) with no direction below `floor`, measured where every column has variance 1.

    Raising the small eigenvalues to the floor maximises the expected log-likelihood under that bound. Where the covariance of
    the E-step, `before`, had been freed from the floor, and the rows are not `few`, directions in which they vary stay.
    `shared`: there is one for all components.
    Errors: DegenerateFitError if there is no floor and a covariance is singular, or if that before was likelier.
    """
    scale = np.outer(np.sqrt(unit), np.sqrt(unit))
    low = np.flatnonzero(~clear_of(floor, covariances, scale))
    if not len(low):
        return covariances
    names = [None if shared else int(k) for k in low]
    if floor == 0:
        raise collapsed(names[0])
    values, vectors = np.linalg.eigh(covariances[low] / scale)
    freed = np.zeros(len(low), dtype=bool) if before is None else ~clear_of(FREED * floor, before[low], scale)
    least = bounds(freed, few[low] if few is not None else ~freed, floor, 1.0)
    holds = values < least[:, None]
    raised = symmetric((vectors * np.where(holds, floor * LIFTED, values)[:, None, :]) @ vectors.swapaxes(1, 2)) * scale
    if floor <= EATEN and not is_definite(raised):
        raise collapsed(next(name for name, each in zip(names, raised, strict=True) if not is_definite(each)))
    for i in np.flatnonzero(freed & holds.any(axis=1)):
        if before is not None and _height(raised[i], covariances[low[i]]) < _height(before[low[i]], covariances[low[i]]):
            raise too_thin(who(names[i]))
    found = covariances.copy()
    found[low] = raised
    return found


def raised(variances: Array, before: Array, few: Mask, unit: Array, floor: float) -> Array:
    """The `variances` (K, d), none below the floor, but for those of many rows that had been freed from it: see `each_lifted`.

    `few` (K,): which components have few rows. Errors: DegenerateFitError as there.
    """
    least = floor * unit
    holds, freed = held(variances, before, few, least, unit)
    found = np.where(holds, least, variances)
    for k, _ in np.argwhere(found <= 0):
        raise collapsed(int(k))
    for k, _ in np.argwhere(freed & holds & less_likely(found, before, variances)):
        raise too_thin(who(int(k)))
    return found


def _height(covariance: Array, scatter: Array) -> float:
    """Twice the expected log-likelihood of a row, up to a constant, where rows have the mean square `scatter` (d, d)."""
    try:
        return float(-np.linalg.slogdet(covariance)[1] - np.trace(np.linalg.solve(covariance, scatter)))
    except np.linalg.LinAlgError:  # singular but for rounding
        return -np.inf


GaussianUpdates = Mapping[str, Update[Moments, Any]]
NormalP = TypeVar("NormalP", bound=Parameters)
