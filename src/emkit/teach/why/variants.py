"""Soft, hard and drawn E-steps on the same data: three algorithms that share their M-step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.core.engine import iterate
from emkit.core.evaluation import EMMap
from emkit.core.solvers import Plain
from emkit.core.stopping import Budget, Decreased, Settled, first_outcome
from emkit.errors import DegenerateFitError, ParameterError
from emkit.explain.ledger import account
from emkit.explain.subject import Subject
from emkit.explain.symbols import Symbols
from emkit.models.assignment import Assignment, Hard, Sampled, Soft
from emkit.models.reassigned import with_assignment
from emkit.views.starts import aligned

PASSES = 4_000
DRAWS = 400  # steps with drawn labels; the first half is forgotten
MOST_ROWS = 500  # whose shares are kept


@dataclass(frozen=True)
class Variant:
    """One kind of E-step, from the subject's start.

    `shares` (n, K) of the first step, of the first 500 rows at most; `first` are the parameters after one step, `end` those
    at the end (for drawn labels, the mean over the second half of the steps) and `spread` how far they wander there (0 for
    what stands still), by symbol; `log_likelihood` is that of the last parameters, `objective` what climbed (None if nothing
    does); `outcome` is how it ended, in words.
    """

    kind: str
    shares: Array
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

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**vars(self), "shares": self.shares.tolist()}


def variants(subject: Subject) -> tuple[Variant, ...]:
    """Soft, hard and drawn E-steps, each from the start to the end, or to where it fails."""
    return _climbing(subject, "soft", Soft()), _climbing(subject, "hard", Hard()), _drawn(subject)


def _shares(subject: Subject, assignment: Assignment) -> Array:
    model: Any = subject.model
    chunk = next(iter(subject.source.chunks()))
    complete = model.complete(subject.start, chunk)
    assigned = assignment.assign(complete.log_joint, complete.weights, getattr(chunk, "start", 0))
    return assigned.responsibilities[:MOST_ROWS]


@dataclass
class _Walk:
    """The parameters after each step, and the sentence with which the walk ended."""

    path: list[Any]
    outcome: str = ""

    def of(self, steps: Iterator[Any]) -> _Walk:
        """Take the steps, as far as they go."""
        try:
            self.path.extend(steps)
        except (DegenerateFitError, ParameterError) as error:
            self.outcome = f"failed: {error}"
        return self


def _climbing(subject: Subject, kind: str, assignment: Soft | Hard) -> Variant:
    """Plain EM until it settles; the push that tells a maximum from a saddle is left to `fit`."""
    em: EMMap[Any] = EMMap(with_assignment(subject.model, assignment), subject.source, subject.start)
    walk = _Walk([])

    def steps() -> Iterator[Any]:
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
    shares = _shares(subject, assignment)
    return Variant(kind, shares, first, end, still, len(path), total.log_likelihood, objective, walk.outcome)


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
    shares = _shares(subject, Sampled(0))
    return Variant(
        "drawn", shares, values(path[0]), end, spread, len(walk.path), total.log_likelihood, None, outcome
    )  # fmt: skip


def _wander(subject: Subject) -> Iterator[Any]:
    theta = subject.start
    for seed in range(DRAWS):
        model = with_assignment(subject.model, Sampled(seed))
        theta = EMMap(model, subject.source, theta)(theta).update
        yield theta
