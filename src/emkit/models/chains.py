"""Sequences of hidden states: how probable each state is at every step, how often each follows another, and the likeliest path.

Probabilities are scaled to sum to 1 at every step. Where a transition is all but impossible, a state whose share underflows
might be the only way on, so everything is taken in logarithms there.

`initial` is the distribution (K,) of the first state of every sequence, or (G, K) of each. `transitions` are (K, K) from row to
column, or (n, K, K): for each row those that lead into it. Of these, what is done is done in logarithms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.memo import once
from emkit.core.statistics import Additive
from emkit.data.chunk import Chunk
from emkit.families.family import LOG_OF_ZERO, safe_log

REFILLED = 1e-60  # the least transition by which every step gives every state a share that no underflow can take away
TINY = 1e-100  # a positive transition below this might underflow when it is multiplied by a small share
LEAST_SCALE = 1e-200  # of a step: what underflows beside it is nothing beside what is refilled
LEAST_ROWS = 2_000  # of a chunk: for fewer, nobody should wait for a compiler,
LEAST_STEPS = (
    64  # unless a sequence is so long: each step costs 30 us in Python and 1 us compiled, and searches make thousands of
)
LEAST_MOVES = 200_000  # passes; or unless so many moves between states are looked at


@dataclass(frozen=True)
class Moves(Additive):
    """Expected numbers of `starts` (K,) in each state, and of `moves` (K, K) from one (row) to the next (column).

    Where each row has transitions of its own, the moves are those into each row (n, K, K).
    """

    starts: Array
    moves: Array


class Smoothed(NamedTuple):
    """Of the states given all rows: `shares` (n, K), `log_likelihood` of each sequence (G,), and weighted `pairs`.

    These are how often one state follows another, in the shape of the transitions. A sequence that no path explains has
    log-likelihood -inf, no shares (NaN), and no pairs.
    """

    shares: Array
    log_likelihood: Array
    pairs: Array

    def moves(self, chunk: Chunk) -> Moves:
        """How often states are expected to be the first, and to follow each other."""
        return Moves(chunk.group_weights @ np.nan_to_num(self.shares[chunk.bounds[:-1]]), self.pairs)


def moves_between(shares: Array, chunk: Chunk) -> Moves:
    """The moves of states that rows have in these `shares` (n, K), each independently of the row before."""
    later = not_first(chunk)
    return Moves(
        chunk.group_weights @ shares[chunk.bounds[:-1]], (shares[later - 1] * chunk.weights[later, None]).T @ shares[later]
    )


def moves_into_rows(shares: Array, chunk: Chunk) -> Moves:
    """The same, with the moves into each row (n, K, K)."""
    later, moves = not_first(chunk), np.zeros((*shares.shape, shares.shape[1]))
    moves[later] = (shares[later - 1] * chunk.weights[later, None])[:, :, None] * shares[later, None, :]
    return Moves(chunk.group_weights @ shares[chunk.bounds[:-1]], moves)


class Path(NamedTuple):
    """The likeliest `states` (n,), and log p(rows, states) of each sequence (G,).

    A sequence that no path explains has log p = -inf, and states -1.
    """

    states: Integers
    log_joint: Array

    def smoothed(self, transitions: Array, log_likelihood: Array, chunk: Chunk) -> Smoothed:
        """The path as if it were certain, of sequences with this `log_likelihood` (G,)."""
        shares = np.eye(transitions.shape[-1])[self.states]
        shares[np.repeat(np.isneginf(log_likelihood), np.diff(chunk.bounds))] = np.nan
        moves = moves_between if transitions.ndim == 2 else moves_into_rows
        return Smoothed(shares, log_likelihood, moves(np.nan_to_num(shares), chunk).moves)


@once
def steps(chunk: Chunk) -> tuple[Integers, ...]:
    """For every place in a sequence, the rows (m,) that stand there: those of the longest sequence first."""
    starts, lengths = chunk.bounds[:-1], np.diff(chunk.bounds)
    order = np.argsort(-lengths, kind="stable")
    there = np.searchsorted(-lengths[order], -np.arange(lengths.max(initial=0)), side="left")
    return tuple(starts[order[:m]] + t for t, m in enumerate(there.tolist()))


def into(transitions: Array, rows: Integers) -> Array:
    """The transitions that lead into these rows: (K, K) for all of them, or (m, K, K)."""
    return transitions if transitions.ndim == 2 else transitions[rows]


def onwards(shares: Array, transitions: Array) -> Array:
    """Shares (m, K) of the states one step on, by transitions for all of them (K, K), or for each (m, K, K)."""
    return shares @ transitions if transitions.ndim == 2 else np.einsum("mj,mjk->mk", shares, transitions)


def at_first(initial: Array, chunk: Chunk) -> Array:
    """The distribution of the first state, (K,) or (G, K): those of the longest sequence first, as `steps` have them."""
    every = steps(chunk)
    if initial.ndim == 1 or not every:
        return initial
    return initial[np.searchsorted(chunk.bounds, every[0], side="right") - 1]


def counted(pairs: Array, rows: Integers, weights: Array, each: Array) -> None:
    """Add moves into rows, `each` (m, K, K) with a weight (m,), to what is counted of all together (K, K) or of every row."""
    if pairs.ndim == 2:
        pairs += np.tensordot(weights, each, 1)
    else:
        pairs[rows] = weights[:, None, None] * each


def smoothed(initial: Array, transitions: Array, log_density: Array, chunk: Chunk) -> Smoothed:
    """The posterior of the states of a chunk's sequences, given log p(x_t | state k) (n, K).

    Source: Rabiner (1989), Proceedings of the IEEE 77, 257-286, section V.A for scaling.
    """
    return (compiled if _worth_compiling(chunk, log_density) else plainly_smoothed)(initial, transitions, log_density, chunk)


def _worth_compiling(chunk: Chunk, log_density: Array) -> bool:
    longest, (rows, number) = int(np.diff(chunk.bounds).max(initial=0)), log_density.shape
    return max(rows / LEAST_ROWS, longest / LEAST_STEPS, rows * number**2 / LEAST_MOVES) >= 1


def plainly_smoothed(initial: Array, transitions: Array, log_density: Array, chunk: Chunk) -> Smoothed:
    """`smoothed` in plain NumPy, all sequences side by side; the compiled road is held against it."""
    plain = transitions.ndim == 2 and transitions.min() >= REFILLED
    found = _scaled(initial, transitions, log_density, chunk) if plain else None
    return found if found is not None else in_logs(initial, transitions, log_density, chunk)


def compiled(initial: Array, transitions: Array, log_density: Array, chunk: Chunk) -> Smoothed:
    """`smoothed` by compiled loops, one sequence after the other."""
    from emkit.kernels.forward_backward import smooth, smooth_each_in_logs
    from emkit.kernels.vectors import LANES
    from emkit.kernels.workspace import workspace

    shares = np.empty(log_density.shape[::-1])
    log_likelihood, pairs = np.empty(len(chunk.bounds) - 1), np.zeros(transitions.shape)
    scores, weights = np.ascontiguousarray(log_density.T), np.ascontiguousarray(chunk.group_weights)
    longest = int(np.diff(chunk.bounds).max())
    if transitions.ndim == 3:
        begin = np.array(np.broadcast_to(safe_log(initial), (len(weights), len(shares))))
        smooth_each_in_logs(
            begin, safe_log(np.ascontiguousarray(transitions)), scores, chunk.bounds, weights,
            np.empty((longest, len(shares))), shares, log_likelihood, pairs,
        )  # fmt: skip
        return Smoothed(shares.T, log_likelihood, pairs)
    begin, move = np.array(initial, order="C"), np.array(transitions, order="C")
    refills, underflows = hazards(move)
    room = (longest, -(-len(begin) // LANES) * LANES)
    likelihood, forward = workspace(room, room)
    smooth(
        begin, move, safe_log(begin), safe_log(move)[None], refills, underflows, scores, chunk.bounds, weights,
        likelihood, forward, shares, log_likelihood, pairs[None],
    )  # fmt: skip
    return Smoothed(shares.T, log_likelihood, pairs)


def hazards(transitions: Array) -> tuple[bool, bool]:
    """Whether every step gives every state a share that it cannot lose for good; whether transitions may underflow."""
    return bool(transitions.min() >= REFILLED), bool(((transitions > 0) & (transitions < TINY)).any())


def _scaled(initial: Array, transitions: Array, log_density: Array, chunk: Chunk) -> Smoothed | None:
    """Forward and backward with shares that sum to 1 at every step; None where some step leaves next to nothing."""
    peak = log_density.max(axis=1, keepdims=True)
    if not peak.min(initial=0.0) > LOG_OF_ZERO / 2:
        return None
    likelihood, forward = np.exp(log_density - peak), np.empty_like(log_density)
    scale, backward = np.empty((len(forward), 1)), np.ones_like(log_density)
    ahead = np.broadcast_to(initial, forward.shape)
    with np.errstate(invalid="ignore"):
        for rows in steps(chunk):
            joint = ahead[: len(rows)] * likelihood[rows]
            scale[rows] = total = joint.sum(axis=1, keepdims=True)
            forward[rows] = now = joint / total
            ahead = now @ transitions
    if not scale.min(initial=1.0) > LEAST_SCALE:
        return None
    evidence = likelihood / scale  # p(x_t | state, earlier rows), and then of all later rows
    behind = evidence[:0]
    for rows in reversed(steps(chunk)):
        backward[rows[: len(behind)]] = behind @ transitions.T
        evidence[rows] *= backward[rows]
        behind = evidence[rows]
    log_likelihood = np.add.reduceat((np.log(scale) + peak)[:, 0], chunk.bounds[:-1])
    later = not_first(chunk)
    pairs = (forward[later - 1] * chunk.weights[later, None]).T @ evidence[later] * transitions
    return Smoothed(forward * backward, log_likelihood, pairs)


def filtered_in_logs(initial: Array, transitions: Array, log_density: Array, chunk: Chunk) -> tuple[Array, Array]:
    """Log p(state k at t | rows up to t) (n, K), and log p(row t | rows before it) (n,): some -1e300 if no path explains it."""
    move, forward, scale = safe_log(transitions), np.empty_like(log_density), np.empty(len(log_density))
    ahead, now = safe_log(at_first(initial, chunk)), np.empty((0, 0))
    for rows in steps(chunk):
        if now.size:
            ahead = np.logaddexp.reduce(now[: len(rows), :, None] + into(move, rows), axis=1)
        joint = ahead + log_density[rows]
        scale[rows] = total = np.logaddexp.reduce(joint, axis=1)
        forward[rows] = now = joint - total[:, None]
    return forward, scale


def in_logs(initial: Array, transitions: Array, log_density: Array, chunk: Chunk) -> Smoothed:
    """The same in logarithms, with sequences that no path explains."""
    forward, scale = filtered_in_logs(initial, transitions, log_density, chunk)
    move, backward, pairs = safe_log(transitions), np.zeros_like(log_density), np.zeros(transitions.shape)
    log_likelihood = np.add.reduceat(scale, chunk.bounds[:-1])
    possible = log_likelihood > LOG_OF_ZERO / 2
    explained = np.repeat(possible, np.diff(chunk.bounds))
    after, behind = np.empty(0, dtype=np.int64), forward[:0]
    for rows in reversed(steps(chunk)):
        later = into(move, after) + behind[:, None, :]
        before = rows[: len(behind)]
        backward[before] = np.logaddexp.reduce(later, axis=2)
        sure = explained[before]
        each = np.exp(forward[before[sure], :, None] + later[sure])
        counted(pairs, after[sure], chunk.weights[before[sure]], each)
        after, behind = rows, log_density[rows] - scale[rows, None] + backward[rows]
    with np.errstate(over="ignore"):
        shares = np.where(explained[:, None], np.exp(forward + backward), np.nan)
    return Smoothed(shares, np.where(possible, log_likelihood, -np.inf), pairs)


def not_first(chunk: Chunk) -> Integers:
    """The rows that are not the first of a sequence."""
    first = np.zeros(len(chunk.x), dtype=bool)
    first[chunk.bounds[:-1]] = True
    return np.flatnonzero(~first)


def likeliest(initial: Array, transitions: Array, log_density: Array, chunk: Chunk) -> Path:
    """The path of highest probability in each sequence; of equals, the one through states that stand first at its end.

    Source: Viterbi (1967), IEEE Transactions on Information Theory 13, 260-269.
    """
    road = decoded if _worth_compiling(chunk, log_density) else plainly_likeliest
    states, log_joint = road(initial, transitions, log_density, chunk)
    impossible = ~(log_joint > LOG_OF_ZERO / 2)
    states[np.repeat(impossible, np.diff(chunk.bounds))] = -1
    return Path(states, np.where(impossible, -np.inf, log_joint))


def plainly_likeliest(initial: Array, transitions: Array, log_density: Array, chunk: Chunk) -> Path:
    """`likeliest` in plain NumPy, all sequences side by side."""
    move, states = safe_log(transitions), np.zeros(len(log_density), dtype=np.int64)
    height, came = log_density.copy(), np.zeros(log_density.shape, dtype=np.int64)
    before = np.empty(0, dtype=np.int64)
    for rows in steps(chunk):
        if len(before):
            ways = height[before[: len(rows)], :, None] + into(move, rows)
            came[rows] = ways.argmax(axis=1)
            height[rows] += ways.max(axis=1)
        else:
            height[rows] += safe_log(at_first(initial, chunk))
        before = rows
    log_joint = height[chunk.bounds[1:] - 1].max(axis=1)
    behind = before[:0]
    for rows in reversed(steps(chunk)):
        ends = rows[len(behind) :]
        states[rows[: len(behind)]] = came[behind, states[behind]]
        states[ends] = height[ends].argmax(axis=1)
        behind = rows
    return Path(states, log_joint)


def decoded(initial: Array, transitions: Array, log_density: Array, chunk: Chunk) -> Path:
    """`likeliest` by compiled loops, one sequence after the other."""
    from emkit.kernels.forward_backward import decode

    states, log_joint = np.empty(len(log_density), dtype=np.int64), np.empty(len(chunk.bounds) - 1)
    begin, move = safe_log(np.atleast_2d(initial)), safe_log(transitions.reshape(-1, *transitions.shape[-2:]))
    scores = np.ascontiguousarray(log_density.T)
    decode(np.ascontiguousarray(begin), np.ascontiguousarray(move), scores, chunk.bounds, states, log_joint)
    return Path(states, log_joint)
