"""Factor analysis of many rows, which are read once and are moments from there on, beside scikit-learn's."""

from __future__ import annotations

from typing import Any

import numpy as np

import emkit as ek
from benchmarks.paired import Measured, pairs

ROWS, QUICK_ROWS, COLUMNS, FACTORS = 200_000, 5_000, 50, 4
CLOSE = 1e-8  # how far below the peer's the mean log-density of a row may end, relatively
TIGHT = 1e-9  # tolerance of the peer, which else stops where the whole log-likelihood rises by 0.01


def run(quick: bool) -> list[Measured]:
    """Whole fits to the same height, and their time over that of the products of all rows alone."""
    from sklearn.decomposition import FactorAnalysis

    rows = QUICK_ROWS if quick else ROWS
    rng = np.random.default_rng(0)
    params = ek.FactorModel(FACTORS).params(
        rng.normal(size=COLUMNS), rng.normal(size=(COLUMNS, FACTORS)), rng.uniform(0.3, 2.0, COLUMNS)
    )
    x = ek.FactorModel(FACTORS).draw(params, rng, rows)

    def ours() -> Any:
        return ek.FactorAnalysis(FACTORS).fit(x)

    def theirs() -> Any:
        return FactorAnalysis(FACTORS, tol=TIGHT, max_iter=10_000, svd_method="lapack").fit(x)

    def products() -> Any:
        return x.mean(axis=0), x.T @ x

    own, other, ratio = pairs(ours, theirs, 1 if quick else 3)
    _, alone, share = pairs(ours, products, 1 if quick else 3)
    height, reached = ours().result_.log_likelihood / rows, theirs().score(x)
    return [
        Measured(
            f"factor analysis, whole fit, N={rows:,} d={COLUMNS} m={FACTORS}",
            "scikit-learn",
            ratio,
            ours=own * 1e3,
            theirs=other * 1e3,
            target="as high",
            met=bool(height >= reached - CLOSE * abs(reached)),
            note=f"mean log-density {height:.10f}, theirs {reached:.10f} with tol={TIGHT:g}",
        ),
        Measured(
            f"factor analysis, whole fit, N={rows:,} d={COLUMNS} m={FACTORS}",
            "means and products of the rows alone (NumPy)",
            share,
            ours=own * 1e3,
            theirs=alone * 1e3,
        ),
    ]
