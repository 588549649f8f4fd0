"""The best known maxima of `benchmarks.problems`, by brute force: thousands of starts, each followed until it settles.

    python -m benchmarks.references [NAME ...] [--starts 4000] [--shaken 2000]

A start is estimated from a division of the rows: to the nearest of rows drawn at random or far apart, in standard units or in
units without correlations, or at random. Then as many times again, the rows of one component of the best so far are given to
others, and others' rows to it. No run is set aside before its end; only maxima without slivers or spikes count.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

import emkit as ek
from benchmarks.problems import PROBLEMS, Problem
from emkit.core.mapreduce import serial
from emkit.data.chunk import Chunk
from emkit.data.subsample import in_standard_units, uncorrelated
from emkit.models.extrapolated import squared_steps
from emkit.models.together import several

TOGETHER = 100  # runs at a time
PASSES = 300  # of a run at most, with extrapolations: few have not settled by then
CLOSE = 1e-3


def random_divisions(x: np.ndarray, count: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Divisions of the rows among `count` components, of five kinds in turn, without end."""
    every = np.ones(len(x))
    units = in_standard_units(x, every, x), uncorrelated(x, every, x)
    while True:
        yield rng.integers(count, size=len(x))
        for rows in units:
            yield _nearest(rows, rows[rng.choice(len(rows), count, replace=False)])
            yield _nearest(rows, _far_apart(rows, count, rng))


def _nearest(rows: np.ndarray, centres: np.ndarray) -> np.ndarray:
    return ((rows[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)


def _far_apart(rows: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    centres = rows[rng.choice(len(rows), 1)]
    while len(centres) < count:
        ahead = ((rows[:, None] - centres) ** 2).sum(axis=2).min(axis=1)
        centres = np.vstack([centres, rows[rng.choice(len(rows), p=ahead / ahead.sum())]])
    return centres


def shaken_divisions(x: np.ndarray, nearest: np.ndarray, count: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """The division `nearest` with one component put around another row, and some rows given to others, without end."""
    rows = in_standard_units(x, np.ones(len(x)), x)
    while True:
        found = nearest.copy()
        k = rng.integers(count)
        found[found == k] = rng.integers(count, size=(found == k).sum())
        distance = ((rows - rows[rng.integers(len(rows))]) ** 2).sum(axis=1)
        found[np.argsort(distance)[: rng.integers(x.shape[1] + 2, 2 * len(rows) // count)]] = k
        mixed = rng.random(len(rows)) < rng.uniform(0, 0.4)
        found[mixed] = rng.integers(count, size=mixed.sum())
        yield found


def ends(model: Any, source: Any, starts: Sequence[Any]) -> Iterator[tuple[float, Any]]:
    """Height and parameters where EM from each of the starts settles; nothing of those that fail."""
    for group in several(model, starts, int(source.rows)):
        for here, heights in islice(squared_steps(group, source, serial), PASSES - 1):  # the last is no guess  # noqa: B007
            pass
        for run in range(len(here)):
            params = here.params(run)
            if params is not None and np.isfinite(heights.objective[run]):
                yield float(heights.objective[run]), params


def search(problem: Problem, starts: int, shaken: int, seed: int = 0) -> None:
    """Print the best maximum without slivers, how often it was found, and the next ones."""
    x = problem.rows()
    source = ek.ArraySource(x)
    model = ek.Mixture(problem.family)
    source = model.admitted(source)
    model = model.settled(source.profile)
    passes = model.prepare(source)
    rng = np.random.default_rng(seed)
    chunk, even = Chunk(source.x, source.weights), model.even(source.profile, problem.components)
    found: list[tuple[float, bool]] = []
    best, at = -np.inf, even
    for kind, number in (("random", starts), ("shaken", shaken)):
        left = number
        while left > 0:
            if kind == "random":
                divided = random_divisions(x, problem.components, rng)
            else:
                nearest = model.log_joint(at, chunk.x).argmax(axis=1)
                divided = shaken_divisions(x, nearest, problem.components, rng)
            some = list(model.each_estimated(chunk, even, list(islice(divided, min(TOGETHER, left)))))
            left -= TOGETHER
            for height, params in ends(model, passes, some):
                if model.slivers(params, source.profile) or model.degenerate(params, source.profile):
                    continue
                found.append((height, kind == "random"))
                if height > best:
                    best, at = height, params
    heights = np.array([height for height, _ in found])
    random = np.array([each for _, each in found])
    print(f"{problem.name}, {problem.family.name}, K={problem.components}: best {best:.5f} (noted: {problem.best:.5f})")
    for _ in range(4):
        if not len(heights):
            break
        same = heights > heights.max() - CLOSE
        print(
            f"  {heights.max():14.5f}  {(same & random).sum()} of {starts} random, {(same & ~random).sum()} of {shaken} shaken",
            flush=True,
        )
        heights, random = heights[~same], random[~same]


def main() -> None:
    """The problems named, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--starts", type=int, default=4_000)
    parser.add_argument("--shaken", type=int, default=2_000)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    for problem in PROBLEMS:
        if not asked.names or problem.name in asked.names:
            search(problem, asked.starts, asked.shaken)


if __name__ == "__main__":
    main()
