"""Regressions of counts whose zeros are not seen: how many there were is latent.

For every row that is seen there were, on average, p / (1 - p) more of such covariates with a count of 0, where p is the
probability of 0. What a regression makes of its rows it makes of these and those together, so its steps climb here, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.newton import NewtonSums
from emkit.data.profile import AnyProfile
from emkit.errors import ModelError
from emkit.families.combined.wrapped import OfOne, Wrapped
from emkit.families.conditional import Conditional
from emkit.families.description import Description
from emkit.families.family import LOG_OF_ZERO
from emkit.families.regression.all_rows import climbed, repeated
from emkit.families.regression.layout import Layout
from emkit.families.regression.regression import Regression
from emkit.families.regression.responses import ResponseSupport
from emkit.families.support import Support

__all__ = ["ZeroTruncatedRegression"]

ROUNDS = 1_000  # of drawing counts until none is 0


@dataclass(frozen=True)
class ZeroTruncatedRegression(Wrapped[Any, NewtonSums]):
    """A regression of counts, `family`, of which nobody sees zeros: log p(y | x, k) - log[1 - p(0 | x, k)], for y >= 1.

    Parameters are those of the whole, unseen rows included. Beside `ExactZeros` it is a hurdle: whether there are any, and then
    how many. Data: as for `family`, without zeros. Errors: ModelError for what is no regression of counts that may be 0.
    Source: Mullahy (1986), Journal of Econometrics 33, 341-365; Dempster, Laird & Rubin (1977), JRSS B 39, section 4.2.

    Nights in hospital of ten patients, by age; who did not stay is on no list:

    >>> import emkit as ek
    >>> rows = [[1, 20], [1, 30], [2, 40], [1, 40], [3, 50], [2, 50], [4, 60], [3, 70], [6, 70], [5, 80]]
    >>> model = ek.Mixture(ek.ZeroTruncatedRegression(ek.PoissonRegression(0, 1)))
    >>> fit = ek.fit(model, rows, model.starts(ek.ArraySource(rows).profile, 1, [0]), tol=1e-10)
    >>> print(fit.params.components.coefficients.round(3))
    [[-1.592  0.043]]
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.family, Regression) or not self.family.law.counts_zeros:
            raise ModelError(f"{self.family!r} is no regression of counts, whose zeros may go unseen, as PoissonRegression is.")

    @property
    def name(self) -> str:
        return f"zero-truncated {self.family.name}"

    @property
    def described(self) -> Description:
        inner = self.family.described
        return Description(inner.words, data=f"{inner.data}; zeros are not seen")

    # -- what possible rows are asked of

    @property
    def regression(self) -> Regression[Any]:
        """The family."""
        family: Any = self.family
        return family

    @property
    def law(self) -> Support:
        """Which values the response may have."""
        inner = self.regression.law
        return replace(inner, rules=(*inner.rules, (lambda x: x == 0, "zeros are not seen.")), least=1.0)

    @property
    def layout(self) -> Layout | None:
        """Where columns lie, once that is known."""
        return self.regression.layout

    def laid_out(self, profile: AnyProfile) -> Layout:
        """The layout among the columns of the data."""
        return self.regression.laid_out(profile)

    @property
    def support(self) -> Support:
        return ResponseSupport(regression=self)

    @property
    def conditional(self) -> Conditional:
        inner: Any = self.family.conditional
        return OfSeen(self, inner)

    # -- E-step, and the estimate for all rows

    def log_none(self, params: Any, x: Array) -> Array:
        """The logarithm of the probability of 0, whatever the response of the rows is, shape (n, K)."""
        return self.family.log_density(params, self._without_counts(x))

    def log_density(self, params: Any, x: Array) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            found = self.family.log_density(params, x) - np.log(-np.expm1(self.log_none(params, x)))
        out = x[:, [self.regression.described_by.response]] == 0
        return np.where(out, LOG_OF_ZERO, np.maximum(np.nan_to_num(found, nan=LOG_OF_ZERO), LOG_OF_ZERO))

    def statistics(self, params: Any, x: Array, weights: Array) -> NewtonSums:
        none = self.log_none(params, x)
        with np.errstate(divide="ignore", invalid="ignore"):
            unseen = weights * np.nan_to_num(np.exp(none) / -np.expm1(none), posinf=0.0)
        return self.family.statistics(params, x, weights) + self.family.statistics(params, self._without_counts(x), unseen)

    def _without_counts(self, x: Array) -> Array:
        found = np.array(x)
        found[:, self.regression.described_by.response] = 0.0
        return found

    def pooled(self, profile: AnyProfile, n_components: int) -> Any:
        family = self.conditional.placed(profile)
        return repeated(climbed(family, profile, family.family.pooled(profile, 1)), n_components)


@dataclass(frozen=True)
class OfSeen(OfOne):
    """What a zero-truncated regression says of its response."""

    def laws(self, columns: int) -> Mapping[int, Support]:
        return dict.fromkeys(self.inner.laws(columns), self.outer.law)

    def means(self, params: Any, x: Array) -> Array:
        """The mean of all, over the probability of more than 0; 1 where next to none has more."""
        whole: Any = self.inner.means(params, x)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.maximum(np.nan_to_num(whole / -np.expm1(self.outer.log_none(params, x)), nan=1.0, posinf=1.0), 1.0)

    def up_to(self, params: Any, x: Array) -> None:
        return None  # of counts: probabilities are added up

    def drawn(self, params: Any, rng: np.random.Generator, components: Integers, rows: Array) -> Array:
        found = np.array(rows, dtype=np.float64)
        left, place = np.arange(len(rows)), self.outer.regression.described_by.response
        for _ in range(ROUNDS):
            found[left] = self.inner.drawn(params, rng, components[left], rows[left])
            left = left[found[left, place] == 0]
            if not len(left):
                return found
        raise ModelError(f"in {ROUNDS:,} rounds of drawing some count was always 0: next to no count of its component is seen.")
