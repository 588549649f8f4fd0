"""Sequences that begin in the long run of their chain: the first state comes from the stationary distribution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Generic, NamedTuple, TypeVar

import numpy as np

from emkit.core.arrays import Array, ArrayLike
from emkit.core.axes import Axes
from emkit.core.climb import FLAT, climb
from emkit.core.expected import Expected
from emkit.core.parameters import Parameters, replace_at
from emkit.core.protocols import Update
from emkit.core.spaces import Simplex
from emkit.data.profile import AnyProfile
from emkit.errors import ParameterError
from emkit.families.family import safe_log, slope_of_log
from emkit.models.chains import Moves
from emkit.models.components import ComponentStats
from emkit.models.hidden_markov import HiddenMarkovChain
from emkit.models.long_run import regular, stationary

ROUNDS = 10  # of the fixed point, three steps each: with long sequences, a step leaves a small part of what was to go
FARTHEST = 0.95  # of what a step leaves: of more, the way to the limit is not known well enough to go it at once
FALLEN = 1e-14  # relative to 1 + the height: no more than rounding
P = TypeVar("P", bound=Parameters)
S = TypeVar("S")


@dataclass(frozen=True, eq=False)
class StationaryHiddenMarkovParams(Parameters, Generic[P]):
    """`transitions` (K, K) from row to column, of which the `initial` distribution (K,) follows, and `components`.

    Two moves out of the second state for one out of the first: two thirds of the time in the first.

    >>> import emkit as ek
    >>> params = ek.StationaryHiddenMarkovParams([[0.9, 0.1], [0.2, 0.8]], ek.PoissonParams([[1.0], [6.0]]))
    >>> params.initial.round(4).tolist()
    [0.6667, 0.3333]
    """

    transitions: Annotated[Array, Simplex(), Axes("component", "component", coupled=("component",))]
    components: P

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, transitions: ArrayLike, components: P) -> None: ...

    @property
    def initial(self) -> Array:
        """The stationary distribution. Errors: ParameterError where there are several."""
        return stationary(self.transitions)


@dataclass(frozen=True)
class StationaryHiddenMarkovChain(HiddenMarkovChain[StationaryHiddenMarkovParams[P], P, S]):
    """A `HiddenMarkovChain` whose sequences begin as they go on: the first state has the stationary distribution.

    That distribution is no parameter of its own: it follows from the transitions, which it also tells of. The M-step finds
    both together. Errors: ParameterError for transitions that leave several distributions as they are.
    Source: Zucchini & MacDonald (2009), Hidden Markov Models for Time Series, chapter 3.

    >>> import emkit as ek
    >>> chain = ek.StationaryHiddenMarkovChain(ek.Poisson())
    >>> start = ek.StationaryHiddenMarkovParams([[0.9, 0.1], [0.1, 0.9]], ek.PoissonParams([[1.0], [6.0]]))
    >>> result = ek.fit(chain, [0, 1, 0, 2, 1, 6, 7, 5, 8, 6, 1, 0, 1], start)
    >>> result.params.transitions.round(2).tolist(), result.params.initial.round(2).tolist()
    ([[0.89, 0.11], [0.24, 0.76]], [0.7, 0.3])
    >>> result.free_parameters
    4
    """

    name: ClassVar[str] = "stationary hidden Markov chain"

    def check(self, params: StationaryHiddenMarkovParams[P], profile: AnyProfile) -> None:
        super().check(params, profile)
        stationary(params.transitions)

    def beginning(self, initial: Array, transitions: Array, components: P) -> StationaryHiddenMarkovParams[P]:
        return StationaryHiddenMarkovParams(transitions, components)

    def belonging_updates(self) -> Mapping[str, Update[ComponentStats[S], StationaryHiddenMarkovParams[P]]]:
        return {"transitions": self._transitions}

    def belonging_expected(
        self, belonging: Moves, before: StationaryHiddenMarkovParams[P], now: StationaryHiddenMarkovParams[P]
    ) -> Expected:
        here = _Here.at(now.transitions, belonging)
        return Expected(here.height, {"transitions": here.slope})

    def _transitions(
        self, stats: ComponentStats[S], before: StationaryHiddenMarkovParams[P], now: StationaryHiddenMarkovParams[P]
    ) -> Array:
        """Where sum_k starts_k log pi_k + sum_jk moves_jk log transitions_jk is highest, with pi the stationary distribution.

        By a fixed point: were pi linear in the transitions, moves_jk / (a multiplier of the row - its slope) would be it. Where
        that leads lower or not to the end, Newton's method goes on.
        Shapes: starts (K,), moves (K, K) -> (K, K).
        """
        moves: Moves = stats.belonging
        here = _Here.at(now.transitions, moves)
        for _ in range(ROUNDS):
            once = here.next(moves)
            twice = once.next(moves) if once is not None else None
            if once is None or twice is None:
                break
            here = twice.limit(here, once, moves) or twice
            if here.is_summit:
                return here.transitions

        def height(params: StationaryHiddenMarkovParams[P]) -> Expected:
            return self.belonging_expected(moves, before, params)

        return climb(height, replace_at(now, {"transitions": here.transitions}), ("transitions",)).transitions


class _Here(NamedTuple):
    """Transitions (K, K), their height, and the slopes of its two terms: of where sequences start, and of all moves."""

    transitions: Array
    height: float
    of_starts: Array
    of_moves: Array

    @classmethod
    def at(cls, transitions: Array, counted: Moves) -> _Here:
        """Errors: ParameterError where there is no one stationary distribution.

        Source of the slope: with pi (I - A) = 0, d pi = pi dA (I - A + 1 1')^-1.
        """
        initial = stationary(transitions)
        height = float(counted.starts @ safe_log(initial) + (counted.moves * safe_log(transitions)).sum())
        ahead = np.linalg.solve(regular(transitions), slope_of_log(counted.starts, initial))
        return cls(transitions, height, np.outer(initial, ahead), slope_of_log(counted.moves, transitions))

    @property
    def slope(self) -> Array:
        return self.of_starts + self.of_moves

    @property
    def is_summit(self) -> bool:
        """Whether no way along the rows leads up, but for rounding."""
        along = self.transitions * self.slope
        uphill = along - self.transitions * along.sum(axis=1, keepdims=True)
        return bool(np.abs(uphill).max() <= FLAT * (1 + abs(self.height)))

    def next(self, counted: Moves) -> _Here | None:
        """The next round of the fixed point; None where there is none, or where it is lower."""
        multiplier = (self.transitions * self.slope).sum(axis=1, keepdims=True)
        below = multiplier - self.of_starts
        if not below[self.transitions > 0].min() > 0:
            return None
        found = counted.moves / np.where(below > 0, below, 1.0)
        total = found.sum(axis=1, keepdims=True)
        if not total.min() > 0:
            return None
        return self._no_lower(found / total, counted)

    def limit(self, first: _Here, before: _Here, counted: Moves) -> _Here | None:
        """Where the fixed point leads from here, were each step the same share of the last; None where that is lower."""
        logs = [np.log(np.where(here.transitions > 0, here.transitions, 1.0)) for here in (first, before, self)]
        one, two = logs[1] - logs[0], logs[2] - logs[1]
        left = min(float((one * two).sum() / ((one * one).sum() or 1.0)), FARTHEST)
        found = self.transitions * np.exp(two * left / (1 - left))
        return self._no_lower(found / found.sum(axis=1, keepdims=True), counted)

    def _no_lower(self, transitions: Array, counted: Moves) -> _Here | None:
        try:
            there = _Here.at(transitions, counted)
        except ParameterError:
            return None
        return there if there.height >= self.height - FALLEN * (1 + abs(self.height)) else None
