"""The one place through which every pass over the data goes, and where passes are counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from emkit.core.coordinates import Coordinates
from emkit.core.mapreduce import serial
from emkit.core.parameters import Parameters
from emkit.core.protocols import Evaluation, Expectation, LatentModel, MapReduce, Source
from emkit.errors import DegenerateFitError, ParameterError

P = TypeVar("P", bound=Parameters)
EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Pace:
    """How fast plain EM moves where two evaluations follow each other by one EM step: theta, then F(theta).

    `gain` is the rise of the objective from theta to F(theta); `first` = |F(theta) - theta| and
    `second` = |F(F(theta)) - F(theta)|, in the parameters as a reader sees them; `sharpness` is the largest gain / first^2
    measured so far where the gain stood clear of rounding; `rounding` is the resolution of the objective.
    """

    gain: float
    first: float
    second: float
    sharpness: float
    rounding: float

    @property
    def rate(self) -> float:
        """The factor by which an EM step shrinks the distance to the limit (1 or more: it does not shrink)."""
        return self.second / self.first if self.first > 0 else 0.0

    @property
    def steady_gain(self) -> float:
        """The gain of the step; where it drowns in rounding, the gain that a step of this length had elsewhere."""
        return self.gain if self.gain > 100 * self.rounding else self.sharpness * self.first**2


class EMMap(Generic[P]):
    """Parameters in, evaluation out: theta -> (objective(theta), m_step(e_step(theta))).

    `evaluations` counts the passes over the data; `pace` is the latest measurement of how fast EM moves.
    """

    def __init__(self, model: LatentModel[P, Any], source: Source[Any], like: P, map_reduce: MapReduce = serial) -> None:
        self.model = model
        self.source = source
        self.coordinates: Coordinates[P] = model.coordinates(like)
        self.evaluations = 0
        self.pace: Pace | None = None
        self._map_reduce = map_reduce
        self._last: Evaluation[P] | None = None
        self._sharpness = 0.0

    def expectation(self, params: P) -> Expectation[Any]:
        """One pass over the data: the summed E-step."""
        self.evaluations += 1
        total: Expectation[Any] = self._map_reduce(lambda chunk: self.model.e_step(params, chunk), self.source)
        return total

    def objective(self, params: P) -> float:
        """What EM maximises: the log-likelihood, less the gap of an inexact E-step, plus the logarithm of the prior."""
        return self._objective(self.expectation(params), params)

    def _objective(self, total: Expectation[Any], params: P) -> float:
        return float(total.log_likelihood - total.gap + self.model.log_prior(params))

    def __call__(self, params: P) -> Evaluation[P]:
        total = self.expectation(params)
        objective = self._objective(total, params)
        if not np.isfinite(objective):
            raise ParameterError(
                f"the log-likelihood is {total.log_likelihood} at these parameters: some rows have probability 0 under "
                "every latent state, or a value overflowed. Start from parameters under which every row is possible."
            )
        update = self.model.m_step(total.statistics, params)
        here = Evaluation(params, objective, float(total.log_likelihood), update)
        self._measure(here)
        return here

    def attempt(self, params: P) -> Evaluation[P] | None:
        """Evaluate a guess; None if it has no finite objective or no M-step."""
        try:
            return self(params)
        except (ParameterError, DegenerateFitError):
            return None

    def _measure(self, here: Evaluation[P]) -> None:
        before, self._last = self._last, here
        if before is None or here.params is not before.update:
            return
        entries = self.coordinates.free_entries
        start, middle, end = entries(before.params), entries(here.params), entries(here.update)
        first, second = float(np.linalg.norm(middle - start)), float(np.linalg.norm(end - middle))
        gain = here.objective - before.objective
        rounding = 4 * EPSILON * (1 + abs(here.objective))
        resolution = 4 * EPSILON * float(np.linalg.norm(end))
        if gain > 1e4 * rounding and first > 0:
            self._sharpness = max(self._sharpness, gain / first**2)
        self.pace = Pace(gain, first, 0.0 if second <= resolution else second, self._sharpness, rounding)
