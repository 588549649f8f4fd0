"""What is expected of the log-likelihood of states, shocks and errors, given sums over series."""

from __future__ import annotations

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.expected import Expected
from emkit.errors import ParameterError
from emkit.models import state_long_run
from emkit.models.state_layout import Layout
from emkit.models.state_params import StateSpaceParams
from emkit.models.state_stats import StateSums

ROUNDING = float(np.finfo(np.float64).eps)  # of expected squares of shocks, below which what is left of them is that


def squares(told: StateSums, before: StateSpaceParams, now: StateSpaceParams, places: Integers) -> Array:
    """Expected squares and products (r, r) of the shocks by the transitions of `now`; `places` (r,): which states they move."""
    turned = _turned(before, now, places)
    shared = turned @ pushes(told, before).T
    return np.asarray(told.shocks - shared - shared.T + turned @ told.before @ turned.T)


def pushes(told: StateSums, before: StateSpaceParams) -> Array:
    """Expected products (r, m) of shocks and states, by the transition of `before`."""
    return np.asarray(before.shocks @ told.cross)


def left(told: StateSums, before: StateSpaceParams, now: StateSpaceParams) -> Array:
    """Expected squares (d,) of the errors by the observation of `now`."""
    turned, crossed = now.observation - before.observation, crosses(told, before)
    return np.asarray(told.left + np.einsum("ja,ja->j", turned, np.einsum("jab,jb->ja", told.gram, turned) - 2 * crossed))


def crosses(told: StateSums, before: StateSpaceParams) -> Array:
    """Expected products (d, m) of errors and states, by the observation of `before`."""
    return np.asarray(before.noise[:, None] * told.along)


def of_sums(told: StateSums, before: StateSpaceParams, now: StateSpaceParams, layout: Layout) -> Expected:
    """Linear in the sums: that of states, of cells, and of starts whose variances are estimated or those of the long run.

    Shocks and errors of variance 0 are none, and starts of variance 0 are known. -inf where there is no long run.
    """
    return of_moves(told, before, now, layout).plus(_of_cells(told, before, now)).plus(_of_starts(told, now))


def of_moves(told: StateSums, before: StateSpaceParams, now: StateSpaceParams, layout: Layout) -> Expected:
    """What of that depends on transition and shocks."""
    found = _of_states(told, before, now, layout.places)
    if not len(layout.stationary):
        return found
    value, slopes = _of_long_run(told, now, layout)
    return Expected(found.value + value, {name: slope + slopes.get(name, 0.0) for name, slope in found.slopes.items()})


def first_squares(told: StateSums, now: StateSpaceParams, layout: Layout) -> tuple[float, int]:
    """Expected squares of first states, for a shock of variance 1 in units of their long run; and of how many in a series."""
    block, picks = np.ix_(layout.stationary, layout.stationary), layout.selection[layout.stationary]
    spread = state_long_run.covariance(now.transition[block], picks @ picks.T)
    some = np.diag(spread) > 0
    squared = np.linalg.solve(spread[np.ix_(some, some)], told.spread[block][np.ix_(some, some)])
    return float(np.trace(squared)), int(some.sum())


def _of_long_run(told: StateSums, now: StateSpaceParams, layout: Layout) -> Expected:
    """That of first states which begin as they are in the long run."""
    block, picks = np.ix_(layout.stationary, layout.stationary), layout.selection[layout.stationary]
    moves = now.transition[block]
    try:
        spread = state_long_run.covariance(moves, picks @ now.shocks @ picks.T)
    except ParameterError:
        return Expected(-np.inf)
    value, slope = state_long_run.log_density(spread, told.series, told.spread[block])
    along, moved = state_long_run.pulled(moves, spread, slope)
    transition = np.zeros_like(now.transition)
    transition[block] = along
    return Expected(value, {"transition": transition, "state_noise": now.told_of(picks.T @ moved @ picks)})


def _turned(before: StateSpaceParams, now: StateSpaceParams, places: Integers) -> Array:
    """By how much transitions differ, in the states that shocks move, shock by shock (r, m)."""
    return (now.transition - before.transition)[places]


def _of_states(told: StateSums, before: StateSpaceParams, now: StateSpaceParams, places: Integers) -> Expected:
    """The density of shocks; of states that none moves, `_unmoved`."""
    precision, seen = now.shock_precision, squares(told, before, now, places)
    some = np.diag(precision) > 0
    logs = np.linalg.slogdet(2 * np.pi * now.shocks[np.ix_(some, some)])[1]
    turned, transition = _turned(before, now, places), np.zeros_like(now.transition)
    gained, still = _unmoved(told, turned)
    transition[places] = np.where(some[:, None], precision @ (pushes(told, before) - turned @ told.before), still)
    value = -0.5 * float(told.steps * logs + np.sum(precision * seen)) + float(gained[~some].sum()) / 2
    spread = now.told_of(precision @ seen @ precision - told.steps * precision) / 2
    return Expected(value, {"transition": transition, "state_noise": spread})


def _unmoved(told: StateSums, turned: Array) -> tuple[Array, Array]:
    """Along transitions, where EM moves nothing: twice what the log-likelihood gains, and its slope (r, m)."""
    slope = told.cross - (told.firmness / (told.steps or 1.0))[:, None] * turned @ told.before
    return turned * (told.cross + slope), slope


def _of_cells(told: StateSums, before: StateSpaceParams, now: StateSpaceParams) -> Expected:
    """The density of errors; of columns seen without any, `_exact`."""
    inside = now.noise > 0
    safe, rest = np.where(inside, now.noise, 1.0), left(told, before, now)
    turned = now.observation - before.observation
    bent = np.einsum("jab,jb->ja", told.gram, turned)
    gained, exact = _exact(told, turned, bent)
    value = -0.5 * float((told.cells * np.log(2 * np.pi * safe) + rest / safe)[inside].sum()) + float(gained[~inside].sum()) / 2
    slopes = {
        "observation": np.where(inside[:, None], (crosses(told, before) - bent) / safe[:, None], exact),
        "noise": np.where(inside, (rest / safe - told.cells) / (2 * safe), 0.0),
    }
    return Expected(value, slopes)


def _exact(told: StateSums, turned: Array, bent: Array) -> tuple[Array, Array]:
    """Along observations, where EM moves nothing: twice what the log-likelihood gains (d,), and its slope (d, m)."""
    slope = told.along - (told.precision / np.where(told.cells > 0, told.cells, 1.0))[:, None] * bent
    return np.einsum("ja,ja->j", turned, told.along + slope), slope


def _of_starts(told: StateSums, now: StateSpaceParams) -> Expected:
    """None, where the covariance of the start is given: it is the same at all parameters."""
    if not len(now.start_covariance):
        return Expected(0.0, {"start_covariance": np.empty(0)})
    inside = now.start_covariance > 0
    safe, spread = np.where(inside, now.start_covariance, 1.0), np.diag(told.spread)
    value = -0.5 * float((told.series * np.log(2 * np.pi * safe) + spread / safe)[inside].sum())
    along = np.where(inside, (spread / safe - told.series) / (2 * safe), 0.0)
    return Expected(value, {"start_covariance": along})
