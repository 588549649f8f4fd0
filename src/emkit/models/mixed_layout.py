"""Where the columns of a mixed model lie, and the frames of its two designs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise
from typing import Any

import numpy as np
import scipy

from emkit.core.arrays import Array
from emkit.core.memo import once
from emkit.data.framed_design import Column, FramedDesign, centre_of, frame_of, place_of, plain_frame
from emkit.data.frames import TRUTHS
from emkit.data.profile import AnyProfile
from emkit.errors import DataError, ModelError
from emkit.models.nested import Nested

WHOSE = "mixed model"


@dataclass(frozen=True)
class Side:
    """The columns of one design, by name or place, and whether a column of ones is before them."""

    columns: tuple[Column, ...]
    intercept: bool

    @property
    def size(self) -> int:
        """How many coefficients there are."""
        return len(self.columns) + self.intercept


def side_of(nested: Nested | None) -> Side:
    """The columns of the effects of inner groups; none where there are none."""
    return Side((), False) if nested is None else Side(tuple(nested.effects), nested.intercept)


@dataclass(frozen=True)
class EffectsDesign(FramedDesign):
    """The design of the fixed effects, or of the random ones, in a frame of its own."""


@dataclass(frozen=True)
class MixedLayout:
    """The place of the `response`, a `datum` in its midst, its variance, and the designs of fixed and random effects.

    Of inner groups, the place of their labels `within` groups, and the design of their effects, `inner`. `whose` are the names
    of the levels of groups, where there are two.
    """

    response: int
    fixed: EffectsDesign
    random: EffectsDesign
    datum: float
    variance: float
    within: int | None = None
    inner: EffectsDesign | None = None
    whose: tuple[str, ...] = ()

    @property
    def levels(self) -> tuple[EffectsDesign, ...]:
        """The designs of random effects, those of groups first."""
        return (self.random,) if self.inner is None else (self.random, self.inner)

    @property
    def effect_names(self) -> tuple[tuple[str, ...], ...]:
        """What the effects of each level are of; with whose they are, where there are two."""
        if not self.whose:
            return tuple(level.coefficient_names for level in self.levels)
        pairs = zip(self.levels, self.whose, strict=True)
        return tuple(tuple(f"{name} of {whose}" for name in level.coefficient_names) for level, whose in pairs)

    @cached_property
    def own(self) -> tuple[slice, ...]:
        """Where the effects of each level stand among all r of them."""
        ends = np.cumsum([0, *(len(level.factor) for level in self.levels)]).tolist()
        return tuple(slice(first, end) for first, end in pairwise(ends))

    @cached_property
    def turn(self) -> Array:
        """The matrix (r, r) that makes random effects of the framed design of those of the columns as they are."""
        return in_blocks([level.way(np.eye(len(level.factor))).T for level in self.levels])

    def framed_effects(self, x: Array) -> Array:
        """The framed designs of the random effects (n, r)."""
        return np.concatenate([level.framed(x) for level in self.levels], axis=1)

    def framed(self, fixed: Array) -> Array:
        """Coefficients (p,) of the framed design, of the response less its datum."""
        given = np.array(fixed, dtype=np.float64)
        if self.fixed.intercept:
            given[0] -= self.datum
        return self.fixed.way(given[None])[0]

    def back(self, framed: Array) -> Array:
        """The inverse of `framed`."""
        found = self.fixed.back(np.asarray(framed)[None])[0]
        if self.fixed.intercept:
            found[0] += self.datum
        return found


def in_blocks(matrices: Sequence[Array]) -> Array:
    """One matrix with these on its diagonal; itself, if there is one."""
    return np.asarray(matrices[0] if len(matrices) == 1 else scipy.linalg.block_diag(*matrices), dtype=np.float64)


def by_place(response: Column, fixed: Side, random: Side, nested: Nested | None) -> MixedLayout:
    """The layout of columns that are known by place, in the frame of the data themselves. Errors: ModelError for others."""
    inner = side_of(nested)
    labels = () if nested is None else (nested.groups,)
    for column in (response, *fixed.columns, *random.columns, *labels, *inner.columns):
        if isinstance(column, str):
            raise ModelError(f"where {column!r} lies is not known before there are data: settled(profile) finds it.")
    places: Any = (response, *labels)
    return MixedLayout(places[0], _plain(fixed), _plain(random), 0.0, 0.0, *([places[1], _plain(inner)] if labels else []))


def _plain(side: Side) -> EffectsDesign:
    places: Any = side.columns
    return EffectsDesign(
        places, tuple(f"column {each}" for each in places), side.intercept, *plain_frame(side.size, side.intercept)
    )


@once
def found_in(profile: AnyProfile, response: Column, fixed: Side, random: Side, nested: Nested | None) -> MixedLayout:
    """The layout of columns among those of the data.

    Errors: DataError for a column that is not there or has gaps, for names, and for columns that depend on each other.
    """
    place = place_of(response, profile, WHOSE)
    sides = (fixed, random) if nested is None else (fixed, random, side_of(nested))
    places = [tuple(place_of(column, profile, WHOSE) for column in side.columns) for side in sides]
    source = profile.source
    for j in (place, *chain(*places)):
        if source.levels[j] != TRUTHS and any(source.levels[j] or ()):
            raise DataError(f"column {source.columns[j]!r} holds names, where numbers are asked for.")
    covariates = np.isin(np.arange(len(source.columns)), [*chain(*places)])
    source.refuse(lambda x: np.isnan(x) & covariates, "covariates take no gaps: leave the row out, or fill the cell.")
    of_fixed, of_random, *of_inner = (
        EffectsDesign(own, tuple(source.columns[j] for j in own), side.intercept, *frame_of(profile, own, side.intercept))
        for own, side in zip(places, sides, strict=True)
    )
    within = _within(profile, nested)
    whose = () if within is None else _whose(source, source.columns[within])
    variance = float(profile.variance[place])
    if not np.isfinite(variance) or variance <= 0:
        raise DataError(f"the response {source.columns[place]!r} never varies, or has no value: there is nothing to explain.")
    datum = float(centre_of(profile, [place])[0]) if fixed.intercept else 0.0
    return MixedLayout(place, of_fixed, of_random, datum, variance, within, of_inner[0] if of_inner else None, whose)


def _whose(source: Any, inner: str) -> tuple[str, str]:
    """What the two levels of groups are called, as in a formula: ``school`` and ``school:class``."""
    outer = (source.design.groups if source.design is not None else None) or "group"
    return outer, f"{outer}:{inner}"


def _within(profile: AnyProfile, nested: Nested | None) -> int | None:
    """Where the labels of inner groups lie. Errors: DataError for a column that is not there, and for gaps."""
    if nested is None:
        return None
    place, source = place_of(nested.groups, profile, WHOSE), profile.source
    labels = np.arange(len(source.columns)) == place
    source.refuse(lambda x: np.isnan(x) & labels, "whose inner group it is must be known: give it a label, or leave it out.")
    return place
