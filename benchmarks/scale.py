"""The large cases, by `make scale`: one fit of more rows than memory is for, and fits whose workers are killed.

Prints one JSON line for each, and keeps nothing. Needs Linux, where a process can see its memory.
Files that memory has room for stay there after the first pass, as they do for whoever fits them.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import statistics
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread, Timer
from typing import Any

import numpy as np

import emkit as ek
from benchmarks.paired import Measured, median_seconds
from emkit.core.mapreduce import threads

COLUMNS, CLUSTERS, FILES, ROWS_OF_A_GROUP = 4, 8, 8, 250_000
PASSES = 5
GIB = 2**30
LIMIT = 60.0  # seconds of a fit of which a worker is killed


def clusters(rows: int, seed: int) -> np.ndarray:
    """Rows of as many normal clusters, about centres that do not depend on the seed."""
    centres = 4 * np.random.default_rng(0).normal(size=(CLUSTERS, COLUMNS))
    rng = np.random.default_rng(seed + 1)
    return centres[rng.integers(CLUSTERS, size=rows)] + rng.normal(size=(rows, COLUMNS))


def write(folder: Path, rows: int) -> None:
    """Parquet files of so many rows, never more than a row group of them in memory."""
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    schema = pa.schema([(f"x{j}", pa.float64()) for j in range(COLUMNS)])
    for file in range(FILES):
        left = len(range(file, rows, FILES))
        with ParquetWriter(folder / f"part-{file}.parquet", schema, compression="none", use_dictionary=False) as out:
            for group, first in enumerate(range(0, left, ROWS_OF_A_GROUP)):
                x = clusters(min(ROWS_OF_A_GROUP, left - first), file + FILES * group)
                out.write_table(pa.table(dict(zip(schema.names, x.T, strict=True))))


def seconds_to_read(folder: Path) -> float:
    """The time that the disk takes for all files, none of which is in memory before."""
    for path in folder.iterdir():
        with path.open("rb") as stream:
            os.fsync(stream.fileno())
            os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    begun = time.perf_counter()
    for path in folder.iterdir():
        with path.open("rb", buffering=0) as stream:
            while stream.read(1 << 20):
                pass
    return time.perf_counter() - begun


def own_memory() -> float:
    """Bytes of memory that this process has of its own; files that are mapped are not."""
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) * 1024.0 for line in lines if line.startswith("RssAnon"))


class Watched:
    """Within it, the `highest` memory of this process, looked at all the time."""

    highest = 0.0

    def __enter__(self) -> Watched:
        self._going = True
        self._thread = Thread(target=self._look)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._going = False
        self._thread.join()

    def _look(self) -> None:
        while self._going:
            self.highest = max(self.highest, own_memory())
            time.sleep(0.01)


def beyond_memory(rows: int) -> Iterator[Measured]:
    """A fit to rows in files: its memory, and its passes beside those of the kernel in memory and the disk together."""
    model = ek.Mixture(ek.FullGaussian())
    with TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, rows)
        disk = seconds_to_read(folder)
        with Watched() as memory:
            source = ek.ParquetSource(folder)
            settled = model.settled(source.profile)
            start = settled.starts(source.profile, CLUSTERS, [0])[0]
            took: list[float] = []
            ek.fit(model, source, start, solver="plain", max_evaluations=PASSES, tol=0, watch=partial(timed, took))
    few = ek.ArraySource(clusters(min(rows, 4 * ROWS_OF_A_GROUP), 0), chunk_rows=ROWS_OF_A_GROUP)
    with threads() as map_reduce:
        kernel = median_seconds(lambda: map_reduce(partial(settled.e_step, start), few), 3) * rows / few.rows
    ours, limit = statistics.median(took), disk + kernel
    what = f"full N={rows:,} d={COLUMNS} K={CLUSTERS}, rows in {FILES} Parquet files"
    yield Measured(
        f"{what}, a pass", "the same kernel in memory, plus reading from disk", limit / ours, None, 1e3 * ours, 1e3 * limit,
        target="<= 1.3 times", met=ours <= 1.3 * limit, note=f"reading {disk:.3g} s, kernel {kernel:.3g} s",
    )  # fmt: skip
    yield Measured(
        f"{what}, peak memory of the process", "", None, None, memory.highest / GIB, None, "GiB",
        target="<= 1 GiB", met=memory.highest <= GIB,
    )  # fmt: skip


def timed(took: list[float], steps: Any) -> Iterator[Any]:
    """The steps of a run, and the seconds that each took."""
    begun = time.perf_counter()
    for step in steps:
        took.append(time.perf_counter() - begun)
        yield step
        begun = time.perf_counter()


def killed(fits: int, rows: int = 200_000) -> Measured:
    """Fits on two Dask workers, of which one is killed at a random moment of each: are they the same?"""
    from distributed import Client, LocalCluster

    source = ek.ArraySource(clusters(rows, 0), chunk_rows=rows // 16)
    model = ek.Mixture(ek.FullGaussian())
    start = model.starts(source.profile, CLUSTERS, [0])[0]
    fit = partial(ek.fit, model, source, start, solver="plain", tol=0, max_evaluations=20)
    here, draw, same, times = fit(), random.Random(0), 0, []
    for _ in range(fits):  # each on a cluster of its own: none waits for one that was killed before to be back
        alone = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0")
        with alone as cluster, Client(cluster) as client:
            fit(executor=ek.Dask(client))  # the workers load what they need
            whole = time.perf_counter()
            fit(executor=ek.Dask(client))
            whole = time.perf_counter() - whole
            victim = draw.choice([each.pid for each in cluster.workers.values()])
            killer = Timer(draw.uniform(0, whole), os.kill, (victim, signal.SIGKILL))
            killer.start()
            begun = time.perf_counter()
            there = fit(executor=ek.Dask(client))
            times.append(time.perf_counter() - begun)
            killer.join()
            same += there.history == here.history
    return Measured(
        f"{fits} Dask fits, a worker killed in each: fits of other bits than in memory", "", None, None, fits - same, None, "",
        target=f"0, each <= {LIMIT:g} s", met=same == fits and max(times) <= LIMIT,
        note=f"a fit takes {whole:.2g} s, the longest with a worker killed {max(times):.2g} s",
    )  # fmt: skip


def main() -> int:
    """Run all of it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--rows", type=float, default=1e8)
    parser.add_argument("--fits", type=int, default=20)
    options = parser.parse_args()
    lines = [*beyond_memory(int(options.rows)), killed(options.fits)]
    for line in lines:
        print(json.dumps(line.as_dict()), flush=True)
    return 0 if all(line.met for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
