"""The two-parameter logistic model of 20 items, fitted to its end, beside girth's marginal maximum likelihood."""

from __future__ import annotations

from typing import Any

import numpy as np

import emkit as ek
from benchmarks.paired import Measured, median_seconds, seconds

ROWS, QUICK_ROWS, ITEMS = 100_000, 5_000, 20
TARGET = 20
ALIKE = 1e-3  # how far the slopes of girth, which stops where parameters move by 1e-3, may lie beside ours, relatively


def run(quick: bool) -> list[Measured]:
    """Whole fits, with ability scores, which girth's has, too; and one pass over the rows."""
    rows = QUICK_ROWS if quick else ROWS
    rng = np.random.default_rng(0)
    model = ek.ItemResponseModel()
    params = model.params(rng.normal(0.5, 1.2, ITEMS), rng.lognormal(0.0, 0.3, ITEMS))
    x = model.draw(params, rng, rows)

    def ours() -> Any:
        fit = ek.ItemResponse().fit(x)
        fit.transform(x)
        return fit

    own = median_seconds(ours, 1 if quick else 3)
    found: list[Any] = []
    other = seconds(lambda: found.append(_girth(x)))
    slopes = ours().slopes_
    off = float(np.abs(found[0]["Discrimination"] / slopes - 1).max())
    chunk = ek.Chunk(x, np.ones(rows))
    one = median_seconds(lambda: model.m_step(model.e_step(params, chunk).statistics, params), 3 if quick else 9)
    return [
        Measured(
            workload=f"item response 2PL, whole fit and scores, N={rows:,} J={ITEMS}, 1 thread",
            peer="girth",
            ratio=other / own,
            ours=own * 1e3,
            theirs=other * 1e3,
            target=f"ratio >= {TARGET}, and slopes within {ALIKE:g}" if not quick else "slopes alike",
            met=off <= ALIKE * (1 if not quick else 10) and (quick or other / own >= TARGET),
            note=f"slopes differ by {off:.1g} of themselves at most",
        ),
        Measured(f"item response 2PL EM iteration, N={rows:,} J={ITEMS}, 1 thread", "none", None, ours=one * 1e3),
    ]


def _girth(x: np.ndarray) -> Any:
    from girth import twopl_mml

    return twopl_mml(x.T.astype(int))
