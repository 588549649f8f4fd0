"""Normal components that differ in what their factors are like: mixtures of common factor analysers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from emkit.core.arrays import Array
from emkit.core.coordinates import Scale
from emkit.core.expected import Expected
from emkit.core.protocols import Update
from emkit.data.profile import AnyProfile
from emkit.errors import ModelError
from emkit.families.description import Description, Word
from emkit.families.family import per_mass, repeat
from emkit.families.floor import FREED, THIN, bounds, too_thin
from emkit.families.gaussian import columns, normal
from emkit.families.gaussian.best_factors import BestFactors, with_none
from emkit.families.gaussian.common_factors_params import CommonFactorsParams, EqualCommonFactorsParams
from emkit.families.gaussian.factor_family import MATRICES, FactorFamily, covariances_of
from emkit.families.gaussian.factor_floor import FactorFloor, SharedFactorFloor
from emkit.families.gaussian.factor_space import FactorSpace, best_space, first_directions, space_height
from emkit.families.gaussian.normal import Moments
from emkit.families.spread import Spread

__all__ = ["CommonFactors", "CommonFactorsParams", "EqualCommonFactorsParams"]
STEEP = 1e8  # of how large loadings in units of markers may become before others are chosen


class _Means(NamedTuple):
    means: Array


@dataclass(frozen=True)
class CommonFactors(FactorFamily[CommonFactorsParams]):
    """log p(x|k) of N(intercepts + L m_k, L C_k L' + diag(uniquenesses)): x = intercepts + L f + e, with f ~ N(m_k, C_k).

    So what is measured, and how, is the same in all components, and these differ in what their `n_factors` factors f are like:
    in means m_k and covariances C_k. `equal`: one uniqueness for all columns. Free parameters, beside proportions, of K
    components in d columns by q factors: d q - q^2 loadings, d uniquenesses, d - q intercepts, K q means and
    K q (q + 1) / 2 covariances of factors. (The source takes data that are centred, and counts no intercepts.)
    Data: x (n, d) of real numbers.
    Source: Baek, McLachlan & Flack (2010), IEEE Trans. Pattern Anal. Mach. Intell. 32, 1298-1309.

    Two kinds of people, of whom one has more of a factor, which varies more among them:

    >>> import emkit as ek
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> f = np.concatenate([rng.normal(2, 1, 300), rng.normal(8, 2, 300)])
    >>> x = f[:, None] * [1.0, 0.8, -0.5, 1.2] + 0.6 * rng.standard_normal((600, 4))
    >>> found = ek.MixtureModel(ek.CommonFactors(1), 2, random_state=0).fit(x).result_.params.components
    >>> spreads = np.sqrt(found.factor_covariances[:, 0, 0]) * found.loadings[0, 0]
    >>> found.means[:, 0].round().tolist(), spreads.round().tolist()
    ([2.0, 8.0], [1.0, 2.0])
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.n_factors:
            raise ModelError("n_factors is 0; components differ in their factors, so that there must be 1 at least.")

    @property
    def name(self) -> str:
        return f"gaussian-common-factors-{self.n_factors}"

    @property
    def described(self) -> Description:
        words = {
            "intercepts": Word("intercept", "nu"),
            "loadings": Word("loading", "Lambda"),
            "uniquenesses": Word("uniqueness", "psi"),
            "factor_means": Word("factor mean", "xi", 0.0),
            "factor_covariances": Word("factor covariance", "Omega"),
        }
        m = self.n_factors
        return Description(
            words,
            data="columns of numbers in one unit" if self.equal else "columns of numbers",
            parameters=f"means and covariances of {m} factor{'s' * (m != 1)} for each component; intercepts, loadings and "
            f"{'a uniqueness' if self.equal else 'uniquenesses'} for all",
            matrices=covariances_of,
        )

    @property
    def spread(self) -> Spread:
        return Spread()  # uniquenesses are of all, and below them no component is narrow

    @property
    def kind_of_floor(self) -> type[FactorFloor]:
        return SharedFactorFloor

    @property
    def held(self) -> Callable[[CommonFactorsParams], tuple[str, ...]]:
        return _of_markers

    def scales(self, params: CommonFactorsParams) -> Mapping[str, Scale]:
        unit = np.sqrt(self.variances(params).max(axis=0))
        marked = unit[list(params.markers)]
        return {
            "intercepts": Scale(params.intercepts, unit),
            "loadings": Scale(np.zeros(()), unit[:, None] / marked),
            "factor_means": Scale(params.factor_means, np.broadcast_to(marked, params.factor_means.shape)),
        }

    def updates(self) -> Mapping[str, Update[Moments, CommonFactorsParams]]:
        return {"": self._updated}

    def _updated(self, stats: Moments, before: CommonFactorsParams, now: CommonFactorsParams) -> CommonFactorsParams:
        """The best intercepts, loadings, uniquenesses, and means and covariances of factors, all at once.

        Shapes: mass (K,), shift (K, d), scatter (K, d, d). No uniqueness is below the floor. The frame goes through the mean of
        all rows; across the factors, nothing else is as likely.
        Errors: DegenerateFitError if there is no floor, and factors reproduce columns that are functions of each other.
        Source: see `factor_space.py`.
        """
        if not stats.mass.any():
            return before
        means = normal.updated_means(stats, before, now)
        about, move = normal.products_about(stats, before, _Means(means))
        j = np.arange(move.shape[1])
        about[:, j, j] += normal.padding(stats.mass, move)
        raw = per_mass(about, stats.mass, before.covariances)
        shares = stats.mass / stats.mass.sum()
        origin = shares @ means
        away = means - origin
        whole = np.einsum("k,kij->ij", shares, raw) + (away * shares[:, None]).T @ away
        found = self._best(stats.mass, raw, (whole + whole.T) / 2, before)
        return self._of(origin, away, found, before.markers)

    def _best(self, mass: Array, raw: Array, whole: Array, before: CommonFactorsParams) -> FactorSpace:
        d, s = len(whole), self.numbers(len(whole))
        unit, floor = self.least(s)
        if not self.whole:  # nothing holds uniquenesses up but rounding, in units of the rows at hand
            unit = np.maximum(np.diag(whole) if s > 1 else np.diag(whole).mean(keepdims=True), unit)
        start = before.noise[0, :s]
        freed = np.asarray((start < FREED * max(floor, THIN) * unit).any(keepdims=True))
        least = np.maximum(bounds(freed, self.few(mass.sum(keepdims=True), d), floor, 1.0), THIN) * unit
        next_to_none = THIN * unit * normal.LIFTED
        found = best_space(mass, raw, whole, before.loadings, start, least)
        noise = with_none(
            BestFactors(found.loadings[None, None], found.uniquenesses[None], np.array([found.height])), next_to_none
        )[0]
        if floor == 0 and ((noise > 0) & (noise <= next_to_none)).any():
            raise normal.collapsed(None)  # factors reproduce columns that are functions of each other
        old = np.maximum(start, THIN * unit)
        if freed.any() and (old < least).any():
            height = space_height(mass, raw, whole, before.loadings, old)
            if found.height < height - columns.EPSILON * abs(height):
                raise too_thin(normal.who(None))
        return found._replace(uniquenesses=noise)

    def _of(self, origin: Array, away: Array, found: FactorSpace, markers: tuple[int, ...]) -> CommonFactorsParams:
        """Parameters of a frame through `origin` (d,), of classes whose means are `away` (K, d) from there."""
        made = EqualCommonFactorsParams if self.equal else CommonFactorsParams
        noise = found.uniquenesses[0] if self.equal else found.uniquenesses
        means = away @ found.along.T
        if markers and np.linalg.cond(found.loadings[list(markers)]) > STEEP:
            markers = ()
        return made.of(origin, found.loadings, noise, means, found.covariances, markers)

    def expected(self, stats: Moments, before: CommonFactorsParams, now: CommonFactorsParams) -> Expected:
        whole = MATRICES.expected(stats, before, now)
        of_means, along = whole.slopes["means"], whole.slopes["covariances"]
        on_factors = along @ now.loadings
        of_noise = np.einsum("kjj->j", along)
        slopes = {
            "intercepts": of_means.sum(axis=0),
            "loadings": 2 * (on_factors @ now.factor_covariances).sum(axis=0) + of_means.T @ now.factor_means,
            "uniquenesses": of_noise.sum() if self.equal else of_noise,
            "factor_means": of_means @ now.loadings,
            "factor_covariances": normal.symmetric(now.loadings.T @ on_factors),
        }
        return Expected(whole.value, slopes)

    def pooled(self, profile: AnyProfile, n_components: int) -> CommonFactorsParams:
        covariance, (start, least) = profile.covariance, self.first(profile)
        lines = first_directions(covariance, start, self.n_factors)
        found = best_space(np.ones(1), covariance[None], covariance, lines, start, least)
        found = found._replace(covariances=repeat(found.covariances[0], n_components))
        return self._of(profile.mean, np.zeros((n_components, len(covariance))), found, ())


def _of_markers(params: CommonFactorsParams) -> tuple[str, ...]:
    return tuple(f"{field}[{j}]" for field in ("intercepts", "loadings") for j in params.markers)
