"""Executors: apply a function to every chunk of a source and add up the results, always along the same tree.

They take the cuts of the source, and load each where it is worked on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from threading import Lock
from typing import Any, Generic, TypeVar

from emkit.core.checks import check_count
from emkit.core.protocols import Cut, Executor, MapReduce, Source
from emkit.core.statistics import Additive, Tree, add_up
from emkit.errors import ModelError

A = TypeVar("A", bound=Additive)
C = TypeVar("C")


def serial(function: Callable[[C], A], source: Source[C]) -> A:
    """One cut after the other, in this thread."""
    return add_up(function(cut.load()) for cut in source.cuts())


@cache
def _linear_algebra() -> Any:
    """What holds the linear-algebra libraries of this process to a number of threads."""
    import scipy.linalg  # noqa: F401  (its own copy of BLAS must be loaded before it can be limited)
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def limited_to_one_thread() -> Any:
    """A context in which linear algebra in this process keeps to one thread."""
    return _linear_algebra().limit(limits=1, user_api="blas")


@contextmanager
def one_thread() -> Iterator[MapReduce]:
    """`serial` as a context, like any executor; linear algebra keeps to this thread, too."""
    with limited_to_one_thread():
        yield serial


def as_executor(given: Any) -> Executor:
    """The executor that is given; of None, one thread. Errors: ModelError if it is none."""
    if given is None:
        return one_thread
    if not callable(given) or isinstance(given, AbstractContextManager):
        raise ModelError(
            f"executor is {given!r}; it must be a function without arguments that returns a context, such as "
            "functools.partial(threads, 2)."
        )
    found: Executor = given
    return found


def usable_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def worker_count(n_jobs: int | None) -> int:
    """How many workers `n_jobs` are; None or -1: as many as there are usable cores.

    Errors: ModelError if it is neither a positive number nor -1 nor None.
    """
    if n_jobs is None or n_jobs == -1:
        return usable_cores()
    check_count("n_jobs", n_jobs, ModelError, also=", or -1 for all cores")
    return int(n_jobs)


@contextmanager
def threads(n_jobs: int | None = None) -> Iterator[MapReduce]:
    """An executor of `n_jobs` threads (None or -1: all usable cores), as a context; results are the same bits for any number.

    Inside, the linear-algebra library is held to one thread, so that the chunks share the cores and nothing else does.
    Errors: ModelError if `n_jobs` is neither a positive number nor -1 nor None.
    """
    count = worker_count(n_jobs)
    with limited_to_one_thread(), ThreadPoolExecutor(max(count - 1, 1)) as pool:

        def spread(function: Callable[[C], A], source: Source[C]) -> A:
            work = _Work(function, source.cuts())
            others = [pool.submit(work.run) for _ in range(count - 1)]
            work.run()  # this thread takes chunks, too: there is one fewer to wake and to wait for
            wait(others)
            return work.total()

        yield spread


class _Work(Generic[C, A]):
    """Cuts that several threads take one after the other; what they find is added up in the order of the cuts."""

    def __init__(self, function: Callable[[C], A], cuts: Iterator[Cut[C]]) -> None:
        self._function = function
        self._cuts = cuts
        self._lock = Lock()
        self._taken = self._added = 0
        self._tree: Tree[A] = Tree()
        self._early: dict[int, A] = {}  # what was found before some cut further to the front was done
        self._errors: dict[int, BaseException] = {}

    def run(self) -> None:
        """Work on cuts until there are no more, or until one of them failed."""
        while (taken := self._take()) is not None:
            number, cut = taken
            try:
                self._deposit(number, self._function(cut.load()))
            except Exception as error:  # noqa: BLE001  (`total` raises it again)
                self._errors[number] = error

    def _take(self) -> tuple[int, Cut[C]] | None:
        with self._lock:
            if self._errors:
                return None
            try:
                cut = next(self._cuts)
            except StopIteration:
                return None
            except Exception as error:  # noqa: BLE001
                self._errors[self._taken] = error
                return None
            self._taken += 1
            return self._taken - 1, cut

    def _deposit(self, number: int, found: A) -> None:
        with self._lock:
            self._early[number] = found
            while self._added in self._early:
                self._tree.add(self._early.pop(self._added))
                self._added += 1

    def total(self) -> A:
        """The sum. Errors: those of the function; of several, that of the foremost chunk, whichever thread met it first."""
        if self._errors:
            raise self._errors[min(self._errors)]
        return self._tree.total()
