"""The E-step of mixtures over few rows, where nobody should wait for a compiler: two matrix products in NumPy."""

from __future__ import annotations

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
    highest = joint.max(axis=1)
    joint -= highest[:, None]
    np.exp(joint, out=joint)
    total = joint.sum(axis=1)
    scored = (highest + np.log(total)) @ chunk.weights
    joint *= (chunk.weights / total)[:, None]
    sums = joint.reshape(-1, joint.shape[-1]) @ features.T
    possible = scored > IMPOSSIBLE * chunk.least_weight
    mass = sums[:, 0].reshape(proportions.shape).copy()
    return mass, form.statistics(sums, chunk), np.where(possible, scored + form.constant(chunk), -np.inf)
