"""How probable rows are that were left out of a fit."""

from __future__ import annotations

import numpy as np

from emkit.core.arrays import Array
from emkit.core.mapreduce import one_thread
from emkit.data.stand_ins import refuse_stand_ins
from emkit.errors import ModelError
from emkit.fitted import AnyFitted
from emkit.models.prediction import heights_in
from emkit.selection.refits import Refits
from emkit.selection.resampling import dealt, of_units, rows_in_memory

PARTS = 10  # of the rows, each of them left out once


def held_out_deviance(fitted: AnyFitted, seed: int = 0) -> float:
    """Minus twice the log-likelihood of rows (or groups) under the fit to the others; lower is better.

    The rows are dealt at random to ten parts, each of which is left out once; the fit to the others begins at the estimate.
    Weights that are whole numbers count rows, which are dealt one by one; with other weights a row is dealt as a whole.
    Infinite if a row is impossible, or a fit fails. Source: Smyth (2000), Statistics and Computing 10, 63-72.
    Errors: ModelError for rows that are not in memory, or stand for others, and for a model that does not say how likely they
    are.
    """
    model = fitted.model
    refuse_stand_ins(fitted.source, "none can be left out: choose by BIC, or fit the rows themselves.")
    whole = rows_in_memory(fitted.source)
    units = whole.group_weights
    parts = _parts(units, np.random.default_rng(seed))
    if len(parts) < 2:
        raise ModelError("there is but one row, or group of rows (a sequence), so none is left to fit to when it is left out.")
    refits = Refits(model, fitted.occurring, fitted.params).to([of_units(whole, units - out) for out in parts])
    total = 0.0
    with one_thread():
        for out, refit in zip(parts, refits, strict=True):
            if refit.params is None:
                return float(np.inf)
            there = out > 0
            total += float(out[there] @ heights_in(model, refit.params, whole)[there])
    return -2 * total


def _parts(units: Array, rng: np.random.Generator) -> list[Array]:
    """What of each unit (G,) is left out, part by part."""
    counted = dealt(units, PARTS, rng) if (units != 1).any() else None
    if counted is not None:
        return counted
    part = rng.permutation(len(units)) % min(PARTS, len(units))
    return [np.where(part == i, units, 0.0) for i in range(part.max() + 1)]
