"""Executors: apply a function to every chunk of a source and add up the results, always along the same tree."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from numbers import Integral
from typing import Any, TypeVar

from emkit.core.protocols import MapReduce, Source
from emkit.core.statistics import Additive, add_up
from emkit.errors import ModelError

A = TypeVar("A", bound=Additive)
C = TypeVar("C")


def serial(function: Callable[[C], A], source: Source[C]) -> A:
    """One chunk after the other, in this thread."""
    return add_up(function(chunk) for chunk in source.chunks())


@cache
def _linear_algebra() -> Any:
    """What holds the linear-algebra libraries of this process to a number of threads."""
    import scipy.linalg  # noqa: F401  (its own copy of BLAS must be loaded before it can be limited)
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def one_thread() -> Iterator[MapReduce]:
    """`serial` as a context, like any executor; linear algebra keeps to this thread, too."""
    with _linear_algebra().limit(limits=1, user_api="blas"):
        yield serial


def usable_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def threads(n_jobs: int | None = None) -> Iterator[MapReduce]:
    """An executor of `n_jobs` threads (None or -1: all usable cores), as a context; results are the same bits for any number.

    Inside, the linear-algebra library is held to one thread, so that the chunks share the cores and nothing else does.
    Errors: ModelError if `n_jobs` is neither a positive number nor -1 nor None.
    """
    given: Any = n_jobs
    if given is not None and given != -1 and not (isinstance(given, Integral) and int(given) >= 1):
        raise ModelError(f"n_jobs is {n_jobs!r}; it must be a whole number >= 1, or -1 for all cores.")
    count = usable_cores() if n_jobs is None or n_jobs == -1 else int(n_jobs)
    with _linear_algebra().limit(limits=1, user_api="blas"), ThreadPoolExecutor(count) as pool:

        def spread(function: Callable[[C], A], source: Source[C]) -> A:
            return add_up(pool.map(function, source.chunks()))

        yield spread
