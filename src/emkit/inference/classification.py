"""How well components are told apart: entropy, and how sure rows are of the component that each is assigned to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.protocols import Source
from emkit.errors import ModelError
from emkit.markup import Tabled, ToldTable


@dataclass(frozen=True, repr=False)
class Classification(Tabled):
    """What the posterior probabilities of all rows (of all groups, where rows come in groups) come to.

    `entropy`: the sum of their entropies, natural logarithm. `relative_entropy`: ``1 - entropy / (n log K)``, 1 where all rows
    are certain, 0 where none tells anything; 1 for one component. `sizes` (K,): the share of the rows assigned to each
    component, its likeliest. `table` (K, K): the mean posterior probability of each component (second axis) among the rows that
    are assigned to each (first axis), NaN where there is none; its diagonal is the average posterior probability.
    Rows that are impossible under every component belong to none, and are left out.
    Source: Celeux & Soromenho (1996), J. Classification 13, 195-212; Nagin (2005), Group-based Modeling of Development.
    """

    entropy: float
    relative_entropy: float
    sizes: Array
    table: Array

    def _as_table(self) -> ToldTable:
        number = len(self.sizes)
        told = {"assigned to": [*range(1, number + 1)], "share of rows": self.sizes.tolist()}
        columns = {**told, **{f"probability of {k + 1}": column.tolist() for k, column in enumerate(self.table.T)}}
        return ToldTable(f"Relative entropy {self.relative_entropy:.4f}, entropy {self.entropy:.4f}", columns)


def likeliest(responsibilities: Array) -> Integers:
    """The component (n,) that each row most probably belongs to; -1 for one that belongs to none, whose are all NaN."""
    nowhere = np.isnan(responsibilities).any(axis=1)
    return np.where(nowhere, -1, responsibilities.argmax(axis=1))


def classification(model: Any, params: Any, source: Source[Any]) -> Classification:
    """What posterior probabilities come to over all rows: one pass. Errors: ModelError for a model without components."""
    if not hasattr(model, "posterior"):
        raise ModelError(f"{type(model).__name__} has no components that rows are assigned to.")
    parts = [_of_chunk(model, params, chunk) for chunk in source.chunks()]
    entropy, sums = sum(part[0] for part in parts), np.sum([part[1] for part in parts], axis=0)
    each, total, number = sums.sum(axis=1), sums.sum(), len(sums)
    with np.errstate(invalid="ignore"):
        table = sums / each[:, None]
    relative = 1 - entropy / (total * np.log(number)) if number > 1 else 1.0
    return Classification(float(entropy), float(relative), each / total, table)


def _of_chunk(model: Any, params: Any, chunk: Any) -> tuple[float, Array]:
    """The entropy of the units of a chunk, and sums of their posterior probabilities by assigned component (K, K)."""
    shares, weights = model.posterior(params, chunk).of_units(chunk)
    assigned = likeliest(shares)
    somewhere = assigned >= 0
    shares, weights, assigned = shares[somewhere], weights[somewhere], assigned[somewhere]
    entropy = -(weights @ (shares * np.log(np.where(shares > 0, shares, 1.0))).sum(axis=1))
    sums = np.zeros((shares.shape[1], shares.shape[1]))
    np.add.at(sums, assigned, shares * weights[:, None])
    return float(entropy), sums
