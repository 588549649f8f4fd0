"""Linear mixed models: regressions whose coefficients vary between groups of rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.coordinates import Scale
from emkit.core.expected import Expected
from emkit.core.protocols import Expectation, Update
from emkit.data.chunk import Chunk
from emkit.data.profile import AnyProfile
from emkit.errors import ParameterError
from emkit.models.mixed_data import least_squares
from emkit.models.mixed_params import MixedModelParams
from emkit.models.mixed_sums import MixedSums, Told, Varying, sums_at, told
from emkit.models.of_groups import OfGroups


class MixedModel(OfGroups[MixedModelParams]):
    """y = x'b + z'u_g + e in rows of groups g: effects u_g ~ N(0, between) of a group, and errors e ~ N(0, within) of rows.

    `response`, `covariates` x of fixed effects b, and `effects` z are columns of the data, by name or place, `intercept` and
    `random_intercept` say whether 1 is before x and before z. `covariance` of random effects: "unstructured", "diagonal" or
    "scalar" (one variance). Rows come in groups (`groups` of a source); weights are of groups; a row without a response (NaN)
    tells nothing. `nested` are effects of inner groups, as classes in schools: see `Nested`. A covariance without rank is an
    estimate on the edge. By maximum likelihood; see `RestrictedMixedModel`.
    Source: Laird & Ware (1982), Biometrics 38, 963-974.

    >>> import emkit as ek
    >>> rails, times = [1, 1, 1, 2, 2, 2, 3, 3, 3], [55, 53, 54, 26, 37, 32, 78, 91, 85]
    >>> source = ek.ArraySource([[time] for time in times], groups=rails)
    >>> model = ek.MixedModel(0)
    >>> found = ek.fit(model, source, model.start(source.profile), solver="anderson").params
    >>> found.fixed.round(2).tolist(), found.between.covariance.round(1).tolist(), round(found.within, 2)
    ([56.78], [[463.8]], 24.56)
    """

    def e_step(self, params: MixedModelParams, chunk: Chunk) -> Expectation[MixedSums]:
        one, weights = self.told_by(params, chunk), chunk.group_weights
        stats = sums_at(one, weights, self.known_layout)
        return Expectation(stats, float(weights @ one.log_density), stats.mass)

    def told_by(self, params: MixedModelParams, chunk: Chunk, varying: Varying | None = None) -> Told:
        """What groups tell at these parameters, of which it may be known how effects are `varying`."""
        return told(varying or self.varying(params, chunk), self.known_layout.framed(params.fixed))

    def updates(self) -> Mapping[str, Update[MixedSums, MixedModelParams]]:
        return {"fixed": self._fixed_effects, "between": self._between, "within": self._within}

    def _fixed_effects(self, stats: MixedSums, before: MixedModelParams, now: MixedModelParams) -> Array:
        """By least squares, of the response less the expected random effects."""
        layout = self.known_layout
        return layout.back(layout.framed(before.fixed) + np.linalg.solve(stats.design, stats.along))

    def shift(self, stats: MixedSums, before: MixedModelParams, now: MixedModelParams) -> Array:
        layout = self.known_layout
        return layout.framed(now.fixed) - layout.framed(before.fixed)

    def expected(self, stats: MixedSums, before: MixedModelParams, now: MixedModelParams) -> Expected:
        shift = self.shift(stats, before, now)
        found = self._of_variances(stats, before, now, shift)
        turned = self.known_layout.turn @ (self._moved(before, now) - self.root(before.between))
        along = stats.along - np.einsum("pas,as->p", stats.shared, turned) - stats.design @ shift
        return found.plus(Expected(0.0, {"fixed": self.known_layout.fixed.slopes(along[None] / now.within)[0]}))

    def row_objectives(self, params: MixedModelParams, chunk: Chunk) -> Array:
        return self.told_by(params, chunk).log_density

    latent_name = "effect"

    def latent(self, params: MixedModelParams, chunk: Chunk) -> tuple[Array, Array]:
        """Mean (G, r) and covariance (G, r, r) of the random effects of each group, given its rows; none of inner groups."""
        return self.effects_of(params, chunk, params.fixed)

    def redrawn(
        self, params: MixedModelParams, rng: np.random.Generator, rows: Array, lengths: Integers | None = None
    ) -> Array:
        return self._redrawn(params, params.fixed, rng, rows, lengths)

    def normal_residuals(self, params: MixedModelParams, source: Any) -> Mapping[int, Array]:
        return self._normal_residuals(params, params.fixed, source)

    def scales(self, params: MixedModelParams) -> Mapping[str, Scale]:
        layout = self.known_layout
        unit = np.sqrt(layout.variance) if layout.variance > 0 else 1.0
        return {"fixed": Scale(params.fixed, layout.fixed.unit() * unit)}

    def check(self, params: MixedModelParams, profile: AnyProfile) -> None:
        super().check(params, profile)
        if params.fixed.shape != (self._fixed.size,):
            raise ParameterError(f"`fixed` has shape {params.fixed.shape}; there are {self._fixed.size} fixed effects.")

    def _start(self, profile: AnyProfile, rng: np.random.Generator | None) -> MixedModelParams:
        layout = self._found(profile)
        fixed, left = least_squares(profile, layout)
        return MixedModelParams(layout.back(fixed), *self._parts(layout, left, rng), covariates=layout.fixed.coefficient_names)
