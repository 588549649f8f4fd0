"""Does an item ask the same of all groups? Differential item functioning, by likelihood ratios."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import chi2

from emkit.data.source import ArraySource
from emkit.errors import DataError, EmkitWarning, ModelError, some_of
from emkit.models.items_model import ItemsModel
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
    """Each item freed by itself, all others tied: the model of `found`, an `ItemsModel` of several groups, fitted once an item.

    An item that differs is as many items as there are groups, each of which the other groups were not asked. `settings` are
    those of `ek.fit`. Errors: ModelError for a fit of one group.
    Source: Thissen, Steinberg & Wainer (1988), in Wainer & Braun, Test Validity.
    """
    model = found.model
    if model.groups < 2:
        raise ModelError("items differ between groups, and this fit is of one: fit with groups, a label for each row.")
    tested, left = [], []
    for j, name in enumerate(found.source.columns[:-1]):
        df = (model.groups - 1) * model.free_of_item(found.params, j)
        try:
            gain = 2 * (_freed(found, j, settings) - found.objective)
        except DataError:
            left.append(repr(name))
            gain = np.nan
        tested.append(DifferentialItem(name, gain, df, float(chi2.sf(max(gain, 0.0), df)) if gain == gain else np.nan))
    if left:
        warnings.warn(
            f"some group never gives an answer to {some_of(left)}, so that no parameters of its own can be told: join levels.",
            EmkitWarning,
            stacklevel=3,
        )
    return tuple(tested)


def _freed(found: Any, j: int, settings: dict[str, Any]) -> float:
    """The objective where item j has parameters of its own in each group."""
    model, x = found.model, found.source.x
    group, own = x[:, -1], [np.where(x[:, -1] == g, x[:, j], np.nan) for g in range(model.groups)]
    kept = [k for k in range(len(model.kinds)) if k != j]
    freed = ItemsModel([*(model.kinds[k] for k in kept), *[model.kinds[j]] * model.groups], model.groups, model.nodes)
    items = [*(found.params.items[k] for k in kept), *[found.params.items[j]] * model.groups]
    start = freed.params(items, found.params.abilities.means, found.params.abilities.spreads)
    source = ArraySource(np.column_stack([x[:, kept], *own, group]), found.source.weights)
    return fit(freed, source, start, **settings).objective
