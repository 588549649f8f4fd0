"""The floor under the spread of components: few rows make a spike however close they lie, many rows make an estimate.

The M-step holds every component at the floor, since whether what it holds is an estimate cannot be told there. A run that has
settled tells it (`core/loosen.py`): it looks a little below the floor, and from there an M-step keeps what many rows support.
So the parameters alone say what is held: what lies on the floor, and not what lies below.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.axes import component_name
from emkit.core.parameters import get_at, replace_at
from emkit.core.spaces.positive_definite import is_definite
from emkit.data.profile import AnyProfile
from emkit.errors import DegenerateDataWarning, DegenerateFitError, ParameterError, some_of
from emkit.families.narrow import Narrow
from emkit.families.spread import few, rows_per_weight

FLOOR = 1e-6
THIN = 1e-12  # of the spread of the whole data: of what is narrower, sums keep next to no digits
RESTING = 1 + 1e-6  # a spread this many times the floor, or its inverse, rests on it
FREED = 0.99  # times the floor: no short push from a stationary point makes a spread that rests on it narrower,
LOOSE = 0.5  # but this does


def rests(spread: Any, least: Array | float) -> Mask:
    """Which spreads lie on the floor `least`: what lies below it has been freed."""
    return np.asarray((spread <= least * RESTING) & (spread * RESTING >= least))


def held(spread: Array, before: Array, few: Mask, least: Array, whole: Array) -> tuple[Mask, Mask]:
    """Where an M-step holds spreads (K, d) at the floor `least` (d,), and where they had left it in the E-step, `before`.

    There, those of many rows (not `few`, (K,)) that vary at all are free. `whole` (d,): the spread of the whole data.
    """
    freed = before < FREED * least
    return spread < bounds(freed, few[:, None], least, whole), freed


def bounds(freed: Mask, few: Mask, least: Array | float, whole: Array | float) -> Array:
    """What an M-step holds spreads above: the floor `least`, or rounding where they had been `freed` and rows are not `few`."""
    return np.where(freed & ~few, THIN * whole, least)


def less_likely(after: Array, before: Array, found: Array) -> Mask:
    """Whether rows of the spread that was `found` are less likely with the spread `after` than with that `before`.

    As of a normal variance, which small spreads of other families are, up to a constant factor.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.log(after) + found / after > np.log(before) + found / before)


def too_thin(who: str) -> DegenerateFitError:
    """The error where `who` had left the floor, and its rows do not vary any more, or have become few."""
    return DegenerateFitError(
        f"{who} collapsed: it was narrower than its rows, now few or equal, can tell, and what the floor under the spread "
        "allows is less likely. Use fewer components."
    )


@dataclass(frozen=True)
class Floored:
    """A family by columns, none of whose components can collapse onto equal values.

    `floor` bounds the spread of every component from below, as a fraction of that of the whole data; 0 takes the bound away. A
    run that has settled frees what rests on it where many rows support a narrower estimate. `rows_per_weight` is how many rows
    a weight of 1 stands for, `whole` the spread of the whole data in each column, once settled; before, there is no floor.
    Errors: ParameterError unless 0 <= floor < 1.
    """

    floor: float = FLOOR
    rows_per_weight: float = field(default=1.0, repr=False)
    whole: tuple[float, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if not 0 <= self.floor < 1:
            raise ParameterError(f"floor is {self.floor!r}; it is a fraction of the pooled spread and must lie in [0, 1).")

    def measured(self, profile: AnyProfile, whole: Array) -> Self:
        """The same, with `rows_per_weight` as the data have it, and their spread `whole` (d,)."""
        return replace(self, rows_per_weight=rows_per_weight(profile), whole=tuple(whole.tolist()))

    def for_column(self, column: int) -> Self:
        """The same for one column alone."""
        return replace(self, whole=self.whole[column : column + 1])

    def above_the_floor(self, spread: Array, before: Array, mass: Array) -> tuple[Array, Mask]:
        """Spreads (K, d) that an M-step found, those that it holds at the floor; and which those are.

        `before` (K, d): the spreads of the E-step; `mass` (K,).
        Errors: DegenerateFitError if all rows of a component are equal, and no floor holds it or it had been freed from there.
        """
        whole, empty = np.array(self.whole) if self.whole else np.zeros(spread.shape[1]), mass[:, None] <= 0
        least = self.floor * whole
        holds, freed = held(spread, before, few(mass * self.rows_per_weight, 1), least, whole)
        found = np.where(holds, least, spread)
        for k, _ in np.argwhere(freed & holds & less_likely(found, before, spread) & ~empty):
            raise too_thin(f"component {component_name(k)}")
        for k, column in np.argwhere((found <= 0) & ~empty):
            raise DegenerateFitError(
                f"component {component_name(k)} collapsed: its rows are all equal in column {column}, so the likelihood has no "
                f"maximum. Use fewer components, or leave the floor under the spread (floor={FLOOR:g})."
            )
        return np.where(empty, 1.0, found), holds & ~empty


def warn_of_constant_columns(columns: Sequence[str], constant: Mask, noun: str) -> None:
    """Warn of the columns that are `constant` (d,), by name; along them, what is called `noun` cannot be estimated."""
    names = [name for name, is_constant in zip(columns, constant, strict=True) if is_constant]
    if names:
        warnings.warn(
            f"some columns are constant: {some_of(names)}. {noun} has no maximum-likelihood value along them; the floor "
            "under the spread takes its place. Leave columns out to be rid of this.",
            DegenerateDataWarning,
            stacklevel=3,
        )


@dataclass(frozen=True)
class Floor:
    """No floor."""

    def resting(self, params: Any) -> Mapping[str, Mask]:
        """Which elements of which fields it holds, where the likelihood alone would move them on: no maximum of it."""
        return {}

    def collapsed(self, params: Any) -> Mapping[str, Mask]:
        """What of that shows a component that is no cluster."""
        return self.resting(params)

    def loosened(self, params: Any, rows: Array) -> Any:
        """The parameters with what it holds of components of many `rows` (K,) a little below it; None for nothing."""
        return None

    def within(self, params: Any, like: Any) -> bool:
        """Whether an extrapolation from `like` to `params` leaves nothing below it that was above."""
        return True

    def held_along(self, params: Any, component: int, columns: int) -> Array:
        """Along which it holds what is a component's own, shape (m, d): unit vectors where every column has variance 1."""
        return np.empty((0, columns))

    def narrowed(self, family: Any, profile: AnyProfile) -> Narrow | None:
        """The `family` without directions in which it holds every component, whatever rows it has; None if there are none."""
        return None


@dataclass(frozen=True)
class SpreadFloor(Floor):
    """Under the spread of every column in a field at `path`, (K, d) or of all columns (K,).

    `least` (d,); `varying` (d,): columns in which the whole data vary. `spread_of` tells the spread from a value of the field,
    `value_of` the value from a spread.
    """

    path: str
    least: Array
    varying: Mask
    spread_of: Callable[[Array], Array] = np.asarray
    value_of: Callable[[Array], Array] = np.asarray

    def _spread(self, params: Any) -> Array:
        return self.spread_of(get_at(params, self.path)).reshape(-1, len(self.least))

    def resting(self, params: Any) -> Mapping[str, Mask]:
        return {self.path: rests(self._spread(params), self.least).reshape(get_at(params, self.path).shape)}

    def free(self, params: Any, rows: Array) -> Mask:
        """Which spreads (K, d) it holds that may be estimates."""
        return rests(self._spread(params), self.least) & ~few(rows, 1)[:, None] & self.varying

    def loosened(self, params: Any, rows: Array) -> Any:
        spread, free = self._spread(params), self.free(params, rows)
        if not free.any():
            return None
        value = get_at(params, self.path)
        loose = self.value_of(np.where(free, LOOSE * self.least, spread)).reshape(value.shape)
        return replace_at(params, {self.path: np.where(free.reshape(value.shape), loose, value)})

    def held_along(self, params: Any, component: int, columns: int) -> Array:
        return np.eye(columns)[np.broadcast_to(rests(self._spread(params)[component], self.least), columns)]

    def within(self, params: Any, like: Any) -> bool:
        bound = FREED * self.least
        return not ((self._spread(params) < bound) & (self._spread(like) >= bound)).any()


@dataclass(frozen=True)
class CovarianceFloor(Floor):
    """Under the variance in every direction of a field of covariances at `path`, (K, d, d) or one (d, d) for all components.

    `least` is measured where every column has variance 1: `unit` (d,). `whole` (d, d) is the covariance of the whole data, and
    `directions` are how many may be correlated.
    """

    path: str
    least: float
    unit: Array
    whole: Array
    directions: int

    def _relative(self, params: Any) -> Array:
        scale = np.sqrt(self.unit)
        covariances = get_at(params, self.path)
        return np.asarray((covariances / np.outer(scale, scale)).reshape(-1, *covariances.shape[-2:]))

    def resting(self, params: Any) -> Mapping[str, Mask]:
        """As many columns rest as there are directions on the floor: those that vary least, given the columns before them.

        Their covariances with later columns have no influence.
        """
        relative, shape = self._relative(params), get_at(params, self.path).shape
        values = np.linalg.eigvalsh(relative)
        below = (values * RESTING < self.least).sum(axis=-1, keepdims=True)
        number = rests(values, self.least).sum(axis=-1, keepdims=True)
        if not number.any():
            return {self.path: np.zeros(shape, dtype=bool)}
        own = np.sqrt(np.diagonal(relative, axis1=-2, axis2=-1))
        with suppress(np.linalg.LinAlgError):  # singular but for rounding: then columns are compared by themselves
            own = np.diagonal(np.linalg.cholesky(relative), axis1=-2, axis2=-1)
        rank = own.argsort(axis=-1).argsort(axis=-1)
        some = (below <= rank) & (rank < below + number)
        return {self.path: np.tril(np.broadcast_to(some[..., None, :], relative.shape)).reshape(shape)}

    def loosened(self, params: Any, rows: Array) -> Any:
        """Only in directions in which the whole data vary."""
        value, relative, scale = get_at(params, self.path), self._relative(params), np.sqrt(self.unit)
        shared = len(relative) < len(rows)
        every = np.array([rows.sum() if rows.all() else 0.0]) if shared else rows
        whole, found = self.whole / np.outer(scale, scale), relative.copy()
        for k in np.flatnonzero(~few(every, self.directions)):
            values, vectors = np.linalg.eigh(relative[k])
            resting = vectors[:, rests(values, self.least)]
            spread, turned = np.linalg.eigh(resting.T @ whole @ resting)
            free = resting @ turned[:, spread >= THIN]
            found[k] -= (1 - LOOSE) * self.least * (free @ free.T)
        if (found == relative).all():
            return None
        return replace_at(params, {self.path: (found * np.outer(scale, scale)).reshape(value.shape)})

    def held_along(self, params: Any, component: int, columns: int) -> Array:
        if get_at(params, self.path).ndim < 3:
            return np.empty((0, columns))
        values, vectors = np.linalg.eigh(self._relative(params)[component])
        return np.asarray(vectors[:, rests(values, self.least)].T)

    def within(self, params: Any, like: Any) -> bool:
        bound = FREED * self.least * np.eye(len(self.unit))
        after, before = self._relative(params) - bound, self._relative(like) - bound
        return is_definite(after) or all(
            is_definite(one) or not is_definite(other) for one, other in zip(after, before, strict=True)
        )
