"""Normal components whose columns hang together by a few factors: mixtures of factor analysers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from emkit.core.arrays import Array, Integers, Mask
from emkit.core.coordinates import Scale
from emkit.core.expected import Expected
from emkit.core.protocols import Update
from emkit.data.profile import AnyProfile
from emkit.errors import ModelError
from emkit.families.description import Description, Word
from emkit.families.family import per_mass, repeat
from emkit.families.floor import FREED, THIN, bounds, too_thin
from emkit.families.gaussian import columns, normal
from emkit.families.gaussian.best_factors import BestFactors, best_factors, height, with_none
from emkit.families.gaussian.common_loadings import best_common, common_height
from emkit.families.gaussian.described import MEANS
from emkit.families.gaussian.factor_counts import warn_of_too_many
from emkit.families.gaussian.factor_family import MATRICES, FactorFamily, covariances_of
from emkit.families.gaussian.factor_floor import FactorFloor, SharedFactorFloor
from emkit.families.gaussian.factor_params import (
    CommonEqualFactorNormalParams,
    CommonFactorNormalParams,
    EqualFactorNormalParams,
    FactorNormalParams,
    OneEqualFactorNormalParams,
    OneFactorNormalParams,
    SharedEqualFactorNormalParams,
    SharedFactorNormalParams,
)
from emkit.families.gaussian.normal import Moments
from emkit.families.in_groups import InGroups
from emkit.families.spread import Covariances, Spread

__all__ = [
    "CommonEqualFactorNormalParams",
    "CommonFactorNormalParams",
    "EqualFactorNormalParams",
    "FactorNormal",
    "FactorNormalParams",
    "OneEqualFactorNormalParams",
    "OneFactorNormalParams",
    "SharedEqualFactorNormalParams",
    "SharedFactorNormalParams",
]
SHARED: dict[str | None, tuple[type[FactorNormalParams], type[FactorNormalParams]]] = {  # with equal uniquenesses, the second
    None: (FactorNormalParams, EqualFactorNormalParams),
    "uniquenesses": (SharedFactorNormalParams, SharedEqualFactorNormalParams),
    "loadings": (CommonFactorNormalParams, CommonEqualFactorNormalParams),
    "covariance": (OneFactorNormalParams, OneEqualFactorNormalParams),
}


@dataclass(frozen=True)
class FactorNormal(FactorFamily[FactorNormalParams]):
    """log p(x|k) = -1/2 [(x - m_k)' C_k^-1 (x - m_k) + log |C_k| + d log 2 pi] with C_k = L_k L_k' + diag(uniquenesses_k).

    So x = m_k + L_k f + e: `n_factors` factors f ~ N(0, I), with loadings L_k (d, m), and errors e whose variances are the
    uniquenesses. `equal`: one uniqueness for all columns (mixtures of probabilistic principal components; columns then are in
    one unit). `shared`: what all components have in common, "uniquenesses", "loadings", or the whole "covariance", both.
    `number` is how many components in a row share that, where it is written out for each; 0 for all.
    Data: x (n, d) of real numbers.
    Source: Ghahramani & Hinton (1996), Univ. of Toronto, CRG-TR-96-1; McLachlan & Peel (2000), Finite Mixture Models,
    chapter 8; McNicholas & Murphy (2008), Stat. Comput. 18, 285-296, of whose forms these are UUU, UUC, UCU, UCC; CUU, CUC;
    CCU and CCC.

    Of the rows of one group, the first three columns hang together, of those of the other the last three:

    >>> import emkit as ek
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> f, second = rng.standard_normal((400, 1)), np.repeat([[False], [True]], 200, axis=0)
    >>> x = 6 * second + f * np.where(second, [0, 0, 0, 2, 2, 2], [2, 2, 2, 0, 0, 0]) + 0.5 * rng.standard_normal((400, 6))
    >>> found = ek.MixtureModel(ek.FactorNormal(1), 2, random_state=0).fit(x).result_.params.components
    >>> abs(found.loadings[:, :, 0]).round().tolist()
    [[2.0, 2.0, 2.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 2.0, 2.0, 2.0]]
    """

    shared: str | None = field(default=None, kw_only=True)
    number: int = field(default=0, repr=False, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.shared not in list(SHARED):  # whether or not it can be hashed
            known = ", ".join(map(repr, SHARED))
            raise ModelError(f"shared is {self.shared!r:.60}; what components of factors may share is {known}.")

    @property
    def name(self) -> str:
        return f"gaussian-factors-{self.n_factors}"

    @property
    def described(self) -> Description:
        words = {"loadings": Word("loading", "Lambda"), "uniquenesses": Word("uniqueness", "psi")}
        own = {None: "for each component", "uniquenesses": "and uniquenesses for all components", "covariance": "for all"}
        own["loadings"] = "for each component, on loadings for all"
        return Description(
            MEANS | words,
            data="columns of numbers in one unit" if self.equal else "columns of numbers",
            parameters=f"means; loadings on {self.n_factors} factor{'s' * (self.n_factors != 1)} and "
            f"{'a uniqueness' if self.equal else 'uniquenesses'} {own[self.shared]}",
            matrices=covariances_of,
        )

    def settled(self, profile: AnyProfile) -> Self:
        """Warns of more factors than the columns can tell apart. Errors: DataError for more factors than columns."""
        found = super().settled(profile)
        warn_of_too_many(len(profile.columns), self.n_factors, self.equal)
        return found

    @property
    def spread(self) -> Spread:
        return Spread() if self.shared == "covariance" else Covariances("covariances")

    @property
    def kind_of_floor(self) -> type[FactorFloor]:
        return SharedFactorFloor if self._shares("uniquenesses", "covariance") else FactorFloor

    def scales(self, params: FactorNormalParams) -> Mapping[str, Scale]:
        unit = np.sqrt(self.variances(params))
        each = (unit if params.loadings.ndim > 2 else unit.max(axis=0))[..., None] * np.ones(self.n_factors)
        return {**super().scales(params), "loadings": Scale(np.zeros(()), each)}

    def updates(self) -> Mapping[str, Update[Moments, FactorNormalParams]]:
        return {"means": normal.updated_means, "": self._factors}

    def _factors(self, stats: Moments, before: FactorNormalParams, now: FactorNormalParams) -> FactorNormalParams:
        """The best loadings and uniquenesses about the means `now`, no uniqueness below the floor.

        Shapes: scatter (K, d, d) -> (K, d, m) and (K, d). Unit: that of the data, and its squares.
        Errors: DegenerateFitError if a component collapsed, and no floor holds it or it had been freed from there.
        Source: see `best_factors.py`.
        """
        about, move = normal.products_about(stats, before, now)
        j = np.arange(move.shape[1])
        about[:, j, j] += normal.padding(stats.mass, move)
        raw = per_mass(about, stats.mass, before.covariances)
        shape = (*move.shape, self.n_factors)
        loadings, noise = np.array(np.broadcast_to(before.loadings, shape)), np.array(before.noise)
        number, common = self.number or len(raw), self.shared == "loadings"
        together = len(raw) if self.whole else number  # where nothing is settled, rows at hand tell units, run by run
        for first in range(0, len(raw), together):
            runs = np.arange(first, first + together).reshape(-1, number)
            groups = runs if self.shared in ("uniquenesses", "covariance") else runs.reshape(-1, 1)
            told = stats.mass[runs if common else groups].sum(axis=1) > 0
            groups = groups[np.repeat(told, number) if common else told]
            if len(groups):
                found = self._best(groups, stats.mass[groups], raw[groups], loadings[groups[:, 0]], noise[groups[:, 0]])
                loadings[groups], noise[groups] = found.loadings, found.uniquenesses[:, None]
        return self._of(now.means, loadings, noise)

    def _best(self, groups: Integers, mass: Array, raw: Array, loadings: Array, noise: Array) -> BestFactors:
        """The best for `groups` (B, G) of components of `mass` (B, G) and covariances `raw` (B, G, d, d).

        It is climbed to from `noise` (B, d) and, if they are shared, `loadings` (B, d, m).
        """
        d = noise.shape[1]
        unit, floor = self.least(self.numbers(d))
        if not self.whole:  # nothing holds uniquenesses up but rounding, in units of the rows at hand
            unit = np.maximum(np.einsum("bgjj->j", raw) / raw[..., 0, 0].size, unit)
            unit = unit.mean(keepdims=True) if self.equal else unit
        start, rows = noise[:, : self.numbers(d)], self.few(mass.sum(axis=1), d)
        if self.shared == "covariance":
            raw, mass = (
                np.einsum("bk,bkij->bij", mass, raw)[:, None] / mass.sum(axis=1)[:, None, None, None],
                np.ones((len(mass), 1)),
            )
        freed: Mask = np.asarray((start < FREED * max(floor, THIN) * unit).any(axis=1))
        least = np.maximum(bounds(freed, rows, floor, 1.0), THIN)[:, None] * unit
        next_to_none = THIN * unit * normal.LIFTED
        found, height_at = self._sought(mass, raw, loadings, start, least)
        names = [int(group[0]) if self.shared in (None, "loadings") else None for group in groups]
        before = np.maximum(start, THIN * unit)
        held_again = freed & (before < least).any(axis=1)
        old = height_at(before) if held_again.any() else found.height
        uniquenesses = with_none(found, next_to_none)
        for b, who in enumerate(names):
            if floor == 0 and ((uniquenesses[b] > 0) & (uniquenesses[b] <= next_to_none)).any():
                raise normal.collapsed(who)  # factors reproduce columns that are functions of each other
            if held_again[b] and found.height[b] < old[b] - columns.EPSILON * abs(old[b]):
                raise too_thin(normal.who(who))
        return found._replace(uniquenesses=uniquenesses)

    def _sought(
        self, mass: Array, raw: Array, loadings: Array, start: Array, least: Array
    ) -> tuple[BestFactors, Callable[[Array], Array]]:
        """The best for each of B problems, and the height (B,) of other uniquenesses (B, s).

        What is of each component, as (R, K, ...) of R runs, is sought together where they share loadings.
        """
        m = self.n_factors
        if self.shared != "loadings":
            return best_factors(mass, raw, start, least, m), lambda noise: height(mass, raw, noise, m)
        number = self.number or len(mass)

        def by_run(each: Array) -> Array:
            return each.reshape(-1, number, *each.shape[1:])

        shares, covariances, lines = by_run(mass[:, 0]), by_run(raw[:, 0]), loadings[::number]
        found = best_common(shares, covariances, lines, by_run(start), by_run(least))
        return found, lambda noise: common_height(shares, covariances, lines, by_run(noise))

    def _of(self, means: Array, loadings: Array, noise: Array) -> FactorNormalParams:
        """Parameters of loadings (K, d, m) and uniquenesses (K, d) that are written out for every component."""
        own = noise[:, 0] if self.equal else noise
        return self._made(
            means,
            loadings[0] if self._shares("loadings", "covariance") else loadings,
            own[0] if self._shares("uniquenesses", "covariance") else own,
        )

    def _shares(self, *what: str) -> bool:
        """Whether components share that, and it is not written out for every one of them."""
        return self.shared in what and not self.number

    @property
    def _made(self) -> type[FactorNormalParams]:
        return SHARED[None if self.number else self.shared][self.equal]

    def expected(self, stats: Moments, before: FactorNormalParams, now: FactorNormalParams) -> Expected:
        whole = MATRICES.expected(stats, before, now)
        along = whole.slopes["covariances"]
        of_loadings = 2 * along @ now.loadings
        of_noise = np.einsum("kjj->kj", along)
        slopes = {
            "means": whole.slopes["means"],
            "loadings": of_loadings if now.loadings.ndim > 2 else of_loadings.sum(axis=0),
            "uniquenesses": np.einsum(f"kj->{now.by_component}", of_noise),
        }
        return Expected(whole.value, slopes)

    def pooled(self, profile: AnyProfile, n_components: int) -> FactorNormalParams:
        mean, (start, least) = profile.mean, self.first(profile)
        found = best_factors(np.ones((1, 1)), profile.covariance[None, None], start[None], least[None], self.n_factors)
        noise = np.broadcast_to(found.uniquenesses[0], len(mean))
        return self._of(repeat(mean, n_components), repeat(found.loadings[0, 0], n_components), repeat(noise, n_components))

    @property
    def in_groups(self) -> InGroups[FactorNormalParams]:
        def apiece(params: FactorNormalParams) -> FactorNormalParams:
            shape = (*params.means.shape, self.n_factors)
            return replace(self, number=1)._of(params.means, np.broadcast_to(params.loadings, shape), params.noise)

        def shared(params: FactorNormalParams) -> FactorNormalParams:
            return self._of(params.means, params.loadings, params.noise)

        return InGroups(lambda number: replace(self, number=number), apiece, shared)
