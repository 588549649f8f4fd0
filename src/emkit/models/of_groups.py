"""What linear mixed models share, however they estimate fixed effects."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from copy import copy
from functools import partial
from typing import Any, NamedTuple, Self

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.checks import several_seeds
from emkit.core.mapreduce import serial
from emkit.core.protocols import MapReduce, Source
from emkit.data.chunk import Chunk
from emkit.data.framed_design import Column
from emkit.data.profile import AnyProfile
from emkit.errors import ModelError, ParameterError
from emkit.models.mixed_data import refuse
from emkit.models.mixed_layout import MixedLayout, Side, by_place, found_in, side_of
from emkit.models.mixed_links import MixedLinks, V
from emkit.models.mixed_responses import normal_residuals, redrawn
from emkit.models.mixed_sums import GeneralizedSums, Told, Varying, generalized_at, told, units_of, varying_in
from emkit.models.nested import Nested, NestedCovariance
from emkit.models.random_effects import COVARIANCES
from emkit.models.told_effects import EffectsTold, gathered

WILD = 3.0  # by how many powers of e the variances of random starts differ


class FixedEffects(NamedTuple):
    """Fixed effects (p,), and their `covariance` (p, p)."""

    values: Array
    covariance: Array


class OfGroups(MixedLinks[V]):
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

    def effects_of(self, params: V, chunk: Chunk, fixed: Array, level: int = 0) -> tuple[Array, Array]:
        """Means (G, r) and covariances (G, r, r) of the random effects of groups, given their rows and the `fixed` effects.

        Of `level` 1, those of inner groups, in each group by the order of their labels.
        """
        one = self._told(params, chunk, fixed)
        own = self.known_layout.own[level]
        root = self.root(params.between)[own, own]
        which = one.sums.firsts if level == 0 else slice(None)
        means: Array = one.means[which, own] @ root.T
        factor = root @ one.varying.posterior.factor[which][:, own]
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
        return told(self.varying(params, chunk), self.known_layout.framed(fixed))

    def varying(self, params: V, chunk: Chunk) -> Varying:
        """How the random effects of groups vary, given their rows."""
        layout = self.known_layout
        return varying_in(chunk, layout, layout.turn @ self.root(params.between), params.within)

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
