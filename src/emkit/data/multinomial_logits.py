"""Which of several alternatives there is, by covariates: multinomial logits, with one step of Newton's method as their M-step.

Coefficients (..., K, q) are the log-odds of each alternative against the first, by intercept and covariates: of one choice, or
of several that have the same covariates, as a chain has one for each state that it goes on from, and a mixture of regressions
one for each component.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import NamedTuple

import numpy as np
import scipy

from emkit.core.arrays import Array
from emkit.core.coordinates import Scale
from emkit.core.newton import Greatest, NewtonSums, gain, stepped
from emkit.data.chunk import as_float64
from emkit.data.framed_design import FramedDesign

ROOT_TWO = float(np.sqrt(2.0))  # the scores of two alternatives move apart by so much at most, for a step of length 1


class Bound(NamedTuple):
    """A value that an expected log-likelihood reaches at least, and its slopes along the coefficients."""

    value: float
    slopes: Array


@dataclass(frozen=True)
class MultinomialLogits(FramedDesign):
    """The covariates on which log-odds depend: see `FramedDesign`."""

    def log_proportions(self, coefficients: Array, x: Array) -> Array:
        """The logarithm of the probabilities (n, ..., K) for the covariates of rows x (n, d)."""
        scores = self.design(as_float64(x)) @ self.level(coefficients.reshape(-1, coefficients.shape[-1])).T
        return np.asarray(scipy.special.log_softmax(scores.reshape(len(x), *coefficients.shape[:-1]), axis=-1))

    def sums(self, x: Array, counts: Array, proportions: Array) -> NewtonSums:
        """Sums over rows x (n, d) of which so much chose each alternative: `counts`, shape (n, ..., K) as the `proportions`."""
        z, choices, number = self.framed(as_float64(x)), prod(counts.shape[1:-1]), counts.shape[-1] - 1
        shape, width = (len(x), choices, number + 1), z.shape[1]
        taken, others = counts.reshape(shape)[:, :, 1:], proportions.reshape(shape)[:, :, 1:]
        total = counts.reshape(shape).sum(axis=2)
        gradient = np.einsum("nrk,np->rkp", taken - total[:, :, None] * others, z)
        curvature = np.empty((choices, number, width, number, width))
        for r in range(choices):
            for k in range(number):
                for other in range(k + 1):
                    spread = total[:, r] * others[:, r, k] * ((k == other) - others[:, r, other])
                    curvature[r, k, :, other] = curvature[r, other, :, k] = (z * spread[:, None]).T @ z
        reach = ROOT_TWO * np.sqrt((z**2).sum(axis=1)).max(initial=0.0)
        size = number * width
        return NewtonSums(
            total.sum(axis=0),
            gradient.reshape(choices, size),
            curvature.reshape(choices, size, size),
            Greatest(np.full(choices, reach)),
            (),
        )

    def moved(self, sums: NewtonSums, before: Array, now: Array) -> Array:
        """One damped step of Newton's method for the multinomial logit, which raises the expected log-likelihood.

        Shapes: gradient (r, (K - 1) q), curvature (r, (K - 1) q, (K - 1) q) of r choices -> (..., K, q).
        Source: see `core/newton.py`; Böhning (1992), Annals of the Institute of Statistical Mathematics 44, 197-200.
        """
        way = self._way(before, now)
        step = self.back(stepped(sums, way, way.shape[1]).reshape(-1, now.shape[-1]))
        return now + _against_first(step, now)

    def bound(self, sums: NewtonSums, before: Array, now: Array) -> Bound:
        """What touches the expected log-likelihood of the multinomial logits where the coefficients are those of `before`."""
        found = gain(sums, self._way(before, now))
        slopes = self.slopes(found.slopes.reshape(-1, now.shape[-1]))
        return Bound(float(found.value.sum()), _against_first(slopes, now))

    def scale(self, coefficients: Array) -> Scale:
        """Coefficients are counted in steps that move the log-odds of all rows by about 1."""
        return Scale(np.zeros(()), np.broadcast_to(self.unit(), coefficients.shape))

    def _way(self, before: Array, now: Array) -> Array:
        moved = (now - before)[..., 1:, :]
        return self.way(moved.reshape(-1, moved.shape[-1])).reshape(prod(moved.shape[:-2]), prod(moved.shape[-2:]))


def _against_first(rest: Array, like: Array) -> Array:
    """Numbers (..., K, q) in the shape of `like`: 0 for the first alternative, and the `rest`."""
    found = np.zeros(like.shape)
    found[..., 1:, :] = rest.reshape(*like.shape[:-2], like.shape[-2] - 1, like.shape[-1])
    return found


def from_first(coefficients: object) -> Array:
    """Coefficients (..., K, q), counted from the first alternative: only differences from it matter."""
    given = np.asarray(coefficients, dtype=np.float64)
    return given - given[..., :1, :] if given.ndim > 1 and given.shape[-2] else given
