"""Laws of the floor under the spread of components: it is a constant of the data."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

import emkit as ek
from emkit.core.parameters import maximise_in_turn
from tests.laws.sums import numbers

Array = np.ndarray
STEPS = 80  # M-steps, of families that go a part of the way in each


def settled(what: Any, source: ek.ArraySource) -> Any:
    """A model or a family, settled by the rows; what they cannot tell is no matter here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ek.DegenerateDataWarning)
        return what.settled(source.profile)


def rest(family: Any, params: Any, x: Array, rows: Array, rng: np.random.Generator) -> Any:
    """Where M-steps lead that give component k the row ``rows[k]`` alone, which has any weight."""
    weights = np.zeros((len(x), len(rows)))
    weights[rows, np.arange(len(rows))] = rng.uniform(0.5, 8.0, len(rows))
    now = params
    for _ in range(STEPS):
        before = now
        now = maximise_in_turn(family.updates(), family.statistics(before, x, weights), before)
        if np.array_equal(numbers(now), numbers(before)):
            break
    return now


def assert_floor_is_a_constant(family: Any, params: Any, x: Array, number: int, rng: np.random.Generator) -> None:
    """What holds components up is what `lower_bound` says of the whole data, whichever rows they have."""
    source = ek.ArraySource(x)
    floor, family = family.lower_bound(source.profile), settled(family, source)
    known = np.flatnonzero(~family.support.untold(x))
    held = []
    for _ in range(3):
        now = rest(family, params, x, rng.choice(known, number, replace=False), rng)
        held.append({path: int(mask.sum()) for path, mask in floor.resting(now).items()})
    assert held[1:] == held[:-1], f"the floor moves with the rows of components: it holds {held}"
    assert all(held[0].values()), f"nothing holds components up: {held[0]}"
