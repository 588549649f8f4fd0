"""Distributions over the latent states that no E-step would choose, but that show what the best one is better than."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emkit.core.arrays import Array
from emkit.errors import ModelError
from emkit.models.assignment import Assignment, Posterior, normalise


def assigned(q: Array, log_joint: Array) -> Posterior:
    """The assignment with shares `q` (n, K): log-likelihoods, and gaps KL(q || posterior), row by row."""
    _, log_likelihood = normalise(log_joint)
    safe = np.where(q > 0, q, 1.0)
    gap = (q * (np.log(safe) - np.where(q > 0, log_joint, 0.0))).sum(axis=1) + log_likelihood
    return Posterior(q, log_likelihood, gap)


class _Blind(Assignment):
    """An assignment that does not look at the parameters: the M-step after it is final."""

    @property
    def ascends(self) -> bool:
        return True


@dataclass(frozen=True)
class Even(_Blind):
    """Equal shares for every latent state that the row can have."""

    def assign(self, log_joint: Array, weights: Array, start: int) -> Posterior:
        possible = np.isfinite(log_joint)
        return assigned(possible / possible.sum(axis=1, keepdims=True), log_joint)


@dataclass(frozen=True)
class Known(_Blind):
    """The latent state of every row, written down: complete data. `labels` are states, counted from 0.

    Errors: ModelError if there are fewer labels than rows.
    """

    labels: tuple[int, ...]

    def assign(self, log_joint: Array, weights: Array, start: int) -> Posterior:
        rows = len(log_joint)
        labels = np.array(self.labels[start : start + rows], dtype=int)
        if len(labels) < rows:
            raise ModelError(f"there are {len(self.labels)} labels but at least {start + rows} rows; give one label a row.")
        if not np.all((labels >= 0) & (labels < log_joint.shape[1])):
            raise ModelError(f"labels are states from 0 to {log_joint.shape[1] - 1}; got {sorted(set(self.labels))}.")
        return assigned(np.eye(log_joint.shape[1])[labels], log_joint)
