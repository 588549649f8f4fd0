"""What linear mixed models share, however they estimate fixed effects."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from copy import copy
from functools import partial
from typing import Any, NamedTuple, Self, TypeVar

import numpy as np

from emkit.core.arrays import Array
from emkit.core.expected import Expected
from emkit.core.mapreduce import serial
from emkit.core.protocols import LatentModel, MapReduce, Source
from emkit.data.chunk import Chunk
from emkit.data.framed_design import Column
from emkit.data.profile import AnyProfile
from emkit.errors import DegenerateFitError, ModelError, ParameterError
from emkit.models.mixed_data import EXACT, refuse
from emkit.models.mixed_layout import MixedLayout, Side, by_place, found_in
from emkit.models.mixed_params import AnyMixedParams
from emkit.models.mixed_sums import GeneralizedSums, MixedSums, Told, generalized_at, told
from emkit.models.random_effects import COVARIANCES

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
    ) -> None:
        self.response, self.covariates, self.effects = response, tuple(covariates), tuple(effects)
        self.intercept, self.random_intercept = intercept, random_intercept
        if covariance not in COVARIANCES:
            raise ModelError(f"covariance is {covariance!r:.40}; it must be one of {', '.join(map(repr, COVARIANCES))}.")
        self.covariance = covariance
        self._fixed, self._random = Side(self.covariates, intercept), Side(self.effects, random_intercept)
        for side, what in ((self._fixed, "fixed"), (self._random, "random")):
            if not side.size:
                raise ModelError(f"there are no {what} effects: name a column, or leave the intercept in.")
            if len(set(side.columns)) < len(side.columns):
                raise ModelError(f"a column of the {what} effects is named twice: {side.columns}.")
        if response in (*self.covariates, *self.effects):
            raise ModelError(f"the response {response!r} cannot be told by itself: leave it out of the effects.")
        self.layout = layout

    @property
    def known_layout(self) -> MixedLayout:
        """Where the columns lie. Errors: ModelError for names before there are data."""
        return self.layout if self.layout is not None else by_place(self.response, self._fixed, self._random)

    @property
    def n_effects(self) -> int:
        """How many random effects a group has."""
        return self._random.size

    def effects_of(self, params: V, chunk: Chunk, fixed: Array) -> tuple[Array, Array]:
        """Means (G, r) and covariances (G, r, r) of the random effects of groups, given their rows and the `fixed` effects."""
        one = self._told(params, chunk, fixed)
        root = params.between.root(self.n_effects)
        means: Array = one.means @ root.T
        return means, np.asarray(root @ one.spreads @ root.T, dtype=np.float64)

    def fixed_effects(self, params: V, source: Source[Any]) -> FixedEffects:
        """Fixed effects by generalized least squares, given the variances: one pass."""
        framed, spread, _ = self.generalized(params, source, serial)
        layout = self.known_layout
        back = layout.fixed.back(np.eye(len(framed))).T
        return FixedEffects(layout.back(framed), back @ spread @ back.T)

    def generalized(self, params: V, source: Source[Any], map_reduce: MapReduce) -> tuple[Array, Array, Array]:
        """The same framed (p,), their covariance (p, p), and its inverse."""
        sums: GeneralizedSums = map_reduce(partial(self._least_squares_of, params), source)
        spread = np.asarray(np.linalg.inv(sums.design), dtype=np.float64)
        return np.asarray(np.linalg.solve(sums.design, sums.along), dtype=np.float64), spread, sums.design

    def _least_squares_of(self, params: V, chunk: Chunk) -> GeneralizedSums:
        middle = self.known_layout.back(np.zeros(self._fixed.size))
        return generalized_at(self._told(params, chunk, middle), chunk.group_weights)

    def _told(self, params: V, chunk: Chunk, fixed: Array) -> Told:
        layout = self.known_layout
        root = layout.turn @ params.between.root(self.n_effects)
        return told(chunk, layout, layout.framed(fixed), root, params.within)

    def _between(self, stats: MixedSums, before: V, now: V) -> Any:
        """The covariance of effects; where it tilts, by a regression on the standard effects that vary."""
        root = before.between.root(self.n_effects)
        if before.between.tilts:
            found = self._regressed(stats, root, self._shift(stats, before, now))
            return before.between.tilted(found @ found.T)
        moments = root @ stats.moments @ root.T / stats.groups
        return type(before.between).near(moments)

    def _within(self, stats: MixedSums, before: V, now: V) -> float:
        root = before.between.root(self.n_effects)
        moved = now.between.root(self.n_effects) if before.between.tilts else root
        found = self._left(stats, self._shift(stats, before, now), moved - root) / stats.mass
        if found <= EXACT * self.known_layout.variance or found <= 0:
            raise DegenerateFitError(NO_ERROR)
        return found

    def _shift(self, stats: MixedSums, before: V, now: V) -> Array:
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

    def _regressed(self, stats: MixedSums, root: Array, shift: Array) -> Array:
        """The root, of columns that do not vanish in `root`, with the least sum of squares; itself if a sign would turn."""
        turn, free = self.known_layout.turn, _free(root)
        gram = np.einsum("ax,by,abst->xsyt", turn, turn, stats.gram)[free][:, free[0], free[1]]
        found = root.copy()
        found[free] += np.linalg.solve(gram, self._along_root(stats, shift, np.zeros_like(root))[free])
        return root if np.any(np.diag(found) < 0) else found

    def _of_variances(self, stats: MixedSums, before: V, now: V, shift: Array) -> Expected:
        """The expected log-likelihood, with slopes along `between` and `within`."""
        r = self.n_effects
        root, tilts = before.between.root(r), before.between.tilts
        moved = now.between.root(r) if tilts else root
        left = self._left(stats, shift, moved - root)
        value = -0.5 * (stats.mass * np.log(2 * np.pi * now.within) + left / now.within)
        if tilts:
            along = self._along_root(stats, shift, moved - root) / now.within
            of_effects = Expected(0.0, {"covariance": _slope_of(moved, along)})
        else:
            of_effects = now.between.expected(root @ stats.moments @ root.T, stats.groups)
        within = np.asarray((left / now.within - stats.mass) / (2 * now.within))
        return Expected(value, {"within": within}).plus(of_effects.inside("between"))

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
        found.layout = found_in(profile, self.response, self._fixed, self._random)
        return found

    def check(self, params: V, profile: AnyProfile) -> None:
        self._found(profile)
        if not params.between.admits(self.n_effects) or type(params.between) is not COVARIANCES[self.covariance]:
            raise ParameterError(
                f"`between` is no {self.covariance} covariance of {self.n_effects} random effects: begin at `start(profile)`."
            )

    def _found(self, profile: AnyProfile) -> MixedLayout:
        """The layout of these data. Errors: DataError for such as cannot tell the effects."""
        layout = found_in(profile, self.response, self._fixed, self._random)
        refuse(profile, layout)
        return layout

    def start(self, profile: AnyProfile) -> V:
        """Least squares, and the variance that is left in halves. Errors: DataError for data that cannot tell the effects."""
        return self._start(profile, None)

    def starts(self, profile: AnyProfile, n_components: int, seeds: Iterable[int]) -> list[V]:
        """Variances at random, for each seed."""
        return [self._start(profile, np.random.default_rng(seed)) for seed in seeds]

    @abstractmethod
    def _start(self, profile: AnyProfile, rng: np.random.Generator | None) -> V:
        """Where to begin, with variances at random if there is an `rng`."""

    def _parts(self, layout: MixedLayout, left: float, rng: np.random.Generator | None) -> tuple[Any, float]:
        """A half of the variance that is left to the effects, and the other to errors; or shares at random."""
        r = self.n_effects
        sizes = np.ones(r + 1) if rng is None else np.exp(rng.uniform(-WILD, WILD, r + 1))
        back = np.linalg.inv(layout.turn)
        covariance = back @ np.diag(sizes[1:] * left / (2 * r)) @ back.T
        return COVARIANCES[self.covariance].near(covariance), sizes[0] * left / 2


def _free(root: Array) -> tuple[Array, Array]:
    """The places of a lower triangular root that are not 0 because a column is."""
    rows, columns = np.tril_indices(len(root))
    kept = np.diag(root)[columns] != 0
    return rows[kept], columns[kept]


def _slope_of(root: Array, along: Array) -> Array:
    """A symmetric slope along the covariance root root' that has these slopes `along` the free places of its root."""
    d, free = len(root), _free(root)
    rows, columns = np.tril_indices(d)
    units = np.zeros((len(rows), d, d))
    units[np.arange(len(rows)), rows, columns] = units[np.arange(len(rows)), columns, rows] = 1.0
    moved = (2 * units @ root)[:, free[0], free[1]]
    found = np.linalg.lstsq(moved.T, along[free], rcond=None)[0]
    return np.asarray(np.tensordot(found, units, 1))
