"""Laws of rows that a model draws anew."""

from __future__ import annotations

from typing import Any

import numpy as np

import emkit as ek
from emkit.inference.scores import score

TIMES, FAR = 80, 5.0  # how often rows are drawn; standard errors that a mean is off by chance once in 10^6


def assert_redrawn_rows_lean_nowhere(model: Any, params: Any, x: np.ndarray, lengths: np.ndarray, rng: Any) -> None:
    """The log-likelihood of rows drawn at `params` has a slope of 0 there, on average."""
    groups, slopes = np.repeat(np.arange(len(lengths)), lengths), []
    for _ in range(TIMES):
        again = model.redrawn(params, rng, x, lengths)
        assert again.shape == x.shape, f"{again.shape} rows are drawn for {x.shape}"
        em = ek.EMMap(model, ek.ArraySource(np.where(np.isnan(x), np.nan, again), groups=groups), params)
        slopes.append(score(em, params))
    off = np.mean(slopes, axis=0) / np.maximum(np.std(slopes, axis=0) / np.sqrt(TIMES), 1e-9)
    assert np.abs(off).max() < FAR, f"rows are drawn as for other parameters: slopes {off.round(1)} standard errors off 0"
