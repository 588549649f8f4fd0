"""Growth mixtures: groups of rows, such as people, in classes that are not observed, each with a mixed model of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import numpy as np

from emkit.core.arrays import Array, Integers, Mask
from emkit.core.checks import check_count
from emkit.core.coordinates import Scale
from emkit.core.expected import Expected
from emkit.core.parameters import maximise_in_turn
from emkit.core.protocols import Expectation, LatentModel, Source, Update
from emkit.core.statistics import Additive
from emkit.data.chunk import Chunk
from emkit.data.profile import AnyProfile
from emkit.errors import DataError, DegenerateFitError, ModelError, ParameterError
from emkit.families.family import safe_log, slope_of_log
from emkit.models.assignment import Posterior, impossible_row, normalise
from emkit.models.components import BLUR
from emkit.models.divisions import divisions
from emkit.models.growth_params import GrowthMixtureParams
from emkit.models.mixed_model import MixedModel
from emkit.models.mixed_params import MixedModelParams
from emkit.models.mixed_sums import MixedSums, Told, sums_at

UNTOLD = 1e-11  # of 1, an eigenvalue of correlations of covariates: one tells the others
FLOOR = 1e-6  # of the variance of the response: a variance of errors that only a spike has


@dataclass(frozen=True)
class ClassSums(Additive):
    """`mass` (K,), the expected number of groups of each class; `classes`, the sums of each over the shares of its groups."""

    mass: Array
    classes: tuple[MixedSums, ...]


class GrowthMixture(LatentModel[GrowthMixtureParams, ClassSums]):
    """p(rows of a group) = sum_k proportions_k p(rows | mixed model k): all rows of a group are of one class.

    `model` is a `MixedModel`, whose fixed effects, covariances and variance of errors are estimated for each class. The
    variance of errors of a class is at least 1e-6 of that of the response: a class that comes to rest there is a spike, of
    few groups whose responses its effects reproduce, and the fit says so. `starts` makes starts from what groups tell of
    their effects, and `shares` tells how likely each class is for each group.
    Errors: ModelError for what is no `MixedModel`.
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

    def __init__(self, model: MixedModel) -> None:
        if not isinstance(model, MixedModel):
            raise ModelError(f"classes are mixed models, and {model!r:.40} is none: give an ek.MixedModel.")
        self.model = model

    # -- the E-step

    def _told(self, params: GrowthMixtureParams, chunk: Chunk) -> list[Told]:
        """What groups tell, if they are of each of the classes."""
        return [self.model.told_by(own, chunk) for own in params.classes]

    @staticmethod
    def _shared(params: GrowthMixtureParams, told: list[Told]) -> tuple[Array, Array]:
        """Responsibilities (G, K), and log-likelihoods (G,)."""
        return normalise(np.column_stack([one.log_density for one in told]) + safe_log(params.proportions))

    def e_step(self, params: GrowthMixtureParams, chunk: Chunk) -> Expectation[ClassSums]:
        told, weights = self._told(params, chunk), chunk.group_weights
        shares, heights = self._shared(params, told)
        if np.isneginf(heights).any():
            raise impossible_row()
        stats = self._sums(told, weights, shares)
        return Expectation(stats, float(weights @ heights), float(weights @ told[0].rows))

    def _sums(self, told: list[Told], weights: Array, shares: Array) -> ClassSums:
        each = zip(told, shares.T, strict=True)
        layout = self.model.known_layout
        return ClassSums(weights @ shares, tuple(sums_at(one, weights * own, layout) for one, own in each))

    def row_objectives(self, params: GrowthMixtureParams, chunk: Chunk) -> Array:
        return self._shared(params, self._told(params, chunk))[1]

    def posterior(self, params: GrowthMixtureParams, chunk: Chunk) -> Posterior:
        """The responsibilities (n, K) of rows, alike in each group, and the log-likelihoods (G,) of groups."""
        shares, heights = self._shared(params, self._told(params, chunk))
        return Posterior(np.repeat(shares, np.diff(chunk.bounds), axis=0), heights, latent=shares)

    def shares(self, params: GrowthMixtureParams, source: Source[Any]) -> Array:
        """The responsibilities (G, K) of all groups."""
        return np.concatenate([self._shared(params, self._told(params, chunk))[0] for chunk in source.chunks()])

    # -- the M-step

    def redrawn(
        self, params: GrowthMixtureParams, rng: np.random.Generator, rows: Array, lengths: Integers | None = None
    ) -> Array:
        each = np.ones(len(rows), dtype=np.int64) if lengths is None else lengths
        belongs = rng.choice(len(params.proportions), size=len(each), p=params.proportions)
        found, of_row = np.array(rows, dtype=np.float64), np.repeat(belongs, each)
        for k, own in enumerate(params.classes):
            found[of_row == k] = self.model.redrawn(own, rng, rows[of_row == k], each[belongs == k])
        return found

    def updates(self) -> Mapping[str, Update[ClassSums, GrowthMixtureParams]]:
        """None: how many classes there are, parameters say. Errors: NotImplementedError; `m_step` is the whole."""
        raise NotImplementedError("the M-step of a growth mixture is written as a whole.")

    def m_step(self, stats: ClassSums, params: GrowthMixtureParams) -> GrowthMixtureParams:
        """Shares of groups, and the mixed model of each class; a class without groups stays as it is."""
        links = {**self.model.updates(), "within": self._within}
        for k, own in enumerate(stats.classes):
            if own.mass > 0:
                self._refuse_undetermined(k, own.design)
        pairs = zip(stats.classes, params.classes, strict=True)
        classes = tuple(maximise_in_turn(links, own, before) if own.mass > 0 else before for own, before in pairs)
        return GrowthMixtureParams(stats.mass / stats.mass.sum(), classes)

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
    def _floor(self) -> float:
        return FLOOR * self.model.known_layout.variance

    def _within(self, stats: MixedSums, before: MixedModelParams, now: MixedModelParams) -> float:
        return max(self.model.left_within(stats, before, now), self._floor)

    def expected(self, stats: ClassSums, before: GrowthMixtureParams, now: GrowthMixtureParams) -> Expected:
        slopes = {"proportions": slope_of_log(stats.mass, now.proportions)}
        found = Expected(float(stats.mass @ safe_log(now.proportions)), slopes)
        for k, (own, old, new) in enumerate(zip(stats.classes, before.classes, now.classes, strict=True)):
            found = found.plus(self.model.expected(own, old, new).inside(f"classes.{k}"))
        return found

    def scales(self, params: GrowthMixtureParams) -> Mapping[str, Scale]:
        each = enumerate(map(self.model.scales, params.classes))
        return {f"classes.{k}.{path}": scale for k, scales in each for path, scale in scales.items()}

    # -- what is no class

    def on_floor(self, params: GrowthMixtureParams, profile: AnyProfile) -> Mapping[str, Mask]:
        held = {k for k, own in enumerate(params.classes) if own.within <= self._floor}
        return {f"classes.{k}.within": np.array(True) for k in held}

    def degenerate(self, params: GrowthMixtureParams, profile: AnyProfile) -> tuple[int, ...]:
        """Classes that rest on the floor, and those without groups."""
        pairs = enumerate(zip(params.classes, params.proportions, strict=True))
        return tuple(k for k, (own, share) in pairs if own.within <= self._floor or share == 0)

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

    def check(self, params: GrowthMixtureParams, profile: AnyProfile) -> None:
        if len(params.classes) != len(params.proportions):
            raise ParameterError(f"there are {len(params.proportions)} proportions and {len(params.classes)} classes.")
        for own in params.classes:
            self.model.check(own, profile)

    def starts(self, profile: AnyProfile, n_components: int, seeds: Iterable[int]) -> list[GrowthMixtureParams]:
        """For each seed, classes estimated from a division of the groups by what these tell of their effects.

        Errors: DataError for more classes than groups.
        """
        check_count("the number of classes", n_components, ModelError)
        model = self.model.settled(profile)
        start, settled = model.start(profile), GrowthMixture(model)
        chunks = list(profile.source.chunks())
        effects = np.concatenate([model.latent(start, chunk)[0] for chunk in chunks])
        weights = np.concatenate([chunk.group_weights for chunk in chunks])
        if n_components > len(effects):
            raise DataError(f"{n_components} classes were asked for, and there are {len(effects)} groups: use fewer classes.")
        every = GrowthMixtureParams(np.full(n_components, 1 / n_components), (start,) * n_components)
        if n_components == 1:
            return [every for _ in seeds]
        made = partial(settled._estimated, every, chunks)
        return [made(own) for own in divisions(effects, weights, n_components, seeds)]

    def _estimated(self, like: GrowthMixtureParams, chunks: list[Chunk], division: Any) -> GrowthMixtureParams:
        """Parameters from groups of which each mostly belongs to one class, as `division` (G,) says."""
        number = len(like.classes)
        shares = np.full((len(division), number), BLUR / number)
        shares[np.arange(len(division)), division] += 1 - BLUR
        ends = np.cumsum([0, *(len(chunk.bounds) - 1 for chunk in chunks)])
        parts = zip(chunks, ends[:-1], ends[1:], strict=True)
        sums = [self._sums(self._told(like, chunk), chunk.group_weights, shares[a:b]) for chunk, a, b in parts]
        total = sums[0]
        for each in sums[1:]:
            total = total + each
        return self.m_step(total, like)
