"""What leads out of poor maxima of a hidden Markov chain: as for mixtures, but rows keep their places in their sequences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import cycle, islice
from typing import Any, NamedTuple, Protocol

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.parameters import replace_at
from emkit.data.chunk import Chunk
from emkit.data.profile import Profile
from emkit.data.source import ArraySource
from emkit.data.subsample import SUBSAMPLE, compared, in_standard_units
from emkit.errors import DegenerateFitError, ParameterError
from emkit.families.family import Family
from emkit.models.assignment import Posterior
from emkit.models.mixture import Mixture, MixtureParams
from emkit.models.order import can_be_reordered, kinds, selected
from emkit.models.relocations import BLURS, TOGETHER, divisions_near
from emkit.models.rows import Rows
from emkit.models.split_merge import ADAPTED, MOST, split

STRETCHES = 0.4  # share of the starts at random in which a state takes rows that follow each other,
EVENLY = 0.1  # share of the moves of a chain without some of its states
SHORTEST = 2  # rows at least, and an equal share of all at most


class Chain(Protocol):
    """What of a chain is asked for here."""

    @property
    def family(self) -> Family[Any, Any]:
        """What one state looks like."""

    def posterior(self, params: Any, chunk: Chunk) -> Posterior:
        """The distribution over the states of each row."""

    def estimated(self, chunk: Chunk, like: Any, nearest: Integers) -> Any:
        """Parameters estimated from rows of which each mostly belongs to one state."""

    def each_estimated(self, chunk: Chunk, like: Any, divisions: Sequence[Integers], blur: float = ...) -> Iterator[Any]:
        """The same for each of several divisions of the rows, but for those from which nothing can be estimated."""


class Decoded(NamedTuple):
    """The likeliest state (n,) of every row by itself, and the log-likelihood of all sequences."""

    states: Integers
    log_likelihood: float


def split_merges(model: Chain, params: Any, profile: Profile[ArraySource]) -> Iterator[Any]:
    """Starts that may lead higher than a run that has come to `params`, the most promising first.

    In each of them, a state is taken away, which costs the log-likelihood that the chain of the others has less, and another
    one's rows are divided in two, which gains what a mixture of two gains among these rows. Only exchanges count that gain
    more than half the cost. Where rows are many, there are none: each cost takes a pass over all of them.
    Source: as of `split_merge.split_merges`.
    """
    chunk = _looked_at(params, profile)
    if chunk is None:
        return
    x = compared(chunk.x, chunk.weights)
    rows, scaled = Chunk(chunk.x, chunk.weights), in_standard_units(x, chunk.weights, x)
    number, states = len(params.initial), _decoded(model, params, chunk).states
    left = [_without(model, params, np.array([k]), chunk) for k in range(number)]
    whole = _without(model, params, np.arange(0), chunk).log_likelihood
    costs = [ADAPTED * (whole - each.log_likelihood) for each in left]
    mixture, alike = Mixture(model.family), MixtureParams(np.full(number, 1 / number), params.components)
    splits = [split(mixture, alike, k, rows, scaled, np.flatnonzero(states == k)) for k in range(number)]
    pairs = ((gone, k) for k in range(number) for gone in range(number) if gone != k)
    tried: set[int] = set()
    for balance, gone, k in sorted((costs[gone] - splits[k].gained, gone, k) for gone, k in pairs):
        if balance < 0 and k not in tried and len(tried) < MOST:
            tried.add(k)
            moved = np.where(states == gone, left[gone].states, states)
            moved[splits[k].second] = gone
            with suppress(ParameterError, DegenerateFitError):  # some state has no maximum among its rows
                yield model.estimated(chunk, params, moved)


def relocations(model: Chain, params: Any, profile: Profile[ArraySource], seed: int) -> Iterator[Any]:
    """Starts near `params`, without end, in which a state loses its rows to the others, and takes a stretch of rows.

    In other starts, what it takes does not depend on where rows stand: see `models.relocations`. None where rows are many.
    """
    chunk = _looked_at(params, profile)
    if chunk is None:
        return
    x = compared(chunk.x, chunk.weights)
    rows = Rows(in_standard_units(x, chunk.weights, x), chunk.weights)
    found: dict[tuple[int, ...], Integers] = {}

    def without(moved: Integers) -> Integers:
        some = tuple(sorted(moved.tolist()))
        if some not in found:
            found[some] = _without(model, params, moved, chunk).states
        return found[some]

    divided = _divided(_decoded(model, params, chunk).states, without, len(params.initial), rows, np.random.default_rng(seed))
    for blur in cycle(BLURS):
        yield from model.each_estimated(chunk, params, list(islice(divided, TOGETHER)), blur)


def _divided(
    states: Integers, without: Callable[[Integers], Integers], number: int, rows: Rows, rng: np.random.Generator
) -> Iterator[Integers]:
    """Divisions of the rows near that among `states` (n,), without end."""
    wherever = divisions_near(states, without, number, rows, rng)
    longest = max(len(states) / number, SHORTEST)
    while True:
        if rng.random() >= STRETCHES:
            yield next(wherever)
            continue
        moved = rng.integers(number, size=1)
        left, length = np.array(without(moved)), int(np.exp(rng.uniform(np.log(SHORTEST), np.log(longest))))
        first = int(rng.integers(max(len(states) - length, 0) + 1))
        left[first : first + length] = moved
        yield left


def _looked_at(params: Any, profile: Profile[ArraySource]) -> Chunk | None:
    """All rows in sequence; None where they are too many, or nothing can be moved."""
    if not can_be_reordered(params) or len(params.initial) < 2 or len(kinds(params)) > 1:
        return None
    return profile.in_sequence(SUBSAMPLE)


def _decoded(model: Chain, params: Any, chunk: Chunk) -> Decoded:
    found = model.posterior(params, chunk)
    shares = np.where(np.isnan(found.responsibilities), 0.0, found.responsibilities)  # of sequences without any path
    return Decoded(shares.argmax(axis=1), float(chunk.group_weights @ found.log_likelihood))


def _without(model: Chain, params: Any, gone: Integers, chunk: Chunk) -> Decoded:
    """Of the chain without some states; the others keep their numbers.

    It moves among the others as it did but for a share, which is spread evenly: moves that are next to impossible may be so
    because there is a state between.
    """
    kept = np.setdiff1d(np.arange(len(params.initial)), gone)
    values: dict[str, Any] = dict(selected(params, kept.tolist()))
    moves: dict[str, Any] = {path: _spread(values[path]) for path in ("initial", "transitions") if path in values}
    states, log_likelihood = _decoded(model, replace_at(params, {**values, **moves}), chunk)
    return Decoded(kept[states], log_likelihood)


def _spread(values: Array) -> Array:
    """`values` (..., K) >= 0 as shares with sums of 1, of which one is spread evenly."""
    total = values.sum(axis=-1, keepdims=True)
    there = np.where(total > 0, 1 - EVENLY, 0.0)
    return values * there / np.where(total > 0, total, 1.0) + (1 - there) / values.shape[-1]
