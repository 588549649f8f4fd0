"""What of a state space is given and what is estimated."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from emkit.core.arrays import Array, ArrayLike, Integers, Mask
from emkit.errors import ModelError, ParameterError
from emkit.models import state_long_run
from emkit.models.digits import EXTREME
from emkit.models.state_params import FIELDS
from emkit.models.state_system import LINEAR, Coefficients

AGREE = 1e-12  # of the largest given number of its field, by which the same number may differ


@dataclass(frozen=True, eq=False)
class Layout:
    """The matrices of a state space, with NaN for each entry that is estimated, and what is known of its first states.

    `transition` (m, m), `observation` (d, m), `state_noise` (r,) or (r, r), `noise` (d,), `selection` (m, r). The first states
    are N(`mean` (m,), `covariance` (m, m)), plus any combination of the columns of `unknown` (m, q); `start_covariance` are
    their variances (m,), if some of these are estimated, else (0,). The states of `stationary` (k,) begin as they are in the
    long run: of these `covariance` is 0. Of p inputs, `effects` (d, p) and `state_effects` (m, p), or (0, 0) for none.
    """

    transition: Array
    observation: Array
    state_noise: Array
    noise: Array
    selection: Array
    mean: Array
    covariance: Array
    unknown: Array
    start_covariance: Array
    stationary: Integers
    effects: Array
    state_effects: Array

    @classmethod
    def of(
        cls, transition: ArrayLike, observation: ArrayLike, state_noise: ArrayLike | None, noise: ArrayLike | None,
        selection: ArrayLike | None, start_mean: ArrayLike | None, start_covariance: ArrayLike | None,
        stationary: Iterable[Any], effects: ArrayLike | None, state_effects: ArrayLike | None,
    ) -> Layout:  # fmt: skip
        """The layout of what was given. Errors: ModelError naming what does not fit together."""
        moves = _numbers("transition", transition, 2, gaps=True)
        m = len(moves)
        seen = _numbers("observation", observation, 2, gaps=True)
        d = len(seen)
        picks = np.eye(m) if selection is None else _numbers("selection", selection, 2)
        r = picks.shape[1]
        shocks = np.full(r, np.nan) if state_noise is None else _numbers("state_noise", state_noise, None, gaps=True)
        errors = np.full(d, np.nan) if noise is None else _numbers("noise", noise, 1, gaps=True)
        first = np.zeros(m) if start_mean is None else _numbers("start_mean", start_mean, 1, gaps=True)
        spread = np.full(m, np.inf) if start_covariance is None else _numbers("start_covariance", start_covariance, None, True)
        wanted = {"transition": [(m, m)], "observation": [(d, m)], "selection": [(m, r)], "state_noise": [(r,), (r, r)]}
        wanted |= {"noise": [(d,)], "start_mean": [(m,)], "start_covariance": [(m,), (m, m)]}
        given = (moves, seen, picks, shocks, errors, first, spread)
        for (name, shapes), value in zip(wanted.items(), given, strict=True):
            if value.shape not in shapes or not value.size:
                told = " or ".join(map(str, shapes))
                raise ModelError(f"{name} has shape {value.shape}; of {m} states, {d} columns and {r} shocks, it is {told}.")
        settled = _places(stationary, m)
        adds = _effects(effects, d, state_effects, m)
        made = cls(moves, seen, shocks, errors, picks, first, *_known(_without(spread, settled)), settled, *adds)
        made._check()
        return made

    def _check(self) -> None:
        """Errors: ModelError for what no EM step could estimate."""
        for name in ("state_noise", "noise"):
            if self.free(name).any() or getattr(self, name).ndim == 1:
                given = getattr(self, name)
                if given.ndim == 2 and not self.free(name).all():
                    raise ModelError("a covariance of shocks is estimated as a whole, or given: all NaN, or no NaN.")
                if (given < 0).any():
                    raise ModelError(f"{name}[{int(np.flatnonzero(given < 0)[0])}] is below 0; it is a variance.")
        if np.linalg.matrix_rank(self.selection) < self.selection.shape[1]:
            raise ModelError("the columns of selection depend on each other, so the shocks cannot be told apart. Use fewer.")
        free = self.free("transition")
        if free.any():
            pure = ((self.selection != 0).sum(axis=0) == 1).all() and set(self.selection[self.selection != 0]) == {1.0}
            still = np.flatnonzero(free.any(axis=1) & ~self.selection.any(axis=1))
            nothing = [
                i
                for i, k in enumerate(self.places)
                if pure and self.state_noise.ndim == 1 and self.state_noise[i] == 0 and free[k].any()
            ]
            if not pure or len(set(self.places)) < len(self.places):
                raise ModelError(
                    "where transitions are estimated, each shock moves one state of its own: selection has ones and zeros."
                )
            if len(still) or nothing:
                row = int(still[0]) if len(still) else int(self.places[nothing[0]])
                raise ModelError(
                    f"row {row} of transition cannot be estimated: no shock moves that state, so EM learns nothing of how it "
                    "moves. Give the row numbers, or the state a shock."
                )
        self._check_start()
        self._check_stationary()

    def _check_start(self) -> None:
        """Errors: ModelError for means of a start that are integrated out."""
        for i in np.flatnonzero(np.isnan(self.mean)):
            if self.unknown[i].any():
                raise ModelError(
                    f"start_mean[{i}] cannot be estimated: start_covariance says that nothing is known of where that state "
                    "begins, and its mean is integrated out. Give the state a finite variance, or its mean any number."
                )

    def _check_stationary(self) -> None:
        """Errors: ModelError for states that cannot begin as they are in the long run."""
        inside = np.isin(np.arange(len(self.mean)), self.stationary)
        moves = self.transition[np.ix_(inside, ~inside)]
        shared = (self.selection[inside] != 0).any(axis=0) & (self.selection[~inside] != 0).any(axis=0)
        if (moves != 0).any() or shared.any():
            raise ModelError(
                "states in stationary go on by themselves: they depend on no other state, and share no shock with one. Take "
                "all states that hang together, or leave them out."
            )
        if (self.mean[inside] != 0).any():
            raise ModelError("states in stationary have the mean 0 in the long run: leave start_mean 0 there.")
        within = self.transition[np.ix_(inside, inside)]
        if not np.isnan(within).any() and state_long_run.explodes(within):
            raise ModelError("states in stationary have no long run: transition has an eigenvalue of size 1 or more there.")

    @property
    def start_mean(self) -> Array:
        """The mean of the start as a parameter: (m,), or (0,) if all of it is given."""
        return self.mean if np.isnan(self.mean).any() else np.empty(0)

    @property
    def moving(self) -> Integers:
        """Of which states (q,) the mean of the start is estimated."""
        return np.flatnonzero(np.isnan(self.mean))

    @property
    def inputs(self) -> int:
        """How many inputs there are."""
        return max(self.effects.shape[1], self.state_effects.shape[1])

    @property
    def coefficients(self) -> Coefficients:
        """Places of what is estimated of which cells are linear functions."""
        return Coefficients(self.moving, np.argwhere(self.free("effects")), np.argwhere(self.free("state_effects")))

    def linear(self, name: str) -> slice:
        """Which of the coefficients are of a field."""
        ends = np.cumsum([0, *(int(self.free(each).sum()) for each in LINEAR)]).tolist()
        place = LINEAR.index(name)
        return slice(ends[place], ends[place + 1])

    @property
    def _varies(self) -> Mask:
        """Of which states (m,) the start has a variance that is neither 0 nor infinite."""
        return (np.diag(self.covariance) > 0) | (np.isnan(self.start_covariance) if len(self.start_covariance) else False)

    @property
    def certain(self) -> Mask:
        """Which states (m,) begin at their mean."""
        settled = np.isin(np.arange(len(self.mean)), self.stationary)
        return ~self._varies & ~self.unknown.any(axis=1) & ~settled

    @property
    def places(self) -> Integers:
        """The state (r,) that each shock moves (most)."""
        return np.abs(self.selection).argmax(axis=0)

    def free(self, name: str) -> Mask:
        """Which entries of a field are estimated."""
        return np.isnan(getattr(self, name))

    @property
    def held(self) -> tuple[str, ...]:
        """The fields, or single entries, that are not."""
        found: list[str] = []
        for name in FIELDS:
            free = self.free(name)
            if not free.any():
                found += [name] * bool(free.size)
            else:
                found += [f"{name}[{', '.join(map(str, place))}]" for place in np.argwhere(~free)]
        return tuple(found)

    def filled(self, name: str, value: Any) -> Array:
        """A field with `value` in the entries that are estimated. Errors: ParameterError for other numbers elsewhere."""
        given, free = getattr(self, name), self.free(name)
        if value is None:
            if free.any():
                raise ParameterError(f"{name} is missing: {int(free.sum())} of its entries are estimated, and need a start.")
            return np.asarray(given)
        found = np.asarray(value, dtype=np.float64)
        if found.shape != given.shape:
            raise ParameterError(f"{name} has shape {found.shape}; in this model it is {given.shape}.")
        off = np.abs(np.where(free, 0.0, found - given)) > AGREE * np.nanmax(np.abs(given), initial=0.0)
        if off.any():
            place = tuple(int(i) for i in np.argwhere(off)[0])
            raise ParameterError(f"{name}{list(place)} is {found[place]:g}, but the model gives it as {given[place]:g}.")
        return np.where(free, found, given)


def _numbers(name: str, value: Any, axes: int | None, gaps: bool = False) -> Array:
    """An array of numbers. Errors: ModelError."""
    try:
        found = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise ModelError(f"{name} is no array of numbers: {value!r}.") from None
    if axes is not None and found.ndim != axes:
        raise ModelError(f"{name} has {found.ndim} axes; it must have {axes}.")
    if (np.isnan(found).any() and not gaps) or (np.isinf(found).any() and name != "start_covariance"):
        raise ModelError(
            f"{name} holds numbers that are not finite; give finite ones" + (", or NaN to estimate." if gaps else ".")
        )
    sizes = np.abs(found[np.isfinite(found) & (found != 0)])
    off = sizes[(sizes > EXTREME**2) | (sizes < EXTREME**-2)]
    if len(off) and name != "transition":  # states may explode
        instead = "np.inf where nothing is known" if name == "start_covariance" and off[0] > 1 else "another unit, or 0"
        raise ModelError(f"{name} holds {off[0]:g}, whose powers are no numbers any more. Give {instead}.")
    return found


def _effects(effects: Any, d: int, state_effects: Any, m: int) -> tuple[Array, Array]:
    """What inputs add to columns (d, p) and to states (m, p); (0, 0) where they add nothing. Errors: ModelError."""
    sizes, given, found = (d, m), (effects, state_effects), []
    for name, size, value in zip(("effects", "state_effects"), sizes, given, strict=True):
        adds = np.empty((0, 0)) if value is None or np.size(value) == 0 else _numbers(name, value, 2, gaps=True)
        if adds.size and len(adds) != size:
            raise ModelError(f"{name} has shape {adds.shape}; of p inputs, it is ({size}, p), a row for each.")
        found.append(adds)
    counts = {adds.shape[1] for adds in found if adds.size}
    if len(counts) > 1:
        numbers = f"effects are of {found[0].shape[1]} inputs, but state_effects of {found[1].shape[1]}"
        raise ModelError(f"{numbers}: give 0 for inputs that add nothing.")
    return found[0], found[1]


def _places(stationary: Iterable[Any], m: int) -> Integers:
    """The numbers of states. Errors: ModelError."""
    try:
        found = list(stationary)
    except TypeError:
        raise ModelError(f"stationary holds numbers of states, such as [0, 1]; it is {stationary!r}.") from None
    for place in found:
        if isinstance(place, bool) or not isinstance(place, int | np.integer) or not 0 <= place < m:
            raise ModelError(f"stationary holds {place!r}; it holds numbers of states, 0 to {m - 1}.")
    if len(set(found)) < len(found):
        raise ModelError(f"stationary names a state twice: {found}.")
    return np.array(found, dtype=np.int64)


def names_of(what: str, given: Any, m: int) -> tuple[str, ...]:
    """Names of m states or inputs: those given, or numbers, counted from 1. Errors: ModelError."""
    if given is None:
        return tuple(f"{what} {k + 1}" for k in range(m))
    found = tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else ()
    if not all(isinstance(name, str) for name in found) or not len(set(found)) == len(found) == m:
        raise ModelError(f"{what}s are {given!r}; they are {m} names, each another text.")
    return found


def _without(spread: Array, settled: Integers) -> Array:
    """The covariance of the start with 0 where the long run says it. Errors: ModelError for another there."""
    found, own = spread.copy(), np.diag(spread) if spread.ndim == 2 else spread
    if not np.isin(own[settled], [0.0, np.inf]).all():
        raise ModelError("start_covariance of states in stationary follows from transition and shocks: leave it 0 there.")
    if spread.ndim == 2:
        found[settled] = found[:, settled] = 0.0
    else:
        found[settled] = 0.0
    return found


def _known(spread: Array) -> tuple[Array, Array, Array]:
    """The covariance (m, m) of a start, directions (m, q) that nothing is known of, and variances if some are estimated."""
    full = np.diag(spread) if spread.ndim == 1 else spread
    if np.isnan(spread).any():
        if spread.ndim == 2 or np.isposinf(spread).any():
            raise ModelError(
                "start_covariance holds NaN: what is estimated of it are variances (m,), and none beside them is infinite."
            )
        _refuse_negative(spread)
        return np.diag(np.nan_to_num(spread)), np.empty((len(full), 0)), spread
    unknown = np.isposinf(np.diag(full))
    rest = np.where(unknown[:, None] | unknown, 0.0, full)
    beside = (unknown[:, None] | unknown) & ~np.eye(len(full), dtype=bool)
    if (full[beside] != 0).any():
        raise ModelError("start_covariance holds an infinite variance beside covariances that are not 0.")
    if not np.array_equal(rest, rest.T) or np.linalg.eigvalsh(rest)[0] < -AGREE * max(np.trace(rest), 0.0):
        raise ModelError("start_covariance is no covariance: it must be symmetric, with no variance below 0 in any direction.")
    return rest, np.eye(len(full))[:, unknown], np.empty(0)


def _refuse_negative(spread: Array) -> None:
    """Errors: ModelError for a variance of a start below 0."""
    if (spread < 0).any():
        raise ModelError(f"start_covariance[{int(np.flatnonzero(spread < 0)[0])}] is below 0; it is a variance.")


def regressed(squares: Array, cross: Array, free: Mask, weights: Array) -> Array:
    """The coefficients (r, m), 0 where they are not `free`, of r responses on m predictors.

    `squares` (m, m) and `cross` (r, m) are sums of products, and `weights` (r, r) those of the responses with each other.
    """
    found = solved(np.asarray(np.kron(weights, squares)), (weights @ cross).ravel(), free.ravel())
    return found.reshape(free.shape)


def solved(table: Array, side: Array, free: Mask) -> Array:
    """The coefficients (k,) of normal equations `table` (k, k) and `side` (k,), 0 where they are not `free`."""
    found = np.zeros(len(side))
    if free.any():
        unit = np.sqrt(np.diag(table))
        unit = np.where(unit > 0, unit, 1.0)
        scaled = (table / np.outer(unit, unit))[np.ix_(free, free)]
        found[free] = np.linalg.lstsq(scaled, (side / unit)[free], rcond=None)[0] / unit[free]
    return found
