"""What a fitted model says of rows, which it has not seen: where they belong, and how likely they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.core.ready import refuse_gaps
from emkit.data.source import ArraySource
from emkit.errors import DataError, ModelError, ParameterError
from emkit.models.assignment import Posterior
from emkit.models.components import Components
from emkit.models.frozen import AnyModel, bare
from emkit.models.order import component_count, mismatch


def posterior_of(model: AnyModel, params: Any, source: ArraySource) -> Posterior:
    """Responsibilities (n, K) and log-likelihoods (n,) of all rows: NaN and -inf for a row that is impossible.

    Errors: DataError naming row, column and value of what the model cannot take; ModelError for a model of no components.
    """
    inner = bare(model)
    if not isinstance(inner, Components):
        raise ModelError(f"{type(inner).__name__} has no components that a row could belong to.")
    refuse_gaps(model, source)
    model.check(params, source.profile)
    parts = [inner.posterior(params, chunk) for chunk in source.chunks()]
    return Posterior(
        np.concatenate([part.responsibilities for part in parts]), np.concatenate([part.log_likelihood for part in parts])
    )


def belonging(posterior: Posterior, source: ArraySource) -> Array:
    """The responsibilities (n, K). Errors: DataError naming a row that is impossible under every component."""
    for row in np.flatnonzero(np.isneginf(posterior.log_likelihood))[:1]:
        raise DataError(
            f"{source.place_of_row(int(row))} is impossible under every component, so it belongs to none; score_samples gives "
            "it -inf."
        )
    return posterior.responsibilities


def check_together(model: AnyModel, params: Any, columns: int) -> None:
    """Raise an error unless `params` are of this `model`, for so many columns of data: as far as can be told without a row.

    Errors: ParameterError; of components that are no parameters of the family, whatever its density raises.
    """
    found = mismatch(params)
    if found is not None:
        raise ParameterError(f"{found[0].path} and {found[1].path} are for different numbers of components")
    model.coordinates(params)
    inner = bare(model)
    if isinstance(inner, Components):
        shape = np.shape(inner.family.log_density(params.components, np.empty((0, columns))))
        if shape != (0, component_count(params) or 1):
            raise ParameterError(f"the components are not those of {type(inner.family).__name__} in {columns} columns")
