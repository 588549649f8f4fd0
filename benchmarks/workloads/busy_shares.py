"""How much of the time workers are busy, by the length of a task: the time of all tasks over that of all workers."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import emkit as ek
from benchmarks.paired import Measured
from emkit.core.mapreduce import limited_to_one_thread

WORKERS = 2
PASSES = {1.0: (12, 0.95), 0.1: (40, 0.90)}  # seconds of a task: how many a pass has, and the share that is aimed at


@dataclass(frozen=True)
class Place:
    """A cut of nothing."""

    number: int

    def load(self) -> int:
        return self.number


@dataclass(frozen=True)
class Places:
    """A source of so many cuts."""

    number: int

    def cuts(self) -> Iterator[Place]:
        return map(Place, range(self.number))


def busy(seconds: float, _: int) -> float:
    """Work for so long; the time that it took."""
    begun = time.perf_counter()
    while (took := time.perf_counter() - begun) < seconds:
        pass
    return took


def share(map_reduce: Any, seconds: float, tasks: int) -> float:
    """The share of one pass."""
    begun = time.perf_counter()
    worked = map_reduce(partial(busy, seconds), Places(tasks))
    return float(worked / (WORKERS * (time.perf_counter() - begun)))


def run(quick: bool) -> list[Measured]:
    """Turn by turn, on a Dask cluster and in processes of this machine."""
    from distributed import Client, LocalCluster

    with (
        limited_to_one_thread(),
        LocalCluster(n_workers=WORKERS, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster,
        Client(cluster) as client,
        ek.Dask(client)() as dask,
        ek.Processes(WORKERS)() as processes,
    ):
        share(dask, 0.0, WORKERS), share(processes, 0.0, WORKERS)  # they begin before that counts
        found = []
        for seconds, (tasks, target) in PASSES.items():
            turns = [(share(dask, seconds, tasks), share(processes, seconds, tasks)) for _ in range(1 if quick else 5)]
            ours, theirs = map(statistics.median, zip(*turns, strict=True))
            found.append(
                Measured(
                    workload=f"{WORKERS} Dask workers, {tasks} tasks of {seconds:g} s a pass: the share of time they are busy",
                    peer="processes (joblib)",
                    ratio=theirs / ours,
                    ours=ours,
                    theirs=theirs,
                    unit="of 1",
                    target=f">= {target:g}",
                    met=ours >= target,
                )
            )
    return found
