"""Times and amounts given covariates: their means, their places in the law, and new ones that are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.errors import ModelError
from emkit.families.regression.response_family import OfResponse

ROUNDS = 1_000  # of drawing responses until they are later than the entry


@dataclass(frozen=True)
class OfTimes(OfResponse):
    """Responses, of which the upper ends, or events, go along."""

    def means(self, params: Any, x: Array) -> Array | None:
        found: Array | None = self.regression.mean(self._predictors(params, x), self.regression.scales_of(params))
        return found

    def up_to(self, params: Any, x: Array) -> Array:
        """Errors: ModelError where responses are known up to intervals only: where in the law they lie, nothing tells."""
        family = self.regression
        if family.named.upper is not None:
            raise ModelError("responses known up to intervals have no residuals: where in an interval they lie, nothing tells.")
        place = family.described_by.response
        z, entry = (self._standard(params, x, y[:, None]) for y in (family.transformed(x[:, place]), family._entry(x)))
        below = np.full_like(z, -np.inf)
        if family.entry is None:
            return np.asarray(np.exp(family.standard.log_between(below, z, z - below)))
        beyond = np.full_like(z, np.inf)
        late, all_later = (family.standard.log_between(each, beyond, beyond - each) for each in (z, entry))
        return np.asarray(-np.expm1(late - all_later))

    def drawn(self, params: Any, rng: np.random.Generator, components: Integers, rows: Array) -> Array:
        """Responses that are known, and larger than what they were seen from."""
        family, found = self.regression, np.array(rows, dtype=np.float64)
        centre = np.take_along_axis(self._predictors(params, rows), components[:, None], axis=1)[:, 0]
        scales, entry, drawn = family.scales_of(params)[components], family._entry(found), np.full(len(rows), -np.inf)
        early = np.arange(len(rows))
        for _ in range(ROUNDS):
            drawn[early] = centre[early] + scales[early] * family.standard.draw(rng, len(early))
            early = np.flatnonzero(drawn <= entry)
            if not len(early):
                break
        else:
            raise ModelError(f"of {ROUNDS:,} responses drawn, none is later than the entry: next to nothing of it is seen.")
        layout = family.described_by
        found[:, layout.response] = family.restored(drawn)
        if layout.upper is not None:
            found[:, layout.upper] = found[:, layout.response] if family.event is None else 1.0
        return found

    def _standard(self, params: Any, x: Array, y: Array) -> Array:
        """Transformed responses y (n, 1) as numbers z (n, K) of the standard law."""
        return np.asarray((y - self._predictors(params, x)) / self.regression.scales_of(params))

    def _predictors(self, params: Any, x: Array) -> Array:
        layout = self.regression.described_by
        return np.asarray(layout.design(x) @ layout.level(params.coefficients).T)
