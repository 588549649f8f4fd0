"""The E-step of mixtures over few rows, where nobody should wait for a compiler: two matrix products in NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from emkit.core.arrays import Array
from emkit.data.chunk import Chunk, as_float64
from emkit.families.linear import Features, LinearForm
from emkit.models.compiled import IMPOSSIBLE, with_proportions

S = TypeVar("S")


def expectations(form: LinearForm[S], features_of: Features, proportions: Array, chunk: Chunk) -> tuple[Array, S, Array]:
    """Mass (S, K), the family's statistics of all S K components, and log-likelihoods (S,), given `proportions` (S, K).

    `features_of` makes those of the form. The log-likelihood of a mixture under which some row is impossible is -inf.
    """
    features = features_of(as_float64(chunk.x))
    joint = (with_proportions(form, proportions).T @ features).reshape(*proportions.shape, -1)
    scored = _shared(joint, chunk.weights) @ chunk.weights
    sums = joint.reshape(-1, joint.shape[-1]) @ features.T
    possible = scored > IMPOSSIBLE * chunk.least_weight
    mass = sums[:, 0].reshape(proportions.shape).copy()
    return mass, form.statistics(sums, chunk), np.where(possible, scored + form.constant(chunk), -np.inf)


def expectations_of_each(
    form: LinearForm[S], features_of: Features, proportions: Array, chunks: Sequence[Chunk]
) -> tuple[Array, S, Array]:
    """As `expectations`, where each mixture sees rows of its own, as many as the others: those of its chunk.

    Rows that all chunks have in common are made features of once. Weights may be 0.
    """
    together, weights = of_one_table(chunks), np.stack([chunk.weights for chunk in chunks])
    x = chunks[0].x if together else np.concatenate([chunk.x for chunk in chunks])
    features = features_of(x).reshape(form.coefficients.shape[1], 1 if together else len(chunks), -1).swapaxes(0, 1)
    joint = with_proportions(form, proportions).T.reshape(*proportions.shape, -1) @ features
    seen = _shared(joint, weights)
    sums = (joint @ features.swapaxes(1, 2)).reshape(proportions.size, -1)
    possible = ((seen > IMPOSSIBLE) | (weights == 0)).all(axis=1)
    constants = np.array([form.constant(chunk) for chunk in chunks])
    mass = sums[:, 0].reshape(proportions.shape).copy()
    scored = (seen * weights).sum(axis=1) + constants
    return mass, form.statistics(sums, chunks[0]), np.where(possible, scored, -np.inf)


def of_one_table(chunks: Sequence[Chunk]) -> bool:
    """Whether all chunks have the same rows, and differ in their weights alone."""
    return all(chunk.x is chunks[0].x for chunk in chunks)


def _shared(joint: Array, weights: Array) -> Array:
    """The log-likelihoods (S, n) of rows, whose log p(x, z=k) (S, K, n) become weighted shares, in place.

    `weights` are (n,), or (S, n).
    """
    highest = joint.max(axis=1)
    joint -= highest[:, None]
    np.exp(joint, out=joint)
    total = joint.sum(axis=1)
    joint *= (weights / total)[:, None]
    return np.asarray(highest + np.log(total))
