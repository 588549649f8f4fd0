"""What classes of groups have for themselves: all of their mixed models, or fixed effects alone."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.coordinates import Scale
from emkit.core.parameters import maximise_in_turn
from emkit.models.growth_params import AnyGrowthParams, GrowthMixtureParams, SharedGrowthMixtureParams
from emkit.models.mixed_model import MixedModel
from emkit.models.mixed_params import MixedModelParams
from emkit.models.mixed_sums import MixedSums

Sums = Sequence[MixedSums]


@dataclass(frozen=True)
class Spread:
    """How classes of one mixed `model` share how groups and rows vary: a subclass is one way. `floor`: see `GrowthMixture`."""

    model: MixedModel
    floor: float

    @staticmethod
    @abstractmethod
    def kind() -> type[AnyGrowthParams]:
        """The class of the parameters."""

    @abstractmethod
    def params(self, proportions: Array, each: Sequence[MixedModelParams]) -> AnyGrowthParams:
        """Parameters whose classes have these mixed models."""

    @abstractmethod
    def maximised(self, stats: Sums, before: Sequence[MixedModelParams]) -> Sequence[MixedModelParams]:
        """The mixed model of each class with the highest expected log-likelihood."""

    @abstractmethod
    def slopes(self, each: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """The slopes along the parameters, from those of the classes."""

    @abstractmethod
    def scales(self, params: Any) -> Mapping[str, Scale]:
        """Origin and unit of the fixed effects."""

    @abstractmethod
    def on_floor(self, params: Any) -> Mapping[str, Mask]:
        """Which variances of errors the floor holds."""

    @abstractmethod
    def spikes(self, params: Any) -> tuple[int, ...]:
        """Classes of few groups that only the floor keeps from collapsing."""

    def rests(self, own: Any) -> bool:
        """Whether a variance of errors lies on the floor."""
        return bool(own.within <= self.floor)

    def within(self, stats: MixedSums, before: MixedModelParams, now: MixedModelParams) -> float:
        """The variance of errors, no smaller than the floor."""
        return max(self.model.left_within(stats, before, now), self.floor)


class OwnSpread(Spread):
    """Every class has a covariance of effects and a variance of errors of its own."""

    @staticmethod
    def kind() -> type[AnyGrowthParams]:
        return GrowthMixtureParams

    def params(self, proportions: Array, each: Sequence[MixedModelParams]) -> GrowthMixtureParams:
        return GrowthMixtureParams(proportions, tuple(each))

    def maximised(self, stats: Sums, before: Sequence[MixedModelParams]) -> Sequence[MixedModelParams]:
        links = {**self.model.updates(), "within": self.within}
        return [maximise_in_turn(links, own, old) if own.mass > 0 else old for own, old in zip(stats, before, strict=True)]

    def slopes(self, each: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        return {f"classes.{k}.{path}": slope for k, own in enumerate(each) for path, slope in own.items()}

    def scales(self, params: GrowthMixtureParams) -> Mapping[str, Scale]:
        each = enumerate(map(self.model.scales, params.classes))
        return {f"classes.{k}.{path}": scale for k, scales in each for path, scale in scales.items()}

    def on_floor(self, params: GrowthMixtureParams) -> Mapping[str, Mask]:
        return {f"classes.{k}.within": np.array(True) for k in self.spikes(params)}

    def spikes(self, params: GrowthMixtureParams) -> tuple[int, ...]:
        return tuple(k for k, own in enumerate(params.classes) if self.rests(own))


class SharedSpread(Spread):
    """Classes differ by their fixed effects; effects and errors vary alike in all."""

    @staticmethod
    def kind() -> type[AnyGrowthParams]:
        return SharedGrowthMixtureParams

    def params(self, proportions: Array, each: Sequence[MixedModelParams]) -> SharedGrowthMixtureParams:
        fixed, one = np.array([own.fixed for own in each]), each[0]
        return SharedGrowthMixtureParams(proportions, fixed, one.between, one.within, covariates=one.covariates)

    def maximised(self, stats: Sums, before: Sequence[MixedModelParams]) -> Sequence[MixedModelParams]:
        links, old = self.model.updates(), before[0]
        pairs = [*zip(stats, before, strict=True)]
        moved = [replace(own, fixed=links["fixed"](sums, own, own)) if sums.mass > 0 else own for sums, own in pairs]
        shifts = [self.model.shift(sums, own, now) for (sums, own), now in zip(pairs, moved, strict=True)]
        first, *others = (sums.shifted(shift) for sums, shift in zip(stats, shifts, strict=True))
        total = first
        for each in others:
            total = total + each
        now = replace(old, between=links["between"](total, old, old))
        within = self.within(total, old, now)
        return [replace(own, between=now.between, within=within) for own in moved]

    def slopes(self, each: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        summed = {path: np.sum([own[path] for own in each], axis=0) for path in each[0] if path != "fixed"}
        return {"fixed": np.array([own["fixed"] for own in each]), **summed}

    def scales(self, params: SharedGrowthMixtureParams) -> Mapping[str, Scale]:
        each = [self.model.scales(own)["fixed"] for own in params.each]
        origins, units = zip(*each, strict=True)
        return {"fixed": Scale(np.array(origins), np.array(units))}

    def on_floor(self, params: SharedGrowthMixtureParams) -> Mapping[str, Mask]:
        return {"within": np.array(True)} if self.rests(params) else {}

    def spikes(self, params: SharedGrowthMixtureParams) -> tuple[int, ...]:
        return ()


SPREADS: dict[str, type[Spread]] = {"own": OwnSpread, "shared": SharedSpread}
