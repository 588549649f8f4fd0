"""Independent columns of counts that spread wider than Poisson counts.

Written with the mean m and the dispersion a = 1 / size: the variance is m + a m^2. The best mean is the weighted mean of the
rows whatever the dispersion. A size may run off to infinity; the dispersion then comes to 0, which is an edge of its space
like any other, and there the density is that of Poisson counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated

import numpy as np

from emkit.core.arrays import Array, ArrayLike, Integers
from emkit.core.axes import Axes
from emkit.core.expected import Expected
from emkit.core.parameters import Parameters, maximise_in_turn
from emkit.core.protocols import Update
from emkit.core.spaces import NonNegative
from emkit.core.statistics import Additive
from emkit.data.profile import AnyProfile
from emkit.families.by_column import IndependentColumns
from emkit.families.counts import deviance, log_peak
from emkit.families.description import Description, Word
from emkit.families.family import per_mass, repeat, safe_log, slope_of_log
from emkit.families.gamma_shape import log_less_digamma, log_less_gammaln
from emkit.families.span import Span
from emkit.families.support import Support, counts

__all__ = ["NegativeBinomial", "NegativeBinomialParams"]

SPAN = Span(reach=2.0, places=24)  # poles lie at -1, -1/2, -1/3 ..., pi away on the scale of the logarithm: 13 digits
LEAST = 1e-290  # a dispersion of 0 as a number that can be divided by
STEPS = 200  # of the estimate for all rows; ten are the rule
SETTLED = 1e-13  # relative to a dispersion
NEGLIGIBLE = 1e-12  # a mean, or a dispersion times the mean, this small adds nothing to the likelihood or to the variance


@dataclass(frozen=True, eq=False)
class NegativeBinomialParams(Parameters):
    """`means` (K, d) of the counts, >= 0, and `dispersions` (K, d), >= 0: the variance is mean + dispersion * mean^2.

    Counts of mean 2 whose variance is 2 + 0.5 * 4 = 4; the size is 1 / dispersion:

    >>> import emkit as ek
    >>> ek.NegativeBinomialParams(means=[[2.0]], dispersions=[[0.5]]).sizes.tolist()
    [[2.0]]
    """

    means: Annotated[Array, NonNegative(), Axes("component", "column")]
    dispersions: Annotated[Array, NonNegative(), Axes("component", "column")]

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, means: ArrayLike, dispersions: ArrayLike) -> None: ...

    @property
    def sizes(self) -> Array:
        """1 / dispersion, shape (K, d): infinite for Poisson counts."""
        with np.errstate(divide="ignore"):
            return 1 / self.dispersions


@dataclass(frozen=True)
class NegativeBinomialStats(Additive):
    """`mass` (K,) = sum w; `total` (K, d) = sum w x; `growth` (K, d, places) = sum w sum_(j < x) a j / (1 + a j).

    The last is the derivative along log a of the part of the log-density that knows the dispersion but not the mean, at places
    around the dispersion of the E-step.
    """

    mass: Array
    total: Array
    growth: Array


@dataclass(frozen=True)
class NegativeBinomial(IndependentColumns[NegativeBinomialParams, NegativeBinomialStats]):
    """Negative binomial columns: log p(x|k) = sum_j log Gamma(x + 1/a) / Gamma(1/a) x! + x log a m - (x + 1/a) log(1 + a m).

    Here m = m_kj is the mean and a = a_kj the dispersion; where that is 0, the columns are Poisson.
    Data: x (n, d) of whole numbers >= 0.

    Red mites on 150 apple leaves (Bliss & Fisher, 1953):

    >>> import emkit as ek
    >>> leaves = ek.ArraySource(range(8), [70, 38, 17, 10, 9, 3, 2, 1])
    >>> start = ek.MixtureParams([1.0], ek.NegativeBinomialParams([[1.0]], [[1.0]]))
    >>> fit = ek.fit(ek.Mixture(ek.NegativeBinomial()), leaves, start)
    >>> print(fit.params.components.means.round(5), fit.params.components.sizes.round(5), round(fit.log_likelihood, 4))
    [[1.14667]] [[1.02459]] -222.4372
    """

    @property
    def name(self) -> str:
        return "negative-binomial"

    @property
    def support(self) -> Support:
        return counts("negative binomial counts")

    @property
    def described(self) -> Description:
        words = {"means": Word("mean", "m", 3.0), "dispersions": Word("dispersion", "a", 0.5)}
        return Description(words, data="columns of counts 0, 1, 2 ... that spread wider than Poisson counts")

    def log_density(self, params: NegativeBinomialParams, x: Array) -> Array:
        """From parts of its own size, as that of Poisson counts.

        Source: Loader (2000), Fast and accurate computation of binomial probabilities.
        """
        found = np.empty((len(x), len(params.means)))
        peak = log_peak(x).sum(axis=1)
        for k, (m, a) in enumerate(zip(params.means, np.maximum(params.dispersions, LEAST), strict=True)):
            found[:, k] = peak - off_peak(x, m, a).sum(axis=1)
        return found

    def statistics(self, params: NegativeBinomialParams, x: Array, weights: Array) -> NegativeBinomialStats:
        places = SPAN.around(np.maximum(params.dispersions, LEAST))
        growth = np.zeros_like(places)
        for j, column in enumerate(x.T):
            values, of = np.unique(column, return_inverse=True)  # counts repeat
            for k, w in enumerate(weights.T):
                growth[k, j] = np.bincount(of, w, len(values)) @ growth_of_counts(values[:, None], places[k, j])
        return NegativeBinomialStats(weights.sum(axis=0), weights.T @ x, growth)

    def updates(self) -> Mapping[str, Update[NegativeBinomialStats, NegativeBinomialParams]]:
        return {"means": self._means, "dispersions": self._dispersions}

    def _means(self, stats: NegativeBinomialStats, before: NegativeBinomialParams, now: NegativeBinomialParams) -> Array:
        """Expected count / expected number of rows.

        Shapes: mass (K,), total (K, d) -> (K, d). Unit: counts per row.
        Source: set d/dm [total log m - (total + mass / a) log(1 + a m)] = 0, whatever the dispersion a.
        """
        return per_mass(stats.total, stats.mass, before.means)

    def _dispersions(self, stats: NegativeBinomialStats, before: NegativeBinomialParams, now: NegativeBinomialParams) -> Array:
        """Where the expected log-likelihood is highest given the means `now`, within exp(2) times the dispersion before.

        0 stays 0, and where only zeros were seen it stays what it is.
        Shapes: mass (K,), total (K, d), growth (K, d, places) -> (K, d). Unit: none.
        Source: set d/d log a [sum w sum_(j < x) log(1 + a j) - (total + mass / a) log(1 + a m)] = 0; Bliss & Fisher (1953),
        Biometrics 9, 176-200.
        """
        places = SPAN.around(np.maximum(before.dispersions, LEAST))
        slope = stats.growth + growth_of_means(stats.mass[:, None, None], stats.total[..., None], now.means[..., None], places)
        moved = before.dispersions * np.exp(SPAN.reach * SPAN.curve(slope).summit())
        moved = np.where(moved * now.means < NEGLIGIBLE, np.minimum(moved, before.dispersions), moved)
        told = stats.total > NEGLIGIBLE * stats.mass[:, None]  # zeros alone tell nothing of a dispersion
        return np.where(told, moved, before.dispersions)

    def expected(
        self, stats: NegativeBinomialStats, before: NegativeBinomialParams, now: NegativeBinomialParams
    ) -> Expected:  # fmt: skip
        """-infinity where a dispersion lies beyond the places at which the statistics were taken."""
        mass, m, a = stats.mass[:, None], now.means, np.maximum(now.dispersions, LEAST)
        growth, t = SPAN.curve(stats.growth), SPAN.where(now.dispersions, before.dispersions)
        value = growth.risen(t) + stats.total * (safe_log(m) - np.log1p(a * m)) - mass * np.log1p(a * m) / a
        of_means = slope_of_log(stats.total, m) - (stats.total * a + mass) / (1 + a * m)
        of_dispersions = slope_of_log(growth(t) + growth_of_means(mass, stats.total, m, a), now.dispersions)
        return Expected(float(np.where(np.isnan(t), -np.inf, value).sum()), {"means": of_means, "dispersions": of_dispersions})

    def pooled(self, profile: AnyProfile, n_components: int) -> NegativeBinomialParams:
        """By EM steps on all rows, from the dispersion that fits their variance."""
        mean = profile.average(lambda x: x)
        beyond = profile.average(lambda x: (x - mean) ** 2 - x)
        with np.errstate(divide="ignore", invalid="ignore"):
            start = np.where(beyond > 0, beyond / mean**2, 0.0)
        now = NegativeBinomialParams(mean[None], start[None])
        for _ in range(STEPS):
            before = now
            stats = profile.total(partial(self._of_all, before))
            now = maximise_in_turn(self.updates(), stats, before)
            if (np.abs(now.dispersions - before.dispersions) <= SETTLED * before.dispersions).all():
                break
        return NegativeBinomialParams(repeat(now.means[0], n_components), repeat(now.dispersions[0], n_components))

    def _of_all(self, params: NegativeBinomialParams, x: Array, weights: Array) -> NegativeBinomialStats:
        return self.statistics(params, x, weights[:, None])

    def draw(self, params: NegativeBinomialParams, rng: np.random.Generator, components: Integers) -> Array:
        a, m = params.dispersions[components], params.means[components]
        some = a > 0
        rates = np.where(some, rng.gamma(1 / np.where(some, a, 1.0), a * m), m)
        return rng.poisson(rates).astype(np.float64)


def off_peak(x: Array, m: Array, a: Array) -> Array:
    """By how much the log-density of x is lower than that of Poisson counts of mean x; all broadcast against each other."""
    gap = a * (m - x) / (1 + a * m)
    near = np.abs(gap) < 0.5
    log_ratio = np.where(near, np.log1p(-np.where(near, gap, 0.0)), np.log1p(a * x) - np.log1p(a * m))
    off = deviance(x, m * ((1 + a * x) / (1 + a * m))) - (log_ratio + gap) / a
    return np.asarray(off + (log_less_gammaln(x + 1 / a) - log_less_gammaln(1 / a)))


def growth_of_counts(x: Array, a: Array) -> Array:
    """sum_(j < x) a j / (1 + a j) = x - [digamma(x + 1 / a) - digamma(1 / a)] / a, without cancellation for small a."""
    s = 1 / a
    return s * ((a * x - np.log1p(a * x)) + (log_less_digamma(x + s) - log_less_digamma(s)))


def growth_of_means(mass: Array, total: Array, m: Array, a: Array) -> Array:
    """The derivative along log a of -(total + mass / a) log(1 + a m)."""
    share = a * m / (1 + a * m)
    return mass * (np.log1p(a * m) - share) / a - total * share
