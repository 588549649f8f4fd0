"""The one place through which every pass over the data goes, and where passes are counted."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from emkit.core.arrays import Array
from emkit.core.coordinates import Coordinates
from emkit.core.mapreduce import serial
from emkit.core.memo import Memo
from emkit.core.parameters import Parameters
from emkit.core.protocols import Evaluation, Expectation, LatentModel, MapReduce, Source
from emkit.core.rate import DECREASE, EMRate
from emkit.errors import DegenerateFitError, EmkitError, ModelError, ParameterError

P = TypeVar("P", bound=Parameters)
EPSILON = float(np.finfo(np.float64).eps)
STUMBLES = (ArithmeticError, ValueError)  # LinAlgError, FloatingPointError and overflow among them
WANDERING = 64 * EPSILON  # of the size of the parameters: a step no longer than this is rounding, and measures nothing
RECENT = 4  # evaluations that the next one may continue: a solver may come back to one before an extrapolation


@dataclass(frozen=True)
class EMMemory(Generic[P]):
    """What an `EMMap` remembers of its passes: how many there were, the `recent` evaluations, and what it saw of rates.

    `curvature` is the largest seen, `gain` the gain that it was seen by, `fall` the largest fall that was rounding.
    """

    evaluations: int = 0
    recent: tuple[Evaluation[P], ...] = ()
    curvature: float = 0.0
    gain: float = 0.0
    fall: float = 0.0


class EMMap(Generic[P]):
    """Parameters in, evaluation out: theta -> (objective(theta), m_step(e_step(theta))).

    `evaluations` counts the passes over the data.

    >>> import emkit as ek
    >>> coins = ek.lessons.two_coins()
    >>> em = ek.EMMap(coins.model, coins.source, coins.start)
    >>> here = em(coins.start)
    >>> here.update.components.probabilities.ravel().round(4).tolist(), em.evaluations
    ([0.713, 0.5813], 1)
    """

    def __init__(self, model: LatentModel[P, Any], source: Source[Any], like: P, map_reduce: MapReduce = serial) -> None:
        self.model = model
        self.source = source
        self.coordinates: Coordinates[P] = model.coordinates(like)
        self.evaluations = 0
        self._map_reduce = map_reduce
        self._recent: deque[Evaluation[P]] = deque(maxlen=RECENT)
        self._curvature = self._gain = 0.0  # the largest seen, and the gain that it was seen by
        self._fall = 0.0
        self._entries = Memo(self.coordinates.free_entries)

    def expectation(self, params: P) -> Expectation[Any]:
        """One pass over the data: the summed E-step."""
        self.evaluations += 1
        try:
            total = self.model.expectation(params, self.source, self._map_reduce)
        except STUMBLES as error:
            raise self._stumbled("e_step", error) from error
        if not isinstance(total, Expectation):
            raise ModelError(
                f"{type(self.model).__name__}.e_step returned {type(total).__name__}; it must return an emkit.Expectation "
                "(statistics, log_likelihood, rows)."
            )
        return total

    def objective(self, params: P) -> float:
        """What EM maximises: the log-likelihood, less the gap of an inexact E-step, plus the logarithm of the prior."""
        return self.objective_of(self.expectation(params), params)

    def objective_of(self, total: Expectation[Any], params: P) -> float:
        """The same, of a pass that was made at `params`."""
        return float(total.log_likelihood - total.gap + self.model.log_prior(params))

    def __call__(self, params: P) -> Evaluation[P]:
        total = self.expectation(params)
        objective, update = self.objective_of(total, params), self.maximised(total, params)
        here = Evaluation(params, objective, float(total.log_likelihood), update, self._rate(params, objective, update))
        self._recent.append(here)
        return here

    def maximised(self, total: Expectation[Any], params: P) -> P:
        """The M-step, given the statistics of E-steps at `params`."""
        if not np.isfinite(self.objective_of(total, params)):
            raise ParameterError(
                f"the log-likelihood is {total.log_likelihood} at these parameters: some rows have probability 0 under "
                "every latent state, or a value overflowed. Start from parameters under which every row is possible."
            )
        try:
            update = self.model.m_step(total.statistics, params)
        except STUMBLES as error:
            raise self._stumbled("m_step", error) from error
        if not isinstance(update, type(params)):
            raise ModelError(
                f"{type(self.model).__name__}.m_step returned {type(update).__name__}; it must return {type(params).__name__}, "
                "as it was given."
            )
        return update

    def attempt(self, params: P, like: P | None = None) -> Evaluation[P] | None:
        """Evaluate a guess; None if it has no finite objective or no M-step, or if none from `like` would go so far."""
        if like is not None and not self.model.within(params, like, self.source.profile):
            return None
        try:
            return self(params)
        except (ParameterError, DegenerateFitError):
            return None

    @property
    def memory(self) -> EMMemory[P]:
        """What a later evaluation depends on, beside its parameters."""
        return EMMemory(self.evaluations, tuple(self._recent), self._curvature, self._gain, self._fall)

    def recall(self, memory: EMMemory[P]) -> None:
        """Go on as the map that had this memory."""
        self.evaluations, self._recent = memory.evaluations, deque(memory.recent, maxlen=RECENT)
        self._curvature, self._gain, self._fall = memory.curvature, memory.gain, memory.fall

    def measure_anew(self) -> None:
        """Forget what was seen of curvature and rounding: the run goes on elsewhere."""
        self._curvature = self._gain = self._fall = 0.0

    def _stumbled(self, step: str, error: Exception) -> Exception:
        """What a model's step that fails in its arithmetic raises: at parameters that a run came to, it is that run's end."""
        if isinstance(error, EmkitError):
            return error
        name = f"{type(self.model).__name__}.{step}"
        return DegenerateFitError(f"{name} failed at the parameters it was given: {type(error).__name__}: {error}")

    def _rate(self, params: P, objective: float, update: P) -> EMRate | None:
        """How fast EM moves, if `params` are the update of a recent evaluation."""
        before = next((recent for recent in self._recent if recent.update is params), None)
        if before is None:
            return None
        start, middle, end = (self._entries(point) for point in (before.params, params, update))
        length, next_length = _length(middle - start), _length(end - middle)
        gain = objective - before.objective
        if gain >= -DECREASE * (1 + abs(objective)):  # where no extrapolation left the space of the M-step, EM cannot fall
            self._fall = max(self._fall, -gain)
        least = 4 * EPSILON * (1 + abs(objective))
        rounding = max(least, self._fall)
        still = next_length <= 4 * EPSILON * _length(end) and bool((np.abs(end - middle) <= 4 * EPSILON * np.abs(end)).all())
        if gain > max(1e4 * least, 100 * rounding) and length > WANDERING * _length(middle):
            if gain / length**2 > self._curvature:
                self._curvature, self._gain = gain / length**2, gain
        elif self._gain <= 100 * rounding:  # now that rounding has been seen, it was that
            self._curvature = 0.0
        return EMRate(gain, length, 0.0 if still else next_length, self._curvature, rounding, _length(middle))


def _length(vector: Array) -> float:
    with np.errstate(over="ignore"):  # a guess may lie so far out that squares overflow; it is refused
        return float(np.sqrt(vector @ vector))
