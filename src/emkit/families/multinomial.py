"""Rows of counts: how often each of several outcomes came up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np
import scipy

from emkit.core.arrays import Array, ArrayLike, Integers
from emkit.core.axes import Axes
from emkit.core.checks import is_count
from emkit.core.expected import Slopes
from emkit.core.parameters import Parameters
from emkit.core.protocols import Update
from emkit.core.spaces import Simplex
from emkit.data.profile import AnyProfile
from emkit.errors import DataError, ModelError, ParameterError
from emkit.families.counts import deviance, log_peak
from emkit.families.description import Description, Estimate, Total, Word
from emkit.families.family import ExponentialFamily, Totals, lead_with, per_mass, repeat, safe_log, slope_of_log
from emkit.families.support import Support, counts
from emkit.formulas.expressions import Given, Quotient

__all__ = ["Multinomial", "MultinomialParams"]


@dataclass(frozen=True, eq=False)
class MultinomialParams(Parameters):
    """`probabilities` (K, d) of the outcomes, one a column; those of each component sum to 1.

    Expected counts of the three outcomes in a row of 20:

    >>> import emkit as ek
    >>> (20 * ek.MultinomialParams([[0.5, 0.3, 0.2]]).probabilities).tolist()
    [[10.0, 6.0, 4.0]]
    """

    probabilities: Annotated[Array, Simplex(), Axes("component", "column")]

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, probabilities: ArrayLike) -> None: ...


@dataclass(frozen=True)
class Multinomial(ExponentialFamily[MultinomialParams]):
    """Rows of counts: log p(x|k) = log (sum_j x_j)! + sum_j x_j log p_kj - log x_j!, given how many there are in a row.

    Data: x (n, d) of whole numbers >= 0, a column for each outcome. Rows may have different totals; `trials`, a total for all
    rows, is needed to draw rows. Errors: ParameterError unless it is a whole number >= 1.

    Of which of three colours ten marbles were, from bags of two kinds:

    >>> import emkit as ek
    >>> marbles = [[7, 2, 1], [6, 3, 1], [1, 3, 6], [8, 1, 1], [0, 3, 7], [2, 2, 6], [7, 3, 0], [1, 4, 5]]
    >>> fit = ek.MixtureModel("multinomial", 2, random_state=0).fit(marbles).result_.in_order()
    >>> print(fit.params.proportions.round(2), fit.params.components.probabilities.round(2).tolist())
    [0.5 0.5] [[0.1, 0.3, 0.6], [0.7, 0.22, 0.08]]
    """

    trials: int | None = None

    def __post_init__(self) -> None:
        if self.trials is not None and not is_count(self.trials):
            raise ParameterError(f"trials is {self.trials!r}; it must be a whole number >= 1.")

    @property
    def name(self) -> str:
        return "multinomial"

    @property
    def support(self) -> Support:
        if self.trials is None:
            return counts("multinomial counts")
        return counts("multinomial counts", self.trials, f"no count can be larger than the {self.trials} trials of a row.")

    @property
    def described(self) -> Description:
        words = {"probabilities": Word("probability", "theta")}
        return Outcomes(words, "columns of counts, one for each outcome", "a probability for each column")

    def natural(self, params: MultinomialParams) -> Array:
        return lead_with(0, safe_log(params.probabilities))

    def log_base(self, x: Array) -> Array:
        return np.asarray(scipy.special.gammaln(x.sum(axis=1) + 1) - scipy.special.gammaln(x + 1).sum(axis=1))

    def log_density(self, params: MultinomialParams, x: Array) -> Array:
        """From parts of its own size, as that of binomial counts."""
        total = x.sum(axis=1, keepdims=True)
        off = np.stack([deviance(x, total * p).sum(axis=1) for p in params.probabilities], axis=1)
        return log_peak(x).sum(axis=1)[:, None] - log_peak(total) - off

    def slopes(self, sums: Array, params: MultinomialParams) -> Slopes:
        return {"probabilities": slope_of_log(sums[:, 1:], params.probabilities)}

    def updates(self) -> Mapping[str, Update[Totals, MultinomialParams]]:
        return {"probabilities": self._probabilities}

    def _probabilities(self, stats: Totals, before: MultinomialParams, now: MultinomialParams) -> Array:
        """Expected count of each outcome / expected count of all outcomes.

        Shapes: sums (K, 1 + d) -> (K, d).
        Source: maximise sum_j count_j log p_j with a Lagrange multiplier for the sum of p.
        """
        found = stats.sums[:, 1:]
        return per_mass(found, found.sum(axis=1), before.probabilities)

    def pooled(self, profile: AnyProfile, n_components: int) -> MultinomialParams:
        means = profile.average(lambda x: x)
        if means.sum() <= 0:
            raise DataError("all counts are 0, so nothing is known of the probabilities. Leave such data out.")
        return MultinomialParams(repeat(means / means.sum(), n_components))

    def draw(self, params: MultinomialParams, rng: np.random.Generator, components: Integers) -> Array:
        if self.trials is None:
            raise ModelError("the numbers of trials are data; to draw rows, give one for all of them: Multinomial(trials=...).")
        p = params.probabilities / params.probabilities.sum(axis=1, keepdims=True)
        return rng.multinomial(self.trials, p[components]).astype(np.float64)


@dataclass(frozen=True)
class Outcomes(Description):
    """The product of the probabilities of all outcomes, and probability = count of the outcome / count of all."""

    @property
    def formula(self) -> str:
        return "orders * p1^x1 * p2^x2 ..."

    def totals(self, stats: Totals, params: MultinomialParams) -> Iterator[Total]:
        for j, sums in enumerate(stats.sums[:, 1:].T):
            yield Total("count", sums, (j,))

    def estimates(self, stats: Totals, before: MultinomialParams, after: MultinomialParams) -> Iterator[Estimate]:
        found = stats.sums[:, 1:]
        for k, j in np.ndindex(found.shape):
            one, every = float(found[k, j]), float(found[k].sum())
            if every > 0:
                yield Estimate("probabilities", (k, j), Quotient(Given("count", one), Given("all counts", every)))

    def is_count(self, name: str) -> bool:
        return name == "all counts" or super().is_count(name)
