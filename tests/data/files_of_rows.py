"""Problems whose rows lie in memory, in a mapped file, in Parquet files, in blocks and with Dask, cut alike."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import dask.dataframe as dd
import numpy as np
import pandas as pd

import emkit as ek


@dataclass(frozen=True)
class Problem:
    """A model, a start, and the same rows as several sources."""

    model: Any
    start: Any
    sources: dict[str, Any]


def normal(folder: Path, rows: int = 1_200, cut: int = 100) -> Problem:
    """Two overlapping clusters; the rows also in a file that is mapped."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 3)) + 2.0 * (np.arange(rows) % 2)[:, None]
    np.save(folder / "x.npy", x)
    half = rows // 2
    frame = pd.DataFrame(x, columns=["a", "b", "c"])
    frame[:half].to_parquet(folder / "part-1.parquet", row_group_size=cut)
    frame[half:].to_parquet(folder / "part-2.parquet", row_group_size=cut)
    sources = {
        "memory": ek.ArraySource(x, columns=["a", "b", "c"], chunk_rows=cut),
        "mapped": ek.ArraySource(np.load(folder / "x.npy", mmap_mode="r"), columns=["a", "b", "c"], chunk_rows=cut),
        "Parquet": ek.ParquetSource(folder),
        "Dask": ek.BlockSource(dd.from_pandas(frame, chunksize=cut)),
    }
    model = ek.Mixture(ek.FullGaussian())
    return Problem(model, model.starts(sources["memory"].profile, 2, [0])[0], sources)


def answers(folder: Path, rows: int = 600, cut: int = 50) -> Problem:
    """Latent classes whose answers are words, some of them missing."""
    rng = np.random.default_rng(1)
    kind = np.arange(rows) % 2
    yes = rng.random((rows, 4)) < np.where(kind, 0.8, 0.3)[:, None]
    cells = np.where(rng.random((rows, 4)) < 0.1, None, np.where(yes, "yes", "no"))
    frame = pd.DataFrame(cells, columns=[f"item {j}" for j in range(4)])
    frame.to_parquet(folder / "answers.parquet", row_group_size=cut)
    model = ek.Mixture(ek.Categorical())
    whole = model.admitted(ek.data.as_source(frame))
    memory = ek.ArraySource(whole.x, columns=whole.columns, levels=whole.levels, chunk_rows=cut)
    sources = {
        "memory": memory,
        "Parquet": ek.ParquetSource(folder / "answers.parquet"),
        "blocks": ek.BlockSource([partial(frame.iloc.__getitem__, slice(i, i + cut)) for i in range(0, rows, cut)]),
    }
    return Problem(model, model.settled(memory.profile).starts(memory.profile, 2, [0])[0], sources)


def sequences(folder: Path, number: int = 40, length: int = 15) -> Problem:
    """Chains of two states; row groups end within sequences."""
    rng = np.random.default_rng(2)
    rows = number * length
    states = np.cumsum(rng.random(rows) < 0.1) % 2
    frame = pd.DataFrame({"x": rng.normal(3.0 * states), "who": np.repeat(np.arange(number), length)})
    frame.to_parquet(folder / "chains.parquet", row_group_size=4 * length - 1)
    there = ek.ParquetSource(folder / "chains.parquet", groups="who")
    model = ek.HiddenMarkovChain("gaussian")
    memory = ek.ArraySource(frame[["x"]], columns=["x"], groups=frame.who, chunk_rows=4 * length)
    assert [len(chunk.x) for chunk in memory.chunks()] == [len(chunk.x) for chunk in there.chunks()]
    return Problem(model, model.settled(memory.profile).starts(memory.profile, 2, [0])[0], {"memory": memory, "Parquet": there})


def in_blocks(frame: pd.DataFrame, rows: int) -> list[pd.DataFrame]:
    """A frame in blocks of so many rows."""
    return [frame[first : first + rows] for first in range(0, len(frame), rows)]


PROBLEMS = {"normal": normal, "answers": answers, "sequences": sequences}


def assert_same_fit(one: Any, other: Any) -> None:
    """Two fits are the same to the last bit, in all that they tell of their way, too."""
    assert one.history == other.history
    assert (one.outcome.status, one.iterations, one.evaluations) == (other.outcome.status, other.iterations, other.evaluations)
    np.testing.assert_array_equal(_numbers(one.params), _numbers(other.params))


def _numbers(params: Any) -> np.ndarray:
    from emkit.core.parameters import leaves

    return np.concatenate([np.ravel(leaf.value) for leaf in leaves(params)])
