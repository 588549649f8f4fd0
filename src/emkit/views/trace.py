"""How a run climbed, and where Aitken's formula says that it will end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.engine import HistoryEntry
from emkit.core.json_types import Json

CLEAR_OF_ROUNDING = 1e-11  # a gain below this, relative, has no digits left to extrapolate from


@dataclass(frozen=True)
class Trace:
    """`iterations`, `evaluations` (passes over the data), `objective` and `log_likelihood` (n,) of every step of a run.

    `limit` (n,) is the Aitken estimate of the objective's limit from three consecutive plain EM steps: with gains g and then
    g a, the limit lies g a / (1 - a) above the second. NaN where steps are no plain EM steps, or gains do not shrink.
    Source: Boehning et al. (1994), Ann. Inst. Statist. Math. 46, 373-388.
    """

    iterations: Integers
    evaluations: Integers
    objective: Array
    log_likelihood: Array
    limit: Array

    @property
    def final_limit(self) -> float | None:
        """The last estimate that there is."""
        known = self.limit[np.isfinite(self.limit)]
        return float(known[-1]) if len(known) else None

    def to_dict(self) -> Json:
        """Plain values for JSON; where there is no estimate, None."""
        lists = {name: column.tolist() for name, column in vars(self).items()}
        return {**lists, "limit": [float(value) if np.isfinite(value) else None for value in self.limit]}


def trace(history: Sequence[HistoryEntry]) -> Trace:
    """The trace of a run's history."""
    iterations, evaluations, objective, log_likelihood = (np.array(column) for column in zip(*history, strict=True))
    limit = _limits(objective) if np.all(np.diff(evaluations) == 1) else np.full(len(history), np.nan)
    return Trace(iterations, evaluations, objective, log_likelihood, limit)


def _limits(objective: Array) -> Array:
    limit = np.full(len(objective), np.nan)
    before, gain = np.diff(objective)[:-1], np.diff(objective)[1:]
    usable = (gain > CLEAR_OF_ROUNDING * (1 + np.abs(objective[2:]))) & (gain < before)
    rate = np.where(usable, gain, 0.0) / np.where(usable, before, 1.0)
    limit[2:] = np.where(usable, objective[2:] + gain * rate / (1 - rate), np.nan)
    return limit
