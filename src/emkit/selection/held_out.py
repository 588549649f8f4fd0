"""How probable rows are that were left out of a fit."""

from __future__ import annotations

import numpy as np

from emkit.core.mapreduce import one_thread
from emkit.errors import ModelError
from emkit.fitted import AnyFitted
from emkit.models.components import Components
from emkit.selection.refits import Refits
from emkit.selection.resampling import of_units, rows_in_memory

PARTS = 10  # of the rows, each of them left out once


def held_out_deviance(fitted: AnyFitted, seed: int = 0) -> float:
    """Minus twice the log-likelihood of rows (or groups) under the fit to the others; lower is better.

    The rows are dealt at random to ten parts, each of which is left out once; the fit to the others begins at the estimate.
    Infinite if a row is impossible, or a fit fails. Source: Smyth (2000), Statistics and Computing 10, 63-72.
    Errors: ModelError for a model without components, or for rows that are not in memory.
    """
    model = fitted.model
    if not isinstance(model, Components):
        raise ModelError(f"{type(model).__name__} has no rows of its own that could be left out.")
    whole = rows_in_memory(fitted.source)
    units = whole.group_weights
    part = np.random.default_rng(seed).permutation(len(units)) % min(PARTS, len(units))
    weights = [np.where(part == i, 0.0, units) for i in range(part.max() + 1)]
    refits = Refits(model, fitted.passes, fitted.params).to([of_units(whole, each) for each in weights])
    total = 0.0
    with one_thread():
        for i, refit in enumerate(refits):
            if refit.params is None:
                return float(np.inf)
            seen = model.plain_posterior(refit.params, whole).log_likelihood[part == i]
            total += float(units[part == i] @ seen)
    return -2 * total
