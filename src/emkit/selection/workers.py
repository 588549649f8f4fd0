"""Tasks shared out to processes or an executor, and seeds that do not depend on how many there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any, TypeVar

import numpy as np

from emkit.core.mapreduce import one_thread, worker_count
from emkit.core.protocols import Executor, Source
from emkit.errors import ModelError
from emkit.fitted import AnyFitted

T = TypeVar("T")
R = TypeVar("R")
MOST_SEED = 2**63 - 1
LOT = 256  # tasks that an executor has at a time: whoever watches sees what was made in such lots


def to_send(fitted: AnyFitted) -> AnyFitted:
    """A fit without the other runs and the rows as they were given: what other processes need of it."""
    return replace(by_itself(fitted), source=fitted.occurring)


def by_itself(fitted: AnyFitted) -> AnyFitted:
    """A fit without the other runs, and without whoever worked on it."""
    alone = replace(fitted.runs, runs=(fitted.record,), left=(), degenerate=frozenset())
    return replace(fitted, runs=alone, executor=one_thread)


def seed_from(random_state: Any) -> int:
    """One seed from whatever randomness is given: None (another one each time), a whole number, a generator, a RandomState.

    Errors: ModelError if it is none of these.
    """
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(MOST_SEED, dtype=np.int64))
    try:
        return int(np.random.default_rng(random_state).integers(MOST_SEED))
    except (TypeError, ValueError):
        raise ModelError(f"random_state is {random_state!r}; it must be None, a whole number >= 0, or a generator.") from None


def each_of(work: Callable[[T], R], tasks: Iterable[T], n_jobs: int | Executor | None) -> Iterator[R]:
    """What `work` makes of each task, in their order: here, in `n_jobs` processes (-1: one for each core), or by an executor.

    Errors: ModelError for a number of processes that cannot be.
    """
    if callable(n_jobs):
        yield from _by(n_jobs, work, tasks)
        return
    worker_count(n_jobs)
    if n_jobs is None or n_jobs == 1:
        yield from map(work, tasks)
        return
    from joblib import Parallel, delayed

    yield from Parallel(n_jobs=n_jobs, return_as="generator")(delayed(work)(task) for task in tasks)


@dataclass
class Counted(Iterator[R]):
    """A `stream` of which it is known how many are still to come: `operator.length_hint` says so to whoever watches."""

    stream: Iterator[R]
    left: int

    def __next__(self) -> R:
        found = next(self.stream)
        self.left -= 1
        return found

    def __length_hint__(self) -> int:
        return self.left


@dataclass(frozen=True)
class Tasks(Source[T]):
    """Tasks as a source of which each is a chunk."""

    tasks: tuple[T, ...]

    def chunks(self) -> Iterator[T]:
        return iter(self.tasks)


def _by(executor: Executor, work: Callable[[T], R], tasks: Iterable[T]) -> Iterator[R]:
    """What `work` makes of each task: tuples of one, whose sum along the tree of an executor has them all in order."""
    left = iter(tasks)
    with executor() as map_reduce:
        while lot := tuple(islice(left, LOT)):
            yield from map_reduce(partial(_alone, work), Tasks(lot))


def _alone(work: Callable[[T], R], task: T) -> tuple[R]:
    return (work(task),)
