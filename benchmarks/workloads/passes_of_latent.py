"""Passes over the data that Anderson takes beside plain EM, where latent variables are continuous."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

import emkit as ek
from benchmarks.paired import Measured
from benchmarks.problems import DATA, csv

NEAR = 1e-6  # of the log-likelihood, where a run counts as arrived
SLOW, TENFOLD = 400, 10  # passes of plain EM from which on Anderson should take a tenth
MOST = 100_000
LSAT6_PASSES = 30


class Problem(NamedTuple):
    """A model, its data and where to begin."""

    name: str
    model: Any
    source: Any
    start: Any


def from_own_start(name: str, model: Any, source: Any) -> Problem:
    """The problem that begins where the model itself would."""
    return Problem(name, model, source, model.start(source.profile))


def people_over_days() -> ek.ArraySource:
    """Reaction times of 18 people on 10 days, drawn where the published estimates of a study of sleep are (in ms)."""
    rng = np.random.default_rng(0)
    person, day = np.repeat(np.arange(18), 10), np.tile(np.arange(10.0), 18)
    own = rng.multivariate_normal([251.4, 10.47], [[565.5, 11.06], [11.06, 32.68]], 18)[person]
    y = own[:, 0] + own[:, 1] * day + 25.59 * rng.normal(size=180)
    return ek.ArraySource(np.column_stack([y, day]), groups=person)


def problems() -> Iterator[Problem]:
    """Factors, random effects, a level that moves, and abilities."""
    ability = ek.rows_of_covariance(csv(DATA / "ability_cov.csv"), 112)
    for m in (1, 2):
        yield from_own_start(f"ability tests, {m} factors", ek.FactorModel(m), ability)
    yield from_own_start("18 drawn people on 10 days, slopes that vary", ek.MixedModel(0, (1,), (1,)), people_over_days())
    flow = ek.ArraySource(csv(DATA / "nile.csv")[:, 1:]).as_one_group()
    yield from_own_start("Nile, a local level", ek.local_level(), flow)
    for name in ("irt_lsat6", "irt_lsat7"):
        inline = json.loads((DATA / f"{name}.task.json").read_text())["data"]["inline"]
        answers = ek.ArraySource([[float(cell) for cell in pattern] for pattern in inline["patterns"]], inline["freq"])
        yield from_own_start(f"{name[4:].upper()}, 2PL", ek.ItemResponseModel(), answers)


def passes(problem: Problem, solver: Any, height: float) -> int | None:
    """How many passes until the log-likelihood is within `NEAR` of `height`; None: not within `MOST`."""
    em = ek.EMMap(problem.model, problem.source, problem.start)
    for step in ek.iterate(em, problem.start, solver):
        if step.here.log_likelihood >= height - NEAR:
            return em.evaluations
        if em.evaluations > MOST:
            return None
    return None


def beside_plain(problem: Problem) -> Measured:
    """The passes of both, to the same height."""
    best = ek.fit(problem.model, problem.source, problem.start, solver="anderson", tol=1e-13)
    ours, plain = (passes(problem, solver, best.log_likelihood) for solver in (ek.solvers.Anderson(), ek.solvers.Plain()))
    whole = ek.fit(problem.model, problem.source, problem.start, solver="anderson").evaluations
    lsat6 = problem.name.startswith("LSAT6")
    many = plain is None or plain >= SLOW
    met = ours is not None and (ours <= LSAT6_PASSES if lsat6 else TENFOLD * ours <= (plain or MOST))
    return Measured(
        f"{problem.name}: passes until the log-likelihood is within {NEAR:g}", "plain EM",
        (plain or MOST) / ours if ours else None, None, ours, plain or MOST, unit="passes", at_least=plain is None,
        target=f"<= {LSAT6_PASSES} passes" if lsat6 else f">= {TENFOLD}" if many else "",
        met=met if lsat6 or many else None,
        note=f"log-likelihood {best.log_likelihood:.6f}; with the default rules Anderson stops after {whole}",
    )  # fmt: skip


def run(quick: bool) -> list[Measured]:
    """All of them."""
    return [beside_plain(problem) for problem in problems()]
