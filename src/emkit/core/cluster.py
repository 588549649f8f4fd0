"""An executor on a Dask cluster, on this machine or on many."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from emkit.core.mapreduce import limited_to_one_thread
from emkit.core.processes import in_tasks, joined, worked
from emkit.core.protocols import Cut, MapReduce, Source
from emkit.core.statistics import Additive, Tree
from emkit.errors import ModelError

A = TypeVar("A", bound=Additive)
C = TypeVar("C")
Sent = dict[int, tuple[Any, Any]]  # cuts in memory by their identity, and what the workers know them by
ATTEMPTS = 5  # at a task whose rows, or whose result, were lost with a worker


class Dask:
    """An executor on the workers of a Dask `client`: ``ek.fit(model, source, start, executor=ek.Dask(client))``.

    Cuts of rows that lie in files are loaded by the workers, each as a rule by the one that had it in the pass before; rows in
    memory are sent to the workers once. What is lost with a worker is done again by another, and an error is the one that the
    function raised, of several that of the foremost cut. The sums are the same bits for any number of workers.
    Errors: ModelError unless `client` is a ``distributed.Client``.
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
        """The executor, for as long as the context lasts."""
        sent: Sent = {}
        with limited_to_one_thread():
            yield lambda function, source: self._spread(function, source, sent)

    def _spread(self, function: Callable[[C], A], source: Source[C], sent: Sent) -> A:
        workers = self.client.scheduler_info(n_workers=-1)["workers"]
        tasks = in_tasks(list(source.cuts()), max(sum(each["nthreads"] for each in workers.values()), 1))
        begun = [_Task(self.client, function, cuts, sent, _home(sorted(workers), i)) for i, cuts in enumerate(tasks)]
        try:
            return joined(task.result() for task in begun)
        finally:
            for task in begun:
                task.forget()


def _home(workers: Sequence[str], place: int) -> dict[str, Any]:
    """Where a task is worked on as a rule, so that a worker has the same rows in every pass."""
    return {"workers": [workers[place % len(workers)]], "allow_other_workers": True} if workers else {}


class _Task:
    """Some cuts that one worker works on, from now on."""

    def __init__(
        self, client: Any, function: Callable[[Any], Any], cuts: Sequence[Cut[Any]], sent: Sent, home: dict[str, Any]
    ) -> None:
        self._client, self._function, self._cuts, self._sent, self._home = client, function, cuts, sent, home
        self._future = self._begun()

    def result(self) -> Tree[Any]:
        """What was found. Errors: that of the function."""
        from distributed import CancelledError

        for _ in range(ATTEMPTS):
            try:
                found: Tree[Any] = self._future.result()
            except CancelledError:  # rows that were sent are lost with the worker that had them
                for cut in self._cuts:
                    self._sent.pop(id(cut), None)
                self._future = self._begun()
            else:
                return found
        raise ModelError(f"the workers of the cluster lost a task {ATTEMPTS} times, so that it was given up.")

    def forget(self) -> None:
        """Let go of what was found, and of what is not yet done."""
        self._future.cancel()

    def _begun(self) -> Any:
        there = [self._placed(cut) if cut.is_here else cut for cut in self._cuts]
        return self._client.submit(worked, self._function, there, pure=False, **self._home)

    def _placed(self, cut: Cut[Any]) -> Any:
        """Rows in memory, as the workers know them."""
        if id(cut) not in self._sent:
            self._sent[id(cut)] = cut, self._client.scatter(cut, hash=False)
        return self._sent[id(cut)][1]
