"""Does an item ask the same of all groups? Differential item functioning, by likelihood ratios."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy

from emkit.data.source import ArraySource
from emkit.errors import DataError, EmkitWarning, ModelError, some_of
from emkit.result import fit


@dataclass(frozen=True)
class DifferentialItem:
    """Twice what the objective gains if an item has parameters of its own in each group: chi-squared if it needs none.

    With `df` degrees of freedom. NaN where some group never gives one of the answers.
    """

    item: str
    statistic: float
    df: int
    p_value: float


def differential_items(found: Any, **settings: Any) -> tuple[DifferentialItem, ...]:
    """Each item freed by itself, all others tied: the model of `found`, of items and several groups, fitted once an item.

    An item that differs is as many items as there are groups, each of which the other groups were not asked. `settings` are
    those of `ek.fit`. Errors: ModelError for a fit of one group.
    Source: Thissen, Steinberg & Wainer (1988), in Wainer & Braun, Test Validity.
    """
    model = found.model
    if model.groups < 2:
        raise ModelError("items differ between groups, and this fit is of one: fit with groups, a label for each row.")
    tested, left = [], []
    for j, name in enumerate(found.source.columns[:-1]):
        freed, start = _freed(found, j)
        df = freed.coordinates(start).size - model.coordinates(found.params).size
        try:
            gain = 2 * (fit(freed, _parted(found, j), start, **settings).objective - found.objective)
        except DataError:
            left.append(repr(name))
            gain = np.nan
        p_value = float(scipy.stats.chi2.sf(max(gain, 0.0), df)) if gain == gain else np.nan
        tested.append(DifferentialItem(name, gain, df, p_value))
    if left:
        warnings.warn(
            f"some group never gives an answer to {some_of(left)}, so that no parameters of its own can be told: join levels.",
            EmkitWarning,
            stacklevel=3,
        )
    return tuple(tested)


def _freed(found: Any, j: int) -> tuple[Any, Any]:
    """The model in which item j is one for the first group, and as many more, behind all items, for the others; a start."""
    items = [*range(len(found.model.kinds)), *[j] * (found.model.groups - 1)]
    return found.model.asking(items), replace(found.params, items=tuple(found.params.items[k] for k in items))


def _parted(found: Any, j: int) -> ArraySource:
    """The rows, in which other groups have answers to item j in columns of their own."""
    x = found.source.x
    group, own = x[:, -1], [np.where(x[:, -1] == g, x[:, j], np.nan) for g in range(found.model.groups)]
    return ArraySource(np.column_stack([x[:, :j], own[0], x[:, j + 1 : -1], *own[1:], group]), found.source.weights)
