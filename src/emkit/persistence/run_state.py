"""A run between two steps, as values that a file can hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.core.beyond import Tried
from emkit.core.edges import EdgesTried
from emkit.core.engine import HistoryEntry, RunState, Standing
from emkit.core.evaluation import EMMemory
from emkit.core.parameters import Parameters
from emkit.core.protocols import Evaluation
from emkit.core.rate import EMRate
from emkit.core.solvers.anderson import AndersonState, Iterate
from emkit.core.solvers.squarem import SquaremState
from emkit.core.turns import Turns
from emkit.persistence.stored import numbers_of, with_numbers


@dataclass(frozen=True)
class StoredEvaluation:
    """An `Evaluation`, its parameters and its update by their places among the points of a run.

    Two evaluations follow each other by an EM step if the update of one and the parameters of the other are one point.
    """

    params: int
    update: int
    objective: float
    log_likelihood: float
    em_rate: EMRate | None


@dataclass(frozen=True)
class StoredState:
    """A `RunState`. `points` (m, p) are the numbers of parameters like `like`; evaluations are told by their places."""

    like: Parameters
    points: Array
    evaluations: tuple[StoredEvaluation, ...]
    here: int
    best: int
    elsewhere: int | None
    recent: tuple[int, ...]
    solver_state: Any
    passes: int
    curvature: float
    gain: float
    fall: float
    tried: Tried
    history: Array

    @classmethod
    def of(cls, state: RunState[Any]) -> StoredState:
        """The state of a run."""
        stands, memory = state.standing, state.memory
        evaluations = _Places([*memory.recent, stands.here, state.best])
        elsewhere = None if stands.elsewhere is None else evaluations.place(stands.elsewhere)
        points = _Places(point for each in evaluations.things for point in (each.params, each.update))
        return cls(
            like=stands.here.params,
            evaluations=tuple(
                StoredEvaluation(
                    points.place(each.params), points.place(each.update), each.objective, each.log_likelihood, each.em_rate
                )
                for each in evaluations.things
            ),
            points=np.array([numbers_of(point) for point in points.things]),
            here=evaluations.place(stands.here),
            best=evaluations.place(state.best),
            elsewhere=elsewhere,
            recent=tuple(evaluations.place(each) for each in memory.recent),
            solver_state=stands.solver_state,
            passes=memory.evaluations,
            curvature=memory.curvature,
            gain=memory.gain,
            fall=memory.fall,
            tried=state.tried,
            history=np.array(state.history, dtype=np.float64).reshape(-1, 4),
        )

    def state(self) -> RunState[Any]:
        """The state. Errors: ValueError, LookupError or ParameterError for parts that do not fit together."""
        if self.history.shape[1:] != (4,) or not len(self.history) or not np.isfinite(self.history[:, :2]).all():
            raise ValueError(f"a history has shape {self.history.shape}, or steps that are no numbers")
        points = [with_numbers(self.like, np.array(numbers)) for numbers in self.points]
        made = [
            Evaluation(points[each.params], each.objective, each.log_likelihood, points[each.update], each.em_rate)
            for each in self.evaluations
        ]
        history = tuple(HistoryEntry(int(i), int(n), float(o), float(ll)) for i, n, o, ll in self.history)
        elsewhere = None if self.elsewhere is None else made[self.elsewhere]
        recent = tuple(made[i] for i in self.recent)
        return RunState(
            Standing(history[-1].iteration, made[self.here], self.solver_state, elsewhere),
            EMMemory(self.passes, recent, self.curvature, self.gain, self.fall),
            self.tried,
            made[self.best],
            history,
        )


class _Places:
    """Things in order, each of them once, told apart by their identity."""

    def __init__(self, things: Iterable[Any]) -> None:
        self.things: list[Any] = []
        self._places: dict[int, int] = {}
        for thing in things:
            self.place(thing)

    def place(self, thing: Any) -> int:
        """The place of a thing, which is added if it is new."""
        if id(thing) not in self._places:
            self._places[id(thing)] = len(self.things)
            self.things.append(thing)
        return self._places[id(thing)]


OF_RUNS: tuple[type, ...] = (
    StoredState, StoredEvaluation, EMRate, Tried, EdgesTried, Turns, AndersonState, SquaremState, Iterate,
)  # fmt: skip
