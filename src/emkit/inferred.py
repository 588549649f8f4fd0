"""What a fit is worth: a record with the questions one asks of its estimates."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from emkit.core.arrays import Array
from emkit.core.parameters import Parameters
from emkit.errors import ModelError
from emkit.fitted import Fitted
from emkit.inference import (
    METHODS,
    Covariance,
    Derived,
    Identifiability,
    Influence,
    Intervals,
    StandardErrors,
    covariance,
    delta,
    fraction_missing,
    identifiability,
    influence,
    missing_information,
    profile,
    standard_errors,
    wald,
)

P = TypeVar("P", bound=Parameters)


@dataclass(frozen=True, eq=False, repr=False)
class Inferred(Fitted[P]):
    """A fitted model, and how far its estimates can be trusted: errors, intervals, what the data cannot tell."""

    def covariance(self, kind: str = "information", clusters: object = None) -> Covariance:
        """The covariance of the estimates, of which standard errors and intervals are made.

        `kind`: "information", the inverse of the observed information (2 passes over the data for each parameter): right if
        the model is true; weights say how often each row occurs. "opg", the inverse of the outer product of the scores of the
        rows. "robust", the sandwich of both: right whether the model is true or not; weights are sampling weights. "cluster",
        the sandwich with the rows of one cluster as one observation; `clusters` (n,) are labels in any order. The last three
        take 6 more passes for each parameter.
        Errors: ModelError for another kind; DataError unless there is a label for each row (or group).
        """
        known = self._covariances.get(kind) if clusters is None else None
        if known is None:
            known = covariance(self.model, self.source, self.information, kind, clusters)
            if clusters is None:
                self._covariances[kind] = known
        return known

    @cached_property
    def _covariances(self) -> dict[str, Covariance]:
        return {}

    def standard_errors(self, kind: str = "information", clusters: object = None) -> StandardErrors:
        """Standard errors of all parameters, from a `covariance` of this kind (see there)."""
        return standard_errors(self.covariance(kind, clusters))

    def delta(self, function: Callable[[P], Any], kind: str = "information", clusters: object = None) -> Derived:
        """A function of the parameters, a number or an array of numbers, with its standard error and interval.

        Such as ``lambda p: p.components.means[1] - p.components.means[0]``; `kind` and `clusters` are those of `covariance`.
        Errors: ModelError if it is no function, or what it returns are no finite numbers.
        """
        return delta(self.covariance(kind, clusters), function)

    def confidence_intervals(
        self,
        level: float = 0.95,
        method: str = "wald",
        names: Iterable[str] | None = None,
        kind: str = "information",
        clusters: object = None,
    ) -> Intervals:
        """Intervals of all parameters, or of those called `names`, inside the bounds of their spaces.

        `method`: "wald", from standard errors of that `kind` on the scale of the logarithm or the log-odds; or "profile", all
        values that fit nearly as well as the best (some 20 passes over the data for each parameter). Those of a bootstrap are
        among its own.
        Errors: ModelError for another method, level or name, or a profile of another kind.
        """
        if method not in METHODS:
            raise ModelError(f"method is {method!r}; it must be one of {', '.join(METHODS)}.")
        usual = self.covariance(kind, clusters)
        if method == "wald":
            return wald(usual, level, names)
        if kind != "information":
            raise ModelError('a profile is of the likelihood as it is: leave out kind, or ask for method="wald".')
        with self.em() as em:
            return profile(em, self.information, usual, level, names)

    def identifiability(self) -> Identifiability:
        """Whether the data determine every free parameter near the estimate; if not, which directions are flat."""
        return identifiability(self.information)

    def missing_information(self) -> Array:
        """Fractions of missing information, largest first: the largest is EM's rate of convergence."""
        with self.em() as em:
            return missing_information(em, self.params)

    def fraction_missing(self) -> dict[str, float]:
        """The share of the information about each parameter that is missing, by its name: NaN where it has no standard error.

        NaN for all where the likelihood is flat in some direction.
        Errors: ModelError for a model that does not write its expected log-likelihood.
        """
        return fraction_missing(self.information)

    def influence(self) -> Influence:
        """About how much every row (or group of rows) moves the estimates: 6 passes over the data for each parameter.

        Errors: ModelError where the information is singular.
        """
        return influence(self.model, self.source, self.information)
