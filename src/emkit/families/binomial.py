"""Successes out of a number of trials."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import scipy

from emkit.core.arrays import Array, Integers
from emkit.core.checks import check_count
from emkit.data.chunk import Chunk
from emkit.data.profile import AnyProfile
from emkit.errors import DataError, ModelError, some_of
from emkit.families.counts import FAR, SMALL, deviance, log_peak
from emkit.families.description import Columns
from emkit.families.family import Totals, lead_with
from emkit.families.linear import LinearForm
from emkit.families.successes import CHANCES, ORDERS, SuccessFamily, SuccessParams
from emkit.families.support import Rule, Support, counts
from emkit.formulas.expressions import Product

__all__ = ["Binomial"]

GRID = 4096  # fractions of this: their products with numbers of trials below 1e12 are exact


@dataclass(frozen=True)
class Binomial(SuccessFamily):
    """Binomial counts: log p(h|k) = log C(m, h) + h log p_k + (m - h) log(1 - p_k).

    Data: with `trials` given, x (n, d) are successes out of that many trials in every column. Without it, x (n, 2) holds
    successes and trials, so that every row may have its own number of trials.
    With `ordered` the rows stand for particular sequences of tosses, and the coefficient log C(m, h), which no parameter
    touches, is left out.
    Errors: ModelError if `trials` is not a whole number >= 1.

    Heads in 10 tosses of each row, or in as many as the row says:

    >>> import emkit as ek
    >>> import numpy as np
    >>> same = ek.MixtureModel(ek.Binomial(10), 1).fit([5, 9, 8, 4, 7]).result_
    >>> each = ek.MixtureModel(ek.Binomial(), 1).fit(np.array([[5, 10], [9, 10], [3, 4]])).result_
    >>> print(same.params.components.probabilities, each.params.components.probabilities.round(4))
    [[0.66]] [[0.7083]]
    """

    trials: int | None = None
    ordered: bool = False

    def __post_init__(self) -> None:
        if self.trials is not None:
            check_count("trials", self.trials, ModelError, also=", or None for a column of trials")

    @property
    def name(self) -> str:
        return "binomial"

    @property
    def described(self) -> Columns:
        data = "two columns, successes and trials; or columns of successes and --trials N"
        if self.ordered:
            return replace(super().described, data=data, uncounted=ORDERS)
        counted = Product((("coefficient", ORDERS), *CHANCES.factors))
        return replace(super().described, data=data, factors=counted, most=3)

    def successes_and_failures(self, x: Array) -> tuple[Array, Array]:
        if self.trials is None:
            return x[:, :1], x[:, 1:] - x[:, :1]
        return x, self.trials - x

    def log_base(self, x: Array) -> Array:
        if self.ordered:
            return np.zeros(len(x))
        h, t = self.successes_and_failures(x)
        ways = scipy.special.gammaln(h + t + 1) - scipy.special.gammaln(h + 1) - scipy.special.gammaln(t + 1)
        return np.asarray(ways).sum(axis=1)

    def log_density(self, params: SuccessParams, x: Array) -> Array:
        h, t = self.successes_and_failures(x)
        trials = h + t
        if self.ordered or trials.max(initial=0) <= SMALL:
            return super().log_density(params, x)
        off = [(deviance(h, trials * p) + deviance(t, trials * (1 - p))).sum(axis=1) for p in params.probabilities]
        return (log_peak(h) + log_peak(t) - log_peak(trials)).sum(axis=1)[:, None] - np.stack(off, axis=1)

    def linear(self, params: SuccessParams) -> LinearForm[Totals] | None:
        """None where `trials` are so many that digits would be lost.

        Rows with numbers of trials of their own always have one: of 1e9 trials, and chances far apart, it keeps 9 digits.
        """
        centre = _between(params.probabilities)
        plain = self.ordered or (self.trials is not None and self.trials <= SMALL)
        if plain or not np.all((params.probabilities > 0) & (params.probabilities < 1) & (centre > 0) & (centre < 1)):
            return super().linear(params)
        return BinomialAbout(self.trials, centre=tuple(centre)).linear(params)

    @property
    def support(self) -> Support:
        if self.trials is None:
            return SuccessesAndTrials()
        return counts("binomial counts", self.trials, f"there cannot be more successes than the {self.trials} trials.")

    def settled(self, profile: AnyProfile) -> Self:
        if self.trials is None and profile.highest[1] == 0:
            raise DataError(f"column {profile.columns[1]!r} holds only zeros: no trials were made, so nothing can be learned.")
        return self

    def draw(self, params: SuccessParams, rng: np.random.Generator, components: Integers) -> Array:
        """One row from each of the `components`. Errors: ModelError if the rows have numbers of trials of their own."""
        if self.trials is None:
            raise ModelError("numbers of trials are data, and cannot be drawn: give a fixed number, as in Binomial(trials=10).")
        return rng.binomial(self.trials, params.probabilities[components]).astype(np.float64)


@dataclass(frozen=True)
class SuccessesAndTrials(Support):
    """Two columns: successes, and the trials that they came of."""

    rules: tuple[Rule, ...] = counts("binomial counts").rules
    width: int = 2
    whole: bool = True
    least: float = 0.0
    roles: tuple[str, ...] = ("successes", "trials")

    def check(self, profile: AnyProfile) -> None:
        if len(profile.columns) != 2:
            raise DataError(
                f"binomial data are two columns, successes and trials, but there are {len(profile.columns)} "
                f"({some_of(profile.columns)}). Choose two, or give a fixed number: Binomial(trials=10)."
            )
        super().check(profile)
        for chunk in profile.source.chunks():
            for row in np.flatnonzero(chunk.x[:, 0] > chunk.x[:, 1])[:1]:
                successes, trials = chunk.x[row]
                raise DataError(
                    f"{profile.source.place(chunk.start + int(row), 0)} is {successes:g}, more than the {trials:g} trials in "
                    f"column {profile.columns[1]!r}; there cannot be more successes than trials."
                )


@dataclass(frozen=True)
class BinomialAbout(Binomial):
    """Large numbers m of trials, seen from `centre` (d,), chances c in the midst of the p_k.

    log p(h|k) = log p(h|c) + (h - m c) [logit p_k - logit c] - m [deviance(c, p_k) + deviance(1 - c, 1 - p_k)].
    """

    centre: tuple[float, ...] = ()

    def features(self, x: Array) -> Array:
        h, t = self.successes_and_failures(x)
        return lead_with(1, h - (h + t) * self.centre, h + t)

    def natural(self, params: SuccessParams) -> Array:
        p, c = params.probabilities, np.array(self.centre)
        odds = np.log1p((p - c) / c) - np.log1p((c - p) / (1 - c))
        return lead_with(0, odds, -self._off(p))

    def _off(self, probabilities: Array) -> Array:
        """The deviance of one trial at the centre, shape (K, d)."""
        c = np.array(self.centre)
        return deviance(c, probabilities) + deviance(1 - c, 1 - probabilities)

    def log_base(self, x: Array) -> Array:
        return Binomial(self.trials).log_density(SuccessParams(np.array([self.centre])), x)[:, 0]

    def linear(self, params: SuccessParams) -> LinearForm[Totals] | None:
        if (self.trials or 0) * self._off(params.probabilities).max() > FAR:
            return None
        form = super(Binomial, self).linear(params)
        return form and replace(form, statistics=self._totals)

    def _totals(self, sums: Array, chunk: Chunk) -> Totals:
        """The sums of successes and failures, from those about the centre."""
        above, trials = np.split(sums[:, 1:], 2, axis=1)
        successes = np.clip(above + trials * self.centre, 0, trials)
        return Totals(np.concatenate([sums[:, :1], successes, trials - successes], axis=1))


def _between(probabilities: Array) -> Array:
    """For each column a short fraction in the middle of its chances (K, d), so that products with whole numbers are exact."""
    return np.round((probabilities.min(axis=0) + probabilities.max(axis=0)) / 2 * GRID) / GRID
