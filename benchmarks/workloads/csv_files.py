"""Reading a CSV file of 1,000,000 x 6 numbers, against pandas, in CPU seconds."""

from __future__ import annotations

import gc
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.paired import Measured
from emkit.data.files import read_file

ROWS, COLUMNS = 1_000_000, 6
MOST_TIMES, MOST_SECONDS = 2.0, 1.6  # pandas' CPU, and CPU seconds


def write(path: Path, rows: int) -> None:
    """Numbers with all their digits."""
    x = np.random.default_rng(0).standard_normal((rows, COLUMNS))
    with path.open("w") as file:
        file.write(",".join("abcdef") + "\n")
        file.writelines(",".join(map(repr, row)) + "\n" for row in x.tolist())


def cpu_seconds(run: Callable[[], Any]) -> float:
    """Of all threads of this process."""
    gc.collect()
    start = time.process_time()
    run()
    return time.process_time() - start


def run(quick: bool) -> list[Measured]:
    """Pairs in one process, after one that loads pyarrow and does not count."""
    import pandas as pd

    rows = ROWS // 5 if quick else ROWS
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "numbers.csv"
        write(path, rows)
        first = cpu_seconds(lambda: read_file(path).source())
        pd.read_csv(path)
        ours, theirs = [], []
        for _ in range(3 if quick else 7):
            ours.append(cpu_seconds(lambda: read_file(path).source()))
            theirs.append(cpu_seconds(lambda: pd.read_csv(path)))
        slow = cpu_seconds(lambda: read_file(path, large=1 << 30))
    ratio = statistics.median(other / own for own, other in zip(ours, theirs, strict=True))
    own = statistics.median(ours)
    return [
        Measured(
            workload=f"CSV {rows:,} x {COLUMNS} read for `emkit fit`, CPU",
            peer="pandas read_csv",
            ratio=ratio,
            ours=own,
            theirs=statistics.median(theirs),
            unit="s",
            target=f">= {1 / MOST_TIMES:g} and <= {MOST_SECONDS:g} s",
            met=ratio >= 1 / MOST_TIMES and first <= MOST_SECONDS,
            note=f"{first:.2g} s the first time, in which pyarrow is loaded; {slow:.2g} s by the standard library alone.",
        )
    ]
