"""Successes out of a number of trials."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from emkit.core.arrays import Array
from emkit.data.source import ArraySource
from emkit.errors import DataError, ModelError
from emkit.families.successes import SuccessFamily, SuccessParams


@dataclass(frozen=True)
class Binomial(SuccessFamily):
    """Binomial counts: log p(h|k) = log C(m, h) + h log p_k + (m - h) log(1 - p_k).

    Data: with `trials` given, x (n, d) are successes out of that many trials in every column. Without it, x (n, 2) holds
    successes and trials, so that every row may have its own number of trials.
    With `ordered` the rows stand for particular sequences of tosses, and the coefficient log C(m, h), which no parameter
    touches, is left out.
    Errors: ModelError if `trials` is not a whole number >= 1.
    """

    trials: int | None = None
    ordered: bool = False

    def __post_init__(self) -> None:
        if self.trials is not None and (self.trials != int(self.trials) or self.trials < 1):
            raise ModelError(f"trials is {self.trials!r}; it must be a whole number >= 1, or None for a column of trials.")

    @property
    def name(self) -> str:
        return "binomial"

    def successes_and_failures(self, x: Array) -> tuple[Array, Array]:
        if self.trials is None:
            return x[:, :1], x[:, 1:] - x[:, :1]
        return x, self.trials - x

    def log_base(self, x: Array) -> Array:
        if self.ordered:
            return np.zeros(len(x))
        h, t = self.successes_and_failures(x)
        return np.asarray(gammaln(h + t + 1) - gammaln(h + 1) - gammaln(t + 1)).sum(axis=1)

    def check(self, source: ArraySource) -> None:
        source.refuse(lambda x: (x < 0) | (x != np.floor(x)), "binomial counts must be whole numbers >= 0.")
        if self.trials is None:
            self._check_trials(source)
        else:
            most = self.trials
            source.refuse(lambda x: x > most, f"there cannot be more successes than the {most} trials.")

    def _check_trials(self, source: ArraySource) -> None:
        if len(source.columns) != 2:
            raise DataError(
                f"binomial data are two columns, successes and trials, but there are {len(source.columns)} "
                f"({', '.join(source.columns)}). Choose two, or give a fixed number: Binomial(trials=10)."
            )
        for row in np.flatnonzero(source.x[:, 0] > source.x[:, 1])[:1]:
            raise DataError(
                f"{source.place(int(row), 0)} is {source.x[row, 0]:g}, more than the {source.x[row, 1]:g} trials in column "
                f"{source.columns[1]!r}; there cannot be more successes than trials."
            )
        if not source.x[:, 1].any():
            raise DataError(f"column {source.columns[1]!r} holds only zeros: no trials were made, so nothing can be learned.")

    def width(self, params: SuccessParams) -> int:
        return 2 if self.trials is None else params.probabilities.shape[1]
