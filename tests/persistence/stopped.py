"""Fits that are stopped, and whether two fits are the same bits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import emkit as ek
from emkit.core.parameters import leaves
from emkit.persistence import checkpoint

START = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0, 2.0], [2.0, 1.5]]))
MODEL = ek.Mixture(ek.Poisson())


def counts(rows: int = 60, seed: int = 0) -> Any:
    """Counts (rows, 2) of two components that overlap: EM takes many steps."""
    return np.random.default_rng(seed).poisson([[1.0, 2.0], [2.5, 1.5]] * (rows // 2)).astype(float)


def patches() -> Any:
    """Rows (240, 2) in four clouds."""
    rng = np.random.default_rng(0)
    return np.concatenate([rng.normal(centre, 1, (60, 2)) for centre in ((0, 0), (2.5, 0), (0, 3), (4, 4))])


def several() -> list[Any]:
    """Starts that lead to the same maximum, by different ways."""
    return [START, ek.MixtureParams([0.3, 0.7], ek.PoissonParams([[0.5, 2.0], [2.0, 1.0]])), START]


def fit(path: str | None, **options: Any) -> Any:
    """Several slow runs, one after the other."""
    return ek.fit(MODEL, counts(), several(), max_evaluations=80, checkpoint=path, **options)


def search(path: str | None) -> Any:
    """The result of a search."""
    return ek.GaussianMixture(4, n_init=4, random_state=0, checkpoint=path).fit(patches()).result_


HOW: dict[str, Callable[[str | None], Any]] = {"fit": fit, "search": search}


def after(steps: int) -> Callable[[Iterator[Any]], Iterator[Any]]:
    """A `watch` that is interrupted when so many steps are made."""

    def watch(stream: Iterator[Any]) -> Iterator[Any]:
        for i, step in enumerate(stream):
            if i == steps:
                raise KeyboardInterrupt
            yield step

    return watch


def bits(result: Any) -> list[Any]:
    """All that a fit tells of its runs, down to the last bit."""
    runs = result.runs.runs
    return [
        (
            [leaf.value.tobytes() for params in (run.start, run.params) for leaf in leaves(params)],
            np.array([run.objective, run.log_likelihood]).tobytes(), run.history, run.evaluations, run.iterations, run.outcome,
        )
        for run in runs
    ]  # fmt: skip


def work(path: str, how: str) -> None:
    """The work of a process that is to be killed: it writes its file after every step."""
    checkpoint.EVERY = 0.0
    HOW[how](path)
