"""Starts of growth mixtures: groups divided by what each tells of its own line, and classes estimated from these."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.statistics import add_up
from emkit.data.chunk import Chunk
from emkit.data.profile import AnyProfile
from emkit.errors import DataError, EmkitError
from emkit.models.components import BLUR
from emkit.models.divisions import divisions
from emkit.models.growth_params import AnyGrowthParams
from emkit.models.growth_spread import SharedSpread
from emkit.models.mixed_data import EXACT
from emkit.models.mixed_model import MixedModel
from emkit.models.mixed_params import MixedModelParams
from emkit.models.mixed_sums import sums_of_units

STEPS = 10  # of EM with a division as it is: variances are about right then


class GrowthStarts:
    """Starts of a settled growth mixture, by seed.

    Groups are divided by their effects, fixed ones among them, as one mixed model expects them of each: by all effects, or by
    one of them in turn, since classes may differ in little else. Then classes are estimated from the division, with variances
    in common, which shrink as classes explain what groups differ in.
    """

    def __init__(self, mixture: Any, profile: AnyProfile, number: int) -> None:
        """Errors: DataError for more classes than groups."""
        self.mixture, self.number, self.chunks = mixture, number, list(profile.source.chunks())
        self.start = mixture.model.start(profile)
        self.weights = np.concatenate([chunk.group_weights for chunk in self.chunks])
        if number > len(self.weights):
            raise DataError(f"{number} classes were asked for, and there are {len(self.weights)} groups: use fewer classes.")
        self.effects = np.zeros((0, 0)) if number == 1 else _effects(mixture.model, profile, self.chunks)

    def __call__(self, seed: int) -> AnyGrowthParams:
        """The start of this seed."""
        way = self.mixture.way
        alike = way.params(self._sizes(np.full(self.number, 1 / self.number)), (self.start,) * self.number)
        if self.number == 1:
            return alike
        q = self.effects.shape[1]
        some = seed % (q + 1) - 1 if q > 1 else -1
        looked_at = self.effects if some < 0 else self.effects[:, some : some + 1]
        (division,) = divisions(looked_at, self.weights, self.number, [seed // (q + 1) if q > 1 else seed])
        shares, alike_apart = self._blurred(division), SharedSpread(way.model, way.floor, way.shared, way.predictors)
        sizes = self._sizes(self.weights @ shares / self.weights.sum())
        found: AnyGrowthParams = alike_apart.params(sizes, self._lines(shares))
        for _ in range(STEPS):
            found = self._estimated(alike_apart, found, shares)
        return way.params(found.sizes, found.each)

    def _sizes(self, proportions: Array) -> Array:
        """Sizes of classes that are these proportions (K,), whatever they may depend on."""
        names = self.mixture.way.predictors
        if names is None:
            return proportions
        gates = np.zeros((self.number, len(names)))
        gates[:, 0] = np.log(proportions)  # the intercept
        return gates

    def _blurred(self, division: Integers) -> Array:
        """Shares (G, K) of groups that mostly belong to one class each."""
        shares = np.full((len(division), self.number), BLUR / self.number)
        shares[np.arange(len(division)), division] += 1 - BLUR
        return shares

    def _lines(self, shares: Array) -> list[MixedModelParams]:
        """The start with the fixed effects of each class by least squares over its shares (G, K) of the groups.

        Random effects, by which an E-step explains what classes differ in, have no part in that.
        """
        layout, found = self.mixture.model.known_layout, []
        units = [sums_of_units(chunk, layout) for chunk in self.chunks]
        ends = np.cumsum([0, *(len(chunk.bounds) - 1 for chunk in self.chunks)])
        for own in (self.weights[:, None] * shares).T:
            parts = [(own[a:b][each.of], each) for each, a, b in zip(units, ends[:-1], ends[1:], strict=True)]
            xx = sum(np.tensordot(weights, each.xx, 1) for weights, each in parts)
            xy = sum(weights @ each.xy for weights, each in parts)
            line = np.linalg.lstsq(xx, xy, rcond=EXACT)[0]
            found.append(replace(self.start, fixed=layout.back(np.asarray(line))))
        return found

    def _estimated(self, way: Any, like: AnyGrowthParams, shares: Array) -> AnyGrowthParams:
        """Parameters from the shares (G, K) of all groups, after an E-step at others."""
        ends = np.cumsum([0, *(len(chunk.bounds) - 1 for chunk in self.chunks)])
        parts = zip(self.chunks, ends[:-1], ends[1:], strict=True)
        told = [self.mixture.class_sums(self.mixture.told(like, one), one.group_weights, shares[a:b]) for one, a, b in parts]
        total = [add_up(of_class) for of_class in zip(*told, strict=True)]
        found: AnyGrowthParams = way.params(like.sizes, way.maximised(total, like.each))
        return found


def _effects(model: MixedModel, profile: AnyProfile, chunks: Sequence[Chunk]) -> Array:
    """What is expected of the effects of each group (G, q), all fixed ones among them, by one mixed model roughly fitted."""
    columns = tuple(dict.fromkeys([*model.covariates, *model.effects]))
    ones = model.intercept or model.random_intercept
    wider = MixedModel(model.response, model.covariates, columns, model.intercept, ones, "diagonal")
    found: Any = None
    with suppress(DataError):  # too few rows for so many effects: those of the model itself then
        own = wider.settled(profile)
        found = own, own.start(profile)
    own, params = found or (model, model.start(profile))
    with suppress(EmkitError):
        for _ in range(STEPS):
            total = own.e_step(params, chunks[0]).statistics
            for chunk in chunks[1:]:
                total = total + own.e_step(params, chunk).statistics
            params = own.m_step(total, params)
    effects = np.concatenate([own.latent(params, chunk)[0] for chunk in chunks])
    spread = effects.std(axis=0)
    return np.asarray(effects[:, spread > 0] if spread.any() else effects)
