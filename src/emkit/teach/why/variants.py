"""Soft, hard and drawn E-steps on the same data: three algorithms that share their M-step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from emkit.core.arrays import Array
from emkit.core.engine import iterate
from emkit.core.evaluation import EMMap
from emkit.core.json_types import Json
from emkit.core.parameters import Parameters
from emkit.core.solvers import Plain
from emkit.core.stopping import Budget, Decreased, Settled, first_outcome
from emkit.errors import DegenerateFitError, ParameterError
from emkit.explain.latent import check_enumerable, responsibilities
from emkit.explain.ledger import account
from emkit.explain.subject import Subject
from emkit.explain.symbols import Symbols
from emkit.models.assignment import Assignment, Hard, Sampled, Soft
from emkit.models.reassigned import with_assignment
from emkit.views.starts import aligned

PASSES = 4_000
DRAWS = 400  # steps with drawn labels; the first half is forgotten
MOST_ROWS = 500  # whose responsibilities are kept


@dataclass(frozen=True)
class Variant:
    """One kind of E-step, from the subject's start.

    `responsibilities` (n, K) of the first step, of the first 500 rows at most; `first` are the parameters after one step,
    `end` those at the end (for drawn labels, the mean over the second half of the steps) and `spread` how far they wander
    there (0 for what stands still), by symbol; `log_likelihood` is that of the last parameters, `objective` what climbed
    (None if nothing does); `outcome` is how it ended, in words.
    """

    kind: str
    responsibilities: Array
    first: dict[str, float]
    end: dict[str, float]
    spread: dict[str, float]
    steps: int
    log_likelihood: float
    objective: float | None
    outcome: str

    @property
    def failed(self) -> bool:
        """Whether an M-step had no maximum, or an E-step met a row that nothing explains."""
        return self.outcome.startswith("failed")

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        rest = {name: value for name, value in vars(self).items() if name != "responsibilities"}
        return {"kind": self.kind, "shares": self.responsibilities.tolist(), **rest}


def variants(subject: Subject) -> tuple[Variant, ...]:
    """Soft, hard and drawn E-steps, each from the start to the end, or to where it fails."""
    return _climbing(subject, "soft", Soft()), _climbing(subject, "hard", Hard()), _drawn(subject)


def _first(subject: Subject, assignment: Assignment) -> Array:
    """The responsibilities of the first step."""
    chunk = next(iter(subject.source.chunks()))
    complete = check_enumerable(subject.model).complete(subject.start, chunk)
    return responsibilities(assignment, complete, chunk)[:MOST_ROWS]


@dataclass
class _Walk:
    """The parameters after each step, and the sentence with which the walk ended."""

    path: list[Parameters]
    outcome: str = ""

    def of(self, steps: Iterator[Parameters]) -> _Walk:
        """Take the steps, as far as they go."""
        try:
            self.path.extend(steps)
        except (DegenerateFitError, ParameterError) as error:
            self.outcome = f"failed: {error}"
        return self


def _climbing(subject: Subject, kind: str, assignment: Soft | Hard) -> Variant:
    """Plain EM until it settles; the push that tells a maximum from a saddle is left to `fit`."""
    em = EMMap(with_assignment(subject.model, assignment), subject.source, subject.start)
    walk = _Walk([])

    def steps() -> Iterator[Parameters]:
        for step in iterate(em, subject.start, Plain()):
            if step.number:
                yield step.here.params
            ended = first_outcome((Decreased(), Settled(), Budget(PASSES)), step)
            if ended is not None:
                walk.outcome = str(ended)
                return

    path = walk.of(steps()).path
    values = Symbols.of(subject).values
    last = path[-1] if path else subject.start
    end, total = values(last), account(em.model, subject.source, last, last)
    still = dict.fromkeys(end, 0.0)
    objective = total.bound + em.model.log_prior(last)
    first = values(path[0] if path else last)
    q = _first(subject, assignment)
    return Variant(kind, q, first, end, still, len(path), total.log_likelihood, objective, walk.outcome)


def _drawn(subject: Subject) -> Variant:
    """Stochastic EM: labels drawn afresh in every step."""
    walk = _Walk([]).of(_wander(subject))
    values = Symbols.of(subject).values
    path = walk.path or [subject.start]
    unit = np.ones(1)  # lots may swap the components, and means over swapped ones say nothing
    late = [values(aligned(theta, subject.start, unit)) for theta in path[len(path) // 2 :]]
    table = np.array([list(theta.values()) for theta in late])
    end = dict(zip(late[0], table.mean(axis=0).tolist(), strict=True))
    spread = dict(zip(late[0], np.where(np.ptp(table, axis=0) > 0, table.std(axis=0), 0.0).tolist(), strict=True))
    total = account(subject.model, subject.source, path[-1], path[-1])
    outcome = walk.outcome or f"stopped after {len(path)} steps; the values are means over the second half."
    q = _first(subject, Sampled(0))
    return Variant("drawn", q, values(path[0]), end, spread, len(walk.path), total.log_likelihood, None, outcome)


def _wander(subject: Subject) -> Iterator[Parameters]:
    theta = subject.start
    for seed in range(DRAWS):
        model = with_assignment(subject.model, Sampled(seed))
        theta = EMMap(model, subject.source, theta)(theta).update
        yield theta
