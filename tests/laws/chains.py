"""Laws of hidden Markov chains over rows in sequence: against all paths written out, and what order and weights mean."""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any, NamedTuple

import numpy as np
from scipy.special import logsumexp

import emkit as ek
from emkit.core.mapreduce import threads
from emkit.core.parameters import leaves, replace_at
from tests.laws.contract import ChunksOnly
from tests.laws.sums import assert_same_bits, numbers

Array = np.ndarray
LENGTHS = (4, 1, 3, 2)  # of sequences whose paths are few enough to be listed


class Listed(NamedTuple):
    """What all paths of all sequences add up to: shares (n, K), log-likelihoods (G,), pairs (K, K), the best (G,)."""

    shares: Array
    log_likelihood: Array
    pairs: Array
    best: Array


def labels(lengths: Any) -> Array:
    """A label for each row, of sequences of these lengths."""
    return np.repeat(np.arange(len(lengths)), lengths)


def listed(initial: Array, transitions: Array, log_density: Array, lengths: Any, weights: Any) -> Listed:
    """The sums over all paths, one after the other, of chains that differ by sequence (G, K) and row (n, K, K), or not."""
    rows, number = log_density.shape
    shares, pairs = np.zeros_like(log_density), np.zeros((number, number))
    heights, best = [], []
    with np.errstate(divide="ignore"):
        starts = np.broadcast_to(np.log(initial), (len(lengths), number))
        move = np.broadcast_to(np.log(transitions), (rows, number, number))
    for (first, end), weight, start in zip(pairwise(np.cumsum([0, *lengths])), weights, starts, strict=True):
        paths = list(product(range(number), repeat=end - first))
        joint = [
            start[path[0]]
            + sum(move[first + 1 + t][pair] for t, pair in enumerate(pairwise(path)))
            + sum(log_density[range(first, end), path])
            for path in paths
        ]
        heights.append(logsumexp(joint))
        best.append(max(joint))
        for path, share in zip(paths, np.exp(np.array(joint) - heights[-1]), strict=True):
            shares[range(first, end), path] += share
            for pair in pairwise(path):
                pairs[pair] += weight * share
    return Listed(shares, np.array(heights), pairs, np.array(best))


def assert_agrees_with_all_paths(model: Any, params: Any, x: Array, rng: np.random.Generator) -> None:
    """Shares, moves, likelihoods and likeliest paths are those of the list of all paths, to 1e-13."""
    weights = rng.integers(1, 4, len(LENGTHS)).astype(float)
    source = ek.ArraySource(x, weights, groups=labels(LENGTHS))
    (chunk,) = source.chunks()
    wanted = listed(params.initial, params.transitions, model.family.log_density(params.components, x), LENGTHS, weights)
    found, path = model.posterior(params, chunk), model.decode(params, chunk)
    pairs = zip(
        (found.responsibilities, found.log_likelihood, found.latent.moves, path.log_joint),
        (wanted.shares, wanted.log_likelihood, wanted.pairs, wanted.best),
        strict=True,
    )
    for ours, theirs in pairs:
        scale = 1 + np.abs(wanted.log_likelihood).max()
        assert np.abs(ours - theirs).max() <= 1e-13 * scale, f"off by {np.abs(ours - theirs).max():.3g} from all paths"
    starts = weights @ wanted.shares[chunk.bounds[:-1]]
    assert np.abs(found.latent.starts - starts).max() <= 1e-13 * scale, "the starts are not those of all paths"


def _expectation(model: Any, params: Any, source: Any, **options: Any) -> Any:
    return ek.EMMap(model, source, params, **options).expectation(params)


def _assert_close(found: Any, wanted: Any, message: str) -> None:
    a, b = numbers(found), numbers(wanted)
    off = np.abs(a - b) / (1 + np.abs(b).max())
    assert off.max() <= 1e-12, f"{message}: off by {off.max():.3g}"


def assert_sequences_add_up(model: Any, params: Any, x: Array, lengths: Any, rng: np.random.Generator) -> None:
    """In any order, in any chunks and in any number of threads; weight 2 is the sequence twice."""
    weights = rng.integers(1, 3, len(lengths)).astype(float)
    whole = _expectation(model, params, ek.ArraySource(x, weights, groups=labels(lengths), chunk_rows=len(x)))
    cut = ek.ArraySource(x, weights, groups=labels(lengths), chunk_rows=max(len(x) // 4, 1))
    _assert_close(_expectation(model, params, cut), whole, "cut into chunks, sequences do not add up")
    for count in (1, 2, 3):
        with threads(count) as executor:
            spread = _expectation(model, params, cut, map_reduce=executor)
        assert_same_bits(spread, _expectation(model, params, cut), f"{count} threads give other bits")
    rows = np.split(np.arange(len(x)), np.cumsum(lengths)[:-1])
    order = rng.permutation(len(lengths))
    turned = ek.ArraySource(x[np.concatenate([rows[g] for g in order])], weights[order], groups=labels(lengths[order]))
    _assert_close(_expectation(model, params, turned), whole, "the order of the sequences matters")
    times = np.repeat(np.arange(len(lengths)), weights.astype(int))
    copied = ek.ArraySource(x[np.concatenate([rows[g] for g in times])], groups=labels(lengths[times]))
    _assert_close(_expectation(model, params, copied), whole, "a weight of 2 is not the sequence twice")


def assert_sequences_in_chunks_are_enough(model: Any, params: Any, x: Array, lengths: Any) -> None:
    """A fit looks at chunks and at the profile, and at nothing else of a source."""
    source = ek.ArraySource(x, groups=labels(lengths), chunk_rows=max(len(x) // 3, 1))
    one, other = (ek.fit(model, given, params, max_evaluations=4) for given in (source, ChunksOnly(source)))
    assert_same_bits(other.params, one.params, "a source of chunks leads elsewhere")


def assert_states_permute(model: Any, params: Any, x: Array, lengths: Any, order: Array) -> None:
    """Another order of the states is the same model."""
    source = ek.ArraySource(x, groups=labels(lengths))
    one = ek.EMMap(model, source, params)(params)
    other = ek.EMMap(model, source, _turned(params, order))(_turned(params, order))
    assert abs(one.objective - other.objective) <= 1e-12 * (1 + abs(one.objective))
    np.testing.assert_allclose(numbers(other.update), numbers(_turned(one.update, order)), rtol=1e-9, atol=1e-11)


def _turned(params: Any, order: Array) -> Any:
    own = {leaf.path: leaf.value[order] for leaf in leaves(params)}
    return replace_at(params, own | {"transitions": params.transitions[np.ix_(order, order)]})
