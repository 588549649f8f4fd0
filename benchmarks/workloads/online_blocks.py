"""Stepwise EM after two passes' worth of rows, beside the maximum; the memory of a stream; and passes of incremental EM."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

import emkit as ek
from benchmarks.paired import Measured
from benchmarks.scale import own_memory
from emkit import lessons

BLOCK = 1_000  # rows
WITHIN = 0.1  # % of the log-likelihood
STREAM, SETTLED, WIDE_BLOCK, COLUMNS = 300, 50, 20_000, 8  # blocks; blocks until memory has settled; rows and columns of one
MIB = 2**20


class Problem(NamedTuple):
    """Rows drawn from `components` components, to be fitted by as many."""

    name: str
    model: Any
    x: np.ndarray
    components: int


def problems() -> Iterator[Problem]:
    """Three kinds of rows."""
    rng = np.random.default_rng(0)
    lesson = lessons.old_faithful()
    found = ek.fit(lesson.model, lesson.source, lesson.start)
    x, _ = lesson.model.draw(found.params, rng, 40_000)
    yield Problem("Old Faithful, drawn from its fit", lesson.model, x, 2)
    shares = rng.dirichlet(np.ones(3), size=(3, 12))
    classes = rng.choice(3, p=[0.5, 0.3, 0.2], size=20_000)
    answers = (rng.random((20_000, 12, 1)) > shares[classes].cumsum(axis=2)[:, :, :2]).sum(axis=2)
    yield Problem("latent classes, 12 items of 3 levels", ek.Mixture(ek.Categorical()), answers.astype(float), 3)
    rates = np.array([[1.0, 4.0], [3.0, 9.0], [8.0, 2.0]])
    counts = rng.poisson(rates[rng.choice(3, p=[0.5, 0.3, 0.2], size=30_000)]).astype(float)
    yield Problem("Poisson mixture, 2 columns", ek.Mixture(ek.Poisson()), counts, 3)


def near_the_maximum(problem: Problem) -> Iterator[Measured]:
    """How far stepwise EM is below the maximum of the same start, in % of its log-likelihood; and passes to get there."""
    model = problem.model
    source = model.recoded(ek.ArraySource(problem.x, chunk_rows=BLOCK))
    start = model.starts(source.profile, problem.components, [0])[0]
    online = ek.fit_online(model, source, start, passes=2)
    found = online.full_pass(source)
    batch, plain, incremental = (
        ek.fit(model, source, start, solver="anderson"),
        ek.fit(model, source, start, solver="plain"),
        ek.fit_incremental(model, source, start),
    )
    below = 100 * (batch.log_likelihood - found.log_likelihood) / abs(batch.log_likelihood)
    what = f"{problem.name}, N={len(problem.x):,} K={problem.components}, blocks of {BLOCK:,}"
    yield Measured(
        f"{what}: below the maximum after 2 passes of stepwise EM", "the maximum", None, None, below, 0.0, unit="%",
        target=f"<= {WITHIN}", met=below <= WITHIN,
        note=f"log-likelihoods {found.log_likelihood:.3f} and {batch.log_likelihood:.3f}",
    )  # fmt: skip
    same = abs(incremental.log_likelihood - plain.log_likelihood)
    yield Measured(
        f"{what}: passes of incremental EM until converged", "plain EM", plain.evaluations / incremental.evaluations, None,
        incremental.evaluations, plain.evaluations, unit="passes", target="converged to the same log-likelihood, 1e-6",
        met=incremental.converged and same <= 1e-6,
        note=f"log-likelihoods within {same:.1g}; Anderson takes {batch.evaluations} passes",
    )  # fmt: skip


def of_a_stream(blocks: int) -> Measured:
    """How much the memory of the process grows over a stream, after the first blocks."""
    rng = np.random.default_rng(1)
    memory = []

    def stream() -> Iterator[np.ndarray]:
        for _ in range(blocks):
            memory.append(own_memory())
            yield rng.normal(size=(WIDE_BLOCK, COLUMNS)) + 4 * rng.integers(2, size=(WIDE_BLOCK, 1))

    start = ek.MixtureParams([0.5, 0.5], ek.FullGaussianParams(np.outer([0.0, 3.0], np.ones(COLUMNS)), [np.eye(COLUMNS)] * 2))
    online = ek.fit_online(ek.Mixture(ek.FullGaussian()), stream(), start)
    grown = (max(memory[SETTLED:]) - max(memory[:SETTLED])) / MIB
    whole = online.rows * COLUMNS * 8 / MIB
    return Measured(
        f"stepwise EM over a stream of {online.rows:,.0f} x {COLUMNS}: memory added after {SETTLED} blocks",
        "all its rows", None, None, grown, whole, unit="MiB", target="<= one block",
        met=grown <= WIDE_BLOCK * COLUMNS * 8 / MIB,
    )  # fmt: skip


def run(quick: bool) -> list[Measured]:
    """All three."""
    found = [line for problem in problems() for line in near_the_maximum(problem)]
    return [*found, of_a_stream(2 * SETTLED if quick else STREAM)]
