"""An executor on a Dask cluster, on this machine or on many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from emkit.core.mapreduce import limited_to_one_thread
from emkit.core.processes import in_tasks, joined, worked
from emkit.core.protocols import MapReduce, Source
from emkit.core.statistics import Additive
from emkit.errors import ModelError

A = TypeVar("A", bound=Additive)
C = TypeVar("C")
CLOSED = ("closing", "closed")


class Dask:
    """An executor on the workers of a Dask `client`: ``ek.fit(model, source, start, executor=ek.Dask(client))``.

    Cuts of rows that lie in files are loaded by the workers; rows in memory travel with every pass, so that large ones are
    better put into files. What is lost with a worker is done again by another, or by one that comes later; a task with which
    several workers are lost, one after the other, is given up. An error is the one that the function raised, of several that
    of the foremost cut. The sums are the same bits for any number of workers.
    Errors: ModelError unless `client` is a ``distributed.Client``.

    A client that is none is refused at once; fits on clusters are in docs/from_laptop_to_cluster.md:

    >>> import emkit as ek
    >>> ek.Dask("tcp://scheduler:8786")
    Traceback (most recent call last):
        ...
    emkit.errors.ModelError: Dask takes a distributed.Client, and not 'tcp://scheduler:8786': ek.Dask(Client()).
    """

    def __init__(self, client: Any) -> None:
        if not hasattr(client, "submit") or not hasattr(client, "scheduler_info"):
            raise ModelError(f"Dask takes a distributed.Client, and not {client!r:.60}: ek.Dask(Client()).")
        self.client = client

    def __sklearn_clone__(self) -> Dask:
        """Itself: a clone of an estimator has the same cluster."""
        return self

    @contextmanager
    def __call__(self) -> Iterator[MapReduce]:
        """The executor, for as long as the context lasts. Errors: ModelError if the client is closed."""
        if self.client.status in CLOSED:
            raise ModelError("the Dask client is closed. What is asked of a fit may need its rows again: keep the client open.")
        with limited_to_one_thread():
            yield self._spread

    def _spread(self, function: Callable[[C], A], source: Source[C]) -> A:
        workers = self.client.scheduler_info(n_workers=-1)["workers"]
        tasks = in_tasks(list(source.cuts()), max(sum(each["nthreads"] for each in workers.values()), 1))
        begun = [self.client.submit(worked, function, cuts, pure=False) for cuts in tasks]
        try:
            return joined(self._found(begun))
        except BaseException:
            self.client.cancel(begun)  # without waiting for those that are worked on
            raise

    def _found(self, tasks: Sequence[Any]) -> Iterable[Any]:
        """What all tasks found, in order. Errors: that of the foremost task that failed."""
        try:
            found: list[Any] = self.client.gather(tasks)  # at once: one by one, each would cost a way there and back
        except Exception:  # noqa: BLE001  (the one that was met first: in order, the foremost is raised)
            return (task.result() for task in tasks)
        return found
