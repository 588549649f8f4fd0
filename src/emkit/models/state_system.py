"""The matrices of a state space, and a series in the columns that its filter goes over: cells are linear in what each is of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from emkit.core.arrays import Array, Integers

LINEAR = ("start_mean", "effects", "state_effects")  # fields that cells are linear in


@dataclass(frozen=True)
class System:
    """The matrices of a state space: x_t+1 = transition x_t + selection u_t, y_t = observation x_t + e_t.

    `transition` (m, m), `selection` (m, r), `observation` (d, m); u ~ N(0, `shocks` (r, r)), e ~ N(0, diag(`noise` (d,))).
    The first state is N(`mean` (m,), `covariance` (m, m)), plus any combination of the columns of `unknown` (m, q).
    Of p inputs, `effects` (d, p) are what they add to y, and `state_effects` (m, p) to the states of the next row; (0, 0) if
    there is no such thing.
    """

    transition: Array
    selection: Array
    shocks: Array
    observation: Array
    noise: Array
    mean: Array
    covariance: Array
    unknown: Array
    effects: Array = field(default_factory=lambda: np.empty((0, 0)))
    state_effects: Array = field(default_factory=lambda: np.empty((0, 0)))

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:  # in one layout, of which compiled loops are made once
            object.__setattr__(self, name, np.array(getattr(self, name), dtype=np.float64, order="C"))


class Coefficients(NamedTuple):
    """Places of the q entries of these fields that are estimated.

    `start` (a,): states; `effects` (b, 2): columns and inputs; `state_effects` (c, 2): states and inputs.
    """

    start: Integers
    effects: Integers
    state_effects: Integers

    def first(self, m: int) -> Array:
        """What each of them, more by 1, adds to the m states of a first row (m, q)."""
        others = np.zeros((m, len(self.effects) + len(self.state_effects)))
        return np.hstack([np.eye(m)[:, self.start], others])


NO_COEFFICIENTS = Coefficients(np.empty(0, dtype=np.int64), *(np.empty((0, 2), dtype=np.int64),) * 2)


class InColumns(NamedTuple):
    """A series of T rows in columns (1 + u + q): its own, those of an unknown start, and what each coefficient more by 1 adds.

    `seen` (T, d, 1 + u + q): cells less what inputs add to them; `added` (T, m, 1 + u + q): what inputs of a row add to the
    states of the next, or none of any (0, m, 1 + u + q); `first` (m, 1 + u + q): states of the first row.
    """

    seen: Array
    added: Array
    first: Array

    @classmethod
    def of(cls, system: System, rows: Array, coefficients: Coefficients, mean: Array) -> InColumns:
        """Those of `rows` (T, d + p), cells and behind them inputs, where states begin at `mean` (m,)."""
        d, m = system.observation.shape
        first = np.column_stack([mean, system.unknown, coefficients.first(m)])
        inputs, own = rows[:, d:], first.shape[1] - len(coefficients.effects) - len(coefficients.state_effects)
        seen = np.zeros((len(rows), d, first.shape[1]))
        seen[:, :, 0] = rows[:, :d]
        if system.effects.size:
            seen[:, :, 0] -= inputs @ system.effects.T
        for c, (j, k) in enumerate(coefficients.effects):
            seen[:, j, own + c] = -inputs[:, k]
        added = np.zeros((len(rows) if system.state_effects.size else 0, m, first.shape[1]))
        if system.state_effects.size:
            added[:, :, 0] = inputs @ system.state_effects.T
        for c, (i, k) in enumerate(coefficients.state_effects, len(coefficients.effects)):
            added[:, i, own + c] = inputs[:, k]
        return cls(seen, added, np.ascontiguousarray(first))
