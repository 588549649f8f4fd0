"""The probabilities of what columns can be, component by component: the profiles of latent classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.core.axes import COLUMN
from emkit.core.json_types import Json
from emkit.core.parameters import Leaf, Parameters
from emkit.core.spaces import Simplex, UnitInterval
from emkit.errors import ModelError
from emkit.models.mixture import MixtureParams
from emkit.models.order import component_leaves, spread_over
from emkit.report.labels import Names, entry_label, places_of


@dataclass(frozen=True)
class ClassProfiles:
    """`probabilities` (K, m) of the `entries` (m,) such as ``item = yes``, entry by entry, of the `components` (K,).

    `columns` (m,) are the places of the columns that the entries are of: those of one column belong together.
    """

    components: tuple[str, ...]
    entries: tuple[str, ...]
    columns: tuple[int, ...]
    probabilities: Array

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        told = {"components": list(self.components), "entries": list(self.entries), "columns": list(self.columns)}
        return {**told, "probabilities": self.probabilities.tolist()}


def class_profiles(params: Parameters, names: Names) -> ClassProfiles:
    """The profiles of a mixture of columns of levels, or of yes and no. Of two levels of a column, the second is shown.

    NaN is the probability of a column that a component does not have. Errors: ModelError if no column has probabilities.
    """
    if not isinstance(params, MixtureParams):
        raise ModelError(f"profiles are those of the components of a mixture; {type(params).__name__} are of none.")
    number = len(params.proportions)
    entries: list[str] = []
    columns: list[int] = []
    rows: list[Array] = []
    for leaf in component_leaves(params):
        if leaf.path == "proportions" or not isinstance(leaf.space, Simplex | UnitInterval):
            continue
        value: Any = spread_over(leaf, leaf.value, number, np.nan)
        for index in _shown(leaf):
            entries.append(entry_label(leaf, (0, *index), names).of)
            columns.append((places_of(leaf, (0, *index))[COLUMN] or [len(columns)])[0])
            rows.append(value[:, *index])
    if not rows:
        raise ModelError("profiles are of columns of levels, or of yes and no; this fit has none.")
    return ClassProfiles(tuple(map(names.component, range(number))), tuple(entries), tuple(columns), np.stack(rows, axis=1))


def _shown(leaf: Leaf) -> list[tuple[int, ...]]:
    """The entries of a component that are shown: of two levels that sum to 1 the second alone."""
    every = list(np.ndindex(*leaf.value.shape[1:]))
    return every[1:] if isinstance(leaf.space, Simplex) and leaf.value.shape[1:] == (2,) else every
