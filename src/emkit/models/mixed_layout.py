"""Where the columns of a mixed model lie, and the frames of its two designs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.core.memo import once
from emkit.data.framed_design import Column, FramedDesign, centre_of, frame_of, place_of, plain_frame
from emkit.data.profile import AnyProfile
from emkit.errors import DataError, ModelError

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


@dataclass(frozen=True)
class EffectsDesign(FramedDesign):
    """The design of the fixed effects, or of the random ones, in a frame of its own."""


@dataclass(frozen=True)
class MixedLayout:
    """The place of the `response`, a `datum` in its midst, its variance, and the designs of fixed and random effects."""

    response: int
    fixed: EffectsDesign
    random: EffectsDesign
    datum: float
    variance: float

    @cached_property
    def turn(self) -> Array:
        """The matrix (r, r) that makes random effects of the framed design of those of the columns as they are."""
        return np.asarray(self.random.way(np.eye(len(self.random.factor))).T)

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


def by_place(response: Column, fixed: Side, random: Side) -> MixedLayout:
    """The layout of columns that are known by place, in the frame of the data themselves. Errors: ModelError for others."""
    for column in (response, *fixed.columns, *random.columns):
        if isinstance(column, str):
            raise ModelError(f"where {column!r} lies is not known before there are data: settled(profile) finds it.")
    place: Any = response
    return MixedLayout(place, _plain(fixed), _plain(random), 0.0, 0.0)


def _plain(side: Side) -> EffectsDesign:
    places: Any = side.columns
    return EffectsDesign(
        places, tuple(f"column {each}" for each in places), side.intercept, *plain_frame(side.size, side.intercept)
    )


@once
def found_in(profile: AnyProfile, response: Column, fixed: Side, random: Side) -> MixedLayout:
    """The layout of columns among those of the data.

    Errors: DataError for a column that is not there or has gaps, for names, and for columns that depend on each other.
    """
    place = place_of(response, profile, WHOSE)
    places = [tuple(place_of(column, profile, WHOSE) for column in side.columns) for side in (fixed, random)]
    source = profile.source
    for j in (place, *places[0], *places[1]):
        if source.levels[j] is not None and any(source.levels[j] or ()) and source.levels[j] != ("False", "True"):
            raise DataError(f"column {source.columns[j]!r} holds names, where numbers are asked for.")
    covariates = np.isin(np.arange(len(source.columns)), [*places[0], *places[1]])
    source.refuse(lambda x: np.isnan(x) & covariates, "covariates take no gaps: leave the row out, or fill the cell.")
    of_fixed, of_random = (
        EffectsDesign(own, tuple(source.columns[j] for j in own), side.intercept, *frame_of(profile, own, side.intercept))
        for own, side in zip(places, (fixed, random), strict=True)
    )
    variance = float(profile.variance[place])
    if not np.isfinite(variance) or variance <= 0:
        raise DataError(f"the response {source.columns[place]!r} never varies, or has no value: there is nothing to explain.")
    datum = float(centre_of(profile, [place])[0]) if fixed.intercept else 0.0
    return MixedLayout(place, of_fixed, of_random, datum, variance)
