"""Growth mixtures: groups of rows, such as people, in classes that are not observed, each with a mixed model of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from emkit.core.arrays import Array, Integers, Mask
from emkit.core.checks import check_count, several_seeds
from emkit.core.coordinates import Scale
from emkit.core.expected import Expected
from emkit.core.protocols import Expectation, Source, Update
from emkit.core.statistics import Additive
from emkit.data.chunk import Chunk
from emkit.data.profile import AnyProfile
from emkit.errors import DegenerateFitError, ModelError, ParameterError
from emkit.families.family import safe_log, slope_of_log
from emkit.models.assignment import Posterior, impossible_row, normalise
from emkit.models.belonging import Belonging
from emkit.models.growth_params import AnyGrowthParams
from emkit.models.growth_spread import SPREADS, Spread
from emkit.models.growth_starts import GrowthStarts
from emkit.models.mixed_model import MixedModel
from emkit.models.mixed_sums import MixedSums, Told, sums_at, sums_of_units

UNTOLD = 1e-11  # of 1, an eigenvalue of correlations of covariates: one tells the others
FLOOR = 1e-6  # of the variance of the response: a variance of errors that only a spike has


@dataclass(frozen=True)
class ClassSums(Additive):
    """`mass` (K,), the expected number of groups of each class; `classes`, the sums of each over the shares of its groups."""

    mass: Array
    classes: tuple[MixedSums, ...]


class GrowthMixture(Belonging[AnyGrowthParams, ClassSums]):
    """p(rows of a group) = sum_k proportions_k p(rows | mixed model k): all rows of a group are of one class.

    `model` is a `MixedModel`, whose fixed effects are estimated for each class. By `spread` "own", each class has covariances
    of random effects and a variance of errors of its own, by "shared" all have the same. The variance of errors is at least
    1e-6 of that of the response: a class that comes to rest there is a spike, of few groups whose responses its effects
    reproduce, and the fit says so. `starts` makes starts from what groups tell of their effects, and `shares` tells how likely
    each class is for each group. BIC and its kin count groups. Errors: ModelError for what is no `MixedModel`.
    Source: Muthén & Shedden (1999), Biometrics 55, 463-469; Verbeke & Lesaffre (1996), JASA 91, 217-221.

    People of whom some grow, and others do not:

    >>> import emkit as ek
    >>> import numpy as np
    >>> rng, time = np.random.default_rng(0), np.tile(np.arange(4.0), 40)
    >>> y = np.repeat(rng.standard_normal(40), 4) + np.repeat(np.arange(40) % 2 * 2.0, 4) * time + rng.standard_normal(160) / 2
    >>> people = ek.ArraySource(np.column_stack([y, time]), groups=np.repeat(np.arange(40), 4))
    >>> model = ek.GrowthMixture(ek.MixedModel(0, (1,)))
    >>> fit = ek.fit(model, people, model.starts(people.profile, 2, range(3)), solver="anderson")
    >>> sorted(each.fixed[1].round(1).item() for each in fit.params.classes)
    [-0.1, 2.0]
    >>> grows = max((0, 1), key=lambda k: fit.params.classes[k].fixed[1])
    >>> fit.model.shares(fit.params, people)[:4, grows].round(2).tolist()
    [0.0, 1.0, 0.0, 1.0]
    """

    def __init__(self, model: MixedModel, spread: str = "own") -> None:
        if not isinstance(model, MixedModel):
            raise ModelError(f"classes are mixed models, and {model!r:.40} is none: give an ek.MixedModel.")
        if spread not in SPREADS:
            raise ModelError(f"spread is {spread!r:.40}; it must be one of {', '.join(map(repr, SPREADS))}.")
        self.model, self.spread = model, spread

    # -- the E-step

    def told(self, params: AnyGrowthParams, chunk: Chunk) -> list[Told]:
        """What groups tell, if they are of each of the classes."""
        return [self.model.told_by(own, chunk) for own in params.each]

    @staticmethod
    def _shared(params: AnyGrowthParams, told: list[Told]) -> tuple[Array, Array]:
        """Responsibilities (G, K), and log-likelihoods (G,)."""
        return normalise(np.column_stack([one.log_density for one in told]) + safe_log(params.proportions))

    def e_step(self, params: AnyGrowthParams, chunk: Chunk) -> Expectation[ClassSums]:
        told, weights = self.told(params, chunk), chunk.group_weights
        shares, heights = self._shared(params, told)
        if np.isneginf(heights).any():
            raise impossible_row()
        stats = self.sums(told, weights, shares)
        return Expectation(stats, float(weights @ heights), float(weights @ told[0].rows))

    def sums(self, told: list[Told], weights: Array, shares: Array) -> ClassSums:
        each = zip(told, shares.T, strict=True)
        layout = self.model.known_layout
        return ClassSums(weights @ shares, tuple(sums_at(one, weights * own, layout) for one, own in each))

    def row_objectives(self, params: AnyGrowthParams, chunk: Chunk) -> Array:
        return self._shared(params, self.told(params, chunk))[1]

    def posterior(self, params: AnyGrowthParams, chunk: Chunk) -> Posterior:
        """The responsibilities (n, K) of rows, alike in each group, and the log-likelihoods (G,) of groups."""
        shares, heights = self._shared(params, self.told(params, chunk))
        return Posterior(np.repeat(shares, np.diff(chunk.bounds), axis=0), heights, latent=shares)

    def means(self, params: AnyGrowthParams, x: Array) -> Array:
        """The mean of the response of rows (n, K) given each class, of any group."""
        return np.asarray(self.model.known_layout.fixed.plain(x) @ np.array([own.fixed for own in params.each]).T)

    def outlook(self, params: AnyGrowthParams, chunk: Chunk) -> Array:
        """The proportions (n, K) of the classes, whatever rows are."""
        return np.broadcast_to(params.proportions, (len(chunk.x), len(params.proportions)))

    def sample_size(self, params: AnyGrowthParams, source: Any) -> float:
        """The number of groups that have a response."""
        layout = self.model.known_layout
        sums = ((chunk.group_weights, sums_of_units(chunk, layout)) for chunk in source.chunks())
        return float(sum(weights @ np.add.reduceat(each.counts[0], each.firsts) for weights, each in sums))

    def shares(self, params: AnyGrowthParams, source: Source[Any]) -> Array:
        """The responsibilities (G, K) of all groups."""
        return np.concatenate([self._shared(params, self.told(params, chunk))[0] for chunk in source.chunks()])

    def redrawn(self, params: AnyGrowthParams, rng: np.random.Generator, rows: Array, lengths: Integers | None = None) -> Array:
        each = np.ones(len(rows), dtype=np.int64) if lengths is None else lengths
        belongs = rng.choice(len(params.proportions), size=len(each), p=params.proportions)
        found, of_row = np.array(rows, dtype=np.float64), np.repeat(belongs, each)
        for k, own in enumerate(params.each):
            found[of_row == k] = self.model.redrawn(own, rng, rows[of_row == k], each[belongs == k])
        return found

    # -- the M-step

    def updates(self) -> Mapping[str, Update[ClassSums, AnyGrowthParams]]:
        """None: how many classes there are, parameters say. Errors: NotImplementedError; `m_step` is the whole."""
        raise NotImplementedError("the M-step of a growth mixture is written as a whole.")

    def m_step(self, stats: ClassSums, params: AnyGrowthParams) -> AnyGrowthParams:
        for k, own in enumerate(stats.classes):
            if own.mass > 0:
                self._refuse_undetermined(k, own.design)
        return self.way.params(stats.mass / stats.mass.sum(), self.way.maximised(stats.classes, params.each))

    @staticmethod
    def _refuse_undetermined(k: int, design: Array) -> None:
        """Errors: DegenerateFitError for class k if its groups do not tell fixed effects apart, by X'X of its `design`."""
        unit = np.sqrt(np.diag(design))
        unit = np.where(unit > 0, unit, 1.0)
        if np.linalg.eigvalsh(design / np.outer(unit, unit))[0] <= UNTOLD:
            raise DegenerateFitError(
                f"class {k + 1} has come to groups in which one covariate tells the others, so that nothing says what each "
                "does there. Leave the covariate out, use fewer classes, or begin elsewhere."
            )

    @property
    def way(self) -> Spread:
        """How classes share how groups and rows vary."""
        return SPREADS[self.spread](self.model, FLOOR * self.model.known_layout.variance)

    def expected(self, stats: ClassSums, before: AnyGrowthParams, now: AnyGrowthParams) -> Expected:
        every = zip(stats.classes, before.each, now.each, strict=True)
        each = [self.model.expected(own, old, new) for own, old, new in every]
        value = float(stats.mass @ safe_log(now.proportions)) + sum(own.value for own in each)
        slopes = self.way.slopes([own.slopes for own in each])
        return Expected(value, {"proportions": slope_of_log(stats.mass, now.proportions), **slopes})

    def scales(self, params: AnyGrowthParams) -> Mapping[str, Scale]:
        return self.way.scales(params)

    # -- what is no class

    def on_floor(self, params: AnyGrowthParams, profile: AnyProfile) -> Mapping[str, Mask]:
        return self.way.on_floor(params)

    def degenerate(self, params: AnyGrowthParams, profile: AnyProfile) -> tuple[int, ...]:
        """Classes that rest on the floor, and those without groups."""
        return tuple(sorted({*self.way.spikes(params), *np.flatnonzero(params.proportions == 0).tolist()}))

    # -- data and start

    @property
    def admits_gaps(self) -> bool:
        """Rows without a response tell nothing."""
        return True

    def settled(self, profile: AnyProfile) -> Self:
        """With the columns found."""
        found = copy(self)
        found.model = self.model.settled(profile)
        return found

    def check(self, params: AnyGrowthParams, profile: AnyProfile) -> None:
        if not isinstance(params, SPREADS[self.spread].kind()):
            raise ParameterError(f"spread is {self.spread!r}, and the parameters are {type(params).__name__}.")
        if len(params.each) != len(params.proportions):
            raise ParameterError(f"there are {len(params.proportions)} proportions and {len(params.each)} classes.")
        for own in params.each:
            self.model.check(own, profile)

    def starts(self, profile: AnyProfile, n_components: int, seeds: Iterable[int]) -> list[AnyGrowthParams]:
        """For each seed, classes estimated from a division of the groups: see `GrowthStarts`.

        Errors: DataError for more classes than groups; ModelError for numbers that cannot be.
        """
        check_count("the number of classes", n_components, ModelError)
        made = GrowthStarts(self.settled(profile), profile, int(n_components))
        return [made(seed) for seed in several_seeds(seeds)]
