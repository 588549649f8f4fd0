"""What Bernoulli and binomial columns share: a row is a number of successes and a number of failures."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Protocol

import numpy as np

from emkit.core.arrays import Array, ArrayLike
from emkit.core.axes import Axes
from emkit.core.expected import Slopes
from emkit.core.parameters import Parameters
from emkit.core.protocols import Update
from emkit.core.spaces import Probability
from emkit.data.profile import AnyProfile
from emkit.families.by_column import IndependentColumns
from emkit.families.description import Columns, Side, Word
from emkit.families.family import LOG_OF_ZERO, ExponentialFamily, Totals, lead_with, per_mass, repeat, safe_log, slope_of_log
from emkit.formulas.expressions import ONE, Choose, Less, Power, Product, Quotient, Ref, Sum

HEADS, TAILS, THETA = Ref("heads"), Ref("tails"), Ref("theta")
TOSSES = Sum((HEADS, TAILS))
CHANCES = Product((("heads", Power(THETA, HEADS)), ("tails", Power(Less(ONE, THETA), TAILS))))
ORDERS = Choose(TOSSES, HEADS)


@dataclass(frozen=True, eq=False)
class SuccessParams(Parameters):
    """`probabilities` (K, d): the chance of success in each column of successes.

    >>> import emkit as ek
    >>> ek.SuccessParams([[0.6], [0.5]]).probabilities.ravel().tolist()
    [0.6, 0.5]
    >>> ek.SuccessParams([[1.2], [0.5]])
    Traceback (most recent call last):
        ...
    emkit.errors.ParameterError: probabilities[0, 0] is 1.2; a probability must lie between 0 and 1.
    """

    probabilities: Annotated[Array, Probability(), Axes("component", "column")]

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, probabilities: ArrayLike) -> None: ...


class SuccessFamily(IndependentColumns[SuccessParams, Totals], ExponentialFamily[SuccessParams], Protocol):
    """log p(x|k) = sum_j h_j log p_kj + t_j log(1 - p_kj) + log_base(x), with h successes and t failures."""

    @abstractmethod
    def successes_and_failures(self, x: Array) -> tuple[Array, Array]:
        """The two counts of every row, each (n, d)."""

    @property
    def described(self) -> Columns:
        return Columns(
            {"probabilities": Word("probability", "theta", 0.5)},
            field="probabilities",
            parameter="theta",
            factors=CHANCES,
            sides=(
                Side("heads", "heads", lambda x: self.successes_and_failures(x)[0], Ref("h"), ("ones", "successes")),
                Side("tails", "tails", lambda x: self.successes_and_failures(x)[1], Ref("t"), ("zeros", "failures")),
            ),
            update=Quotient(HEADS, TOSSES),
            counted=True,
            everyone="all tosses of both",
            title="Binomial counts: the chance of a success",
            story="A row of component {k} has {row} successes (heads) and {others} failures (tails); a trial succeeds with "
            "probability {parameter}.",
            meaning="The expected number of successes of component {k}, divided by its expected number of trials.",
            most=8,
        )

    def features(self, x: Array) -> Array:
        return lead_with(1, *self.successes_and_failures(x))

    def natural(self, params: SuccessParams) -> Array:
        with np.errstate(divide="ignore"):
            log_of_failure = np.maximum(np.log1p(-params.probabilities), LOG_OF_ZERO)
        return lead_with(0, safe_log(params.probabilities), log_of_failure)

    def updates(self) -> Mapping[str, Update[Totals, SuccessParams]]:
        return {"probabilities": self._probabilities}

    def _probabilities(self, stats: Totals, before: SuccessParams, now: SuccessParams) -> Array:
        """Expected successes / (expected successes + expected failures).

        Shapes: sums (K, 1 + 2d) -> (K, d).
        Source: set d/dp [h log p + t log(1 - p)] = 0; Do & Batzoglou (2008), Nature Biotechnology 26, 897-899.
        """
        successes, failures = np.split(stats.sums[:, 1:], 2, axis=1)
        return per_mass(successes, successes + failures, before.probabilities)

    def slopes(self, sums: Array, params: SuccessParams) -> Slopes:
        successes, failures = np.split(sums[:, 1:], 2, axis=1)
        p = params.probabilities
        return {"probabilities": slope_of_log(successes, p) - slope_of_log(failures, 1 - p)}

    def pooled(self, profile: AnyProfile, n_components: int) -> SuccessParams:
        successes, failures = np.split(profile.average(lambda x: np.hstack(self.successes_and_failures(x))), 2)
        return SuccessParams(repeat(successes / (successes + failures), n_components))
