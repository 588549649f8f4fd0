"""What of a state space is given and what is estimated, and what its data must be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from emkit.core.arrays import Array, ArrayLike, Integers, Mask
from emkit.data.frames import TRUTHS
from emkit.data.profile import AnyProfile
from emkit.errors import DataError, ModelError, ParameterError, some_of
from emkit.models.digits import refuse_extremes, refuse_far
from emkit.models.factor_data import CONSTANT

AGREE = 1e-12  # of the largest given number of its field, by which the same number may differ
NEAREST = 5e-9  # of how far a column is from 0: the least that it may vary by


@dataclass(frozen=True, eq=False)
class Layout:
    """The matrices of a state space, with NaN for each entry that is estimated, and what is known of its first states.

    `transition` (m, m), `observation` (d, m), `state_noise` (r,) or (r, r), `noise` (d,), `selection` (m, r). The first states
    are N(`mean` (m,), `covariance` (m, m)), plus any combination of the columns of `unknown` (m, q); `start_covariance` are
    their variances (m,), if some of these are estimated, else (0,).
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

    @classmethod
    def of(
        cls, transition: ArrayLike, observation: ArrayLike, state_noise: ArrayLike | None, noise: ArrayLike | None,
        selection: ArrayLike | None, start_mean: ArrayLike | None, start_covariance: ArrayLike | None,
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
        made = cls(moves, seen, shocks, errors, picks, first, *_known(spread))
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
        blind = np.flatnonzero(self.free("observation").any(axis=1) & (self.noise == 0))
        if len(blind):
            raise ModelError(
                f"row {int(blind[0])} of observation cannot be estimated: its column has errors of variance 0, and EM moves no "
                "entry there. Give the row numbers, or leave the variance to be estimated."
            )

    def _check_start(self) -> None:
        """Errors: ModelError for means of a start that are integrated out."""
        for i in np.flatnonzero(np.isnan(self.mean)):
            if self.unknown[i].any():
                raise ModelError(
                    f"start_mean[{i}] cannot be estimated: start_covariance says that nothing is known of where that state "
                    "begins, and its mean is integrated out. Give the state a finite variance, or its mean any number."
                )

    @property
    def start_mean(self) -> Array:
        """The mean of the start as a parameter: (m,), or (0,) if all of it is given."""
        return self.mean if np.isnan(self.mean).any() else np.empty(0)

    @property
    def moving(self) -> Integers:
        """Of which states (q,) the mean of the start is estimated."""
        return np.flatnonzero(np.isnan(self.mean))

    @property
    def _varies(self) -> Mask:
        """Of which states (m,) the start has a variance that is neither 0 nor infinite."""
        return (np.diag(self.covariance) > 0) | (np.isnan(self.start_covariance) if len(self.start_covariance) else False)

    @property
    def certain(self) -> Mask:
        """Which states (m,) begin at their mean."""
        return ~self._varies & ~self.unknown.any(axis=1)

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
        for name in ("transition", "state_noise", "observation", "noise", "start_mean", "start_covariance"):
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


def refuse(layout: Layout, profile: AnyProfile) -> None:
    """Errors: DataError or ParameterError if the data cannot carry the model."""
    columns, d = profile.columns, len(layout.noise)
    if len(columns) != d:
        raise ParameterError(f"the model is of {d} column{'s' * (d != 1)}, but the data have {len(columns)}.")
    names = [column for column, levels in zip(columns, profile.levels, strict=True) if levels not in (None, TRUTHS)]
    if names:
        raise DataError(f"a state space is of numbers, but columns hold names: {some_of([*map(repr, names)])}.")
    profile.refuse_empty_columns()
    refuse_extremes(profile, range(d))
    constant = np.flatnonzero((profile.variance <= CONSTANT * profile.mean**2) & layout.free("noise"))
    if len(constant):
        named = some_of([repr(columns[j]) for j in constant])
        raise DataError(f"columns that never vary have no variance to explain: {named}. Leave them out.")
    refuse_far(profile, range(d), NEAREST)
    _refuse_few(layout, profile)


def _refuse_few(layout: Layout, profile: AnyProfile) -> None:
    """Errors: DataError for columns or series that are too short for what is estimated of them."""
    entries = layout.free("observation").sum(axis=1)
    for j in np.flatnonzero(layout.free("noise") & (entries > 0) & (profile.rows - profile.missing <= entries)):
        cells, number = int(profile.rows - profile.missing[j]), int(entries[j])
        raise DataError(
            f"column {profile.columns[j]!r} has {cells} cell{'s' * (cells != 1)}, which cannot tell {number} of its entries in "
            "observation from errors. Leave it out, or give such entries."
        )
    steps = layout.free("transition").any() or layout.free("state_noise").any()
    if steps and profile.rows <= _series(profile):
        raise DataError(
            "every series is of one row, so nothing tells how states move. Give series of more rows: if groups say which rows "
            "belong together, each label stands for one series."
        )
    if len(layout.start_covariance) and _series(profile) < 2:
        raise DataError(
            "there is one series, which tells nothing of how far series begin from each other: the variance of its start would "
            "be 0. Give start_covariance numbers, or more series."
        )
    shocks = len(layout.state_noise)
    number = int(profile.rows - _series(profile))
    if layout.state_noise.ndim == 2 and layout.free("state_noise").any() and number < shocks:
        raise DataError(
            f"{number} step{'s' * (number > 1)} from row to row cannot tell a covariance of {shocks} shocks. Give their "
            "variances alone, or longer series."
        )


def _series(profile: AnyProfile) -> int:
    """How many series there are: all rows are one, where nothing says which belong together."""
    return 1 if all(chunk.groups is None for chunk in profile.source.chunks()) else profile.groups


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
