"""A better division of labour: one component gives up its rows, and those of another are divided between the two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.parameters import replace_at
from emkit.core.protocols import Complete, Expectation
from emkit.data.chunk import Chunk
from emkit.data.profile import Profile
from emkit.data.source import ArraySource
from emkit.data.subsample import compared, in_standard_units
from emkit.errors import DegenerateFitError, ParameterError
from emkit.models.kmeans import spread_out
from emkit.models.order import can_be_reordered, kinds, selected

MOST = 3  # exchanges at a time
STEPS = 3  # of EM, to see what two components would gain over one
ADAPTED = 0.5  # share of a loss that counts: where a component is taken away, the others adapt
SEED = 1  # of a division in two: one of those that are improved


class Divisible(Protocol):
    """What of a mixture is asked for here."""

    def complete(self, params: Any, chunk: Chunk) -> Complete:
        """A chunk with its latent states written out."""

    def estimated(self, chunk: Chunk, like: Any, nearest: Integers) -> Any:
        """Parameters estimated from rows of which each mostly belongs to one component."""

    def each_estimated(self, chunk: Chunk, like: Any, divisions: Sequence[Integers], blur: float = ...) -> Iterator[Any]:
        """The same for each of several divisions of the rows, but for those from which nothing can be estimated."""

    def e_step(self, params: Any, chunk: Chunk) -> Expectation[Any]:
        """Expected statistics of a chunk."""

    def m_step(self, stats: Any, params: Any) -> Any:
        """The best parameters, given these."""


class Split(NamedTuple):
    """The rows of one component divided in two: those that go to the `second`, and the log-likelihood `gained`."""

    second: Integers
    gained: float


def split_merges(model: Divisible, params: Any, profile: Profile[ArraySource]) -> Iterator[Any]:
    """Starts that may lead higher than a run that has come to `params`, the most promising first.

    In each of them, a component is taken away, which costs the log-likelihood that its rows lose with the next best
    component, and another one's rows are divided in two, which gains what a few EM steps among these rows gain. Only
    exchanges count that gain more than half the cost. All this is estimated from a sample of the rows.
    Source: after Ueda, Nakano, Ghahramani & Hinton (2000), Neural Computation 12, 2109-2128, who merge two components and
    split a third.
    """
    if not can_be_reordered(params) or len(kinds(params)) > 1:
        return
    some = profile.sample  # in an order of its own
    x = compared(some.x, some.weights)
    chunk, scaled = some.whole, in_standard_units(x, some.weights, x)
    joint = model.complete(params, chunk).log_joint
    n_components = joint.shape[1]
    best = joint.argmax(axis=1)
    without = joint.copy()
    without[np.arange(len(joint)), best] = -np.inf
    next_best = without.argmax(axis=1)
    lost = chunk.weights * (np.logaddexp.reduce(joint, axis=1) - without.max(axis=1))
    costs = ADAPTED * np.bincount(best, lost, minlength=n_components)
    splits = {k: split(model, params, k, chunk, scaled, np.flatnonzero(best == k)) for k in range(n_components)}
    pairs = ((gone, k) for k in range(n_components) for gone in range(n_components) if gone != k)
    promising = sorted((costs[gone] - splits[k].gained, gone, k) for gone, k in pairs)
    tried: set[int] = set()  # each component is divided once, in its best exchange
    for balance, gone, k in promising:
        if balance < 0 and k not in tried and len(tried) < MOST:
            tried.add(k)
            component = np.where(best == gone, next_best, best)
            component[splits[k].second] = gone
            with suppress(ParameterError, DegenerateFitError):  # some component has no maximum among its rows
                yield model.estimated(chunk, params, component)


def split(model: Divisible, params: Any, k: int, whole: Chunk, scaled: Array, rows: Integers) -> Split:
    """What two components in place of component `k` would make of its `rows`; no gain if there is no dividing them."""
    two = replace_at(params, {**selected(params, [k, k]), "proportions": np.array([0.5, 0.5])})
    chunk = Chunk(whole.x[rows], whole.weights[rows])
    side = spread_out(scaled[rows], chunk.weights, 2, SEED) if len(rows) > 1 else np.zeros(len(rows), dtype=np.int64)
    if not side.any():
        return Split(rows[:0], 0.0)
    try:
        alone = float(chunk.weights @ np.logaddexp.reduce(model.complete(two, chunk).log_joint, axis=1))
        two = model.estimated(chunk, two, side)
        for _ in range(STEPS):
            two = model.m_step(model.e_step(two, chunk).statistics, two)
        joint = model.complete(two, chunk).log_joint
    except (ParameterError, DegenerateFitError):  # among so few rows, two components have no maximum
        return Split(rows[:0], 0.0)
    together = float(chunk.weights @ np.logaddexp.reduce(joint, axis=1))
    return Split(rows[joint[:, 1] > joint[:, 0]], together - alone)
