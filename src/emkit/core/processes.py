"""Executors beyond this process: other processes of this machine, and the machines of a Dask cluster.

What travels there is a function, such as the E-step at some parameters, and where the data lie; what comes back are sums.
Some neighbouring cuts are one task, so that sending costs little beside the work: 2^k of them, along the same tree as ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from traceback import format_exception
from typing import TypeVar

from emkit.core.mapreduce import limited_to_one_thread, worker_count
from emkit.core.protocols import Cut, MapReduce
from emkit.core.statistics import Additive, Tree, planted

A = TypeVar("A", bound=Additive)
C = TypeVar("C")
TASKS = 8  # for each worker, where there are many cuts: the last to end is then waited for a little only


@dataclass(frozen=True)
class Processes:
    """An executor of `n_jobs` processes on this machine (None or -1: as many as cores may be used).

    Rows in memory are shared with them, not copied. Results are the same bits for any number. Threads cost less, and are what
    fits use by themselves; processes are for models of one's own that are written in Python, which lets one thread work at a
    time: ``ek.fit(model, data, start, executor=ek.Processes())``.
    Errors: ModelError if `n_jobs` is neither a positive number nor -1 nor None.

    None of its own is started before a fit begins; what cannot be is refused at once:

    >>> import emkit as ek
    >>> ek.Processes(2)
    Processes(n_jobs=2)
    >>> ek.Processes(-2)
    Traceback (most recent call last):
        ...
    emkit.errors.ModelError: n_jobs is -2; it must be a whole number >= 1, or -1 for all cores.
    """

    n_jobs: int | None = None

    def __post_init__(self) -> None:
        worker_count(self.n_jobs)

    @contextmanager
    def __call__(self) -> Iterator[MapReduce]:
        """The executor, for as long as the context lasts."""
        from joblib import Parallel, delayed, parallel_config

        count = worker_count(self.n_jobs)
        here = parallel_config(backend="loky", n_jobs=count, inner_max_num_threads=1)
        with here, Parallel(return_as="generator") as parallel:
            yield lambda function, source: joined(
                found(parallel(delayed(attempted)(function, cuts) for cuts in in_tasks(list(source.cuts()), count)))
            )


def in_tasks(cuts: Sequence[C], workers: int) -> list[Sequence[C]]:
    """The cuts, so many neighbouring ones at a time that each worker has some tasks: a power of 2."""
    share = len(cuts) // (TASKS * workers)
    size = 2 ** (share.bit_length() - 1) if share else 1
    return [cuts[first : first + size] for first in range(0, len(cuts), size)]


def worked(function: Callable[[C], A], cuts: Sequence[Cut[C]]) -> Tree[A]:
    """What a function finds in some cuts, as the part of the tree that it is."""
    with limited_to_one_thread():
        return planted(function(cut.load()) for cut in cuts)


def attempted(function: Callable[[C], A], cuts: Sequence[Cut[C]]) -> Tree[A] | Exception:
    """What `worked` gives, or the error that it raises, as a value: which of several is raised is then not a matter of time."""
    try:
        return worked(function, cuts)
    except Exception as error:  # noqa: BLE001  (`found` raises it again)
        error.add_note("".join(format_exception(error)))  # where it was raised is told: a traceback does not travel
        return error


def found(outcomes: Iterable[Tree[A] | Exception]) -> Iterator[Tree[A]]:
    """The parts that were found, in order. Errors: that of the foremost cuts that failed."""
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome
        yield outcome


def joined(parts: Iterable[Tree[A]]) -> A:
    """The sum of all parts of a tree, in order."""
    tree: Tree[A] = Tree()
    for part in parts:
        tree.extend(part)
    return tree.total()
