"""The loop. A generator of steps; `run` drains it until a rule says stop."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from emkit.core.beyond import Beyond
from emkit.core.evaluation import EMMap
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
    """One line of a run's history."""

    iteration: int
    evaluations: int
    objective: float
    log_likelihood: float


@dataclass(frozen=True)
class Record(Generic[P]):
    """What a run leaves behind: where it ended, why, and how it got there.

    `params`, `objective` and `log_likelihood` belong together: they are of one evaluation.
    """

    start: P
    params: P
    objective: float
    log_likelihood: float
    outcome: Outcome
    iterations: int
    evaluations: int
    history: tuple[HistoryEntry, ...]


def iterate(em: EMMap[P], start: P, solver: Solver[P, Any], elsewhere: deque[Evaluation[P]] | None = None) -> Iterator[Step]:
    """Every step of the algorithm, for ever: step 0 is the start. It goes on from an evaluation that is put `elsewhere`.

    Errors: ParameterError or DegenerateFitError where an E-step has no finite value or an M-step no maximum.
    """
    here = em(start)
    state = solver.init(here)
    yield Step(0, em.evaluations, here, gain=np.inf, em_rate=None)
    for number in count(1):
        if elsewhere:
            there = elsewhere.popleft()
            em.measure_anew()
            state = solver.init(there)
        else:
            there, state = solver.step(em, here, state)
        yield Step(number, em.evaluations, there, gain=there.objective - here.objective, em_rate=there.em_rate)
        here = there


def run(
    em: EMMap[P],
    start: P,
    solver: Solver[P, Any],
    rules: Iterable[Rule],
    watch: Watch = unwatched,
    to_the_end: bool = True,
    off_saddles: bool = True,
) -> Record[P]:
    """Iterate until a rule has an outcome, or until a component degenerates (that is an outcome, too).

    A run that goes `to_the_end` tries the edge that its estimates creep towards before it is called converged, and goes on
    from there; a short run over a sample does not, since a zero of a sample would stay one. Where the point it has come to is
    a saddle, it goes on from a higher one beside it, or ends there, unless it goes `off_saddles`.
    `watch` may wrap the stream of steps (to show progress, to keep a trace, to save checkpoints). The record holds the best
    evaluation seen; for a model that ascends that is the last one, unless the run ended because it fell.
    Errors: ParameterError if not even the start can be evaluated.
    """
    rules = tuple(rules)
    best: Evaluation[P] | None = None
    elsewhere: deque[Evaluation[P]] = deque()
    beyond = Beyond(em, to_the_end, off_saddles)
    history: list[HistoryEntry] = []
    try:
        for step in watch(iterate(em, start, solver, elsewhere)):
            history.append(HistoryEntry(step.number, step.evaluations, step.here.objective, step.here.log_likelihood))
            if best is None or _no_worse(step.here.objective, best.objective, em.model.ascends):
                best = step.here
            outcome = first_outcome(rules, step)
            there = beyond.point(step, outcome)
            if there is not None:
                elsewhere.append(there)
            elif outcome is not None:
                break
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
