"""The loop. A generator of steps; `run` drains it until a rule says stop."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from emkit.core.beyond import Beyond, Tried
from emkit.core.evaluation import EMMap, EMMemory
from emkit.core.onlooker import seen
from emkit.core.parameters import Parameters
from emkit.core.protocols import Evaluation, Solver
from emkit.core.stopping import Rule, Step, first_outcome
from emkit.errors import DegenerateFitError, Outcome, ParameterError, Status

P = TypeVar("P", bound=Parameters)
Watch = Callable[[Iterator[Step]], Iterator[Step]]


def unwatched(steps: Iterator[Step]) -> Iterator[Step]:
    """Pass every step on: the `watch` of those who do not look."""
    return steps


class HistoryEntry(NamedTuple):
    """One line of a run's history.

    >>> import emkit as ek
    >>> start = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [4.0]]))
    >>> history = ek.fit(ek.Mixture("poisson"), [0, 1, 0, 2, 1, 6, 7, 5, 8, 6], start).history
    >>> [(entry.iteration, round(entry.objective, 3)) for entry in history[:3]]
    [(0, -24.262), (1, -21.928), (2, -21.859)]
    """

    iteration: int
    evaluations: int
    objective: float
    log_likelihood: float


@dataclass(frozen=True)
class Record(Generic[P]):
    """What a run leaves behind: where it ended, why, and how it got there.

    `params`, `objective` and `log_likelihood` belong together: they are of one evaluation.

    The run that a result is of:

    >>> import emkit as ek
    >>> start = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [4.0]]))
    >>> record = ek.fit(ek.Mixture("poisson"), [0, 1, 0, 2, 1, 6, 7, 5, 8, 6], start).record
    >>> record.start.components.rates.tolist(), record.params.components.rates.round(2).tolist(), record.outcome.name
    ([[1.0], [4.0]], [[0.73], [6.07]], 'CONVERGED')
    """

    start: P
    params: P
    objective: float
    log_likelihood: float
    outcome: Outcome
    iterations: int
    evaluations: int
    history: tuple[HistoryEntry, ...]


@dataclass(frozen=True)
class Standing(Generic[P]):
    """Where an iteration stands between two steps: after step `number`, `here`, with the solver's state.

    The next step goes `elsewhere`, if there is such a point, and else where the solver leads.
    """

    number: int
    here: Evaluation[P]
    solver_state: Any
    elsewhere: Evaluation[P] | None = None


@dataclass(frozen=True)
class RunState(Generic[P]):
    """A run between two steps: all that a later bit depends on, beside the model, the data, the solver and the rules."""

    standing: Standing[P]
    memory: EMMemory[P]
    tried: Tried
    best: Evaluation[P]
    history: tuple[HistoryEntry, ...]


class Steps(Iterator[Step], Generic[P]):
    """Every step of the algorithm, for ever. It `stands` somewhere between two steps: nowhere yet before the first."""

    def __init__(self, em: EMMap[P], start: P, solver: Solver[P, Any], stands: Standing[P] | None) -> None:
        self._em, self._start, self._solver, self.stands = em, start, solver, stands

    def __next__(self) -> Step:
        if self.stands is None:
            here = self._em(self._start)
            self.stands = Standing(0, here, self._solver.init(here))
            return Step(0, self._em.evaluations, here, gain=np.inf, em_rate=None)
        number, here = self.stands.number + 1, self.stands.here
        if self.stands.elsewhere is not None:
            there = self.stands.elsewhere
            self._em.measure_anew()
            state = self._solver.init(there)
        else:
            there, state = self._solver.step(self._em, here, self.stands.solver_state)
        self.stands = Standing(number, there, state)
        return Step(number, self._em.evaluations, there, gain=there.objective - here.objective, em_rate=there.em_rate)

    def turn(self, elsewhere: Evaluation[P]) -> None:
        """Let the next step go to this evaluation."""
        assert self.stands is not None
        self.stands = replace(self.stands, elsewhere=elsewhere)


def iterate(em: EMMap[P], start: P, solver: Solver[P, Any]) -> Iterator[Step]:
    """Every step of the algorithm, for ever: step 0 is the start.

    Errors: ParameterError or DegenerateFitError where an E-step has no finite value or an M-step no maximum.

    The likelihood of the two coins, step by step:

    >>> import emkit as ek
    >>> coins = ek.lessons.two_coins()
    >>> em = ek.EMMap(coins.model, coins.source, coins.start)
    >>> for step in ek.iterate(em, coins.start, ek.solvers.Plain()):
    ...     print(step.number, round(step.here.objective, 4))
    ...     if step.number == 2:
    ...         break
    0 -33.0939
    1 -31.8593
    2 -31.7231
    """
    return Steps(em, start, solver, None)


Keep = Callable[[RunState[P]], None]


def run(
    em: EMMap[P],
    start: P,
    solver: Solver[P, Any],
    rules: Iterable[Rule],
    watch: Watch = unwatched,
    to_the_end: bool = True,
    off_saddles: bool = True,
    begun: RunState[P] | None = None,
    keep: Keep[P] | None = None,
) -> Record[P]:
    """Iterate until a rule has an outcome, or until a component degenerates (that is an outcome, too).

    A run that goes `to_the_end` tries the edge that its estimates creep towards before it is called converged, and goes on
    from there; a short run over a sample does not, since a zero of a sample would stay one. Where the point it has come to is
    a saddle, it goes on from a higher one beside it, or ends there, unless it goes `off_saddles`.
    `watch` may wrap the stream of steps (to show progress, to keep a trace), which an onlooker of this thread sees, too.
    `keep` is told after every step where the run stands; a run that was `begun` before goes on from there, to the same bits.
    The record holds the best evaluation seen; for a model that ascends that is the last one, unless the run ended because it
    fell.
    Errors: ParameterError if not even the start can be evaluated.
    """
    rules = tuple(rules)
    best: Evaluation[P] | None = None
    tried, history = Tried(), list[HistoryEntry]()
    if begun is not None:
        em.recall(begun.memory)
        best, tried, history = begun.best, begun.tried, list(begun.history)
    steps = Steps(em, start, solver, None if begun is None else begun.standing)
    beyond = Beyond(em, to_the_end, off_saddles, tried)
    try:
        for step in watch(seen(steps)):
            history.append(HistoryEntry(step.number, step.evaluations, step.here.objective, step.here.log_likelihood))
            if best is None or _no_worse(step.here.objective, best.objective, em.model.ascends):
                best = step.here
            outcome = first_outcome(rules, step) or beyond.run_off(step)
            there = beyond.point(step, outcome)
            if there is not None:
                steps.turn(there)
            elif outcome is not None:
                break
            if keep is not None and steps.stands is not None:
                keep(RunState(steps.stands, em.memory, beyond.tried, best, tuple(history)))
        else:
            raise RuntimeError("the stream of steps ended before a rule did: `watch` must pass every step on")
        if outcome.converged:
            best = beyond.exact(best)
        outcome = beyond.told(outcome, step.here, start)
    except (DegenerateFitError, ParameterError) as error:
        if best is None:
            raise
        outcome = Outcome(Status.DEGENERATE, f"stopped after iteration {history[-1].iteration}: {error}")
    assert best is not None
    return Record(
        start, best.params, best.objective, best.log_likelihood, outcome, history[-1].iteration, em.evaluations, tuple(history)
    )


def _no_worse(objective: float, best: float, ascends: bool) -> bool:
    slack = 1e-12 * (1 + abs(best)) if ascends else 0.0  # rounding may cost the last step a digit; its parameters are better
    return objective >= best - slack
