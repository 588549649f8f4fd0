"""The run that a page shows: plain EM from the start, every step worked out in numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from emkit.core.arrays import Array
from emkit.core.parameters import Parameters
from emkit.core.protocols import Complete
from emkit.data.chunk import Chunk
from emkit.data.source import ArraySource
from emkit.errors import DegenerateFitError, ParameterError
from emkit.explain.latent import assignment_of, check_enumerable
from emkit.explain.moments import LatentMoments
from emkit.explain.rows import RowTable
from emkit.explain.steps import Step, work_out
from emkit.explain.subject import Subject
from emkit.models.around import bare

MOST_STEPS = 40
LEAST_STEPS = 3
WORK = 6_000_000  # rows times states that all steps together may look at
IN_SEQUENCE = 8_000  # the same where rows come in sequence, and the page has numbers of them all
STILL = 1e-8  # a step that gains less, relative to 1 + |log-likelihood|, is the last
ROWS = 20  # different rows whose arithmetic is shown


@dataclass(frozen=True)
class Walk:
    """The `steps` of plain EM that are shown, and whether it `stands_still` at their end."""

    subject: Subject
    steps: tuple[Step, ...]
    stands_still: bool

    @property
    def path(self) -> tuple[Parameters, ...]:
        """The parameters theta_0, theta_1, ... of the steps."""
        return (self.steps[0].params[0], *(step.params[1] for step in self.steps))

    @property
    def rows_alone(self) -> bool:
        """Whether rows are independent of each other, so that each has a table line of its own."""
        return isinstance(self.steps[0].e_step, RowTable)

    def complete(self, params: Parameters, chunk: Chunk) -> Complete:
        """A chunk with its latent states written out, which every model that can be walked does (see `check_enumerable`)."""
        model: Any = self.subject.model
        complete: Complete = model.complete(params, chunk)
        return complete

    def responsibilities(self, params: Parameters) -> Iterator[tuple[Chunk, Array, Array]]:
        """Each chunk of the data with the weights of its rows and their responsibilities at `params`."""
        assignment = assignment_of(self.subject.model)
        for chunk in self.subject.source.chunks():
            if not self.rows_alone:
                yield chunk, chunk.weights, bare(self.subject.model).plain_posterior(params, chunk).responsibilities
                continue
            complete = self.complete(params, chunk)
            yield chunk, complete.weights, assignment.assign(complete.log_joint, complete.weights, chunk.start).responsibilities


def walk(subject: Subject) -> Walk:
    """Work out EM from the subject's start, step by step, until a step gains nothing or enough is shown.

    Errors: ModelError for a model whose latent states cannot be listed, row by row or along sequences.
    """
    steps: list[Step] = []
    for step in _steps(subject):
        if isinstance(step.e_step, LatentMoments):
            check_enumerable(subject.model)
        steps.append(step)
        if len(steps) >= _most(subject, step) or _still(step, ascends=subject.model.ascends):
            break
    return Walk(subject, tuple(steps), _still(steps[-1], ascends=subject.model.ascends))


def _steps(subject: Subject) -> Iterator[Step]:
    here, number = subject.start, 0
    while True:
        number += 1
        try:
            step = work_out(replace(subject, start=here), 1, ROWS)  # type: ignore[type-var]
        except (DegenerateFitError, ParameterError):
            if number == 1:
                raise
            return
        here = step.params[1]
        yield replace(step, number=number)


def _most(subject: Subject, step: Step) -> int:
    rows = subject.source.rows if isinstance(subject.source, ArraySource) else step.distinct
    most = WORK if isinstance(step.e_step, RowTable) else IN_SEQUENCE
    return max(LEAST_STEPS, min(MOST_STEPS, most // max(1, rows * len(step.components))))


def _still(step: Step, ascends: bool) -> bool:
    """Whether a step led (almost) nowhere. With drawn assignments no step ever does."""
    first, raised, last = (entry.account for entry in step.ledger)
    gain = (last.bound - first.bound) if ascends else float("inf")
    return gain <= STILL * (1 + abs(raised.log_likelihood))
