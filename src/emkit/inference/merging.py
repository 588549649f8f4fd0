"""Components merged into clusters, two at a time: the pair whose merger makes rows most certain of where they belong."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.core.protocols import Source
from emkit.errors import ModelError, ParameterError
from emkit.markup import Tabled, ToldTable

Clusters = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, repr=False)
class Merging(Tabled):
    """Clusters of components: K of one component each at first, then one fewer after each merger.

    `solutions` are the clusters (components counted from 0) for K, K - 1, ... 1 of them; `entropies` (K,) their entropies, the
    sum over rows. Where the entropy falls steeply down to a number of clusters and slowly below it, there are so many.
    Source: Baudry, Raftery, Celeux, Lo & Gottardo (2010), J. Comput. Graph. Statist. 19, 332-353.
    """

    solutions: tuple[Clusters, ...]
    entropies: Array

    def clusters(self, number: int) -> Clusters:
        """The components of each of so many clusters. Errors: ParameterError if there are not so many components."""
        if not 1 <= number <= len(self.solutions):
            raise ParameterError(f"there are 1 to {len(self.solutions)} clusters of these components, and not {number!r}.")
        return self.solutions[len(self.solutions) - number]

    def probabilities(self, responsibilities: Array, number: int) -> Array:
        """The probability (n, number) of each of so many clusters, from those of the components (n, K)."""
        return np.stack([responsibilities[:, list(own)].sum(axis=1) for own in self.clusters(number)], axis=1)

    def _as_table(self) -> ToldTable:
        told = [" | ".join(" ".join(str(k + 1) for k in own) for own in clusters) for clusters in self.solutions]
        columns = {"clusters": [*map(len, self.solutions)], "entropy": self.entropies.tolist(), "components": told}
        return ToldTable("Components merged two at a time", columns)


def merging(model: Any, params: Any, source: Source[Any]) -> Merging:
    """Components merged one pair after the other, over all rows (groups, where rows come in groups): one pass.

    Errors: ModelError for a model without components.
    """
    if not hasattr(model, "posterior"):
        raise ModelError(f"{type(model).__name__} has no components that could be merged.")
    chunks = list(source.chunks())
    units = [model.posterior(params, chunk).of_units(chunk) for chunk in chunks]
    shares, weights = (np.concatenate(parts) for parts in zip(*units, strict=True))
    clusters: list[tuple[int, ...]] = [(k,) for k in range(shares.shape[1])]
    solutions, entropies = [tuple(clusters)], [float(_entropy(shares, weights).sum())]
    while len(clusters) > 1:
        own = _entropy(shares, weights)
        first, second = max(combinations(range(len(clusters)), 2), key=lambda pair: _gain(shares, weights, own, *pair))
        shares[:, first] += shares[:, second]
        shares = np.delete(shares, second, axis=1)
        clusters[first] = tuple(sorted(clusters[first] + clusters.pop(second)))
        solutions.append(tuple(clusters))
        entropies.append(float(_entropy(shares, weights).sum()))
    return Merging(tuple(solutions), np.array(entropies))


def _entropy(shares: Array, weights: Array) -> Array:
    """What each cluster contributes to the entropy, shape (K,)."""
    return np.asarray(-weights @ (shares * np.log(np.where(shares > 0, shares, 1.0))))


def _gain(shares: Array, weights: Array, own: Array, first: int, second: int) -> float:
    """How far the entropy falls if two clusters are merged."""
    both = (shares[:, first] + shares[:, second])[:, None]
    return float(own[first] + own[second] - _entropy(both, weights)[0])
