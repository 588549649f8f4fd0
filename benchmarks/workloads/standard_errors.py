"""Standard errors of normal mixtures with full covariances, beside second differences of the same log-likelihood."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

import emkit as ek
from benchmarks.paired import Measured
from emkit.core.evaluation import EMMap
from emkit.inference import information
from emkit.inference.differences import curvature_steps, hessian

SIZES = ((3, 4, 500, 0.15), (4, 6, 1_000, 0.6))  # components, columns, rows, and seconds of CPU that are allowed


def clusters(k: int, d: int, n: int) -> np.ndarray:
    """Rows A_k z + m_k, shape (n, d)."""
    rng = np.random.default_rng(0)
    centres, member = rng.normal(0, 4, (k, d)), rng.integers(0, k, n)
    maps = rng.normal(0, 1, (k, d, d)) / np.sqrt(d) + 0.5 * np.eye(d)
    return centres[member] + np.einsum("nij,nj->ni", maps[member], rng.standard_normal((n, d)))


def cpu_seconds(work: Callable[[], Any]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def by_heights(em: EMMap[Any], params: Any) -> np.ndarray:
    """Minus the second differences of the objective, in free coordinates."""
    there = em.coordinates.pack(params)

    def height(point: np.ndarray) -> float:
        return em.objective(em.coordinates.unpack(point, params))

    return -hessian(height, there, curvature_steps(height, there))


def run(quick: bool) -> list[Measured]:
    """Both sizes (the first in quick runs); the differences once, since they take so long."""
    lines = []
    for k, d, n, allowed in SIZES[: 1 if quick else 2]:
        fit = ek.GaussianMixture(k, random_state=0).fit(clusters(k, d, n)).result_
        with fit.em() as em:
            ours = float(np.median([cpu_seconds(lambda: information(em, fit.params)) for _ in range(3 if quick else 7)]))  # noqa: B023
            theirs = cpu_seconds(lambda: by_heights(em, fit.params))  # noqa: B023
        lines.append(
            Measured(
                workload=f"standard errors, full, n={n:,} d={d} K={k}, {fit.free_parameters} parameters",
                peer="second differences of the log-likelihood",
                ratio=theirs / ours,
                ours=1e3 * ours,
                theirs=1e3 * theirs,
                target=f"at most {1e3 * allowed:.0f} ms of CPU",
                met=ours <= allowed,
                note="CPU time; the whole information",
            )
        )
    return lines
