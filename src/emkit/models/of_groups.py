"""What linear mixed models share, however they estimate fixed effects."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from copy import copy
from functools import partial
from typing import Any, NamedTuple, Self, TypeVar

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.checks import several_seeds
from emkit.core.expected import Expected
from emkit.core.mapreduce import serial
from emkit.core.protocols import LatentModel, MapReduce, Source
from emkit.data.chunk import Chunk
from emkit.data.framed_design import Column
from emkit.data.profile import AnyProfile
from emkit.errors import DegenerateFitError, ModelError, ParameterError
from emkit.models.mixed_data import EXACT, refuse
from emkit.models.mixed_layout import MixedLayout, Side, by_place, found_in, in_blocks, side_of
from emkit.models.mixed_params import AnyMixedParams
from emkit.models.mixed_responses import normal_residuals, redrawn
from emkit.models.mixed_sums import GeneralizedSums, MixedSums, Told, generalized_at, told, units_of
from emkit.models.nested import Nested, NestedCovariance
from emkit.models.random_effects import COVARIANCES, free_places, slope_of
from emkit.models.told_effects import EffectsTold, gathered

WILD = 3.0  # by how many powers of e the variances of random starts differ
NO_ERROR = (
    "fixed and random effects reproduce the response without error, so the likelihood has no maximum: leave out some effects, "
    "or give groups of more rows."
)

V = TypeVar("V", bound=AnyMixedParams)


class FixedEffects(NamedTuple):
    """Fixed effects (p,), and their `covariance` (p, p)."""

    values: Array
    covariance: Array


class OfGroups(LatentModel[V, MixedSums]):
    """What mixed models share, however fixed effects are estimated: columns, the E-step of a group, links of the variances."""

    def __init__(
        self,
        response: Column,
        covariates: tuple[Column, ...] = (),
        effects: tuple[Column, ...] = (),
        intercept: bool = True,
        random_intercept: bool = True,
        covariance: str = "unstructured",
        layout: MixedLayout | None = None,
        nested: Nested | None = None,
    ) -> None:
        self.response, self.covariates, self.effects = response, tuple(covariates), tuple(effects)
        self.intercept, self.random_intercept = intercept, random_intercept
        self.covariance, self.nested = covariance, nested
        self._fixed, self._random, inner = (
            Side(self.covariates, intercept),
            Side(self.effects, random_intercept),
            side_of(nested),
        )
        self.sides = (self._random,) if nested is None else (self._random, inner)
        self._forms = (covariance,) if nested is None else (covariance, nested.covariance)
        for form in self._forms:
            if form not in COVARIANCES:
                raise ModelError(f"covariance is {form!r:.40}; it must be one of {', '.join(map(repr, COVARIANCES))}.")
        for side, what in zip((self._fixed, *self.sides), ("fixed", "random", "inner random"), strict=False):
            if not side.size:
                raise ModelError(f"there are no {what} effects: name a column, or leave the intercept in.")
            if len(set(side.columns)) < len(side.columns):
                raise ModelError(f"a column of the {what} effects is named twice: {side.columns}.")
        if response in (*self.covariates, *self.effects, *inner.columns):
            raise ModelError(f"the response {response!r} cannot be told by itself: leave it out of the effects.")
        if nested is not None and nested.groups in (response, *self.covariates, *self.effects, *inner.columns):
            raise ModelError(f"{nested.groups!r} tells inner groups apart, and is no covariate: give their labels in a column.")
        self.layout = layout

    @property
    def known_layout(self) -> MixedLayout:
        """Where the columns lie. Errors: ModelError for names before there are data."""
        return self.layout if self.layout is not None else by_place(*self._columns)

    @property
    def _columns(self) -> tuple[Column, Side, Side, Nested | None]:
        return self.response, self._fixed, self._random, self.nested

    @property
    def n_effects(self) -> int:
        """How many random effects a row has, of all levels of groups."""
        return sum(side.size for side in self.sides)

    def matrices(self, between: Any) -> list[Array]:
        """The covariance of the effects of each level, as a matrix."""
        return [level.matrix(side.size) for level, side in zip(between.levels, self.sides, strict=True)]

    def root(self, between: Any) -> Array:
        """The lower triangular root (r, r) of the covariance of all effects of a row, those of each level in a block."""
        return in_blocks([level.root(side.size) for level, side in zip(between.levels, self.sides, strict=True)])

    def _moved(self, before: V, now: V) -> Array:
        """The root from which errors are counted: levels that tilt have that of `now`, others that of `before`."""
        levels = zip(before.between.levels, now.between.levels, self.sides, strict=True)
        return in_blocks([(new if old.tilts else old).root(side.size) for old, new, side in levels])

    def effects_of(self, params: V, chunk: Chunk, fixed: Array, level: int = 0) -> tuple[Array, Array]:
        """Means (G, r) and covariances (G, r, r) of the random effects of groups, given their rows and the `fixed` effects.

        Of `level` 1, those of inner groups, in each group by the order of their labels.
        """
        one = self._told(params, chunk, fixed)
        own = self.known_layout.own[level]
        root = self.root(params.between)[own, own]
        which = one.sums.firsts if level == 0 else slice(None)
        means: Array = one.means[which, own] @ root.T
        factor = root @ one.posterior.factor[which][:, own]
        return means, np.asarray(factor @ factor.swapaxes(1, 2), dtype=np.float64)

    def units(self, chunk: Chunk) -> tuple[Integers, Array]:
        """The group (J,) of each inner group of a chunk, and the label (J,) of each, as `effects_of` has them."""
        order, starts, of = units_of(chunk, self.known_layout)
        return of, np.asarray(chunk.x[order, self.known_layout.within][starts])

    def fixed_effects(self, params: V, source: Source[Any]) -> FixedEffects:
        """Fixed effects by generalized least squares, given the variances: one pass."""
        framed, spread, _ = self.generalized(params, source, serial)
        layout = self.known_layout
        back = layout.fixed.back(np.eye(len(framed))).T
        return FixedEffects(layout.back(framed), back @ spread @ back.T)

    def told_effects(self, params: V, source: Any) -> EffectsTold:
        """The effects of all groups of these rows, and the fixed effects."""
        return gathered(self, params, source, self.integrates)

    @property
    def integrates(self) -> bool:
        """Whether the likelihood is integrated over fixed effects, which then are no parameters."""
        return False

    def generalized(self, params: V, source: Source[Any], map_reduce: MapReduce) -> tuple[Array, Array, Array]:
        """The same framed (p,), their covariance (p, p), and its inverse."""
        sums: GeneralizedSums = map_reduce(partial(self._least_squares_of, params), source)
        spread = np.asarray(np.linalg.inv(sums.design), dtype=np.float64)
        return np.asarray(np.linalg.solve(sums.design, sums.along), dtype=np.float64), spread, sums.design

    def _least_squares_of(self, params: V, chunk: Chunk) -> GeneralizedSums:
        middle = self.known_layout.back(np.zeros(self._fixed.size))
        return generalized_at(self._told(params, chunk, middle), chunk.group_weights)

    def _redrawn(self, params: V, fixed: Array, rng: np.random.Generator, rows: Array, lengths: Integers | None) -> Array:
        """The rows with other responses, drawn with these `fixed` effects."""
        whole = Chunk(rows, np.ones(len(rows)), 0, None if lengths is None else np.concatenate([[0], np.cumsum(lengths)]))
        return redrawn(self.known_layout, fixed, self.root(params.between), params.within, rng, whole)

    def _normal_residuals(self, params: V, fixed: Array, source: Any) -> Mapping[int, Array]:
        """The responses as standard normal numbers, with these `fixed` effects."""
        layout, root = self.known_layout, self.root(params.between)
        parts = [normal_residuals(layout, fixed, root, params.within, chunk) for chunk in source.chunks()]
        return {layout.response: np.concatenate(parts)}

    def _told(self, params: V, chunk: Chunk, fixed: Array) -> Told:
        layout = self.known_layout
        root = layout.turn @ self.root(params.between)
        return told(chunk, layout, layout.framed(fixed), root, params.within)

    def _between(self, stats: MixedSums, before: V, now: V) -> Any:
        """The covariance of effects; of a level that tilts, by a regression on the standard effects that vary."""
        root, levels = self.root(before.between), before.between.levels
        if any(level.tilts for level in levels):
            root = self._regressed(stats, before, root, self.shift(stats, before, now))
        found = []
        for level, own, moments, groups in zip(levels, self.known_layout.own, stats.moments, stats.groups, strict=True):
            block = root[own, own]
            tilted = level.tilts
            found.append(
                level.tilted(block @ block.T) if tilted else type(level).near(block @ moments @ block.T / groups, level.effects)
            )
        return type(before.between).of_levels(found)

    def left_within(self, stats: MixedSums, before: V, now: V) -> float:
        """The variance of errors that has the highest expected log-likelihood."""
        turned = self._moved(before, now) - self.root(before.between)
        return self._left(stats, self.shift(stats, before, now), turned) / stats.mass

    def _within(self, stats: MixedSums, before: V, now: V) -> float:
        found = self.left_within(stats, before, now)
        if found <= EXACT * self.known_layout.variance or found <= 0:
            raise DegenerateFitError(NO_ERROR)
        return found

    def shift(self, stats: MixedSums, before: V, now: V) -> Array:
        """How far framed fixed effects are from those of the E-step."""
        return np.zeros(len(stats.along))

    def _left(self, stats: MixedSums, shift: Array, turned: Array) -> float:
        """The expected sum of squares of errors, by a `shift` of the fixed effects, and a root that is `turned` (r, r)."""
        moved = self.known_layout.turn @ turned
        along = stats.along - np.einsum("pas,as->p", stats.shared, moved)
        left = stats.squares - 2 * np.sum(moved * stats.cross) + np.einsum("as,bt,abst->", moved, moved, stats.gram)
        return float(left - 2 * shift @ along + shift @ stats.design @ shift)

    def _along_root(self, stats: MixedSums, shift: Array, turned: Array) -> Array:
        """The slope (r, r) of minus half that sum along the root of the covariance of the effects as they are."""
        turn = self.known_layout.turn
        cross = stats.cross - np.tensordot(shift, stats.shared, 1)
        return np.asarray(turn.T @ (cross - np.einsum("abst,bt->as", stats.gram, turn @ turned)))

    def _regressed(self, stats: MixedSums, before: V, root: Array, shift: Array) -> Array:
        """The root with the least sum of squares, of places that tilt in `root`; itself if a sign would turn."""
        turn, free = self.known_layout.turn, self._tilting(before, root)
        gram = np.einsum("ax,by,abst->xsyt", turn, turn, stats.gram)[free][:, free[0], free[1]]
        found = root.copy()
        found[free] += np.linalg.solve(gram, self._along_root(stats, shift, np.zeros_like(root))[free])
        return root if np.any(np.diag(found) < 0) else found

    def _tilting(self, before: V, root: Array) -> tuple[Array, Array]:
        """The places of the root that are free where a level tilts."""
        pairs = zip(before.between.levels, self.known_layout.own, strict=True)
        found = [np.add(free_places(root[own, own]), own.start) for level, own in pairs if level.tilts]
        rows, columns = np.concatenate(found, axis=1)
        return rows, columns

    def _of_variances(self, stats: MixedSums, before: V, now: V, shift: Array) -> Expected:
        """The expected log-likelihood, with slopes along `between` and `within`."""
        root, moved = self.root(before.between), self._moved(before, now)
        left = self._left(stats, shift, moved - root)
        value = -0.5 * (stats.mass * np.log(2 * np.pi * now.within) + left / now.within)
        levels = zip(before.between.levels, now.between.levels, strict=True)
        parts = []
        for (old, new), own, moments, groups in zip(levels, self.known_layout.own, stats.moments, stats.groups, strict=True):
            if old.tilts:
                along = self._along_root(stats, shift, moved - root)[own, own] / now.within
                parts.append(Expected(0.0, {"covariance": slope_of(moved[own, own], along)}))
            else:
                block = root[own, own]
                parts.append(new.expected(block @ moments @ block.T, groups))
        within = np.asarray((left / now.within - stats.mass) / (2 * now.within))
        return Expected(value, {"within": within}).plus(now.between.joined(parts).inside("between"))

    # -- data

    @property
    def admits_gaps(self) -> bool:
        """Rows without a response tell nothing."""
        return True

    def settled(self, profile: AnyProfile) -> Self:
        """With the columns found, and designs in frames of their own."""
        if self.layout is not None:
            return self
        found = copy(self)
        found.layout = found_in(profile, *self._columns)
        return found

    def check(self, params: V, profile: AnyProfile) -> None:
        if self.layout is None:  # else these may be a few rows of which a fit is asked
            self._found(profile)
        levels = params.between.levels
        if len(levels) != len(self.sides):
            raise ParameterError(
                f"levels of groups in `between`: {len(levels)}, in the model {len(self.sides)}: begin at `start(profile)`."
            )
        for level, side, form in zip(levels, self.sides, self._forms, strict=True):
            if not level.admits(side.size) or type(level) is not COVARIANCES[form]:
                raise ParameterError(
                    f"`between` is no {form} covariance of {side.size} random effects: begin at `start(profile)`."
                )

    def _found(self, profile: AnyProfile) -> MixedLayout:
        """The layout of these data. Errors: DataError for such as cannot tell the effects."""
        layout = found_in(profile, *self._columns)
        refuse(profile, layout)
        return layout

    def start(self, profile: AnyProfile) -> V:
        """Least squares, and the variance that is left in halves. Errors: DataError for data that cannot tell the effects."""
        return self._start(profile, None)

    def starts(self, profile: AnyProfile, n_components: int, seeds: Iterable[int]) -> list[V]:
        """Variances at random, for each seed."""
        return [self._start(profile, np.random.default_rng(seed)) for seed in several_seeds(seeds)]

    @abstractmethod
    def _start(self, profile: AnyProfile, rng: np.random.Generator | None) -> V:
        """Where to begin, with variances at random if there is an `rng`."""

    def _parts(self, layout: MixedLayout, left: float, rng: np.random.Generator | None) -> tuple[Any, float]:
        """A half of the variance that is left to the effects, and the other to errors; or shares at random."""
        r = self.n_effects
        sizes = np.ones(r + 1) if rng is None else np.exp(rng.uniform(-WILD, WILD, r + 1))
        back = np.linalg.inv(layout.turn)
        covariance = back @ np.diag(sizes[1:] * left / (2 * r)) @ back.T
        each = zip(self._forms, layout.own, layout.effect_names, strict=True)
        levels = [COVARIANCES[form].near(covariance[own, own], names) for form, own, names in each]
        return (levels[0] if self.nested is None else NestedCovariance.of_levels(levels)), sizes[0] * left / 2
