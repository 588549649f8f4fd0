"""What classes of groups have for themselves: all of their mixed models, or fixed effects alone."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers, Mask
from emkit.core.coordinates import Scale
from emkit.core.parameters import replace_at
from emkit.core.statistics import add_up
from emkit.data.chunk import Chunk
from emkit.models.growth_params import (
    AnyGrowthParams,
    GatedGrowthMixtureParams,
    GatedSharedGrowthMixtureParams,
    GrowthMixtureParams,
    SharedGrowthMixtureParams,
)
from emkit.models.growth_shared import agreed
from emkit.models.mixed_model import MixedModel
from emkit.models.mixed_params import MixedModelParams
from emkit.models.mixed_sums import MixedSums, Told

Sums = Sequence[MixedSums]


def named(names: Sequence[str], at: Iterable[int]) -> tuple[str, ...]:
    """The names at some places."""
    return tuple(names[place] for place in at)


@dataclass(frozen=True)
class Spread:
    """How classes of one mixed `model` share how groups and rows vary: a subclass is one way. `floor`: see `GrowthMixture`.

    Fixed effects at the places `shared` are those of all classes. `predictors` are the names of what sizes of classes depend
    on; None where classes have proportions.
    """

    model: MixedModel
    floor: float
    shared: tuple[int, ...] = ()
    predictors: tuple[str, ...] | None = None

    @staticmethod
    @abstractmethod
    def kinds() -> tuple[type[AnyGrowthParams], type[AnyGrowthParams]]:
        """The classes of the parameters, with proportions and with gates."""

    @property
    def kind(self) -> type[AnyGrowthParams]:
        """The class of the parameters."""
        return self.kinds()[self.predictors is not None]

    @abstractmethod
    def like(self, fixed: Array, each: Sequence[MixedModelParams], names: tuple[str, ...]) -> dict[str, Any]:
        """The fields of what classes have for themselves, `fixed` (K, p - s) effects by their `names` among them."""

    def params(self, sizes: Array, each: Sequence[MixedModelParams]) -> AnyGrowthParams:
        """Parameters whose classes have these sizes and mixed models."""
        fixed = np.array([own.fixed for own in each])
        called: dict[str, Any] = {} if self.predictors is None else {"predictors": self.predictors}
        names, at = self.model.known_layout.fixed.coefficient_names, list(self.shared)
        if at:
            called |= {"shared": fixed[:, at].mean(axis=0), "shared_at": self.shared, "shared_covariates": named(names, at)}
        made: Any = self.kind
        found: AnyGrowthParams = made(sizes, **self.like(fixed[:, self.own], each, named(names, self.own)), **called)
        return found

    @cached_property
    def own(self) -> Integers:
        """The places of the fixed effects that classes have for themselves."""
        return np.setdiff1d(np.arange(len(self.model.known_layout.fixed.coefficient_names)), list(self.shared))

    def moved(self, stats: Sums, before: Sequence[MixedModelParams]) -> list[Array]:
        """The fixed effects (p,) of each class with the highest expected log-likelihood, given the rest."""
        fixed = self.model.updates()["fixed"]
        pairs = [*zip(stats, before, strict=True)]
        found = [fixed(sums, own, own) if sums.mass > 0 else own.fixed for sums, own in pairs]
        return found if not self.shared else agreed(self.model, stats, before, found, self.own, np.array(self.shared))

    def split(self, fixed: Array) -> dict[str, Array]:
        """Slopes (K, p) along the fixed effects of classes as those along what they share."""
        return {"shared": fixed[:, list(self.shared)].sum(axis=0)} if self.shared else {}

    @abstractmethod
    def told(self, each: Sequence[MixedModelParams], chunk: Chunk) -> list[Told]:
        """What groups tell, if they are of each of the classes."""

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

    def _fixed_scales(self, params: AnyGrowthParams) -> list[Scale]:
        """Origin and unit (p,) of the fixed effects of each class."""
        return [self.model.scales(own)["fixed"] for own in params.each]

    def _shared_scale(self, scales: Sequence[Scale]) -> dict[str, Scale]:
        at = list(self.shared)
        return {"shared": Scale(scales[0].origin[at], scales[0].unit[at])} if at else {}

    def rests(self, own: Any) -> bool:
        """Whether a variance of errors lies on the floor."""
        return bool(own.within <= self.floor)

    def within(self, stats: MixedSums, before: MixedModelParams, now: MixedModelParams) -> float:
        """The variance of errors, no smaller than the floor."""
        return max(self.model.left_within(stats, before, now), self.floor)


class OwnSpread(Spread):
    """Every class has a covariance of effects and a variance of errors of its own."""

    @staticmethod
    def kinds() -> tuple[type[AnyGrowthParams], type[AnyGrowthParams]]:
        return GrowthMixtureParams, GatedGrowthMixtureParams

    def like(self, fixed: Array, each: Sequence[MixedModelParams], names: tuple[str, ...]) -> dict[str, Any]:
        if not self.shared:
            return {"classes": tuple(each)}
        pairs = zip(each, fixed, strict=True)
        return {"classes": tuple(replace(one, fixed=own, covariates=names) for one, own in pairs)}

    def told(self, each: Sequence[MixedModelParams], chunk: Chunk) -> list[Told]:
        return [self.model.told_by(own, chunk) for own in each]

    def maximised(self, stats: Sums, before: Sequence[MixedModelParams]) -> Sequence[MixedModelParams]:
        links = {path: link for path, link in {**self.model.updates(), "within": self.within}.items() if path != "fixed"}
        found = []
        for sums, old, fixed in zip(stats, before, self.moved(stats, before), strict=True):
            now = replace(old, fixed=fixed)
            for path, link in links.items() if sums.mass > 0 else ():
                now = replace_at(now, {path: link(sums, old, now)})
            found.append(now)
        return found

    def slopes(self, each: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        found = {f"classes.{k}.{path}": slope for k, own in enumerate(each) for path, slope in own.items()}
        fixed = np.array([own["fixed"] for own in each])
        own_ones = {f"classes.{k}.fixed": slope for k, slope in enumerate(fixed[:, self.own])}
        return {**found, **own_ones, **self.split(fixed)}

    def scales(self, params: Any) -> Mapping[str, Scale]:
        scales = self._fixed_scales(params)
        each = {f"classes.{k}.fixed": Scale(scale.origin[self.own], scale.unit[self.own]) for k, scale in enumerate(scales)}
        return {**each, **self._shared_scale(scales)}

    def on_floor(self, params: Any) -> Mapping[str, Mask]:
        return {f"classes.{k}.within": np.array(True) for k in self.spikes(params)}

    def spikes(self, params: Any) -> tuple[int, ...]:
        return tuple(k for k, own in enumerate(params.classes) if self.rests(own))


class SharedSpread(Spread):
    """Classes differ by their fixed effects; effects and errors vary alike in all."""

    @staticmethod
    def kinds() -> tuple[type[AnyGrowthParams], type[AnyGrowthParams]]:
        return SharedGrowthMixtureParams, GatedSharedGrowthMixtureParams

    def like(self, fixed: Array, each: Sequence[MixedModelParams], names: tuple[str, ...]) -> dict[str, Any]:
        called = names if self.shared else each[0].covariates
        return {"fixed": fixed, "between": each[0].between, "within": each[0].within, "covariates": called}

    def told(self, each: Sequence[MixedModelParams], chunk: Chunk) -> list[Told]:
        alike = self.model.varying(each[0], chunk)
        return [self.model.told_by(own, chunk, alike) for own in each]

    def maximised(self, stats: Sums, before: Sequence[MixedModelParams]) -> Sequence[MixedModelParams]:
        layout, old, moved = self.model.known_layout, before[0], self.moved(stats, before)
        every = zip(stats, before, moved, strict=True)
        total = add_up(sums.shifted(layout.framed(fixed) - layout.framed(own.fixed)) for sums, own, fixed in every)
        now = replace(old, between=self.model.updates()["between"](total, old, old))
        now = replace(now, within=self.within(total, old, now))
        return [replace(now, fixed=fixed) for fixed in moved]

    def slopes(self, each: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        summed = {path: np.sum([own[path] for own in each], axis=0) for path in each[0] if path != "fixed"}
        fixed = np.array([own["fixed"] for own in each])
        return {"fixed": fixed[:, self.own], **summed, **self.split(fixed)}

    def scales(self, params: Any) -> Mapping[str, Scale]:
        scales = self._fixed_scales(params)
        own = Scale(*(np.array([getattr(each, name)[self.own] for each in scales]) for name in ("origin", "unit")))
        return {"fixed": own, **self._shared_scale(scales)}

    def on_floor(self, params: Any) -> Mapping[str, Mask]:
        return {"within": np.array(True)} if self.rests(params) else {}

    def spikes(self, params: Any) -> tuple[int, ...]:
        return ()


SPREADS: dict[str, type[Spread]] = {"own": OwnSpread, "shared": SharedSpread}
