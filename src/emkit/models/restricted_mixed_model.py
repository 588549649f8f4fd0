"""Mixed models by restricted likelihood: fixed effects are integrated out, and variances are not estimated too low."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.expected import Expected
from emkit.core.protocols import Expectation, MapReduce, Source, Update
from emkit.data.chunk import Chunk
from emkit.data.profile import AnyProfile
from emkit.errors import ModelError
from emkit.models.mixed_data import least_squares
from emkit.models.mixed_params import RestrictedMixedModelParams
from emkit.models.mixed_sums import MixedSums, integrated_at
from emkit.models.of_groups import OfGroups


class RestrictedMixedModel(OfGroups[RestrictedMixedModelParams]):
    """The same as `MixedModel`, by restricted likelihood (REML): that of what of the responses no fixed effect can change.

    Fixed effects are no parameters, but as unknown as the random ones, with a flat prior: `fixed_effects` tells them. The
    likelihood is no sum over groups; an evaluation goes over the sums of groups twice. Its constant is -(n - p)/2 log(2 pi).
    Source: Patterson & Thompson (1971), Biometrika 58, 545-554; Laird & Ware (1982), Biometrics 38, 963-974.

    >>> import emkit as ek
    >>> rails, times = [1, 1, 1, 2, 2, 2, 3, 3, 3], [55, 53, 54, 26, 37, 32, 78, 91, 85]
    >>> source = ek.ArraySource([[time] for time in times], groups=rails)
    >>> model = ek.RestrictedMixedModel(0)
    >>> found = ek.fit(model, source, model.start(source.profile), solver="anderson")
    >>> found.params.between.covariance.round(1).tolist(), round(found.params.within, 2)
    ([[699.9]], 24.56)
    """

    def e_step(self, params: RestrictedMixedModelParams, chunk: Chunk) -> Expectation[MixedSums]:
        """Errors: ModelError: `expectation` goes over all groups."""
        raise ModelError(
            "a restricted likelihood is no sum over groups, so that none has an E-step of its own: use MixedModel, method='ml'."
        )

    def expectation(
        self, params: RestrictedMixedModelParams, source: Source[Any], map_reduce: MapReduce
    ) -> Expectation[MixedSums]:
        fixed, spread, precision = self.generalized(params, source, map_reduce)
        total: Expectation[MixedSums] = map_reduce(partial(self._integrated, params, fixed, spread), source)
        frame = np.linalg.slogdet(self.known_layout.fixed.way(np.eye(len(fixed))))[1]
        more = 0.5 * (len(fixed) * np.log(2 * np.pi) - np.linalg.slogdet(precision)[1]) - frame
        return Expectation(total.statistics, total.log_likelihood + float(more), total.rows)

    def _integrated(
        self, params: RestrictedMixedModelParams, fixed: Array, spread: Array, chunk: Chunk
    ) -> Expectation[MixedSums]:
        one, weights = self._told(params, chunk, self.known_layout.back(fixed)), chunk.group_weights
        stats = integrated_at(one, weights, self.known_layout, spread)
        return Expectation(stats, float(weights @ one.log_density), stats.mass)

    @property
    def integrates(self) -> bool:
        return True

    def updates(self) -> Mapping[str, Update[MixedSums, RestrictedMixedModelParams]]:
        return {"between": self._between, "within": self._within}

    def expected(self, stats: MixedSums, before: RestrictedMixedModelParams, now: RestrictedMixedModelParams) -> Expected:
        return self._of_variances(stats, before, now, np.zeros(0))

    def redrawn(
        self, params: RestrictedMixedModelParams, rng: np.random.Generator, rows: Array, lengths: Integers | None = None
    ) -> Array:
        """With fixed effects of 0, which change no restricted likelihood."""
        layout = self.known_layout
        return self._redrawn(params, np.zeros(len(layout.fixed.factor)), rng, rows, lengths)

    latent_name = "effect"

    def latent(self, params: RestrictedMixedModelParams, chunk: Chunk) -> tuple[Array, Array]:
        """Errors: ModelError: what fixed effects are depends on all groups."""
        raise ModelError(
            "random effects are those given the fixed ones, which a restricted likelihood finds from all groups at once: ask "
            "the fit for its `effects`, or fit by likelihood: method='ml', MixedModel."
        )

    def normal_residuals(self, params: RestrictedMixedModelParams, source: Any) -> Mapping[int, Array]:
        """With fixed effects by generalized least squares."""
        return self._normal_residuals(params, self.fixed_effects(params, source).values, source)

    def _start(self, profile: AnyProfile, rng: np.random.Generator | None) -> RestrictedMixedModelParams:
        layout = self._found(profile)
        _, left = least_squares(profile, layout)
        return RestrictedMixedModelParams(*self._parts(layout, left, rng))
