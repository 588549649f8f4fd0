"""The compiled road through an E-step: linear form in, expected statistics out."""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from emkit.core.arrays import Array
from emkit.core.memo import Memo
from emkit.data.chunk import Chunk, alike
from emkit.families.family import LOG_OF_ZERO, safe_log
from emkit.families.linear import BaseRows, LinearForm, base_of_rows, no_base

S = TypeVar("S")
LEAST_ROWS = 1_000  # of a chunk: for fewer, nobody should wait for a compiler,
LEAST_WORK = 64_000  # nor for less than so many rows * components * columns
IMPOSSIBLE = LOG_OF_ZERO / 2  # log-likelihood of one row; no sum over possible rows comes near


def worth_compiling(x: Array, n_components: int) -> bool:
    """Whether an E-step over the rows x (n, d) is worth the compiled road."""
    return len(x) >= LEAST_ROWS and n_components * len(x) * max(x.shape[1], 4) >= LEAST_WORK


def expectations(form: LinearForm[S], proportions: Array, chunk: Chunk) -> tuple[Array, S, Array]:
    """Mass (S, K), the family's statistics of all S K components, and log-likelihoods (S,), of mixtures with `proportions`.

    These are (S, K), or (K,) of one mixture. The log-likelihood of a mixture under which some row is impossible is -inf.
    """
    sums = form.no_sums()
    weights = chunk.weights[:1].copy() if alike(chunk.weights) else chunk.weights
    number = form.coefficients.shape[0] // proportions.shape[-1]
    scored = np.zeros(number)
    _rows(form, chunk).add_up(chunk.x, weights, _joint_coefficients(form, proportions), sums, scored)
    possible = scored > IMPOSSIBLE * chunk.least_weight
    mass = sums[:, 0].reshape(number, -1).copy()
    return mass, form.statistics(sums, chunk), np.where(possible, scored + form.constant(chunk), -np.inf)


def log_density(form: LinearForm[S], chunk: Chunk, room: Array | None = None) -> Array:
    """Log p(x_i | component k) of the rows of a chunk, shape (n, K); in `room` (K, n), if there is any."""
    scores = np.empty((len(form.coefficients), len(chunk.x))) if room is None else room
    _rows(form, chunk).score(chunk.x, np.ascontiguousarray(form.coefficients.T), scores)
    if form.base is not no_base:
        scores += base_of_rows(form, chunk.x)
    return scores.T


def statistics(form: LinearForm[S], chunk: Chunk, weights: Array) -> S:
    """The family's statistics of a chunk, given how much of each row counts for each component (n, K)."""
    return form.statistics(sums_of(form, chunk, weights), chunk)


def sums_of(form: LinearForm[S], chunk: Chunk, weights: Array) -> Array:
    """The feature sums (K, G) of a chunk, given how much of each row counts for each component (n, K)."""
    sums = form.no_sums()
    _rows(form, chunk).sum_up(chunk.x, np.ascontiguousarray(weights.T), sums)
    return sums


def _rows(form: LinearForm[S], chunk: Chunk) -> BaseRows:
    """The base rows of a form: those that go over the rows of the chunk where these are."""
    return form.rows if chunk.on_device is None else chunk.on_device(form.rows)


def with_proportions(form: LinearForm[S], proportions: Array) -> Array:
    """The coefficients (F, S K) of log p(x_i, z=k)."""
    coefficients = form.coefficients.T.copy(order="C")
    coefficients[0] += safe_log(proportions.ravel())  # the first feature is 1
    return coefficients


_joint_coefficients = Memo(with_proportions)
