"""Where an estimator starts from, as users say it: parameters, labels or responsibilities."""

from __future__ import annotations

from typing import Any

import numpy as np

from emkit.core.axes import component_name
from emkit.core.parameters import Parameters
from emkit.data.membership import membership_of
from emkit.data.source import ArraySource, RowSource
from emkit.errors import DataError, ParameterError
from emkit.models.components import AnyComponents
from emkit.models.order import component_count

SAID = "parameters ({}), several of them, labels (n,) or responsibilities (n, K)"


def starts_of(start: Any, model: AnyComponents, source: RowSource, n_components: int) -> list[Any]:
    """The parameters that `start` says: itself, or those that a division of the rows leads to.

    Errors: ParameterError naming what cannot be.
    """
    even = model.even(source.profile.sample.profile, n_components)
    several = [start] if isinstance(start, Parameters) else start
    if isinstance(several, list | tuple) and several and all(isinstance(each, Parameters) for each in several):
        for each in several:
            _check(each, type(even), n_components)
        return list(several)
    if not isinstance(source, ArraySource):
        raise ParameterError(f"start is none: of rows that are not in memory, give parameters ({type(even).__name__}).")
    try:
        shares = membership_of(start, source.rows_given, n_components)
    except DataError as error:
        raise ParameterError(f"start is none: it must be {SAID.format(type(even).__name__)}. As labels: {error}") from None
    shares = source.of_rows_kept(shares / shares.sum(axis=1, keepdims=True))
    empty = np.flatnonzero(~shares.any(axis=0))
    if len(empty):
        raise ParameterError(
            f"start gives component {component_name(int(empty[0]))} no rows, so nothing can be estimated of it."
        )
    return [model.of_settled_family(source.profile).estimated_from(source.whole, even, shares)]


def _check(start: Parameters, kind: type, n_components: int) -> None:
    if not isinstance(start, kind):
        raise ParameterError(f"start is {type(start).__name__}; it must be {SAID.format(kind.__name__)}.")
    if component_count(start) != n_components:
        raise ParameterError(f"start has {component_count(start)} components, but n_components is {n_components}.")
