"""Paths through hidden states, drawn from their posterior: filtered forwards, drawn backwards."""

from __future__ import annotations

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.data.chunk import Chunk
from emkit.families.family import LOG_OF_ZERO, safe_log
from emkit.models.chains import Smoothed, counted, filtered_in_logs, into, steps


def filtered(initial: Array, transitions: Array, log_density: Array, chunk: Chunk) -> tuple[Array, Array]:
    """Log p(state k at t | rows up to t) (n, K), and the log-likelihood of each sequence (G,): -inf if no path explains it."""
    forward, scale = filtered_in_logs(initial, transitions, log_density, chunk)
    log_likelihood = np.add.reduceat(scale, chunk.bounds[:-1]) if len(scale) else np.empty(0)
    return forward, np.where(log_likelihood > LOG_OF_ZERO / 2, log_likelihood, -np.inf)


def drawn(
    forward: Array, log_likelihood: Array, transitions: Array, chunk: Chunk, draws: Integers, lots: np.random.Generator
) -> Smoothed:
    """What `draws` (G,) paths through each sequence have in common, given what was `filtered`.

    Paths are drawn together: of those that are in one state at a step, it is drawn how many came from each.
    Source: Frühwirth-Schnatter (1994), Journal of Time Series Analysis 15, 183-202.
    """
    counts, pairs = np.zeros(forward.shape), np.zeros(transitions.shape)
    sequence = np.repeat(np.arange(len(draws)), np.diff(chunk.bounds))
    behind, later = np.empty(0, dtype=np.int64), np.empty((0, forward.shape[1]), dtype=np.int64)
    for rows in reversed(steps(chunk)):
        before, ends = rows[: len(behind)], rows[len(behind) :]
        came = lots.multinomial(later, _backwards(forward[before], into(transitions, behind)))
        counts[before] = came.sum(axis=1)
        counts[ends] = lots.multinomial(draws[sequence[ends]], _shares(forward[ends]))
        counted(pairs, behind, chunk.weights[before] / draws[sequence[before]], came.swapaxes(1, 2).astype(float))
        behind, later = rows, counts[rows].astype(np.int64)
    return Smoothed(counts / draws[sequence, None], log_likelihood, pairs)


def _backwards(forward: Array, transitions: Array) -> Array:
    """The probability of each state (last axis) before each of the next (m, K, K), given the rows up to there."""
    return _shares(forward[:, None, :] + safe_log(transitions).swapaxes(-1, -2))


def _shares(logs: Array) -> Array:
    """Probabilities along the last axis; even where all are impossible, of which nothing is drawn."""
    shares = np.exp(logs - logs.max(axis=-1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=-1, keepdims=True))
