"""How well components are told apart: entropy, and the average posterior probabilities of the rows given to each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import xlogy

from emkit.core.arrays import Array
from emkit.core.json_types import Json
from emkit.core.parameters import Parameters
from emkit.explain.ledger import check_enumerable
from emkit.explain.subject import Subject
from emkit.models.assignment import normalise


@dataclass(frozen=True)
class ClassificationQuality:
    """`average` (K, K): the mean responsibility of each component (columns) for the rows whose likeliest one is k (lines).

    `sizes` (K,): the weight of those rows; a component that is no row's likeliest has NaN in its line. `entropy`: the sum of
    -r log r over rows and components.
    """

    components: tuple[str, ...]
    average: Array
    sizes: Array
    entropy: float

    @property
    def relative_entropy(self) -> float:
        """1 - entropy / its largest value: 1 if every row's component is certain, 0 if nothing is known of it."""
        most = float(self.sizes.sum() * np.log(len(self.sizes)))
        return 1 - self.entropy / most if most > 0 else 1.0

    @property
    def expected_errors(self) -> float:
        """The expected share of rows whose likeliest component is not theirs."""
        right = np.where(self.sizes > 0, np.diag(self.average), 0.0)
        return float(1 - self.sizes @ right / self.sizes.sum())

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        return {
            "components": list(self.components),
            "average": self.average.tolist(),
            "sizes": self.sizes.tolist(),
            "entropy": self.entropy,
            "relative_entropy": self.relative_entropy,
            "expected_errors": self.expected_errors,
        }

    def __str__(self) -> str:
        lines = [f"relative entropy {self.relative_entropy:.3f}, expected share of wrong labels {self.expected_errors:.3f}"]
        for name, size, line in zip(self.components, self.sizes, self.average, strict=True):
            lines.append(f"  {name}  {size:>10,.6g}  " + "  ".join(f"{value:.3f}" for value in line))
        return "\n".join(lines)


def classification_quality(subject: Subject, params: Parameters) -> ClassificationQuality:
    """Over all rows at `params`. Errors: ModelError for a model whose latent states cannot be listed.

    Source: Celeux & Soromenho (1996), J. Classification 13, 195-212; Nagin (2005), Group-Based Modeling of Development, ch. 5.
    """
    model = check_enumerable(subject.model)
    sums, sizes, entropy = np.zeros(()), np.zeros(()), 0.0
    for chunk in subject.source.chunks():
        complete = model.complete(params, chunk)
        shares, _ = normalise(complete.log_joint)
        first = np.eye(shares.shape[1])[shares.argmax(axis=1)] * complete.weights[:, None]
        sums, sizes = sums + first.T @ shares, sizes + first.sum(axis=0)
        entropy -= float(complete.weights @ xlogy(shares, shares).sum(axis=1))
    with np.errstate(invalid="ignore"):
        average = sums / sizes[:, None]
    names = subject.components if len(subject.components) == len(sizes) else tuple(str(k + 1) for k in range(len(sizes)))
    return ClassificationQuality(names, average, sizes, entropy)
