"""Latent states written out: of models, and of components whose families have latent states of their own."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

import numpy as np

import emkit as ek
from emkit.core.protocols import Complete
from emkit.families.family import safe_log
from emkit.models.around import bare

Array = np.ndarray


def complete(model: Any, params: Any, chunk: ek.Chunk) -> Complete:
    """The rows of a chunk with their latent states; those of a chain as sequences of one row each, which no path joins."""
    inner = bare(model)
    if not isinstance(inner, ek.HiddenMarkovChain):
        return model.complete(params, chunk)
    assert chunk.groups is None
    first = safe_log(inner.outlook(params, chunk))
    return Complete(first + inner.family.log_density(params.components, chunk.x), chunk.weights)


@singledispatch
def completed(family: Any, before: Any, now: Any, x: Array) -> Array:
    """E[log p(x_i, states | component k; now) | x_i, k; before], shape (n, K): the log-density where there are no states."""
    return np.asarray(family.log_density(now, x))


@completed.register
def _(family: ek.Product, before: Any, now: Any, x: Array) -> Array:
    every = zip(family.families, before.parts, now.parts, now.places, strict=True)
    return np.asarray(sum(completed(inner, old, new, x[:, list(own)]) for inner, old, new, own in every))


@completed.register
def _(family: ek.MixtureOf, before: Any, now: Any, x: Array) -> Array:
    densities = np.stack([np.exp(family.family.log_density(part, x)) for part in before.parts], axis=2) * before.proportions
    shares = densities / densities.sum(axis=2, keepdims=True)
    every = zip(before.parts, now.parts, np.moveaxis(shares, 2, 0), now.proportions.T, strict=True)
    return np.sum([r * (np.log(q) + completed(family.family, old, new, x)) for old, new, r, q in every], axis=0)


@completed.register
def _(family: ek.ZeroInflated, before: Any, now: Any, x: Array) -> Array:
    total = np.zeros((len(x), len(now.zeros)))
    for j in range(x.shape[1]):
        old, new = (type(p.counts)(*(value[:, [j]] for value in vars(p.counts).values())) for p in (before, now))
        z, other = before.zeros[:, j], (1 - before.zeros[:, j]) * np.exp(family.family.log_density(old, x[:, [j]]))
        share = np.where(x[:, [j]] == 0, z / (z + other), 0.0)
        counted = safe_log(1 - now.zeros[:, j]) + completed(family.family, old, new, x[:, [j]])
        found = share * safe_log(now.zeros[:, j]) + (1 - share) * counted
        total += np.where(np.isnan(x[:, [j]]), 0.0, found)  # of a cell that was not seen, nothing is told
    return total
