"""Forward and backward through sequences of hidden states, and the likeliest path: one sequence after the other.

Log-densities come with the rows of data along the last axis (K, n), as they are scored; the recursions keep the states of one
row together.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from emkit.kernels.chain_steps import filter_step, smooth_step
from emkit.kernels.elementary import exp, log_of_normal

LOST = 1e-100  # a share, or a sum of shares, that has become smaller may lose digits: three such numbers are multiplied
TILE = 64  # rows that are turned at a time
LOWEST = -5e299  # log-likelihood of a sequence; none that some path explains comes near


@njit(nogil=True, cache=True, fastmath={"contract"}, error_model="numpy")
def weigh(log_density: Any, first: int, likelihood: Any, peak: Any, tile: Any) -> bool:
    """exp(log_density - highest) of the rows from `first` on into `likelihood` (T, P), the highest into `peak` (T,).

    Whether all rows are possible in some state. `tile` (K, W): so many rows are worked on at a time.
    """
    n_states, possible = len(log_density), True
    for start in range(0, len(likelihood), tile.shape[1]):
        rows, row = min(tile.shape[1], len(likelihood) - start), first + start
        top = peak[start : start + rows]
        for t in range(rows):
            top[t] = log_density[0, row + t]
        for k in range(1, n_states):
            for t in range(rows):
                top[t] = max(top[t], log_density[k, row + t])
        for t in range(rows):
            possible = possible and top[t] > LOWEST
        if not possible:
            return False
        for k in range(n_states):
            for t in range(rows):
                tile[k, t] = exp(log_density[k, row + t] - top[t])
        for k in range(n_states):
            for t in range(rows):
                likelihood[start + t, k] = tile[k, t]
        for k in range(n_states, likelihood.shape[1]):
            for t in range(rows):
                likelihood[start + t, k] = 0.0
    return True


@njit(nogil=True, cache=True, error_model="numpy")
def keeps_all(initial: Any, transitions: Any, forward: Any) -> bool:
    """Whether no state that can be reached has lost its share, of shares `forward` (T, P)."""
    n_states = len(initial)
    reached, before = initial > 0.0, initial > 0.0
    for t in range(len(forward)):
        for k in range(n_states):
            if t > 0:
                reached[k] = False
                for i in range(n_states):
                    reached[k] |= before[i] and transitions[i, k] > 0.0
            if reached[k] and not forward[t, k] > LOST:
                return False
        before[:] = reached
    return True


@njit(nogil=True, cache=True, error_model="numpy")
def filter_scaled(initial: Any, transitions: Any, likelihood: Any, forward: Any, inverse: Any) -> bool:
    """Shares (T, P) of the states given the rows so far, to `forward`, and what they were multiplied by, to `inverse` (T,).

    Whether every step leaves enough.
    """
    total = 0.0
    forward[0] = 0.0
    for k in range(len(initial)):
        forward[0, k] = initial[k] * likelihood[0, k]
        total += forward[0, k]
    inverse[0] = 1.0 / total
    enough, last = total > LOST, len(likelihood) - 1
    for t in range(1, len(likelihood)):
        inverse[t] = filter_step(forward, t, inverse[t - 1], transitions, likelihood)
        enough &= inverse[t] < 1.0 / LOST
    for k in range(len(initial)):
        forward[last, k] *= inverse[last]
    return enough


@njit(nogil=True, cache=True, error_model="numpy")
def smooth_scaled(
    weight: float, turned: Any, likelihood: Any, forward: Any, inverse: Any, pairs: Any, shares: Any
) -> None:  # fmt: skip
    """Shares (K, T) of the states given all rows; see `smooth_step`. `likelihood` becomes evidence, `forward` shares."""
    last = len(likelihood) - 1
    for k in range(likelihood.shape[1]):
        likelihood[last, k] *= inverse[last] if forward[last, k] > 0.0 else 0.0
    for back in range(1, last + 1):
        smooth_step(forward, last - back, turned, likelihood, inverse[last - back], weight, pairs)
    for start in range(0, last + 1, TILE):
        end = min(start + TILE, last + 1)
        for k in range(len(shares)):
            for t in range(start, end):
                shares[k, t] = forward[t, k]


@njit(nogil=True, cache=True, error_model="numpy")
def log_sum(values: Any) -> float:
    """The logarithm of the sum of exp(values)."""
    highest = values.max()
    total = 0.0
    for value in values:
        total += np.exp(value - highest)
    return highest + np.log(total)


@njit(nogil=True, cache=True, error_model="numpy")
def smooth_in_logs(
    weight: float, log_initial: Any, log_transitions: Any, log_density: Any, forward: Any, shares: Any, moves: Any
) -> float:  # fmt: skip
    """The same in logarithms, of log-densities (K, T); `moves` are whole. The log-likelihood; -inf if no path has one.

    `log_transitions` and `moves` (M, K, K): one matrix for all rows, or for each row the one that leads into it.
    """
    n_states, rows = log_density.shape
    last = len(log_transitions) - 1
    scale, ahead, ways = np.empty(rows), log_initial.copy(), np.empty(n_states)
    log_likelihood = 0.0
    for t in range(rows):
        for k in range(n_states):
            forward[t, k] = ahead[k] + log_density[k, t]
        scale[t] = log_sum(forward[t])
        log_likelihood += scale[t]
        for k in range(n_states):
            forward[t, k] -= scale[t]
        into = min(t + 1, last)
        for k in range(n_states):
            for i in range(n_states):
                ways[i] = forward[t, i] + log_transitions[into, i, k]
            ahead[k] = log_sum(ways)
    if not log_likelihood > LOWEST:
        shares[:] = np.nan
        return -np.inf
    behind = np.empty(n_states)
    for back in range(rows):
        t = rows - 1 - back
        into = min(t + 1, last)
        for i in range(n_states):
            shares[i, t] = 0.0
            if back > 0:
                for k in range(n_states):
                    ways[k] = log_transitions[into, i, k] + behind[k]
                    moves[into, i, k] += weight * np.exp(forward[t, i] + ways[k])
                shares[i, t] = log_sum(ways)
        for k in range(n_states):
            behind[k] = log_density[k, t] - scale[t] + shares[k, t]
            shares[k, t] = np.exp(forward[t, k] + shares[k, t])
    return log_likelihood


@njit(nogil=True, cache=True, error_model="numpy")
def smooth(
    initial: Any, transitions: Any, log_initial: Any, log_transitions: Any, refills: bool, underflows: bool,
    log_density: Any, bounds: Any, weights: Any, likelihood: Any, forward: Any, shares: Any, log_likelihood: Any, moves: Any,
) -> None:  # fmt: skip
    """The posterior `shares` (K, n), the `log_likelihood` of each sequence (G,), and weighted `moves`, from zeros on.

    `moves` and `log_transitions` are (1, K, K). `log_density` (K, n) of rows whose sequences begin at `bounds` (G + 1,) and
    have `weights` (G,). `refills`:
    transitions give every state a share at every step, so that none is lost for good; `underflows`: some transition may
    underflow beside small shares. `likelihood`, `forward` (T, P): room for the longest sequence.
    """
    n_states, width = len(initial), likelihood.shape[1]
    inverse, peak, tile = np.empty(len(forward)), np.empty(len(forward)), np.empty((n_states, TILE))
    onward, turned, pairs = np.zeros((n_states, width)), np.zeros((n_states, width)), np.zeros((n_states, width))
    onward[:, :n_states], turned[:, :n_states] = transitions, transitions.T
    for g in range(len(weights)):
        first, rows = bounds[g], bounds[g + 1] - bounds[g]
        own, some = shares[:, first : first + rows], log_density[:, first : first + rows]
        seen, share = likelihood[:rows], forward[:rows]
        sound = weigh(log_density, first, seen, peak, tile) and filter_scaled(initial, onward, seen, share, inverse)
        if sound and (refills or (not underflows and keeps_all(initial, transitions, share))):
            smooth_scaled(weights[g], turned, seen, share, inverse, pairs, own)
            log_likelihood[g] = 0.0
            for t in range(rows):
                log_likelihood[g] += peak[t] - log_of_normal(inverse[t])
        else:
            log_likelihood[g] = smooth_in_logs(weights[g], log_initial, log_transitions, some, share[:, :n_states], own, moves)
    for i in range(n_states):
        for k in range(n_states):
            moves[0, i, k] += transitions[i, k] * pairs[i, k]


@njit(nogil=True, cache=True, error_model="numpy")
def smooth_each_in_logs(
    log_initial: Any, log_transitions: Any, log_density: Any, bounds: Any, weights: Any, forward: Any,
    shares: Any, log_likelihood: Any, moves: Any,
) -> None:  # fmt: skip
    """The same where `log_initial` (G, K) are of each sequence, and `log_transitions` and `moves` (n, K, K) of each row."""
    for g in range(len(weights)):
        rows = slice(bounds[g], bounds[g + 1])
        log_likelihood[g] = smooth_in_logs(
            weights[g], log_initial[g], log_transitions[rows], log_density[:, rows], forward, shares[:, rows], moves[rows]
        )


@njit(nogil=True, cache=True, error_model="numpy")
def decode(log_initial: Any, log_transitions: Any, log_density: Any, bounds: Any, states: Any, log_joint: Any) -> None:
    """The likeliest `states` (n,) of every sequence, and the log-probability of rows and states together (G,).

    `log_initial` (1, K), or (G, K); `log_transitions` (1, K, K), or those that lead into each row (n, K, K).
    """
    n_states, rows = log_density.shape
    last = len(log_transitions) - 1
    came, now, then = np.empty((rows, n_states), dtype=np.int32), np.empty(n_states), np.empty(n_states)
    for g in range(len(log_joint)):
        first, end = bounds[g], bounds[g + 1]
        for k in range(n_states):
            now[k] = log_initial[min(g, len(log_initial) - 1), k] + log_density[k, first]
        for t in range(first + 1, end):
            move = log_transitions[min(t, last)]
            for k in range(n_states):
                best = 0
                for i in range(1, n_states):
                    if now[i] + move[i, k] > now[best] + move[best, k]:
                        best = i
                came[t, k] = best
                then[k] = now[best] + move[best, k] + log_density[k, t]
            now, then = then, now
        state = now.argmax()
        log_joint[g] = now[state]
        for back in range(end - first):
            t = end - 1 - back
            states[t] = state
            state = came[t, state]
