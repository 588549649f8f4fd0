"""The most likely ability given answers, with or without what is known of people before."""

from __future__ import annotations

from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.models.ability import AbilityModel
from emkit.models.answer_blocks import refuse_no_answers

Known = tuple[Array, Array] | None  # mean and standard deviation (n,) of abilities, before the answers
STEPS, HALVINGS = 60, 30
REACH = 1e3  # how far an ability may come; where the likelihood is no lower there, it is infinite
ALIKE = 1e-9  # of log-likelihood


def most_likely(model: AbilityModel[Any, Any], params: Any, x: Array, before: Known) -> tuple[Array, Array]:
    """The most likely abilities (n,) given answers x (n, J) alone, and their standard errors (n,), by Fisher's scoring.

    `before`: mean and standard deviation (n,) of a normal ability that is known of each before, for certain where the latter is
    0; None if nothing is. Then scores and errors are infinite where the likelihood rises for ever, and both NaN where nothing
    was answered.
    """
    if before is not None and (before[1] == 0).any():
        certain = before[1] == 0
        found, error = most_likely(model, params, x, (before[0], np.where(certain, 1.0, before[1])))
        return np.where(certain, before[0], found), np.where(certain, 0.0, error)
    answered = _marks(model.answer_levels(params), x)
    found = _first(model, params, answered, before)
    reached = _height(model, params, answered, found, before)
    told = np.zeros(len(x))
    for _ in range(STEPS):
        slope, told = _slope_and_information(model, params, answered, found, before)
        step = np.clip(slope / np.where(told > 0, told, 1.0), -1.0, 1.0)
        for _ in range(HALVINGS):
            ahead = np.clip(found + step, -REACH, REACH)
            there = _height(model, params, answered, ahead, before)
            lower = there < reached - 1e-14 * (1 + np.abs(reached))
            if not lower.any():
                break
            step = np.where(lower, step / 2, step)
        found, reached = np.where(lower, found, ahead), np.where(lower, reached, there)
        if not (np.abs(step) > 1e-11 * (1 + np.abs(found))).any():
            break
    told = _slope_and_information(model, params, answered, found, before)[1]
    with np.errstate(divide="ignore"):
        error = 1 / np.sqrt(told)
    if before is None:
        for end in (-REACH, REACH):
            beyond = _height(model, params, answered, np.full(len(x), end), None) >= reached - ALIKE
            found, error = np.where(beyond, np.sign(end) * np.inf, found), np.where(beyond, np.inf, error)
        nothing = np.isnan(x).all(axis=1)
        found[nothing] = error[nothing] = np.nan
    return found, error


def _marks(levels: tuple[int, ...], x: Array) -> Array:
    """Which answers (A, n) were given. Errors: DataError for what is none."""
    refuse_no_answers(levels, x)
    columns = [x[:, j] == level for j, number in enumerate(levels) for level in range(number)]
    return np.array(columns)


def _first(model: AbilityModel[Any, Any], params: Any, answered: Array, before: Known) -> Array:
    """The best of the places (n,)."""
    heights = answered.T.astype(np.float64) @ model.log_chances(params, model.places)
    if before is not None:
        heights -= 0.5 * ((model.places - before[0][:, None]) / before[1][:, None]) ** 2
    return np.asarray(model.places[heights.argmax(axis=1)])


def _height(model: AbilityModel[Any, Any], params: Any, answered: Array, at: Array, before: Known) -> Array:
    """The log-likelihood (n,) of each row, with the log-density of what is known before."""
    found = np.where(answered, model.log_chances(params, at), 0.0).sum(axis=0)
    return found if before is None else found - 0.5 * ((at - before[0]) / before[1]) ** 2


def _slope_and_information(
    model: AbilityModel[Any, Any], params: Any, answered: Array, at: Array, before: Known
) -> tuple[Array, Array]:
    """The derivative (n,) of the height, and the information (n,) of what was answered, along the ability."""
    slope = np.where(answered, model.by_ability(params, at), 0.0).sum(axis=0)
    firsts = np.cumsum([0, *model.answer_levels(params)])[:-1]
    there = np.add.reduceat(answered, firsts, axis=0) > 0
    told = np.where(there, model.information(params, at).T, 0.0).sum(axis=0)
    return (slope, told) if before is None else (slope - (at - before[0]) / before[1] ** 2, told + before[1] ** -2)
